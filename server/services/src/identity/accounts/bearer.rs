//! Who bears a name. An account is somebody's for good, whatever the catalog calls them; accounts of several providers are one person's
//! where they were found as one User at once. What is given to a person, and what they make, is theirs under every name.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::{Identity, Tenant};
use sea_orm::prelude::Uuid;

use super::{of, store};
use crate::{
    Result, Services, catalog,
    changes::{self, Transaction},
    identity::same,
    permission,
};

/// Who it is, where the name means this User of the catalog now, or none.
fn bearer_of(row: &store::Row, uid: Uuid) -> Identity {
    Identity { person: row.person(), is_in_catalog: !row.just_in_time && !uid.is_nil() }
}

/// Who it is that comes in under a name, by this account; where that is not known, whoever bears the name now.
pub(crate) async fn bearer(
    services: &Services,
    tenant: &Tenant,
    who: &str,
    account: Option<Uuid>,
) -> Result<Option<Identity>> {
    let uid = same::meant(services, tenant, who).await?.uid;
    if let Some(id) = account
        && let Some(row) = store::by_id(&services.db, tenant, id).await?
    {
        return Ok(Some(bearer_of(&row, uid)));
    }
    Ok(of(services, tenant, who).await?.first().map(|row| bearer_of(row, uid)))
}

/// Of these names, who bears them now.
pub(crate) async fn bearers(
    services: &Services,
    tenant: &Tenant,
    names: &[String],
) -> Result<HashMap<String, Identity>> {
    let rows = store::of_names(&services.db, tenant, names).await?;
    let standing = same::standing(services, tenant, &rows).await?;
    let users = catalog::vouched_users(services, tenant, names).await?;
    let mut bearers = HashMap::new();
    for row in rows.iter().filter(|row| standing.contains(&row.id)) {
        let uid = users.get(&row.who).map(|(uid, _)| *uid).unwrap_or_default();
        bearers.entry(row.who.clone()).or_insert_with(|| bearer_of(row, uid));
    }
    Ok(bearers)
}

/// Somebody who comes in: what was known of their account, and what is now.
pub(super) struct Arrival<'a> {
    pub(super) known: Option<&'a store::Row>,
    pub(super) row: &'a store::Row,
    /// Whom their name means now, and all accounts under it.
    pub(super) meant: &'a same::Meant,
    pub(super) all: &'a [store::Row],
    /// When that User was away from the catalog.
    pub(super) absences: &'a Absences,
}

impl Arrival<'_> {
    /// Says whose account it is, now that it is known as whom they come in; and whether that is another one than before.
    pub(super) async fn settle(
        &self,
        services: &Services,
        tx: &mut Transaction,
        tenant: &Tenant,
    ) -> Result<(Uuid, bool)> {
        let Self { known, row, meant, all, absences } = self;
        let before = row.person();
        let (mut person, mut apart) = (before, row.apart.clone());
        if let Some(known) = known.filter(|known| known.who != row.who) {
            let former = same::called_now(services, tenant, known).await?;
            let called = former.as_deref().unwrap_or(&known.who);
            let then = same::meant(services, tenant, called).await?;
            let own = store::of_persons(&**tx, tenant, &HashSet::from([person])).await?;
            if let Some(stays) = self.parted(&own, &[&known.who, called], &then) {
                person = Uuid::new_v4();
                // What was given to whom they were is that of those who were so before.
                permission::leave(tx, tenant, (row.id, known.user_uid), stays).await?;
            }
            // Whoever is who they were before a slip is that for good; it was the slip that was somebody else.
            let is_back = known.apart.as_ref() == Some(&row.who);
            apart = former.filter(|name| *name != row.who && !known.just_in_time && !is_back);
        }
        if (person, &apart) != (before, &row.apart) {
            store::set_person(&**tx, row, (person, apart.as_deref())).await?;
        }
        // What nobody came in by for long may be that of somebody who has left: addresses and logins are given on.
        let since = services.doors.settings.fresh_since(row.seen_at);
        let is_one = |other: &store::Row| {
            let is_same_entry = absences.is_same_entry(other, meant);
            other.id != row.id && is_same_entry && meant.is_of(other) && other.was_seen_since(since)
        };
        if !meant.uid.is_nil() && !is_apart(services, tenant, apart.as_deref()).await? {
            for other in all.iter().filter(|other| is_one(other)) {
                if other.person() != person && !is_apart(services, tenant, other.apart.as_deref()).await? {
                    store::join(&**tx, tenant, (person, other.person())).await?;
                    person = other.person();
                }
            }
        }
        Ok((person, person != before))
    }
}

