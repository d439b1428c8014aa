//! Sessions of browsers: opened at sign-in, looked up at every request, ended by their owner, by time or by the provider.
//!
//! The browser keeps a random word, the table its hash: whoever reads the table cannot come in with it.

mod refresh;
pub(crate) mod store;

use chrono::{TimeDelta, Utc};
use domain::identity::{Caller, Entry, Permission, Session, Subject, Tenant};
use sea_orm::prelude::Uuid;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::store::Row;
use super::{
    accounts, coming,
    doors::{self, Found},
    footing, hash, hex, may_leave, same, tell,
};
use crate::{Error, Result, Services, secrets};

/// How old the note of the last sight may be.
const SEEN: TimeDelta = TimeDelta::minutes(1);

/// Where someone comes from.
#[derive(Debug, Clone, Default)]
pub struct From {
    /// Their address.
    pub address: Option<String>,
    /// What their browser says it is.
    pub agent: Option<String>,
}

/// How someone signed in.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) who: Subject,
    pub(super) account: Option<Uuid>,
    /// The provider's id.
    pub(super) provider: Option<String>,
    /// What must stay the same for the session to hold.
    pub(super) bound_to: Option<String>,
    pub(super) tokens: ProviderTokens,
    pub(super) longest: TimeDelta,
}

/// What the provider gave, sealed in the row.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct ProviderTokens {
    pub(super) id_token: Option<String>,
    pub(super) refresh: Option<String>,
}

impl std::fmt::Debug for ProviderTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProviderTokens")
    }
}

/// A session that has just begun.
#[derive(Debug)]
pub struct Opened {
    /// What the browser keeps.
    pub secret: SecretString,
    /// For how long, in seconds.
    pub seconds: i64,
}

/// What follows the end of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// Nothing: no provider was part of it.
    Here,
    /// The provider's name, which has no address to sign out at.
    StillThere(String),
    /// The provider's name, and the address that signs out there too.
    There(String, String),
}

fn place(id: Uuid) -> String {
    format!("session {id}")
}

fn seal(services: &Services, id: Uuid, tokens: &ProviderTokens) -> Result<Option<String>> {
    if tokens.id_token.is_none() && tokens.refresh.is_none() {
        return Ok(None);
    }
    let text = SecretString::from(serde_json::to_string(tokens)?);
    services.secrets.seal(&text, &place(id)).map(Some)
}

fn unseal(services: &Services, row: &Row) -> ProviderTokens {
    // Sealed by a key that is gone: then the provider cannot be asked, and the session ends in its time.
    let text = row.sealed.as_ref().and_then(|sealed| services.secrets.unseal(sealed, &place(row.id)).ok());
    text.and_then(|text| serde_json::from_str(text.expose_secret()).ok()).unwrap_or_default()
}

/// Begins a session with a new secret, in place of the one that the browser may have brought; `about` is what they came with, in
/// the audit log.
pub(super) async fn open(
    services: &Services,
    tenant: &Tenant,
    way: Way,
    from: &From,
    brought: Option<&str>,
    about: &str,
) -> Result<Opened> {
    let secret = hex(&secrets::random::<32>()?);
    let (id, now) = (Uuid::new_v4(), Utc::now());
    let longest = way.longest.min(services.doors.settings.session);
    let comer = coming(tenant, way.who.clone(), from);
    let row = Row {
        tenant: tenant.to_string(),
        id,
        hash: hex(&hash(&secret)),
        who: way.who.to_string(),
        account: way.account,
        provider: way.provider,
        bound_to: way.bound_to,
        created_at: now,
        seen_at: now,
        expires_at: now + longest,
        refreshed_at: now,
        address: from.address.clone(),
        agent: from.agent.as_ref().map(|agent| agent.chars().take(300).collect()),
        sealed: seal(services, id, &way.tokens)?,
        user_uid: same::meant_by(services, tenant, &way.who).await?.map(|now| now.uid),
    };
    let mut tx = services.begin(&comer).await?;
    let old = match brought {
        Some(brought) => store::by_hash(&*tx, tenant, &hex(&hash(brought))).await?,
        None => None,
    };
    if let Some(old) = &old {
        store::remove(&*tx, tenant, old.id).await?;
    }
    store::insert(&*tx, row).await?;
    tell(&mut tx, &comer, "signed-in", about, Value::Null);
    tx.commit().await?;
    if old.is_some() {
        doors::forget(services).await?;
    }
    Ok(Opened { secret: SecretString::from(secret), seconds: longest.num_seconds() })
}

