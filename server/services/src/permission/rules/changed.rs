//! What two sets of policies do not have in common, and of whom and what policies speak.

use std::collections::{BTreeSet, HashSet};

use cedar_policy::{Effect as PolicyEffect, EntityUid, Policy, PrincipalConstraint, ResourceConstraint};
use domain::identity::Permission;
use serde_json::Value;

use super::{Footing, Rules, concerns, could_mean, wanted_role};
use crate::permission::{
    language::{schema, uid},
    resource::Resource,
    seen::Mentions,
};

/// Policies that one of two sets has and the other has not. Where none of them matters, nothing is decided otherwise.
pub(in crate::permission) struct Changed(Vec<Policy>);

impl Changed {
    pub(in crate::permission) fn between(one: &Rules, other: &Rules) -> Self {
        let alone = |these: &Rules, those: &Rules| {
            let is_there = |policy: &Policy| {
                those.set.policy(policy.id()).is_some_and(|known| known.to_string() == policy.to_string())
            };
            these.set.policies().filter(|policy| !is_there(policy)).cloned().collect::<Vec<_>>()
        };
        let mut changed = alone(one, other);
        changed.extend(alone(other, one));
        Self(changed)
    }

    pub(in crate::permission) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of them is about this permission.
    pub(in crate::permission) fn concerns(&self, permission: Permission) -> bool {
        self.0.iter().any(|policy| concerns(policy, permission))
    }

    /// Whether any of them could have a say.
    pub(in crate::permission) fn could_matter(
        &self,
        footing: &Footing,
        permission: Permission,
        resource: &Resource,
    ) -> bool {
        self.0.iter().any(|policy| {
            footing.is_meant(policy)
                && concerns(policy, permission)
                && could_mean(&policy.resource_constraint(), &resource.uid)
        })
    }

    /// The things that they name: the kind, and the name.
    pub(in crate::permission) fn things(&self) -> BTreeSet<(String, String)> {
        let mut named: BTreeSet<(String, String)> = self.0.iter().flat_map(inner).collect();
        named.extend(self.0.iter().filter_map(|policy| match policy.resource_constraint() {
            ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) | ResourceConstraint::IsIn(_, uid) => {
                Some(parts(&uid))
            }
            ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
        }));
        named
    }

    /// The texts that their conditions compare with; of a pattern, what fits it.
    pub(in crate::permission) fn texts(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for policy in &self.0 {
            let own: BTreeSet<String> = conditions(policy).map(|json| texts(&json)).unwrap_or_default();
            // An owner and a name of a repository may stand side by side.
            let words: Vec<&String> = own.iter().filter(|text| !text.contains('/')).take(10).collect();
            for one in &words {
                found.extend(words.iter().map(|other| format!("{one}/{other}")));
            }
            found.extend(own);
        }
        found
    }
}

fn parts(uid: &EntityUid) -> (String, String) {
    (uid.type_name().basename().to_owned(), uid.id().unescaped().to_owned())
}

fn conditions(policy: &Policy) -> Option<Value> {
    policy.to_json().ok()?.get_mut("conditions").map(Value::take)
}

/// Walks an expression.
fn walk(expression: &Value, look: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match expression {
        Value::Array(parts) => parts.iter().for_each(|part| walk(part, look)),
        Value::Object(fields) => {
            look(fields);
            fields.values().for_each(|part| walk(part, look));
        }
        _ => {}
    }
}

/// The entities that a policy's conditions name.
fn inner(policy: &Policy) -> BTreeSet<(String, String)> {
    let mut named = BTreeSet::new();
    let json = conditions(policy).unwrap_or_default();
    walk(&json, &mut |fields| {
        let uid = fields.get("__entity");
        let text = |name: &str| uid?.get(name)?.as_str().map(str::to_owned);
        if let (Some(kind), Some(id)) = (text("type"), text("id")) {
            named.insert((kind, id));
        }
    });
    named
}

