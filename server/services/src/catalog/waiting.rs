//! Names that became free: who waits for one is asked in the order of the claims.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::prelude::Uuid;

use super::rows::conflict;
use crate::{changes::Transaction, queue::Job};

/// How long the one that is asked has before the next one is, who would else be quicker now and then.
const HEAD_START: TimeDelta = TimeDelta::seconds(2);

/// How many have one before the one that is asked next.
const IN_TURN: i32 = 15;

/// A claim to a name that another source has, since when, and whose it is. Those of before it was noted are the first.
pub(super) type Claim = (String, Option<DateTime<Utc>>, Uuid);

/// A claim as it is kept.
pub(super) fn claim(row: &conflict::Model) -> Claim {
    (row.reference.clone(), row.since, row.source_id)
}

/// Has those synced whose claims may hold now, whoever claimed a name first before the others: the first claim stands.
pub(super) fn ask(tx: &mut Transaction, claims: BTreeSet<Claim>) {
    let now = Utc::now();
    for (source, place) in places(&claims) {
        let job = Job::SyncSource { source };
        if place == 0 {
            tx.enqueue(job);
        } else {
            tx.enqueue_at(job, now + HEAD_START * place.min(IN_TURN));
        }
    }
}

/// How many are asked before each: as many as claimed one of its names earlier.
fn places(claims: &BTreeSet<Claim>) -> BTreeMap<Uuid, i32> {
    let mut places: BTreeMap<Uuid, i32> = BTreeMap::new();
    let mut before: (&str, Vec<Uuid>) = ("", Vec::new());
    for (name, _, source) in claims {
        if before.0 != name {
            before = (name, Vec::new());
        }
        if !before.1.contains(source) {
            let place = i32::try_from(before.1.len()).unwrap_or(i32::MAX);
            let known = places.entry(*source).or_default();
            *known = place.max(*known);
            before.1.push(*source);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_line_of_its_own() {
        let [ama, kofi, esi] = [1, 2, 3].map(Uuid::from_u128);
        let at = |minute: i64| Some(DateTime::UNIX_EPOCH + TimeDelta::minutes(minute));
        let claims = [
            ("a", at(2), ama),
            ("a", at(1), kofi),
            ("a", at(3), kofi),
            ("b", at(9), esi),
            ("c", None, kofi),
            ("c", at(0), ama),
        ];
        let claims = claims.map(|(name, since, source)| (name.to_owned(), since, source)).into();
        assert_eq!(places(&claims), BTreeMap::from([(ama, 1), (kofi, 0), (esi, 0)]));
    }
}
