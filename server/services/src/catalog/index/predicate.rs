//! Which entities a predicate means, answered by sets: no document is looked at.

use domain::catalog::{Filter, Predicate, TextFilter};
use roaring::RoaringBitmap;

use super::Contents;

impl Contents {
    /// The entities that a filter, a text and a predicate all mean.
    pub(in crate::catalog) fn select_all(
        &self,
        filter: &Filter,
        text: Option<&TextFilter>,
        predicate: Option<&Predicate>,
    ) -> RoaringBitmap {
        let selection = self.select(filter, text);
        match predicate {
            Some(predicate) if !selection.is_empty() => selection & self.satisfying(predicate),
            _ => selection,
        }
    }

    /// The entities for which a predicate holds.
    pub(in crate::catalog) fn satisfying(&self, predicate: &Predicate) -> RoaringBitmap {
        match predicate {
            Predicate::All(parts) => {
                let mut selection = self.all().clone();
                for part in parts {
                    match part {
                        _ if selection.is_empty() => break,
                        Predicate::Not(part) => selection -= self.satisfying(part),
                        part => selection &= self.satisfying(part),
                    }
                }
                selection
            }
            Predicate::Any(parts) => {
                parts.iter().fold(RoaringBitmap::new(), |selection, part| selection | self.satisfying(part))
            }
            Predicate::Not(part) => self.all() - self.satisfying(part),
            Predicate::Is(condition) => self.meeting(condition),
            Predicate::Begins { path, prefix } => self.having(path, |value| value.starts_with(prefix.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::catalog::{Condition, Entity, EntityRef, flatten};
    use proptest::prelude::*;
    use sea_orm::prelude::Uuid;
    use serde_json::json;

    use super::*;

    fn any_entity() -> impl Strategy<Value = Entity> {
        let tags = prop::collection::vec("[abAB]{1,2}", 0..3);
        (0..12_u128, "[KL]", "[xyz]", tags, prop::option::of("[a-c]{1,2}")).prop_map(
            |(number, kind, team, tags, title)| {
                let mut document = json!({
                    "kind": kind,
                    "metadata": {"name": format!("n{number}"), "tags": tags},
                    "relations": [{"type": "ownedBy", "targetRef": format!("group:default/{team}")}],
                });
                if let Some(title) = title {
                    document["metadata"]["title"] = title.into();
                }
                Entity {
                    reference: EntityRef::new(&kind, "default", &format!("n{number}")),
                    uid: Uuid::from_u128(number),
                    etag: String::new(),
                    document,
                    changed_at: DateTime::UNIX_EPOCH,
                    source: None,
                    orphaned_at: None,
                }
            },
        )
    }

    fn any_predicate() -> impl Strategy<Value = Predicate> {
        let path = prop_oneof![
            Just("kind"),
            Just("metadata.tags"),
            Just("metadata.tags.a"),
            Just("metadata.title"),
            Just("relations.ownedby"),
            Just("no.such.path"),
        ];
        let prefixes = prop_oneof!["[abkx]{0,1}", Just("group:default/x".to_owned()), Just("tr".to_owned())];
        let leaf = prop_oneof![
            (path.clone(), prop::collection::vec("[abkl]{1,2}|group:default/x|true", 0..3))
                .prop_map(|(path, values)| Predicate::Is(Condition::any_of(path, &values))),
            path.clone().prop_map(|path| Predicate::Is(Condition::exists(path))),
            (path, prefixes).prop_map(|(path, prefix)| Predicate::Begins { path: path.into(), prefix }),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Predicate::All),
                prop::collection::vec(inner.clone(), 0..3).prop_map(Predicate::Any),
                inner.prop_map(|part| Predicate::Not(Box::new(part))),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_index_means_what_the_documents_mean(entities in prop::collection::vec(any_entity(), 0..20), predicate in any_predicate()) {
            let mut contents = Contents::at(0);
            let mut standing = std::collections::BTreeMap::new();
            for entity in entities {
                contents.put(&entity);
                standing.insert(entity.reference.to_string(), entity);
            }
            let expected: Vec<String> = standing.into_iter().filter(|(_, entity)| predicate.matches(&flatten(&entity.document))).map(|(key, _)| key).collect();
            let selection = contents.select_all(&Filter::everything(), None, Some(&predicate));
            let mut found: Vec<String> = selection.iter().filter_map(|id| contents.reference(id).map(str::to_owned)).collect();
            found.sort();
            prop_assert_eq!(found, expected);
        }
    }
}
