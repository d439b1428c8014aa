//! When a role that was given was last of use: noted in memory, written together once in a while, once an hour for each role
//! and person. So nobody waits for it, and nothing is written for a request.
//!
//! A role is of use when something is permitted that would not be without it: where several would do, the least of them
//! counts. An administrator who only ever reads has no use for being one.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::{Caller, Permission, ROLES, Subject, Target, Tenant, contained};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{MOST_GRANTS, roles, store};
use crate::{Result, Services, identity};

/// How many uses are kept in mind.
const MOST: usize = 50_000;
/// How often what was noted is written.
const WRITE: Duration = Duration::from_secs(5);
/// How long a use is kept.
const KEPT: TimeDelta = TimeDelta::days(400);
/// How many uses are written in one transaction.
const PART: usize = 2_000;

/// Hours since the beginning of the count.
pub(super) fn hour(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(3_600)
}

/// Whose role, through which grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Use {
    pub(super) tenant: Tenant,
    pub(super) role: String,
    pub(super) grantee: String,
    pub(super) subject: String,
}

/// Uses that were noted lately.
#[derive(Default)]
pub(super) struct Uses(Mutex<HashMap<Use, Noted>>);

#[derive(Debug, Clone, Copy)]
struct Noted {
    at: DateTime<Utc>,
    is_written: bool,
}

impl Uses {
    /// Notes a use, the first time in an hour.
    pub(super) fn add(&self, of: Use, at: DateTime<Utc>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            // Whoever comes again is written again.
            known.retain(|_, noted| !noted.is_written);
            if known.len() >= MOST {
                return;
            }
        }
        let noted = known.entry(of).or_insert(Noted { at, is_written: false });
        if hour(noted.at) != hour(at) {
            *noted = Noted { at, is_written: false };
        }
    }

    fn take(&self) -> Vec<(Use, DateTime<Utc>)> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = known.iter_mut().filter(|(_, noted)| !noted.is_written);
        let taken = waiting.take(PART).map(|(of, noted)| {
            noted.is_written = true;
            (of.clone(), noted.at)
        });
        taken.collect()
    }

    /// What could not be written waits for the next time.
    fn put_back(&self, taken: &[(Use, DateTime<Utc>)]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (of, _) in taken {
            if let Some(noted) = known.get_mut(of) {
                noted.is_written = false;
            }
        }
    }
}

/// How far up a role stands; one that was made up stands alone.
fn rank(role: &str) -> usize {
    ROLES.iter().position(|known| *known == role).unwrap_or(0)
}

/// The least of these roles.
pub(super) fn least<'a>(roles: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    roles.min_by_key(|role| (rank(role), *role))
}

/// Through which grants someone has `role`: the least of those that bring it.
pub(super) fn bringing<'a>(grants: &'a [(String, String)], role: &str) -> Vec<&'a (String, String)> {
    let bring = |(held, _): &&(String, String)| contained(held).any(|below| below == role);
    let least = grants.iter().filter(bring).map(|(held, _)| rank(held)).min();
    grants.iter().filter(bring).filter(|(held, _)| Some(rank(held)) == least).collect()
}

/// Writes what is noted, until `shutdown`, and what is left then.
pub async fn keep_uses(services: Services, shutdown: CancellationToken) {
    let begun = store::begin_uses(&services.db, &Tenant::default(), Utc::now()).await;
    if let Err(error) = begun {
        tracing::warn!(%error, "when roles began to be watched could not be noted");
    }
    let mut tidied = DateTime::UNIX_EPOCH;
    loop {
        let is_over = shutdown.run_until_cancelled(tokio::time::sleep(WRITE)).await.is_none();
        write(&services).await;
        if is_over {
            return;
        }
        let now = Utc::now();
        if now - tidied >= TimeDelta::days(1) {
            tidied = now;
            if let Err(error) = store::forget_uses(&services.db, now - KEPT).await {
                tracing::warn!(%error, "uses of roles of long ago could not be removed");
            }
        }
    }
}

async fn write(services: &Services) {
    let uses = &services.permission.uses;
    loop {
        let taken = uses.take();
        if taken.is_empty() {
            return;
        }
        if let Err(error) = store::put_uses(&services.db, &taken).await {
            tracing::warn!(%error, count = taken.len(), "uses of roles could not be written; trying again");
            uses.put_back(&taken);
            return;
        }
        if taken.len() < PART {
            return;
        }
    }
}

/// Where a role comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantedBy {
    /// It was given here: when, and by whom.
    Hand(DateTime<Utc>, String),
    /// The settings give it.
    Settings,
    /// A service token brings it: its id, and since when.
    Token(Uuid, DateTime<Utc>),
}

/// A role that someone has, and what use it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantUse {
    /// The role.
    pub role: String,
    /// Who has it; empty for everyone who is signed in.
    pub grantee: String,
    /// Where it comes from.
    pub by: GrantedBy,
    /// When it was last of use to anyone, to the hour.
    pub last: Option<DateTime<Utc>>,
    /// To how many people and machines it was ever of use.
    pub users: u32,
    /// Whether it was of no use to anyone for as long as was asked.
    pub is_unused: bool,
    /// Whether a policy speaks of the role; one that none does permits nothing.
    pub is_spoken_of: bool,
}

/// What use the roles were that someone has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseReport {
    /// Every grant, those of no use first, then those longest unused.
    pub grants: Vec<GrantUse>,
    /// Since when uses are noted.
    pub since: DateTime<Utc>,
}

