//! Coming in through a provider: out to it with a browser, and back with who they are.

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::{Subject, Tenant};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    From, Opened,
    accounts::{self, FoundBy, Unmatched},
    claims, coming,
    doors::ProviderSettings,
    hash, hex, note_not_in,
    ports::{Arrival, Ask, Claims, ProviderProblem},
    scim,
    sessions::{self, ProviderTokens, Way},
};
use crate::{Error, Result, Services, secrets};

/// How long someone may take at the provider.
pub const SIGN_IN_MINUTES: i64 = 15;

/// How long a session lasts that begins with the administrator's token.
const ADMINISTRATOR_SESSION: TimeDelta = TimeDelta::hours(12);

/// What a browser keeps while its person is at the provider, sealed.
#[derive(Serialize, Deserialize)]
struct Begun {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    next: String,
    at: i64,
}

/// A browser on its way to a provider.
#[derive(Debug)]
pub struct Departure {
    /// Where it goes.
    pub to: String,
    /// Tells this sign-in from others of the same browser.
    pub key: String,
    /// What it keeps meanwhile.
    pub sealed: String,
}

/// What a provider sends a browser back with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Return {
    /// Redeemed for who they are.
    pub code: Option<String>,
    /// Which sign-in this is.
    pub state: Option<String>,
    /// What went wrong there.
    pub error: Option<String>,
    /// The same in words.
    pub error_description: Option<String>,
}

/// Someone who came in.
#[derive(Debug)]
pub struct Welcome {
    /// Their session.
    pub opened: Opened,
    /// Where they wanted to go.
    pub next: String,
}

/// Why someone did not come in.
#[derive(Debug, thiserror::Error)]
pub enum NotIn {
    /// No provider has this id.
    #[error("no provider is called `{0}`")]
    NoProvider(String),
    /// The person changed their mind, or the provider did not let them.
    #[error("{0}")]
    Cancelled(String),
    /// The provider does not know all that it was asked for, as it says.
    #[error("the provider does not give what `scopes` asks for: {0}")]
    Scopes(String),
    /// This browser did not begin it, or it was finished already.
    #[error("this browser did not begin this sign-in")]
    NotBegun,
    /// It took too long.
    #[error("the sign-in took too long")]
    TooLate,
    /// The provider did not answer, or said something that is not to be believed.
    #[error(transparent)]
    Provider(#[from] ProviderProblem),
    /// A condition of the installation does not hold.
    #[error("{0}")]
    NotWanted(String),
    /// Nobody of the catalog was found.
    #[error("nobody of the catalog was found")]
    Unmatched(Box<Unmatched>),
    /// An administrator does not want them.
    #[error("this account is blocked")]
    Blocked,
    /// The provider's directory lets them in no more, since then.
    #[error("the directory lets this person in no more, since {}", .since.format("%Y-%m-%d %H:%M:%S UTC"))]
    SentAway { since: DateTime<Utc>, by: String },
    /// A fault of ours.
    #[error(transparent)]
    Fault(#[from] Error),
}

fn place(key: &str) -> String {
    format!("sign-in {key}")
}

/// Tells sign-ins of one browser apart, without giving the state away.
pub fn key_of(state: &str) -> String {
    hex(&hash(state))[..16].to_owned()
}

fn settings<'a>(services: &'a Services, id: &str) -> std::result::Result<&'a ProviderSettings, NotIn> {
    let known = services.doors.settings.providers.iter().find(|provider| provider.id == id);
    known.ok_or_else(|| NotIn::NoProvider(id.chars().take(60).collect()))
}

/// Where a provider sends browsers back to.
pub fn redirect(services: &Services, id: &str) -> String {
    format!("{}/auth/callback/{id}", services.settings.base_url)
}

