//! On what footing someone stands: their teams, and the roles that come with the way in.

use std::{collections::BTreeSet, sync::Arc};

use chrono::Utc;
use domain::identity::{Caller, Entry, Subject, Tenant};

use super::{accounts, doors::Found, scim};
use crate::{Result, Services, catalog};

/// The role of administrators.
const ADMINISTRATOR: &str = "administrator";

/// What is known of `subject`; `None` if they may not come in.
pub(super) async fn of(services: &Services, tenant: &Tenant, subject: Subject, entry: Entry) -> Result<Option<Found>> {
    let settings = &services.doors.settings;
    let mut roles = BTreeSet::new();
    let mut teams = Arc::default();
    match &subject {
        Subject::Person(who) => {
            let Some(known) = teams_of(services, tenant, who).await? else { return Ok(None) };
            if settings.administrators.contains(who) || known.iter().any(|team| settings.administrators.contains(team))
            {
                roles.insert(ADMINISTRATOR.to_owned());
            }
            teams = known;
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
    Ok(Some(Found { through, subject, entry, roles: Arc::new(roles), teams, scopes: None, until: None }))
}

/// The teams of a person, of the catalog and of what came with them, with those above; `None` if all that is known of them
/// is blocked, or sent away by its directory or provider.
pub(super) async fn teams_of(services: &Services, tenant: &Tenant, who: &str) -> Result<Option<Arc<BTreeSet<String>>>> {
    if let Some(known) = services.doors.seen.teams(tenant, who) {
        return Ok(known);
    }
    let generation = services.doors.seen.generation();
    let told = scim::known(services, tenant, who).await?;
    let mut accounts = accounts::of(services, tenant, who).await?;
    let settings = &services.doors.settings;
    // A provider that was taken out of the settings stands by nobody, and neither does one for whom the directory of another says
    // that they are gone.
    accounts.retain(|account| {
        let is_open = settings.providers.iter().any(|provider| provider.id == account.provider);
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
    services.doors.seen.keep_teams(generation, tenant, who, teams.clone());
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
