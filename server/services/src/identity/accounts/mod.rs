//! People who came in: what their provider says of them, and which person of the catalog they are.

mod bearer;
mod coming;
mod found_by;
mod matching;
mod said;
pub(crate) mod store;
mod unmatched;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    catalog::{Condition, EntityRef, Filter},
    identity::{Account, Caller, Permission, Subject, Target, Tenant, Token},
};
use sea_orm::{ConnectionTrait, prelude::Uuid};
use serde_json::{Value, json};

pub(crate) use self::bearer::{bearer, bearers};
pub(super) use self::{
    bearer::is_blocked,
    coming::{confirm, disown, disown_by_subject, given, is_denied, meet, note},
    found_by::FoundBy,
    matching::{Match, matched},
    unmatched::{note as note_unmatched, solved, tidy},
};
pub use self::{
    matching::Unmatched,
    unmatched::{InVain, in_vain},
};
use super::{
    claims,
    doors::{self, ProviderSettings},
    may, may_leave,
    ports::Claims,
    same, scim, sessions, tell, tokens,
};
use crate::{Error, Result, Services, catalog};

/// How many people a page shows.
const PAGE: u64 = 50;
/// How many other accounts of a person are told of beside one.
const MOST_BESIDE: usize = 10;
/// How many groups are kept of one person that mean nothing in the catalog, to be shown.
const UNMEANT: usize = 50;

/// What Entra calls a person in its directory; the subject of a sign-in is another one for each application there.
pub(super) fn object_id(claims: &Claims) -> Option<String> {
    claims::text(claims, "oid")
}