/// Sends a browser to a provider; it wants to go to `next` afterwards.
pub async fn depart(services: &Services, id: &str, next: &str) -> std::result::Result<Departure, NotIn> {
    settings(services, id)?;
    let provider = services.doors.providers.get(id).ok_or_else(|| NotIn::NoProvider(id.to_owned()))?;
    let word = || secrets::random::<32>().map(|bytes| hex(&bytes));
    let ask = Ask { state: word()?, nonce: word()?, verifier: word()?, redirect: redirect(services, id) };
    let to = provider.begin(&ask).await?;
    let key = key_of(&ask.state);
    let begun = Begun {
        provider: id.to_owned(),
        state: ask.state,
        nonce: ask.nonce,
        verifier: ask.verifier,
        next: next.chars().take(1_500).collect(),
        at: Utc::now().timestamp(),
    };
    let text = serde_json::to_string(&begun).map_err(Error::from)?;
    let sealed = services.secrets.seal(&SecretString::from(text), &place(&key))?;
    Ok(Departure { to, key, sealed })
}

/// Who came, as far as it is known, of someone who was not let in.
#[derive(Default)]
struct Came {
    /// The person.
    who: Option<String>,
    subject: String,
    claims: Claims,
}

impl Came {
    /// Tells the audit log whom the provider had named: one who is turned away each night is not just anybody.
    fn note(&self, services: &Services, (tenant, from): (&Tenant, &From), provider: &str, why: &NotIn) {
        let claim = |name: &str| claims::text(&self.claims, name);
        let settings = services.doors.settings.providers.iter().find(|known| known.id == provider);
        let email = settings.and_then(|settings| claim(&settings.email_claim));
        let name = claim("name").or_else(|| settings.and_then(|settings| claim(&settings.name_claim)));
        let subject = Some(&self.subject).filter(|subject| !subject.is_empty());
        let detail =
            json!({ "why": why.to_string(), "provider": provider, "sub": subject, "email": email, "name": name });
        let caller = coming(tenant, self.who.clone().map_or(Subject::Stranger, Subject::Person), from);
        // Of those who are nobody here, each is told of by itself.
        let named = email.as_ref().or(subject).filter(|_| self.who.is_none());
        let about = named.map_or_else(|| provider.to_owned(), |named| format!("{provider}: {named}"));
        note_not_in(services, &caller, &about, detail);
    }
}

/// Takes in a browser that comes back from a provider with `sealed`, what it kept.
pub async fn arrive(
    services: &Services,
    tenant: &Tenant,
    id: &str,
    back: &Return,
    sealed: Option<&str>,
    from: &From,
    brought: Option<&str>,
) -> std::result::Result<Welcome, NotIn> {
    let mut came = Came::default();
    let arrived = try_arrive(services, tenant, (id, back, sealed), (from, brought), &mut came).await;
    if let Err(why) = &arrived {
        came.note(services, (tenant, from), id, why);
    }
    arrived
}

async fn try_arrive(
    services: &Services,
    tenant: &Tenant,
    (id, back, sealed): (&str, &Return, Option<&str>),
    (from, brought): (&From, Option<&str>),
    came: &mut Came,
) -> std::result::Result<Welcome, NotIn> {
    let settings = settings(services, id)?;
    let provider = services.doors.providers.get(id).ok_or_else(|| NotIn::NoProvider(id.to_owned()))?;
    let state = back.state.as_deref().ok_or(NotIn::NotBegun)?;
    let text = sealed.and_then(|sealed| services.secrets.unseal(sealed, &place(&key_of(state))).ok());
    let begun: Begun = text.and_then(|text| serde_json::from_str(text.expose_secret()).ok()).ok_or(NotIn::NotBegun)?;
    if begun.provider != id || !secrets::is_same(state, &begun.state) {
        return Err(NotIn::NotBegun);
    }
    if Utc::now().timestamp() - begun.at > SIGN_IN_MINUTES * 60 {
        return Err(NotIn::TooLate);
    }
    if let Some(error) = &back.error {
        let said = back.error_description.as_deref().unwrap_or(error);
        let said = said.chars().filter(|letter| !letter.is_control()).take(300).collect();
        return Err(if error == "invalid_scope" { NotIn::Scopes(said) } else { NotIn::Cancelled(said) });
    }
    let code = back.code.as_deref().filter(|code| !code.is_empty() && code.len() <= 4_000).ok_or(NotIn::NotBegun)?;
    let ask =
        Ask { state: begun.state, nonce: begun.nonce, verifier: begun.verifier, redirect: redirect(services, id) };
    let arrival = provider.finish(code, &ask).await?;
    (came.subject, came.claims) = (arrival.subject.clone(), arrival.claims.clone());
    let opened = take_in(services, tenant, settings, arrival, (from, brought), &mut came.who).await?;
    Ok(Welcome { opened, next: begun.next })
}

