//! What changes can have altered, and when so much is changed that all is judged.

use std::collections::BTreeSet;

use domain::{
    catalog::EntityRef,
    changes::{Change, ChangeKind},
};

use super::{
    facts::{self, Neighbour},
    renames::Renamed,
};

/// From how many changed entities on everything may be judged instead.
const FAR: u64 = 1_000;

/// What changes can have altered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Affected {
    pub(super) scorecards: BTreeSet<EntityRef>,
    pub(super) entities: BTreeSet<EntityRef>,
    pub(super) renames: Vec<Renamed>,
}

impl Affected {
    pub(super) fn by(changes: &[Change]) -> Self {
        let mut affected = Self::default();
        for change in changes {
            // What evaluations themselves record has another kind, and must not call for more of them.
            let is_entity = [
                ChangeKind::EntityCreated,
                ChangeKind::EntityUpdated,
                ChangeKind::EntityOrphaned,
                ChangeKind::EntityRemoved,
                ChangeKind::EntityRenamed,
            ]
            .iter()
            .any(|kind| kind.as_str() == change.kind);
            let Some(subject) = change.subject.parse::<EntityRef>().ok().filter(|_| is_entity) else { continue };
            if subject.kind() == "scorecard" {
                affected.scorecards.insert(subject.clone());
            }
            let seen = |document: &Option<serde_json::Value>| document.as_ref().map(Neighbour::of);
            if seen(&change.before) != seen(&change.after) {
                for document in [&change.before, &change.after].into_iter().flatten() {
                    affected.entities.extend(facts::relations(document).map(|(_, target)| target));
                }
            }
            if change.kind == ChangeKind::EntityRenamed.as_str()
                && let Some(renamed) = Renamed::by(change)
            {
                // Whatever cannot follow to the new name is gone.
                affected.scorecards.extend((renamed.from.kind() == "scorecard").then(|| renamed.from.clone()));
                affected.entities.insert(renamed.from.clone());
                affected.renames.push(renamed);
            }
            affected.entities.insert(subject);
        }
        affected
    }
}

/// How many changed entities are so many that all are judged: a quarter of a catalog, however large it is.
pub(super) fn far(total: u32) -> u64 {
    FAR.max(u64::from(total) / 4)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_quarter_of_a_catalog_is_far_however_large_it_is() {
        assert_eq!([0, 246, 4_000, 10_000, 100_000].map(far), [1_000, 1_000, 1_000, 2_500, 25_000]);
    }

    fn change(kind: ChangeKind, before: Option<Value>, after: Option<Value>) -> Change {
        Change {
            seq: 1,
            at: DateTime::<Utc>::UNIX_EPOCH,
            actor: String::new(),
            source: String::new(),
            subject: "component:default/gate".into(),
            kind: kind.as_str().into(),
            before,
            after,
        }
    }

    fn document(lifecycle: &str) -> Value {
        let owner = json!([{ "type": "ownedBy", "targetRef": "group:default/harbour" }]);
        json!({ "spec": { "lifecycle": lifecycle }, "relations": owner })
    }

    fn affected(change: Change) -> Vec<String> {
        Affected::by(&[change]).entities.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn neighbours_are_judged_again_when_they_see_a_difference() {
        let (gate, both) = ("component:default/gate", ["component:default/gate", "group:default/harbour"]);
        let updated =
            |to| affected(change(ChangeKind::EntityUpdated, Some(document("production")), Some(document(to))));
        assert_eq!(updated("production"), [gate]);
        assert_eq!(updated("deprecated"), both);
        assert_eq!(affected(change(ChangeKind::EntityCreated, None, Some(document("production")))), both);
        assert_eq!(affected(change(ChangeKind::EntityRemoved, Some(document("production")), None)), both);
    }

    #[test]
    fn what_an_evaluation_records_calls_for_no_other() {
        let own = change(ChangeKind::ScorecardEvaluated, None, Some(json!({ "level": "gold" })));
        assert_eq!(Affected::by(&[own]), Affected::default());
    }
}