/// Whether a policy's conditions name nobody, and nothing of them is turned round.
fn is_positive(policy: &Policy) -> bool {
    let Some(json) = conditions(policy) else { return false };
    let mut is_positive =
        json.as_array().is_some_and(|conditions| conditions.iter().all(|condition| condition["kind"] == "when"));
    walk(&json, &mut |fields| {
        let turns = ["!", "!=", "if-then-else"].iter().any(|operator| fields.contains_key(*operator));
        let is_verdict = fields.get("Value").is_some_and(Value::is_boolean);
        is_positive &= !turns && !is_verdict;
    });
    is_positive && inner(policy).iter().all(|(kind, _)| !["User", "Machine", "Team", "Role"].contains(&kind.as_str()))
}

fn texts(json: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(json, &mut |fields| {
        if let Some(text) = fields.get("Value").and_then(Value::as_str) {
            found.insert(text.to_owned());
        }
        if let Some(parts) = fields.get("pattern").and_then(Value::as_array) {
            let part = |part: &Value| part.get("Literal").and_then(Value::as_str).unwrap_or("x").to_owned();
            let whole: String = parts.iter().map(part).collect();
            found.insert(whole);
        }
    });
    found
}

impl Rules {
    /// Roles that policies ask for, in their scopes or conditions.
    pub(in crate::permission) fn wanted_roles(&self) -> BTreeSet<String> {
        let mut roles: BTreeSet<String> = self.set.policies().filter_map(wanted_role).collect();
        roles.extend(self.set.policies().flat_map(inner).filter(|(kind, _)| kind == "Role").map(|(_, role)| role));
        roles
    }

    /// What can tell two people apart of the same roles: the people and teams that policies name.
    pub(in crate::permission) fn tells_apart(&self) -> HashSet<String> {
        self.named().into_iter().filter(|(kind, _)| kind != "Machine").map(|(_, name)| name).collect()
    }

    /// People, machines and teams that policies name: the kind, and the name.
    pub(in crate::permission) fn named(&self) -> BTreeSet<(String, String)> {
        let scopes = self.set.policies().filter_map(|policy| match policy.principal_constraint() {
            PrincipalConstraint::In(uid) | PrincipalConstraint::Eq(uid) | PrincipalConstraint::IsIn(_, uid) => {
                Some(parts(&uid))
            }
            PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
        });
        let all = scopes.chain(self.set.policies().flat_map(inner));
        all.filter(|(kind, _)| ["User", "Machine", "Team"].contains(&kind.as_str())).collect()
    }

    /// Whether this is never forbidden, and permitted by role and by what ties someone to a thing alone: nobody is named or left out.
    pub(in crate::permission) fn is_plain(&self, permission: Permission) -> bool {
        self.set.policies().filter(|policy| concerns(policy, permission)).all(|policy| {
            let is_by_role = match policy.principal_constraint() {
                PrincipalConstraint::Any | PrincipalConstraint::Is(_) => true,
                PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid) => {
                    uid.type_name().basename() == "Role"
                }
                PrincipalConstraint::Eq(_) => false,
            };
            policy.effect() == PolicyEffect::Permit && is_by_role && is_positive(policy)
        })
    }

    /// The documents that policies stand in.
    pub(in crate::permission) fn document_names(&self) -> BTreeSet<String> {
        self.documents.values().cloned().collect()
    }

    /// What policies ask about things of these kinds, as far as they have a say in what is decided otherwise.
    pub(in crate::permission) fn mentions_of(&self, kinds: &[&str], changed: &Changed) -> Mentions {
        let is_about = |permission: Permission| {
            let action = uid("Action", permission.name());
            schema().resources_for_action(&action).into_iter().flatten().any(|kind| kinds.contains(&kind.basename()))
        };
        let asked = |permission: &Permission| changed.concerns(*permission) && is_about(*permission);
        let asked: Vec<Permission> = Permission::ALL.into_iter().filter(asked).collect();
        let has_say = |policy: &&Policy| asked.iter().any(|permission| concerns(policy, *permission));
        Mentions::of(self.set.policies().filter(has_say), kinds)
    }
}
