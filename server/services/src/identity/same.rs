//! Whether a name still means whom it meant: names of people change hands in the catalog, and nobody goes on as someone else.

use domain::identity::{Caller, Entry, Subject, Tenant};
use sea_orm::prelude::Uuid;

use super::{sessions, tokens};
use crate::{Result, Services, catalog};

/// The User of the catalog that a name means now, by its uid; nil where it means none whose source is trusted with people.
pub(super) async fn meant(services: &Services, tenant: &Tenant, who: &str) -> Result<Uuid> {
    Ok(catalog::vouched_uid(services, tenant, who).await?.unwrap_or_default())
}

/// The same of whoever comes in; nothing of those who are in no catalog.
pub(super) async fn meant_by(services: &Services, tenant: &Tenant, who: &Subject) -> Result<Option<Uuid>> {
    match who {
        Subject::Person(who) => meant(services, tenant, who).await.map(Some),
        _ => Ok(None),
    }
}

/// Whether whom a name meant then is not another one now. Of what was noted before that was asked, nothing is known; a name that
/// means nobody now has nobody else's rights.
pub(super) fn is_same(then: Option<Uuid>, now: Uuid) -> bool {
    now.is_nil() || then.is_none_or(|then| then == now)
}

/// The account through which a caller came in.
pub(super) async fn account_of(services: &Services, caller: &Caller) -> Result<Option<Uuid>> {
    Ok(match &caller.standing.source {
        Entry::Session(id) => match id.parse() {
            Ok(id) => sessions::store::by_id(&services.db, &caller.tenant, id).await?.and_then(|row| row.account),
            Err(_) => None,
        },
        Entry::Token(id) => match id.parse() {
            Ok(id) => tokens::store::by_id(&services.db, &caller.tenant, id).await?.and_then(|row| row.account),
            Err(_) => None,
        },
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whoever_bears_a_name_now_goes_on_under_it() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(is_same(Some(one), one) && !is_same(Some(one), other));
        assert!(!is_same(Some(Uuid::nil()), one), "they were in no catalog, and someone of the name is by now");
        assert!(is_same(Some(one), Uuid::nil()) && is_same(None, one));
    }
}