/// Who comes with the secret of a session; `None` if it is not one, or is over.
pub async fn by_session(services: &Services, tenant: &Tenant, secret: &str) -> Result<Option<std::sync::Arc<Found>>> {
    // What cannot be one is not worth a query.
    if secret.len() != 64 || !secret.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let key = hash(secret);
    if let Some(known) = services.doors.seen.secret(tenant, &key) {
        return Ok(known);
    }
    let generation = services.doors.seen.generation();
    let found = look(services, tenant, &hex(&key)).await?.map(std::sync::Arc::new);
    // What nobody issued is not remembered: guesses would push out those who are known.
    if found.is_some() {
        services.doors.seen.keep_secret(generation, tenant, key, found.clone());
    }
    Ok(found)
}

async fn look(services: &Services, tenant: &Tenant, hash: &str) -> Result<Option<Found>> {
    let settings = &services.doors.settings;
    let Some(row) = store::by_hash(&services.db, tenant, hash).await? else { return Ok(None) };
    let now = Utc::now();
    let is_over = row.expires_at <= now || row.seen_at + settings.idle <= now;
    // Another token of the administrator, or a provider that was taken out, ends what it let in.
    let is_unbound = row.bound_to.is_some() && row.bound_to != settings.administrator
        || row.provider.as_ref().is_some_and(|id| !settings.providers.iter().any(|provider| provider.id == *id));
    if is_over || is_unbound {
        store::remove(&services.db, tenant, row.id).await?;
        return Ok(None);
    }
    if now - row.seen_at >= SEEN {
        store::seen(&services.db, tenant, row.id, now).await?;
    }
    if now - row.refreshed_at >= settings.recheck && !refresh::still_may(services, tenant, &row).await? {
        end(services, tenant, &row, "the provider no longer stands by the person").await?;
        return Ok(None);
    }
    let Ok(subject) = row.who.parse::<Subject>() else { return Ok(None) };
    if is_another(services, tenant, &row, &subject).await? {
        let why = "whoever signed in so is called otherwise by now, and somebody else may bear the name";
        end(services, tenant, &row, why).await?;
        return Ok(None);
    }
    if is_shut_out(services, tenant, &row).await? {
        end(services, tenant, &row, "the account that it began with is not let in any more").await?;
        return Ok(None);
    }
    footing::of(services, tenant, subject, (Entry::Session(row.id.to_string()), row.account)).await
}

/// Whether the name under which a session began means somebody else, or the account somebody of another name.
async fn is_another(services: &Services, tenant: &Tenant, row: &Row, subject: &Subject) -> Result<bool> {
    let Subject::Person(who) = subject else { return Ok(false) };
    Ok(!same::stands(services, tenant, who, (row.user_uid, row.account)).await?)
}

/// Whether the very account that a session began with is not to come in; the person may have others that are.
async fn is_shut_out(services: &Services, tenant: &Tenant, row: &Row) -> Result<bool> {
    let Some(account) = row.account else { return Ok(false) };
    let account = accounts::store::by_id(&services.db, tenant, account).await?;
    Ok(account.is_some_and(|account| {
        !services.doors.settings.has(&account) || account.blocked_at.is_some() || account.disowned_at.is_some()
    }))
}

/// Whether a session is still that of whoever opened it.
pub(super) async fn holds(services: &Services, tenant: &Tenant, row: &Row) -> Result<bool> {
    let Ok(subject) = row.who.parse() else { return Ok(false) };
    Ok(!is_another(services, tenant, row, &subject).await? && !is_shut_out(services, tenant, row).await?)
}

/// Ends a session that nobody ended, and says why.
async fn end(services: &Services, tenant: &Tenant, row: &Row, why: &str) -> Result<()> {
    let asker = Caller::system(tenant.clone(), "identity");
    let mut tx = services.begin(&asker).await?;
    store::remove(&*tx, tenant, row.id).await?;
    tell(&mut tx, &asker, "session-ended", &row.who, json!({ "session": row.id, "why": why }));
    tx.commit().await?;
    doors::forget(services).await
}

