//! Tokens: of people, for their own scripts, and of services, for programs that belong to nobody.
//!
//! A token is shown once; what is kept is its hash, by which it is found: comparing takes the same time whatever was sent.

mod rest;
mod room;
pub(super) mod store;

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::identity::{Caller, Entry, Minted, NewToken, Permission, Scopes, Subject, Target, Tenant, Token, Verb};
use sea_orm::{DatabaseConnection, prelude::Uuid};
use serde_json::json;

use self::{rest::rest, room::has_room, store::Row};
use super::{
    Bearer, Spent, accounts,
    doors::{self, Found},
    footing, hash, hex, may, may_leave, refused, same, tell,
};
use crate::{Error, Result, Services, permission, secrets};

/// What the token of a person begins with; scanners of secrets know tokens by such beginnings.
const PERSONAL: &str = "cw_pat_";
/// What the token of a service begins with.
const SERVICE: &str = "cw_svc_";
/// How much of a token is shown, to recognise it by.
const PREFIX: usize = 11;
/// Why one of the administrator's opens nothing any more.
const OF_ANOTHER: &str =
    "the administrator's token is another one than when it was made; make another with that, or a service token";
/// How old the note of the last use may be.
const USED: TimeDelta = TimeDelta::minutes(1);

fn words(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A token as pages show it.
pub(super) fn shown(row: Row) -> Token {
    Token {
        id: row.id,
        name: row.name,
        prefix: row.prefix,
        owner: row.who,
        scopes: words(&row.scopes),
        roles: words(&row.roles),
        made: row.created_at,
        made_by: row.created_by,
        ends: row.expires_at,
        used: row.used_at,
        used_from: row.used_from,
    }
}

/// The caller's own living tokens.
pub async fn tokens(services: &Services, caller: &Caller) -> Result<Vec<Token>> {
    may_leave(services, caller, Permission::KeepOwn).await?;
    let who = caller.subject.to_string();
    let mut rows = store::living_of(&services.db, &caller.tenant, "personal", Some(&who)).await?;
    // Not those of somebody else who bore the name.
    if let Some(own) = accounts::own(services, &caller.tenant, &caller.subject).await? {
        rows.retain(|row| own.has(row.user_uid, row.account));
    }
    Ok(rows.into_iter().map(shown).collect())
}

/// All living service tokens, for those who asked who may.
pub(crate) async fn of_services(services: &Services, tenant: &Tenant) -> Result<Vec<Token>> {
    let rows = store::living_of(&services.db, tenant, "service", None).await?;
    Ok(rows.into_iter().map(shown).collect())
}

/// What the living service tokens are called, for those who look at an installation from outside.
pub async fn living_services(db: &DatabaseConnection, tenant: &Tenant) -> Result<BTreeSet<String>> {
    let rows = store::living_of(db, tenant, "service", None).await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// All living service tokens, and those that act as the administrator, whom no page tells of.
pub async fn service_tokens(services: &Services, caller: &Caller) -> Result<Vec<Token>> {
    may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    let own = Subject::Administrator.to_string();
    let own = store::living_of(&services.db, &caller.tenant, "personal", Some(&own)).await?;
    let own = own.into_iter().map(|row| Token { roles: vec![row.who.clone()], ..shown(row) });
    Ok(of_services(services, &caller.tenant).await?.into_iter().chain(own).collect())
}

/// The administrator's token that holds, hashed; nothing where there is none.
fn administrator(services: &Services) -> String {
    services.doors.settings.administrator.clone().unwrap_or_default()
}

/// Makes a token for the caller.
pub async fn make_token(services: &Services, caller: &Caller, new: NewToken) -> Result<Minted> {
    may(services, caller, Permission::KeepOwnTokens, Target::Own).await?;
    // A token that leaked must not outlive itself.
    if matches!(caller.standing.source, Entry::Token(_) | Entry::Pipeline(_)) {
        return Err(Error::Rejected("a token makes no tokens; sign in to the portal for that".to_owned()));
    }
    if caller.own_key().is_none() {
        return Err(Error::Rejected("tokens belong to people; sign in first".to_owned()));
    }
    let who = caller.subject.to_string();
    let name = name(&new.name)?;
    mint(services, caller, (PERSONAL, "personal"), who, name, new, &[]).await
}

/// Makes a token for a program: it acts as `machine:NAME`.
pub async fn make_service_token(services: &Services, caller: &Caller, new: NewToken) -> Result<Minted> {
    may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    if matches!(caller.standing.source, Entry::Token(_) | Entry::Pipeline(_)) {
        return Err(Error::Rejected("a token makes no tokens; sign in to the portal for that".to_owned()));
    }
    let name = new.name.trim().to_owned();
    let fits = (1..=60).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !fits {
        return Err(Error::Rejected(format!(
            "`{}` cannot name a service; use up to 60 of a-z, 0-9 and -",
            name.chars().take(80).collect::<String>()
        )));
    }
    let who = Subject::Machine(name.clone()).to_string();
    if services.doors.settings.pipelines.iter().any(|pipeline| pipeline.name == name) {
        return Err(Error::Conflict(format!(
            "a pipeline of the configuration is called `{name}`; choose another name"
        )));
    }
    let mut roles: BTreeSet<String> = BTreeSet::new();
    for role in &new.roles {
        let role = role.trim();
        let fits = role.len() <= 60 && role.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !fits {
            return Err(Error::Rejected(format!(
                "`{}` is no role; write names such as `viewer`, with spaces between",
                role.chars().take(80).collect::<String>()
            )));
        }
        roles.extend((!role.is_empty()).then(|| role.to_owned()));
    }
    let roles: Vec<String> = roles.into_iter().take(20).collect();
    mint(services, caller, (SERVICE, "service"), who, name, new, &roles).await
}

fn name(said: &str) -> Result<String> {
    let name = said.trim();
    let fits = (1..=80).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if name.parse::<Subject>().is_ok() {
        let why = format!("`{name}` is the name of somebody else, whom it could be taken for; choose another one");
        return Err(Error::Rejected(why));
    }
    if fits {
        Ok(name.to_owned())
    } else {
        Err(Error::Rejected("a token needs a name, of up to 80 letters".to_owned()))
    }
}

/// What a token is narrowed to.
fn scopes(said: &[String]) -> Result<Scopes> {
    let scopes: Scopes = said
        .iter()
        .map(|word| word.trim().parse::<Verb>().map_err(|error| Error::Rejected(format!("a scope: {error}"))))
        .collect::<Result<_>>()?;
    if scopes.is_empty() {
        return Err(Error::Rejected("a token that may do nothing is of no use; choose what it may do".to_owned()));
    }
    Ok(scopes)
}

async fn mint(
    services: &Services,
    caller: &Caller,
    (beginning, kind): (&str, &str),
    who: String,
    name: String,
    new: NewToken,
    roles: &[String],
) -> Result<Minted> {
    let scopes = scopes(&new.scopes)?;
    let most = services.doors.settings.token_days;
    if !(1..=most).contains(&new.days) {
        return Err(Error::Rejected(format!("a token lasts from 1 to {most} days; {} is not among them", new.days)));
    }
    // A browser that loads the page with the token again sends its form again.
    if let Some(wish) = new.wish
        && let Some(made) = store::by_id(&services.db, &caller.tenant, wish).await?
    {
        return Err(again(&made.name));
    }
    let user_uid = match who.parse() {
        Ok(who) => same::meant_by(services, &caller.tenant, &who).await?.map(|now| now.uid),
        Err(_) => None,
    };
    let secret = format!("{beginning}{}", hex(&secrets::random::<20>()?));
    let now = Utc::now();
    let row = Row {
        tenant: caller.tenant.to_string(),
        id: new.wish.unwrap_or_else(Uuid::new_v4),
        hash: hex(&hash(&secret)),
        prefix: secret[..PREFIX].to_owned(),
        who,
        name: name.clone(),
        kind: kind.to_owned(),
        scopes: scopes.iter().map(|verb| verb.as_str()).collect::<Vec<_>>().join(" "),
        roles: roles.join(" "),
        created_at: now,
        created_by: caller.subject.to_string(),
        expires_at: now + TimeDelta::days(i64::from(new.days)),
        used_at: None,
        used_from: None,
        ended_at: None,
        user_uid,
        account: same::account_of(services, caller).await?,
        bound_to: (caller.subject == Subject::Administrator && kind == "personal").then(|| administrator(services)),
    };
    let (ends, about, after) = (row.expires_at, format!("{} {name}", row.id), told(&row));
    let own = accounts::own(services, &caller.tenant, &caller.subject).await?;
    let mut tx = services.begin(caller).await?;
    // Several at once must not be more than there may be.
    store::lock(&*tx, &caller.tenant).await?;
    has_room(&*tx, &caller.tenant, &row, own.as_ref()).await?;
    store::insert(&*tx, row)
        .await
        .map_err(|error| if store::is_there(&error) { again(&name) } else { error.into() })?;
    tell(&mut tx, caller, "token-made", &about, after);
    tx.commit().await?;
    Ok(Minted { name, secret, ends, unspoken: permission::unspoken(services, &caller.tenant, roles).await? })
}

/// Why a form that is sent a second time makes no second token.
fn again(name: &str) -> Error {
    Error::Conflict(format!(
        "this form made the token `{name}` already, which was shown once; whoever did not copy it ends that one and makes another"
    ))
}

/// What the audit log says of a token besides its name.
fn told(row: &Row) -> serde_json::Value {
    let ends = row.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({ "of": row.who, "scopes": row.scopes, "roles": row.roles, "ends": ends })
}

/// Ends a token: one's own, or any for those who manage people.
pub async fn end_token(services: &Services, caller: &Caller, id: Uuid) -> Result<()> {
    let gone = || Error::NotFound("there is no such token; it may have ended".to_owned());
    let row = store::by_id(&services.db, &caller.tenant, id).await?;
    // Who asks twice is told that it is gone, not that they may not.
    if row.as_ref().is_none_or(|row| row.who == caller.subject.to_string()) {
        may_leave(services, caller, Permission::KeepOwnTokens).await?;
    } else {
        may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    }
    let row = row.ok_or_else(gone)?;
    let mut tx = services.begin(caller).await?;
    if store::end(&*tx, &caller.tenant, id, Utc::now()).await? == 0 {
        return Err(gone());
    }
    tell(&mut tx, caller, "token-ended", &format!("{id} {}", row.name), told(&row));
    tx.commit().await?;
    doors::forget(services).await
}

/// Whether a text could be a token of ours.
pub(super) fn is_token(text: &str) -> bool {
    let rest = text.strip_prefix(PERSONAL).or_else(|| text.strip_prefix(SERVICE));
    rest.is_some_and(|rest| rest.len() == 40 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Who comes with a token.
pub(super) async fn by_token(
    services: &Services,
    tenant: &Tenant,
    token: &str,
    address: Option<&str>,
) -> Result<Bearer> {
    let key = hash(token);
    if let Some(known) = services.doors.seen.secret(tenant, &key) {
        return Ok(known.map_or_else(refused, Bearer::Known));
    }
    let generation = services.doors.seen.generation();
    let bearer = look(services, tenant, &hex(&key), address).await?;
    // What opens nothing is not remembered: guesses would push out those who are known.
    if let Bearer::Known(found) = &bearer {
        services.doors.seen.keep_secret(generation, tenant, key, Some(found.clone()));
    }
    Ok(bearer)
}

async fn look(services: &Services, tenant: &Tenant, hash: &str, address: Option<&str>) -> Result<Bearer> {
    let Some(row) = store::by_hash(&services.db, tenant, hash).await? else { return Ok(refused()) };
    let now = Utc::now();
    let moment = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC");
    if let Some(ended) = row.ended_at {
        return Ok(spent(&row, format!("it was ended at {}", moment(ended))));
    }
    if row.expires_at <= now {
        return Ok(spent(&row, format!("it is over since {}", moment(row.expires_at))));
    }
    if let Some(why) = rests(services, tenant, &row).await? {
        return Ok(spent(&row, why));
    }
    if row.used_at.is_none_or(|used| now - used >= USED) {
        store::used(&services.db, tenant, row.id, now, address).await?;
    }
    let Ok(subject) = row.who.parse::<Subject>() else { return Ok(refused()) };
    let found = footing::of(services, tenant, subject, (Entry::Token(row.id.to_string()), row.account)).await?;
    Ok(found.map_or_else(refused, |found| Bearer::Known(Arc::new(with_token(found, &row)))))
}

fn spent(row: &Row, why: String) -> Bearer {
    let whose = row.who.parse().unwrap_or(Subject::Stranger);
    Bearer::Spent(Spent { told: why.clone(), why, whose, about: Some(format!("{} {}", row.id, row.name)) })
}

/// Why a living token opens nothing now.
pub(super) async fn rests(services: &Services, tenant: &Tenant, row: &Row) -> Result<Option<String>> {
    match row.who.parse() {
        Ok(Subject::Person(who)) => {
            if !same::stands(services, tenant, &who, (row.user_uid, row.account)).await? {
                return Ok(Some(format!(
                    "`{who}`, for whom it was made, is somebody else by now; whoever made it signs in, and it is theirs again"
                )));
            }
            if row.user_uid.is_none() {
                let now = same::meant(services, tenant, &who).await?;
                store::bind(&services.db, tenant, row.id, now.uid).await?;
            }
            rest(services, tenant, &who, row.account).await
        }
        // What was made with the administrator's token ends with it.
        Ok(Subject::Administrator) => {
            let now = administrator(services);
            if row.bound_to.is_none() {
                store::bind_to(&services.db, tenant, row.id, &now).await?;
            }
            Ok(row.bound_to.as_ref().is_some_and(|then| *then != now).then(|| OF_ANOTHER.to_owned()))
        }
        // The guest and programs sign in nowhere.
        _ => Ok(None),
    }
}

/// Someone as they stand with a token.
pub(super) fn with_token(mut found: Found, row: &Row) -> Found {
    found.through = Some(format!("token {} {}", row.id, row.name));
    found.scopes = Some(words(&row.scopes).iter().filter_map(|word| word.parse().ok()).collect());
    if row.kind == "service" {
        found.roles = Arc::new(words(&row.roles).into_iter().collect());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_token_is_looked_for() {
        let good = format!("{PERSONAL}{}", "a1".repeat(20));
        assert!(is_token(&good));
        for bad in [
            "",
            "cw_pat_",
            &good[..30],
            &format!("{good}0"),
            &good.replace("cw_pat", "cw_xyz"),
            &good.replace("a1", "zz"),
        ] {
            assert!(!is_token(bad), "{bad}");
        }
    }

    #[test]
    fn a_token_may_do_something_and_nothing_unheard_of() {
        assert!(scopes(&[]).is_err());
        assert!(scopes(&["read".to_owned(), "everything".to_owned()]).unwrap_err().to_string().contains("everything"));
        assert_eq!(scopes(&["read".to_owned(), "run".to_owned()]).unwrap().len(), 2);
    }
}
