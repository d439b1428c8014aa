//! What people keep for themselves: who they are in the catalog, stars, visits.
//!
//! These rows are nobody else's business, so `changes`, which everyone reads who may read the catalog, does not tell of them.

mod store;
mod visits;

use std::collections::HashSet;

use chrono::Utc;
pub use domain::home::{LastVisit, Me};
use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, Subject, Target},
};

pub use self::visits::{arrive, recent, visit};
use crate::{Error, Result, Services, catalog, changes, identity};

/// How many things one person can star.
const STARS: u64 = 500;

/// Under which name things are kept for the caller.
pub(crate) async fn own_key<'a>(services: &Services, caller: &'a Caller) -> Result<&'a str> {
    identity::may(services, caller, Permission::KeepOwn, Target::Own).await?;
    caller.own_key().ok_or_else(|| Error::Rejected(format!("nothing is kept for `{}`; sign in first", caller.label())))
}

/// The one who asks, as the catalog knows them.
pub async fn me(services: &Services, caller: &Caller) -> Result<Me> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let Some(who) = caller.own_key() else { return Ok(Me::default()) };
    if let Subject::Person(who) = &caller.subject {
        // Whoever signed in is known: nobody has to say it.
        let user: Option<EntityRef> = who.parse().ok();
        let mut teams = match &user {
            Some(user) => catalog::teams_of(services, caller, user).await?,
            None => Vec::new(),
        };
        teams.extend(identity::groups_of(services, caller).await?.iter().filter_map(|team| team.parse().ok()));
        teams.sort();
        teams.dedup();
        return Ok(Me { keeps: true, user, teams });
    }
    let row = store::person(&services.db, &caller.tenant, who).await?;
    let user: Option<EntityRef> = row.and_then(|row| row.reference?.parse().ok());
    let teams = match &user {
        Some(user) => catalog::teams_of(services, caller, user).await?,
        None => Vec::new(),
    };
    Ok(Me { keeps: true, user, teams })
}

/// Notes which person of the catalog the caller is; none takes it back. It says whose things are shown first, and permits
/// nothing.
pub async fn say_who(services: &Services, caller: &Caller, person: Option<&EntityRef>) -> Result<()> {
    let who = own_key(services, caller).await?;
    if let Subject::Person(who) = &caller.subject {
        return Err(Error::Rejected(format!("you signed in as `{who}`, so that is who you are")));
    }
    if let Some(person) = person {
        if person.kind() != "user" {
            return Err(Error::Rejected(format!("`{person}` is not a person; choose an entity of the kind User")));
        }
        catalog::entity(services, caller, person).await?;
    }
    let seq = changes::last(services, caller).await?;
    store::say_who(&services.db, &caller.tenant, who, person, (Utc::now(), seq)).await
}

/// Stars an entity, or takes the star away.
pub async fn star(services: &Services, caller: &Caller, reference: &EntityRef, is_starred: bool) -> Result<()> {
    let who = own_key(services, caller).await?;
    let key = reference.to_string();
    if !is_starred {
        return store::unstar(&services.db, &caller.tenant, who, &key).await;
    }
    catalog::entity(services, caller, reference).await?;
    if store::stars(&services.db, &caller.tenant, who, STARS).await?.len() as u64 >= STARS {
        return Err(Error::Rejected(format!(
            "{STARS} things are starred, which is as many as can be; take a star away first"
        )));
    }
    store::star(&services.db, &caller.tenant, who, &key, Utc::now()).await
}

/// What the caller has starred, the latest first; nothing for one who keeps nothing.
pub async fn stars(services: &Services, caller: &Caller) -> Result<Vec<EntityRef>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let Some(who) = caller.own_key() else { return Ok(Vec::new()) };
    let names = store::stars(&services.db, &caller.tenant, who, STARS).await?;
    let names = catalog::retain_seen(services, caller, names, String::clone).await?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Which of these the caller has starred.
pub async fn starred(services: &Services, caller: &Caller, references: &[EntityRef]) -> Result<Vec<bool>> {
    let stars: HashSet<EntityRef> = stars(services, caller).await?.into_iter().collect();
    Ok(references.iter().map(|reference| stars.contains(reference)).collect())
}