fn here(caller: &Caller) -> Option<Uuid> {
    match &caller.standing.source {
        Entry::Session(id) => id.parse().ok(),
        _ => None,
    }
}

/// The browsers in which the caller is signed in, the latest first.
pub async fn sessions(services: &Services, caller: &Caller) -> Result<Vec<Session>> {
    may_leave(services, caller, Permission::KeepOwn).await?;
    let mut rows = store::of(&services.db, &caller.tenant, &caller.subject.to_string()).await?;
    // Not those of somebody else who bore the name: they are over when they are used next.
    if let Some(own) = accounts::own(services, &caller.tenant, &caller.subject).await? {
        rows.retain(|row| own.has(row.user_uid, row.account));
    }
    let here = here(caller);
    let shown = rows.into_iter().map(|row| Session {
        id: row.id,
        is_here: here == Some(row.id),
        way: way(services, &row),
        began: row.created_at,
        seen: row.seen_at,
        ends: row.expires_at.min(row.seen_at + services.doors.settings.idle),
        address: row.address,
        agent: row.agent,
    });
    Ok(shown.collect())
}

fn way(services: &Services, row: &Row) -> String {
    match (&row.provider, &row.bound_to) {
        (Some(id), _) => {
            let known = services.doors.settings.providers.iter().find(|provider| provider.id == *id);
            known.map_or_else(|| id.clone(), |provider| provider.name.clone())
        }
        (None, Some(_)) => "administrator's token".to_owned(),
        (None, None) => "link from the command line".to_owned(),
    }
}

/// Ends one of the caller's sessions.
pub async fn end_session(services: &Services, caller: &Caller, id: Uuid) -> Result<()> {
    may_leave(services, caller, Permission::KeepOwn).await?;
    let mut tx = services.begin(caller).await?;
    if store::remove_of(&*tx, &caller.tenant, &caller.subject.to_string(), id).await? == 0 {
        return Err(Error::NotFound("this session is over already".to_owned()));
    }
    tell(&mut tx, caller, "session-ended", &caller.subject.to_string(), json!({ "session": id }));
    tx.commit().await?;
    doors::forget(services).await
}

/// Ends all of the caller's sessions but the one that asks; says how many there were.
pub async fn end_other_sessions(services: &Services, caller: &Caller) -> Result<u64> {
    may_leave(services, caller, Permission::KeepOwn).await?;
    let who = caller.subject.to_string();
    let mut tx = services.begin(caller).await?;
    let ended = store::remove_others(&*tx, &caller.tenant, &who, here(caller)).await?;
    tell(&mut tx, caller, "sessions-ended", &who, json!({ "sessionsEnded": ended }));
    tx.commit().await?;
    doors::forget(services).await?;
    Ok(ended)
}

/// Ends the session with this secret, and says where else to sign out.
pub async fn leave(services: &Services, tenant: &Tenant, secret: &str) -> Result<Left> {
    let Some(row) = store::by_hash(&services.db, tenant, &hex(&hash(secret))).await? else { return Ok(Left::Here) };
    let leaver = Caller::new(tenant.clone(), row.who.parse().unwrap_or(Subject::Stranger));
    let mut tx = services.begin(&leaver).await?;
    store::remove(&*tx, tenant, row.id).await?;
    tell(&mut tx, &leaver, "signed-out", &row.who, json!({ "session": row.id }));
    tx.commit().await?;
    doors::forget(services).await?;
    let Some(id) = &row.provider else { return Ok(Left::Here) };
    let name = way(services, &row);
    let Some(provider) = services.doors.providers.get(id) else { return Ok(Left::Here) };
    let id_token = unseal(services, &row).id_token.map(SecretString::from);
    let back = format!("{}/auth/signed-out", services.settings.base_url);
    Ok(match provider.leave(id_token.as_ref(), &back).await {
        Some(address) => Left::There(name, address),
        None => Left::StillThere(name),
    })
}

/// Removes what is over.
pub(super) async fn tidy(services: &Services) -> Result<()> {
    let now = Utc::now();
    store::remove_over(&services.db, now, now - services.doors.settings.idle).await?;
    Ok(())
}