/// The groups of an account, as its row keeps them.
pub(crate) fn groups(kept: &Value) -> Vec<String> {
    kept.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What the groups of a person mean in the catalog, and those that mean nothing there.
async fn mapped(
    services: &Services,
    tenant: &Tenant,
    settings: &ProviderSettings,
    claims: &Claims,
) -> Result<(Vec<String>, Vec<String>)> {
    let (whole, words) = claims::groups(claims, &settings.groups_claim);
    let is_named = whole.iter().any(|group| settings.teams.contains_key(group));
    let came: Vec<Vec<String>> = whole.into_iter().map(|group| vec![group]).collect();
    let meant = meant(services, tenant, settings, &came).await?;
    let by_words: Vec<String> = words.iter().filter_map(|word| settings.teams.get(word)).cloned().collect();
    let without = came.iter().zip(&meant).filter(|(_, team)| team.is_none() && (is_named || by_words.is_empty()));
    let unmeant = without.filter_map(|(names, _)| names.first()).take(UNMEANT).cloned().collect();
    let mut teams: Vec<String> = meant.into_iter().flatten().collect();
    if !is_named {
        teams.extend(by_words);
    }
    teams.sort();
    teams.dedup();
    Ok((teams, unmeant))
}

/// What each of these groups is in the catalog. A group has one name or several; the last is what people call it.
pub(super) async fn meant(
    services: &Services,
    tenant: &Tenant,
    settings: &ProviderSettings,
    groups: &[Vec<String>],
) -> Result<Vec<Option<String>>> {
    let mut teams: Vec<Option<String>> =
        groups.iter().map(|names| names.iter().find_map(|name| settings.teams.get(name)).cloned()).collect();
    // Keycloak writes groups as paths.
    let plain: Vec<String> = groups
        .iter()
        .map(|names| names.last().map_or_else(String::new, |name| name.trim_start_matches('/').to_lowercase()))
        .collect();
    let mut rest: Vec<String> = Vec::new();
    if settings.teams_by_name {
        let unknown = plain.iter().zip(&teams).filter(|(name, team)| team.is_none() && !name.is_empty());
        rest.extend(unknown.map(|(name, _)| name.clone()));
    }
    let mut known: HashSet<String> = HashSet::new();
    if !rest.is_empty() {
        let filter = Filter::all(vec![Condition::equals("kind", "group"), Condition::any_of("metadata.name", &rest)]);
        let (found, _) = references(services, tenant, &filter, 20_000).await?;
        // A name means the group of the usual namespace, not whatever bears it elsewhere.
        known.extend(found.into_iter().filter(|group| group.starts_with("group:default/")));
    }
    for (team, name) in teams.iter_mut().zip(plain) {
        if team.is_none() {
            *team = known.get(&format!("group:default/{name}")).cloned();
        }
    }
    Ok(teams)
}

/// The names of people or teams that are meant, of at most `limit`: those that count, and those of sources that are not trusted
/// with people.
async fn references(
    services: &Services,
    tenant: &Tenant,
    filter: &Filter,
    limit: usize,
) -> Result<(Vec<String>, Vec<String>)> {
    let system = Caller::system(tenant.clone(), "identity");
    let all = catalog::references(services, &system, filter, limit).await?;
    let counts = catalog::vouched(services, tenant, &all).await?;
    Ok(all.into_iter().partition(|reference| counts.contains(reference)))
}

/// The accounts of a person: not those of somebody else who bore the name.
pub(super) async fn of(services: &Services, tenant: &Tenant, who: &str) -> Result<Vec<store::Row>> {
    let mut accounts = store::of(&services.db, tenant, who).await?;
    if !accounts.is_empty() {
        let now = same::meant(services, tenant, who).await?;
        let all = accounts.clone();
        accounts.retain(|account| now.bears(account, &all));
    }
    Ok(accounts)
}

/// All accounts of whoever bears a name now, under whichever names.
pub(super) async fn ids_of(services: &Services, tenant: &Tenant, who: &str) -> Result<Vec<Uuid>> {
    let persons = of(services, tenant, who).await?.iter().map(store::Row::person).collect();
    Ok(store::of_persons(&services.db, tenant, &persons).await?.into_iter().map(|account| account.id).collect())
}

/// What is whose, of all that stands under one name.
pub(crate) struct Own {
    now: same::Meant,
    accounts: HashSet<Uuid>,
}

impl Own {
    /// Whether what began when the name meant `uid`, through that account, is theirs.
    pub(crate) fn has(&self, uid: Option<Uuid>, account: Option<Uuid>) -> bool {
        account.map_or_else(|| self.now.is_same(uid), |account| self.accounts.contains(&account))
    }
}

/// What is a person's own; nothing of those who are in no catalog.
pub(crate) async fn own(services: &Services, tenant: &Tenant, subject: &Subject) -> Result<Option<Own>> {
    let Subject::Person(who) = subject else { return Ok(None) };
    let now = same::meant(services, tenant, who).await?;
    let mut accounts = store::of(&services.db, tenant, who).await?;
    let all = accounts.clone();
    accounts.retain(|account| now.bears(account, &all));
    let persons = accounts.iter().map(store::Row::person).collect();
    let accounts = store::of_persons(&services.db, tenant, &persons).await?;
    Ok(Some(Own { now, accounts: accounts.into_iter().map(|account| account.id).collect() }))
}

/// What is known of an account besides its row.
#[derive(Default)]
struct Beside {
    is_theirs: bool,
    accounts: Vec<(String, String)>,
    sessions: u32,
    tokens: Vec<Token>,
    kept: Option<(bool, DateTime<Utc>)>,
}

/// What the provider of an account is called.
fn provider(services: &Services, row: &store::Row) -> String {
    let known = services.doors.settings.providers.iter().find(|provider| provider.id == row.provider);
    known.map_or_else(|| row.provider.clone(), |provider| provider.name.clone())
}

fn shown(services: &Services, row: store::Row, beside: Beside) -> Account {
    Account {
        id: row.id,
        provider: provider(services, &row),
        groups: groups(&row.groups),
        unmeant: row.unmeant.as_ref().map(groups).unwrap_or_default(),
        who: row.who,
        name: row.name,
        email: row.email,
        subject: row.subject,
        matched_by: row.matched_by,
        is_made_up: row.just_in_time,
        first: row.created_at,
        last: row.seen_at,
        blocked: row.blocked_at,
        is_theirs: beside.is_theirs,
        beside: beside.accounts,
        sessions: beside.sessions,
        tokens: beside.tokens,
        kept: beside.kept,
    }
}

/// The caller's own accounts.
pub async fn own_accounts(services: &Services, caller: &Caller) -> Result<Vec<Account>> {
    may_leave(services, caller, Permission::KeepOwn).await?;
    let rows = of(services, &caller.tenant, caller.label()).await?;
    let beside = || Beside { is_theirs: true, ..Beside::default() };
    Ok(rows.into_iter().map(|row| shown(services, row, beside())).collect())
}

/// The groups that came with the caller, whatever the catalog says.
pub(crate) async fn groups_of(services: &Services, caller: &Caller) -> Result<Vec<String>> {
    let rows = of(services, &caller.tenant, caller.label()).await?;
    let told = scim::groups_of(services, caller).await?;
    Ok(rows.iter().flat_map(|row| groups(&row.groups)).chain(told).collect())
}

/// A page of the people who came in, and whether there are more.
pub async fn people(services: &Services, caller: &Caller, text: &str, page: u64) -> Result<(Vec<Account>, bool)> {
    may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    let text: String = text.trim().chars().take(100).collect();
    let span = (page.min(10_000) * PAGE, PAGE + 1);
    let mut rows = store::page(&services.db, &caller.tenant, &text, span).await?;
    let has_more = rows.len() as u64 > PAGE;
    rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let counts: HashMap<Uuid, i64> = sessions::store::counts(&services.db, &caller.tenant).await?.into_iter().collect();
    let marks = scim::marks(services, &caller.tenant, &rows).await?;
    let made = tokens::store::living_of_accounts(&services.db, &caller.tenant, &rows).await?;
    let standing = same::standing(services, &caller.tenant, &rows).await?;
    let all = store::of_persons(&services.db, &caller.tenant, &rows.iter().map(store::Row::person).collect()).await?;
    let accounts = rows.into_iter().map(|row| {
        let others = all.iter().filter(|other| other.id != row.id && other.person() == row.person()).take(MOST_BESIDE);
        let is_of =
            |token: &&tokens::store::Row| token.account.map_or(token.who == row.who, |account| account == row.id);
        let beside = Beside {
            is_theirs: standing.contains(&row.id),
            accounts: others.map(|other| (provider(services, other), other.who.clone())).collect(),
            sessions: counts.get(&row.id).and_then(|count| u32::try_from(*count).ok()).unwrap_or_default(),
            tokens: made.iter().filter(is_of).cloned().map(tokens::shown).collect(),
            kept: marks.get(&row.id).copied(),
        };
        shown(services, row, beside)
    });
    Ok((accounts.collect(), has_more))
}

async fn known(db: &impl ConnectionTrait, caller: &Caller, id: Uuid) -> Result<store::Row> {
    let gone = || Error::NotFound("there is no such account; it may have been removed".to_owned());
    store::by_id(db, &caller.tenant, id).await?.ok_or_else(gone)
}

/// What the audit log says of an account besides who it is.
fn told(services: &Services, account: &store::Row) -> Value {
    let provider = provider(services, account);
    json!({ "account": account.id, "provider": provider, "subject": account.subject, "email": account.email })
}

/// Lets somebody in no more by any of their accounts, and ends their sessions, while what they made rests; or lets them in again.
pub async fn block(services: &Services, caller: &Caller, id: Uuid, is_blocked: bool) -> Result<()> {
    may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    let at = is_blocked.then(Utc::now);
    let mut tx = services.begin(caller).await?;
    let account = known(&*tx, caller, id).await?;
    let all = store::of_persons(&*tx, &caller.tenant, &HashSet::from([account.person()])).await?;
    let mut told = told(services, &account);
    let mut ended = 0;
    for own in &all {
        store::block(&*tx, &caller.tenant, own.id, at).await?;
        if is_blocked {
            ended += sessions::store::remove_of_account(&*tx, &caller.tenant, own.id).await?;
        }
    }
    if all.len() > 1 {
        told["accounts"] = all.len().into();
    }
    if is_blocked {
        told["sessionsEnded"] = ended.into();
        told["tokensResting"] = tokens::store::living_of_accounts(&*tx, &caller.tenant, &all).await?.len().into();
    }
    let what = if is_blocked { "account-blocked" } else { "account-unblocked" };
    tell(&mut tx, caller, what, &account.who, told);
    tx.commit().await?;
    doors::forget(services).await
}

/// Ends all sessions of an account.
pub async fn end_sessions_of(services: &Services, caller: &Caller, id: Uuid) -> Result<u64> {
    may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    let mut tx = services.begin(caller).await?;
    let account = known(&*tx, caller, id).await?;
    let ended = sessions::store::remove_of_account(&*tx, &caller.tenant, id).await?;
    let mut told = told(services, &account);
    told["sessionsEnded"] = ended.into();
    tell(&mut tx, caller, "sessions-ended", &account.who, told);
    tx.commit().await?;
    doors::forget(services).await?;
    Ok(ended)
}

/// Whether a person of the catalog has this name.
pub(super) async fn is_in_catalog(services: &Services, tenant: &Tenant, person: &EntityRef) -> Result<bool> {
    let filter =
        Filter::all(vec![Condition::equals("kind", "user"), Condition::equals("metadata.name", person.name())]);
    let (counts, others) = references(services, tenant, &filter, 2_000).await?;
    Ok(counts.iter().chain(&others).any(|reference| *reference == person.to_string()))
}