async fn take_in(
    services: &Services,
    tenant: &Tenant,
    settings: &ProviderSettings,
    arrival: Arrival,
    (from, brought): (&From, Option<&str>),
    who: &mut Option<String>,
) -> std::result::Result<Opened, NotIn> {
    accounts::meet(services, tenant, settings, &arrival.subject).await?;
    if let Some(unmet) = claims::unmet(&settings.require, &arrival.claims) {
        accounts::disown_by_subject(services, tenant, &settings.id, &arrival.subject).await?;
        return Err(NotIn::NotWanted(unmet.whole()));
    }
    let found = accounts::matched(services, tenant, settings, &arrival).await?;
    // The directory may know who they are where the rules find nobody.
    let told = match &found {
        Ok(found) if !found.is_made_up => None,
        _ => scim::linked(services, tenant, settings, &arrival).await?,
    };
    let found = match (found, told) {
        (found, Some((who, said))) => {
            let is_made_up = found.is_ok_and(|found| found.is_made_up);
            accounts::Match { who, by: FoundBy::Directory(Box::new(said)), is_made_up }
        }
        (Ok(found), None) => found,
        (Err(unmatched), None) => {
            accounts::disown_by_subject(services, tenant, &settings.id, &arrival.subject).await?;
            accounts::note_unmatched(services, tenant, &settings.id, &arrival, &unmatched).await?;
            tracing::warn!(provider = settings.id, subject = arrival.subject, looked = ?unmatched.looked, "nobody was found");
            return Err(NotIn::Unmatched(unmatched));
        }
    };
    *who = Some(found.who.clone());
    if let Some(since) = scim::gate(services, tenant, &settings.id, &arrival, &found).await? {
        return Err(NotIn::SentAway { since, by: settings.id.clone() });
    }
    if let Some((since, by)) = scim::away_since(services, tenant, &settings.id, &arrival, &found.who).await? {
        return Err(NotIn::SentAway { since, by });
    }
    if accounts::is_blocked(services, tenant, &found.who).await? {
        return Err(NotIn::Blocked);
    }
    accounts::solved(services, tenant, &settings.id, &arrival.subject).await?;
    let account = accounts::note(services, tenant, settings, &arrival, &found).await?;
    if account.blocked_at.is_some() {
        return Err(NotIn::Blocked);
    }
    let expose = |token: Option<SecretString>| token.map(|token| token.expose_secret().to_owned());
    let way = Way {
        who: Subject::Person(account.who.clone()),
        account: Some(account.id),
        provider: Some(settings.id.clone()),
        bound_to: None,
        tokens: ProviderTokens { id_token: expose(arrival.id_token), refresh: expose(arrival.refresh) },
        longest: TimeDelta::MAX,
    };
    Ok(sessions::open(services, tenant, way, from, brought, &settings.id).await?)
}

/// Begins a session of the administrator, who showed the token.
pub async fn administrator(services: &Services, tenant: &Tenant, from: &From, brought: Option<&str>) -> Result<Opened> {
    let way = Way {
        who: Subject::Administrator,
        account: None,
        provider: None,
        bound_to: services.doors.settings.administrator.clone(),
        tokens: ProviderTokens::default(),
        longest: ADMINISTRATOR_SESSION,
    };
    sessions::open(services, tenant, way, from, brought, "token").await
}
