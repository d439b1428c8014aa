//! On what footing someone stands: their teams, and the roles that come with the way in.

use std::{collections::BTreeSet, sync::Arc};

use chrono::Utc;
use domain::identity::{Caller, Entry, Subject, Tenant};
use sea_orm::prelude::Uuid;

use super::{accounts, doors::Found, same, scim};
use crate::{Result, Services, catalog};

/// The role of administrators.
const ADMINISTRATOR: &str = "administrator";

/// What is known of `subject`, who came in by `entry` and, as far as that is known, through this account; `None` if they may not come in.
pub(super) async fn of(
    services: &Services,
    tenant: &Tenant,
    subject: Subject,
    (entry, account): (Entry, Option<Uuid>),
) -> Result<Option<Found>> {
    let settings = &services.doors.settings;
    let mut roles = BTreeSet::new();
    let (mut teams, mut identity) = (Arc::default(), None);
    match &subject {
        Subject::Person(who) => {
            let known = match teams_of(services, tenant, who).await? {
                None => teams_through(services, tenant, who, account).await?,
                known => known,
            };
            let Some(known) = known else { return Ok(None) };
            if settings.administrators.contains(who) || known.iter().any(|team| settings.administrators.contains(team))
            {
                roles.insert(ADMINISTRATOR.to_owned());
            }
            teams = known;
            identity = accounts::bearer(services, tenant, who, account).await?;
        }
        Subject::Guest if !settings.has_guest => return Ok(None),
        Subject::Stranger | Subject::System(_) => return Ok(None),
        Subject::Guest | Subject::Administrator | Subject::Machine(_) => {}
    }
    let through = match &entry {
        Entry::Session(id) => Some(format!("session {id}")),
        Entry::Token(id) => Some(format!("token {id}")),
        _ => None,
    };
    Ok(Some(Found { through, subject, entry, roles: Arc::new(roles), teams, identity, scopes: None, until: None }))
}

/// The teams of a person, of the catalog and of what came with them, with those above; `None` if all that is known of them
/// is blocked, or sent away by its directory or provider.
pub(super) async fn teams_of(services: &Services, tenant: &Tenant, who: &str) -> Result<Option<Arc<BTreeSet<String>>>> {
    if let Some(known) = services.doors.seen.teams(tenant, who) {
        return Ok(known);
    }
    let generation = services.doors.seen.generation();
    let accounts = accounts::of(services, tenant, who).await?;
    let teams = teams_by(services, tenant, who, accounts).await?;
    services.doors.seen.keep_teams(generation, tenant, who, teams.clone());
    Ok(teams)
}

/// The same of someone whom the catalog calls so now, and who has not come in since: their accounts still have their former name.
async fn teams_through(
    services: &Services,
    tenant: &Tenant,
    who: &str,
    account: Option<Uuid>,
) -> Result<Option<Arc<BTreeSet<String>>>> {
    let Some(account) = account else { return Ok(None) };
    let now = same::meant(services, tenant, who).await?;
    let persons = accounts::store::persons(&services.db, tenant, &[account]).await?.into_values().collect();
    let mut accounts = accounts::store::of_persons(&services.db, tenant, &persons).await?;
    accounts.retain(|account| !now.uid.is_nil() && now.is_of(account));
    teams_by(services, tenant, who, accounts).await
}

/// The same, as these accounts of theirs have it.
async fn teams_by(
    services: &Services,
    tenant: &Tenant,
    who: &str,
    mut accounts: Vec<accounts::store::Row>,
) -> Result<Option<Arc<BTreeSet<String>>>> {
    let told = scim::known(services, tenant, who).await?;
    let settings = &services.doors.settings;
    // A provider that was taken out of the settings stands by nobody, and neither does one for whom the directory of another says
    // that they are gone.
    accounts.retain(|account| {
        let is_open = settings.has(account);
        let is_away =
            account.blocked_at.is_some() || account.disowned_at.is_some() || told.is_sent_away(&account.provider);
        is_open && !is_away
    });
    let teams = if accounts.is_empty() || told.is_sent_away_by_all() {
        None
    } else {
        let mut teams: BTreeSet<String> = BTreeSet::new();
        for account in &accounts {
            // What nobody was asked about for long may be otherwise by now.
            if !told.is_kept(&account.provider) && !account.was_seen_since(settings.fresh_since(Utc::now())) {
                continue;
            }
            let mut came = accounts::groups(&account.groups);
            // A directory that keeps a team is asked who is in it, not what came with a sign-in some time ago.
            if !came.is_empty() && told.is_kept(&account.provider) {
                let kept = scim::is_kept(services, tenant, &account.provider, &came).await?;
                came.retain(|team| !kept.contains(team));
            }
            teams.extend(came);
        }
        teams.extend(told.teams);
        Some(Arc::new(with_catalog(services, tenant, who, teams).await?))
    };
    Ok(teams)
}

/// These teams and those of the catalog that a person is in, with all above them, as far as sources are trusted with that.
pub(super) async fn with_catalog(
    services: &Services,
    tenant: &Tenant,
    who: &str,
    mut teams: BTreeSet<String>,
) -> Result<BTreeSet<String>> {
    let system = Caller::system(tenant.clone(), "identity");
    teams.extend(catalog::vouched_teams(services, &system, who).await?);
    let direct: Vec<String> = teams.iter().cloned().collect();
    let above = catalog::vouched_above(services, &system, &direct).await?;
    teams.extend(above.into_values().flatten());
    Ok(teams)
}