/// Whether it was by this grant that a role was last of use: one that was taken away, and is given again, begins anew.
fn is_of(by: &GrantedBy, last: DateTime<Utc>) -> bool {
    match by {
        GrantedBy::Hand(at, _) => hour(last) >= hour(*at),
        GrantedBy::Settings | GrantedBy::Token(..) => true,
    }
}

/// Whether a role was of no use since `until`. One that was given later cannot have been, nor is known what was before uses were
/// noted.
fn is_unused(last: Option<DateTime<Utc>>, begun: DateTime<Utc>, until: DateTime<Utc>) -> bool {
    last.map_or(begun, |last| last.max(begun)) < until
}

/// What use the roles were, and which were of none for `days`.
pub async fn use_report(services: &Services, caller: &Caller, days: u32) -> Result<UseReport> {
    identity::may(services, caller, Permission::ManagePolicies, Target::Platform).await?;
    let tenant = &caller.tenant;
    let since = store::uses_since(&services.db, tenant).await?.unwrap_or_else(Utc::now);
    let mut uses: BTreeMap<(String, String), (DateTime<Utc>, i64)> = BTreeMap::new();
    for (role, grantee, last, users) in store::uses(&services.db, tenant, MOST_GRANTS).await? {
        uses.insert((role, grantee), (last, users));
    }
    let mut all: Vec<(String, String, GrantedBy)> = Vec::new();
    for grant in roles::all(services, tenant).await? {
        let by = grant.given.map_or(GrantedBy::Settings, |(at, by)| GrantedBy::Hand(at, by));
        all.push((grant.role, grant.grantee, by));
    }
    for token in identity::of_services(services, tenant).await? {
        let by = GrantedBy::Token(token.id, token.made);
        all.extend(token.roles.into_iter().map(|role| (role, token.owner.clone(), by.clone())));
    }
    let spoken_of = roles::spoken_of(services, tenant).await?;
    let until = Utc::now() - TimeDelta::days(i64::from(days.clamp(1, 3_650)));
    let grants = all.into_iter().map(|(role, grantee, by)| {
        let found = uses.get(&(role.clone(), grantee.clone())).copied().filter(|(last, _)| is_of(&by, *last));
        let begun = match &by {
            GrantedBy::Hand(at, _) | GrantedBy::Token(_, at) => since.max(*at),
            GrantedBy::Settings => since,
        };
        let last = found.map(|(last, _)| last);
        GrantUse {
            is_unused: is_unused(last, begun, until),
            is_spoken_of: spoken_of.contains(&role),
            users: found.and_then(|(_, users)| u32::try_from(users).ok()).unwrap_or_default(),
            last,
            role,
            grantee,
            by,
        }
    });
    let mut grants: Vec<GrantUse> = grants.collect();
    grants.sort_by(|one, other| {
        let key = |grant: &GrantUse| (!grant.is_unused, grant.last, grant.role.clone(), grant.grantee.clone());
        key(one).cmp(&key(other))
    });
    Ok(UseReport { grants, since })
}

/// The name under which a caller's own grants stand.
pub(super) fn own(subject: &Subject) -> String {
    subject.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(role, via)| ((*role).to_owned(), (*via).to_owned())).collect()
    }

    #[test]
    fn the_least_role_that_would_do_is_of_use() {
        assert_eq!(least(["administrator", "viewer", "developer"].into_iter()), Some("viewer"));
        let all = grants(&[
            ("viewer", ""),
            ("administrator", "user:default/ada"),
            ("developer", "group:default/a"),
            ("developer", "group:default/b"),
        ]);
        let via = |role: &str| bringing(&all, role).into_iter().map(|(_, via)| via.as_str()).collect::<Vec<_>>();
        assert_eq!(via("viewer"), [""]);
        assert_eq!(via("developer"), ["group:default/a", "group:default/b"]);
        assert_eq!(via("team-lead"), ["user:default/ada"]);
        assert!(via("release-manager").is_empty());
    }

    #[test]
    fn what_was_just_given_is_not_unused_yet() {
        let day = |day: i64| DateTime::UNIX_EPOCH + TimeDelta::days(day);
        assert!(is_unused(None, day(1), day(10)) && is_unused(Some(day(9)), day(1), day(10)));
        assert!(!is_unused(None, day(11), day(10)) && !is_unused(Some(day(10)), day(1), day(10)));
        // Nor is it where it was given before, and used then.
        assert!(!is_unused(Some(day(2)), day(11), day(10)));
        let given = GrantedBy::Hand(day(11) + TimeDelta::minutes(17), "boss".to_owned());
        assert!(is_of(&given, day(11)) && !is_of(&given, day(11) - TimeDelta::minutes(1)));
        assert!(is_of(&GrantedBy::Settings, day(1)));
    }

    #[test]
    fn a_use_is_written_once_an_hour_and_again_if_it_could_not_be() {
        let uses = Uses::default();
        let of = || Use {
            tenant: Tenant::default(),
            role: "developer".to_owned(),
            grantee: String::new(),
            subject: "user:default/ada".to_owned(),
        };
        let at = |minutes: i64| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        uses.add(of(), at(1));
        uses.add(of(), at(50));
        let taken = uses.take();
        assert_eq!(taken.len(), 1);
        uses.add(of(), at(59));
        assert!(uses.take().is_empty());
        uses.put_back(&taken);
        assert_eq!(uses.take().len(), 1);
        uses.add(of(), at(61));
        assert_eq!(uses.take().len(), 1);
    }
}
