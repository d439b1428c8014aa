//! The spine: a [`Transaction`] commits what it altered together with the rows that tell of it.

mod bus;
mod listen;
mod seen;
mod store;
mod transaction;

pub use bus::Bus;
use chrono::{DateTime, Utc};
use domain::{
    changes::Change,
    changes::ChangeKind,
    identity::{Caller, Permission, Target, Tenant},
};
pub use listen::listen;
use seen::as_seen;
pub(crate) use seen::{entities_named, last_traits};
pub use transaction::{NewChange, Transaction};

use crate::{
    Result, Services,
    catalog::{self, Span},
    identity,
};

/// The kind of a change of which a caller may know no more than that there was one.
pub const HIDDEN: &str = "hidden";

/// How many changes of one thing are looked at for when it was away.
const MOST_LOOKED_AT: u64 = 200;

/// The changes of the caller's tenant after `after`, oldest first, at most `limit`.
pub async fn read(services: &Services, caller: &Caller, after: i64, limit: u64) -> Result<Vec<Change>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let changes = store::after(&services.db, &caller.tenant, after, limit).await?;
    as_seen(services, caller, changes).await
}

/// The latest changes about `subject` and about what it was called before, each name until it was lost; of lower numbers than
/// the first of `span`, and until the second.
pub(crate) async fn about_also(
    services: &Services,
    caller: &Caller,
    subject: &str,
    former: &[(String, DateTime<Utc>)],
    span: (Option<i64>, Option<DateTime<Utc>>),
    limit: u64,
) -> Result<Vec<Change>> {
    let changes = store::about(&services.db, &caller.tenant, subject, former, span, limit).await?;
    Ok(catalog::without_empty(catalog::untied(services, caller, changes).await?))
}

/// The last change of these kinds about `subject`, under all its names, until `at`.
pub(crate) async fn last_before(
    services: &Services,
    caller: &Caller,
    subject: &str,
    former: &[(String, DateTime<Utc>)],
    kinds: &[&str],
    at: DateTime<Utc>,
) -> Result<Option<Change>> {
    let found = store::nearest(&services.db, &caller.tenant, (subject, former), kinds, store::Side::Until(at)).await?;
    Ok(catalog::untied(services, caller, found.into_iter().collect()).await?.pop())
}

/// When whatever has this name was not in the catalog, or stood there with nothing that declares it: since when each time, and until
/// when. Of the last changes only.
pub(crate) async fn absences(
    services: &Services,
    tenant: &Tenant,
    subject: &str,
) -> Result<Vec<(DateTime<Utc>, DateTime<Utc>)>> {
    const GOES: [ChangeKind; 2] = [ChangeKind::EntityOrphaned, ChangeKind::EntityRemoved];
    const IS_THERE: [ChangeKind; 3] = [ChangeKind::EntityCreated, ChangeKind::EntityUpdated, ChangeKind::EntityRenamed];
    let (mut absences, mut left) = (Vec::new(), None);
    let last = store::about(&services.db, tenant, subject, &[], (None, None), MOST_LOOKED_AT).await?;
    for change in last.into_iter().rev() {
        let is = |kinds: &[ChangeKind]| kinds.iter().any(|kind| kind.as_str() == change.kind);
        if is(&GOES) {
            left.get_or_insert(change.at);
        } else if is(&IS_THERE) {
            absences.extend(left.take().map(|left| (left, change.at)));
        }
    }
    Ok(absences)
}

/// The first change of these kinds about `subject`, under all its names, after `at`.
pub(crate) async fn first_after(
    services: &Services,
    caller: &Caller,
    subject: &str,
    former: &[(String, DateTime<Utc>)],
    kinds: &[&str],
    at: DateTime<Utc>,
) -> Result<Option<Change>> {
    let found = store::nearest(&services.db, &caller.tenant, (subject, former), kinds, store::Side::After(at)).await?;
    Ok(catalog::untied(services, caller, found.into_iter().collect()).await?.pop())
}

/// The latest changes about any of `subjects`, newest first, at most `limit`, of a part of the history.
pub(crate) async fn about_any(
    services: &Services,
    caller: &Caller,
    subjects: &[String],
    Span { before, until }: Span,
    limit: u64,
) -> Result<Vec<Change>> {
    let changes = store::about_any(&services.db, &caller.tenant, subjects, (before, until), limit).await?;
    Ok(catalog::without_empty(catalog::untied(services, caller, changes).await?))
}

/// The changes from `first` to `last`, at most `limit`, as far as the caller sees what they are about: for the audit log, which asked
/// who may.
pub(crate) async fn vouched_for(
    services: &Services,
    caller: &Caller,
    (first, last): (i64, i64),
    limit: u64,
) -> Result<Vec<Change>> {
    let count = u64::try_from(last - first + 1).unwrap_or_default();
    let changes = store::after(&services.db, &caller.tenant, first - 1, count.min(limit)).await?;
    as_seen(services, caller, changes).await
}

/// Number, subject and kind of the changes after `after`, oldest first, at most `limit`: what an index reads.
pub(crate) async fn subjects(
    services: &Services,
    tenant: &Tenant,
    after: i64,
    limit: u64,
) -> Result<Vec<(i64, String, String)>> {
    store::subjects(&services.db, tenant, after, limit).await
}

/// How many of the changes after `after` are about entities.
pub(crate) async fn count_of_entities(services: &Services, tenant: &Tenant, after: i64) -> Result<u64> {
    store::count_of_entities(&services.db, tenant, after).await
}

/// What tells one history from another that has as many changes: when the change with this number happened, to whom, and what it
/// was. `None` if there is none.
pub(crate) async fn mark(services: &Services, tenant: &Tenant, seq: i64) -> Result<Option<String>> {
    store::mark(&services.db, tenant, seq).await
}

/// The last change about each subject that begins with `beginning`. It looks through the subjects of all changes, so it is for what
/// is asked once in a while.
pub(crate) async fn last_of_each(
    db: &impl sea_orm::ConnectionTrait,
    tenant: &Tenant,
    beginning: &str,
) -> Result<Vec<Change>> {
    store::last_of_each(db, tenant, beginning).await
}

/// The changes of these kinds about any of `subjects`, oldest first.
pub(crate) async fn about_in(
    db: &impl sea_orm::ConnectionTrait,
    tenant: &Tenant,
    subjects: &[String],
    kinds: &[&str],
) -> Result<Vec<Change>> {
    store::of_kinds(db, tenant, subjects, kinds).await
}

/// The number of the last change of a tenant; 0 before the first.
pub(crate) async fn last_of(services: &Services, tenant: &Tenant) -> Result<i64> {
    store::last(&services.db, tenant).await
}

/// The number of the last change of the caller's tenant; 0 before the first.
pub async fn last(services: &Services, caller: &Caller) -> Result<i64> {
    store::last(&services.db, &caller.tenant).await
}