impl Arrival<'_> {
    /// The account of the same person that stays who they were, under any of these names, where this one was taken for them and comes in
    /// as somebody else now: one that is still found as whom both were, or, where none is, the one that was there before.
    fn parted(&self, own: &[store::Row], names: &[&str], then: &same::Meant) -> Option<Uuid> {
        let others: Vec<&store::Row> = own.iter().filter(|other| other.id != self.row.id).collect();
        let is_found = |other: &&&store::Row| {
            let is_somebody = !then.uid.is_nil() || other.just_in_time;
            names.contains(&other.who.as_str()) && is_somebody && then.is_of(other)
        };
        if let Some(stays) = others.iter().find(is_found) {
            return Some(stays.id);
        }
        // Whoever was first leads; and those who follow where another one is already are the same.
        let first = own.iter().min_by_key(|account| (account.id != self.row.person(), account.created_at))?;
        let is_followed = others.iter().any(|other| other.who == self.row.who && self.meant.is_of(other));
        (first.id != self.row.id && !is_followed).then_some(first.id)
    }
}

/// When a User was away from the catalog. Files lose people by mistake and sources are registered anew, and it is the same people who are
/// back soon; after long, somebody else may have got name and address.
pub(super) struct Absences {
    /// Since when, and until when.
    all: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// What is long.
    long: TimeDelta,
}

impl Absences {
    pub(super) async fn of(services: &Services, tenant: &Tenant, who: &str) -> Result<Self> {
        let all = changes::absences(services, tenant, who).await?;
        Ok(Self { all, long: services.doors.settings.away })
    }

    /// Whether an account came in as the very User that a name means now.
    pub(super) fn is_same_entry(&self, account: &store::Row, meant: &same::Meant) -> bool {
        // Whoever a provider stood by after it was back was not left behind.
        let is_missed = |(left, back): &&(DateTime<Utc>, DateTime<Utc>)| {
            account.seen_at <= *left && account.confirmed_at.is_none_or(|at| at <= *back)
        };
        let missed: Vec<_> = self.all.iter().filter(is_missed).collect();
        if missed.iter().any(|(left, back)| *back - *left > self.long) {
            return false;
        }
        account.user_uid.is_none_or(|uid| uid == meant.uid || !missed.is_empty())
    }
}

/// Whether an administrator blocked somebody who comes in as this User: by whichever account, they are not let in. Whoever gets the name
/// or entry of one who is blocked is let in once by an administrator, rather than the other one again.
pub(in crate::identity) async fn is_blocked(services: &Services, tenant: &Tenant, who: &str) -> Result<bool> {
    let meant = same::meant(services, tenant, who).await?;
    let address = meant.address();
    let blocked = store::blocked_as(&services.db, tenant, who, (meant.uid, address.as_deref())).await?;
    let is_them = |row: &store::Row| {
        let is_entry = row.user_uid.is_some_and(|uid| !uid.is_nil() && uid == meant.uid);
        is_entry || meant.is_of(row) || address.is_some() && row.address == address
    };
    Ok(blocked.iter().any(is_them))
}

/// Whether whoever came in as another User before, who is still there, may only be taken for this one.
async fn is_apart(services: &Services, tenant: &Tenant, apart: Option<&str>) -> Result<bool> {
    match apart {
        Some(other) => Ok(!same::meant(services, tenant, other).await?.uid.is_nil()),
        None => Ok(false),
    }
}
