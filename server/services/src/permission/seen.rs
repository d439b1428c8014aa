//! What of the catalog a caller sees, as a set of entities: policies are asked once for all entities that they cannot tell
//! apart, and not at all where they permit everything.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use cedar_policy::{Policy, ResourceConstraint};
use roaring::RoaringBitmap;
use serde_json::Value;

use super::resource::Traits;

/// What policies ask about things of the catalog: what they can tell apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mentions {
    /// Paths of the index whose values matter.
    pub(crate) paths: BTreeSet<&'static str>,
    /// Whether single entities are named.
    pub(crate) names: bool,
}

/// Attributes of an entity, and where the index has them.
const ATTRIBUTES: [(&str, &[&str]); 8] = [
    ("kind", &["kind"]),
    ("namespace", &["metadata.namespace"]),
    ("type", &["spec.type"]),
    ("lifecycle", &["spec.lifecycle"]),
    ("environment", &["spec.environment", "metadata.labels.environment"]),
    ("tags", &["metadata.tags"]),
    ("teams", &["relations.ownedby"]),
    ("people", &["relations.ownedby"]),
];

impl Mentions {
    /// What these policies ask about things of the catalog, in so far as these are of the `kinds` that policies speak of.
    pub(super) fn of<'a>(policies: impl Iterator<Item = &'a Policy>, kinds: &[&str]) -> Self {
        let mut mentions = Self::default();
        for policy in policies {
            match policy.resource_constraint() {
                ResourceConstraint::Is(kind) if !kinds.contains(&kind.basename()) => continue,
                ResourceConstraint::Any | ResourceConstraint::Is(_) => {}
                ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) | ResourceConstraint::IsIn(_, uid) => {
                    mentions.names |= kinds.contains(&uid.type_name().basename());
                }
            }
            match policy.to_json() {
                Ok(json) => mentions.look(json.get("conditions").unwrap_or(&Value::Null)),
                // Then every entity is asked about for itself.
                Err(_) => mentions.names = true,
            }
        }
        mentions
    }

    /// What others mention besides.
    pub(super) fn extend(&mut self, other: Self) {
        self.paths.extend(other.paths);
        self.names |= other.names;
    }

    /// An entity without what policies do not ask about: it is the same for all that they cannot tell apart. Who owns it
    /// always counts.
    pub(super) fn blurred(&self, traits: &Traits) -> Traits {
        if self.names {
            return traits.clone();
        }
        let asks = |path: &str| self.paths.contains(path);
        let keep = |path: &str, value: &Option<String>| value.clone().filter(|_| asks(path));
        let (kind, rest) = traits.reference.split_once(':').unwrap_or(("", &traits.reference));
        let namespace = rest.split('/').next().filter(|_| asks("metadata.namespace")).unwrap_or_default();
        Traits {
            reference: format!("{kind}:{namespace}/"),
            type_: keep("spec.type", &traits.type_),
            lifecycle: keep("spec.lifecycle", &traits.lifecycle),
            environment: keep("spec.environment", &traits.environment),
            tags: traits.tags.iter().filter(|_| asks("metadata.tags")).cloned().collect(),
            owners: traits.owners.clone(),
        }
    }

    /// Walks an expression. Attributes of others than the resource count as well: that asks more often, never less.
    fn look(&mut self, expression: &Value) {
        match expression {
            Value::Array(parts) => parts.iter().for_each(|part| self.look(part)),
            Value::Object(fields) => {
                let asks = |name: &str| {
                    let asked = fields.get(name)?;
                    Some((asked.get("left")?, asked.get("attr")?.as_str()?))
                };
                if let Some((left, attribute)) = asks(".").or_else(|| asks("has")) {
                    self.mention(attribute);
                    if left.get("Var").is_none() {
                        self.look(left);
                    }
                    return;
                }
                // What something is, is the same for all.
                if let Some(asked) = fields.get("is") {
                    let left = asked.get("left").and_then(|left| left.get("Var")).and_then(Value::as_str);
                    if let Some(left) = left {
                        self.names |= left == "resource" && asked.get("in").is_some();
                        self.look(asked.get("in").unwrap_or(&Value::Null));
                        return;
                    }
                }
                if fields.get("Var").and_then(Value::as_str) == Some("resource") {
                    self.names = true;
                    return;
                }
                fields.values().for_each(|part| self.look(part));
            }
            _ => {}
        }
    }

    fn mention(&mut self, attribute: &str) {
        if attribute == "name" {
            self.names = true;
        }
        for (name, paths) in ATTRIBUTES {
            if name == attribute {
                self.paths.extend(paths);
            }
        }
    }
}

/// What a caller sees, as far as it was worked out.
#[derive(Default)]
pub(crate) struct Seen(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// What was decided about each class of entities.
    decided: HashMap<u64, bool>,
    /// Which classes these were, and what they come to.
    of: Option<((u64, u64), Arc<RoaringBitmap>)>,
}

impl Seen {
    /// The entities that are seen, of `classes` at `epoch` of the index numbered `index`, worked out if need be: `decide`
    /// is asked about each class that is new.
    pub(crate) fn entities<'a>(
        &self,
        (index, epoch): (u64, u64),
        classes: impl Iterator<Item = (u64, &'a RoaringBitmap)>,
        mut decide: impl FnMut(u64) -> bool,
    ) -> Arc<RoaringBitmap> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, seen)) = &known.of {
            if *of == (index, epoch) {
                return seen.clone();
            }
            // Another index numbers its classes anew.
            if of.0 != index {
                known.decided.clear();
            }
        }
        let mut decided = HashMap::new();
        let mut seen = RoaringBitmap::new();
        for (class, entities) in classes {
            let is_seen = known.decided.get(&class).copied().unwrap_or_else(|| decide(class));
            decided.insert(class, is_seen);
            if is_seen {
                seen |= entities;
            }
        }
        let seen = Arc::new(seen);
        // Classes that are gone are forgotten.
        known.decided = decided;
        known.of = Some(((index, epoch), seen.clone()));
        seen
    }
}
