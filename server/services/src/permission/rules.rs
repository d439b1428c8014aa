//! What holds in one tenant: its policies, who has which role, and what follows for a caller.

mod changed;
mod extent;
mod people;
mod used;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, atomic::AtomicI64},
};

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Effect as PolicyEffect, Entities, Entity, EntityUid, Policy,
    PolicyId, PolicySet, PrincipalConstraint, Request, ResourceConstraint,
};
use domain::identity::{Caller, Denied, Effect, Identity, Permission, Reason, Subject, contained};

pub(super) use self::{changed::Changed, people::PeopleGrants};
use super::{
    language::{self, schema, uid},
    resource::Resource,
    seen::{Mentions, Seen},
};
use crate::{Error, Result};

/// How many callers are remembered.
const FOOTINGS: usize = 2_048;

/// A policy document that holds.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) policies: Vec<Policy>,
}

/// What holds in one tenant at one moment.
pub(super) struct Rules {
    set: PolicySet,
    /// In which document each policy stands.
    documents: HashMap<PolicyId, String>,
    /// Actions and roles, which every question needs.
    base: Entities,
    /// Roles by whom they were given to.
    grants: BTreeMap<String, BTreeSet<String>>,
    /// What was given to people.
    people: PeopleGrants,
    /// Roles of everyone who is signed in.
    everyone: BTreeSet<String>,
    pub(super) mentions: Mentions,
    footings: Mutex<HashMap<Key, Arc<Footing>>>,
}

/// What decides about a caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    subject: Subject,
    roles: BTreeSet<String>,
    teams: BTreeSet<String>,
    identity: Option<Identity>,
}

impl Key {
    fn of(caller: &Caller) -> Self {
        let standing = &caller.standing;
        Self {
            subject: caller.subject.clone(),
            roles: standing.roles.clone(),
            teams: standing.teams.clone(),
            identity: standing.identity,
        }
    }
}

/// A caller as policies see them.
pub(super) struct Footing {
    pub(super) principal: EntityUid,
    /// The caller, and the roles and teams that they are in.
    entities: Vec<Entity>,
    /// Roles, with those that they contain.
    pub(super) roles: BTreeSet<String>,
    /// All that the caller is in, and is.
    within: HashSet<EntityUid>,
    /// What of the catalog they see.
    pub(super) seen: Seen,
    /// The roles that they were given, and to whom each was: to them, to a team, or to everyone.
    grants: Vec<(String, String)>,
    /// In which hour each permission was last noted as used.
    noted: [AtomicI64; Permission::ALL.len()],
}

/// How far something is permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// On nothing.
    Nothing,
    /// On some things, by what they are or whose.
    Some,
    /// On everything.
    Everything,
}

impl Extent {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "on nothing",
            Self::Some => "on some things",
            Self::Everything => "on everything",
        }
    }
}

/// What was decided, and by which policies.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub(super) is_allowed: bool,
    pub(super) by: Vec<PolicyId>,
}

impl Rules {
    /// Puts documents together.
    ///
    /// # Errors
    /// [`Error::Rejected`] if two policies bear one name.
    pub(super) fn new(
        documents: Vec<Document>,
        grants: BTreeMap<String, BTreeSet<String>>,
        everyone: BTreeSet<String>,
    ) -> Result<Self> {
        let mut set = PolicySet::new();
        let mut named = HashMap::new();
        for document in documents {
            for policy in document.policies {
                let id = policy.id().clone();
                if let Some(other) = named.insert(id.clone(), document.name.clone()) {
                    return Err(Error::Rejected(format!(
                        "the policy `{id}` stands in `{other}` and in `{}`; give one of them another `@id`",
                        document.name
                    )));
                }
                set.add(policy).map_err(|error| Error::Internal(format!("policies: {error}")))?;
            }
        }
        let base = schema().action_entities().map_err(|error| Error::Internal(format!("policies: {error}")))?;
        let mentions =
            Mentions::of(set.policies().filter(|policy| concerns(policy, Permission::ReadCatalog)), &["Entity"]);
        let people = PeopleGrants::default();
        Ok(Self { set, documents: named, base, grants, people, everyone, mentions, footings: Mutex::default() })
    }

    /// The caller as policies see them.
    pub(super) fn footing(&self, caller: &Caller) -> Arc<Footing> {
        let key = Key::of(caller);
        let mut footings = self.footings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(footing) = footings.get(&key) {
            return footing.clone();
        }
        if footings.len() >= FOOTINGS {
            // Whoever comes again is worked out again.
            footings.clear();
        }
        let footing = Arc::new(self.stand(&key));
        footings.insert(key, footing.clone());
        footing
    }

    /// The same, of one who is not here and need not be remembered.
    pub(super) fn footing_of(&self, caller: &Caller) -> Footing {
        self.stand(&Key::of(caller))
    }

    fn stand(&self, key: &Key) -> Footing {
        Footing { grants: self.grants(key), ..Footing::new(key, self.roles(key)) }
    }

    /// The same for someone made up, with no more roles than they bring.
    pub(super) fn example(caller: &Caller) -> Footing {
        let key = Key::of(caller);
        let roles = key.roles.iter().flat_map(|role| contained(role)).map(str::to_owned).collect();
        Footing::new(&key, roles)
    }

    /// The roles of a caller: those that came with them, those of everyone, and those that were given to them or their teams.
    fn roles(&self, key: &Key) -> BTreeSet<String> {
        let own = key.subject.to_string();
        let given = std::iter::once(&own).chain(&key.teams).filter_map(|who| self.grants.get(who)).flatten();
        let theirs = self.people.of(&own, key.identity).map(|(role, _)| role);
        let all = given.chain(theirs).chain(&self.everyone).chain(&key.roles);
        all.flat_map(|role| contained(role)).map(str::to_owned).collect()
    }

    /// Whether a policy could permit this on anything.
    pub(super) fn could(&self, footing: &Footing, permission: Permission) -> bool {
        self.set.policies().any(|policy| {
            policy.effect() == PolicyEffect::Permit && footing.is_meant(policy) && concerns(policy, permission)
        })
    }

    /// Whether this is permitted on everything, so that nothing need be known of what it is done on.
    pub(super) fn always(&self, footing: &Footing, permission: Permission) -> bool {
        let mut is_permitted = false;
        for policy in self.set.policies() {
            if !footing.is_meant(policy) || !concerns(policy, permission) {
                continue;
            }
            match policy.effect() {
                PolicyEffect::Forbid => return false,
                PolicyEffect::Permit => {
                    is_permitted |=
                        policy.resource_constraint() == ResourceConstraint::Any && !policy.has_non_scope_constraint();
                }
            }
        }
        is_permitted
    }

    /// The policies that could forbid this.
    pub(super) fn forbidding(&self, footing: &Footing, permission: Permission) -> Vec<Reason> {
        let forbidding = self.set.policies().filter(|policy| {
            policy.effect() == PolicyEffect::Forbid && footing.is_meant(policy) && concerns(policy, permission)
        });
        forbidding.map(|policy| self.reason(policy.id(), Effect::Forbids)).collect()
    }

    /// Asks the policies.
    pub(super) fn decide(&self, footing: &Footing, permission: Permission, resource: &Resource) -> Verdict {
        let own = footing.entities.iter().chain(&resource.entities);
        // One who acts on themselves, or on a team that they are in, is named twice.
        let mut named = HashSet::new();
        let own: Vec<Entity> = own.filter(|entity| named.insert(entity.uid())).cloned().collect();
        let action = uid("Action", permission.name());
        let request = Request::new(footing.principal.clone(), action, resource.uid.clone(), Context::empty(), None);
        let entities = self.base.clone().add_entities(own, None);
        let (Ok(request), Ok(entities)) = (request, entities) else {
            tracing::error!(?permission, resource = %resource.uid, "a question could not be put to the policies");
            return Verdict { is_allowed: false, by: Vec::new() };
        };
        let response = Authorizer::new().is_authorized(&request, &self.set, &entities);
        for error in response.diagnostics().errors() {
            // Validated policies do not fail; should one, it counts as if it were not there.
            tracing::error!(%error, "a policy failed");
        }
        let mut by: Vec<PolicyId> = response.diagnostics().reason().cloned().collect();
        by.sort();
        Verdict { is_allowed: response.decision() == Decision::Allow, by }
    }

    /// What a policy says, and where it stands.
    fn reason(&self, policy: &PolicyId, effect: Effect) -> Reason {
        let says = self.set.annotation(policy, "says").map_or("", str::trim);
        Reason {
            effect,
            policy: policy.to_string(),
            document: self.documents.get(policy).cloned().unwrap_or_default(),
            says: if says.is_empty() { "it says no more".to_owned() } else { says.to_owned() },
        }
    }

    /// What the policies had to do with a decision.
    pub(super) fn reasons(
        &self,
        footing: &Footing,
        permission: Permission,
        resource: Option<&Resource>,
        verdict: &Verdict,
    ) -> Vec<Reason> {
        if verdict.is_allowed {
            return verdict.by.iter().map(|policy| self.reason(policy, Effect::Permits)).collect();
        }
        // What is forbidden, nothing permits.
        if !verdict.by.is_empty() {
            return verdict.by.iter().map(|policy| self.reason(policy, Effect::Forbids)).collect();
        }
        let mut reasons: Vec<Reason> = Vec::new();
        let permitting = self.set.policies().filter(|policy| policy.effect() == PolicyEffect::Permit);
        for policy in permitting.filter(|policy| concerns(policy, permission)) {
            if resource.is_some_and(|resource| !could_mean(&policy.resource_constraint(), &resource.uid)) {
                continue;
            }
            if footing.is_meant(policy) {
                reasons.push(self.reason(policy.id(), Effect::NotSo));
            } else if let Some(role) = wanted_role(policy) {
                reasons.push(self.reason(policy.id(), Effect::NeedsRole(role)));
            }
        }
        // What nearly fits comes first, then the weakest role.
        reasons.sort_by_key(|reason| match &reason.effect {
            Effect::NeedsRole(role) => {
                let rank = domain::identity::ROLES.iter().position(|known| known == role);
                (1, rank.unwrap_or(domain::identity::ROLES.len()))
            }
            Effect::NotSo | Effect::Forbids | Effect::Permits => (0, 0),
        });
        reasons
    }

    /// A refusal that says why.
    pub(super) fn denied(
        &self,
        caller: &Caller,
        footing: &Footing,
        permission: Permission,
        on: Option<&Resource>,
        verdict: &Verdict,
    ) -> Denied {
        let roles: Vec<&str> = footing.roles.iter().map(String::as_str).collect();
        let has = match roles.len() {
            0 => "you have no role".to_owned(),
            _ => format!("your roles are {}", roles.join(", ")),
        };
        let why = if verdict.by.is_empty() { "no policy permits it" } else { "a policy forbids it" };
        Denied {
            why: format!("{why}, and {has}"),
            reasons: self.reasons(footing, permission, on, verdict),
            ..Denied::new(caller, permission)
        }
    }
}

impl Footing {
    fn new(key: &Key, roles: BTreeSet<String>) -> Self {
        let (kind, name) = match &key.subject {
            Subject::Machine(name) => ("Machine", name.as_str()),
            subject => ("User", subject.label()),
        };
        let principal = uid(kind, name);
        let roles_in = roles.iter().map(|role| uid("Role", role));
        let parents: HashSet<EntityUid> = roles_in.chain(key.teams.iter().map(|team| uid("Team", team))).collect();
        let entities = vec![Entity::new_no_attrs(principal.clone(), parents.clone())];
        let mut within = parents;
        within.insert(principal.clone());
        let noted = std::array::from_fn(|_| AtomicI64::new(-1));
        Self { principal, entities, roles, within, seen: Seen::default(), grants: Vec::new(), noted }
    }

    /// Whether a policy's scope means this caller.
    fn is_meant(&self, policy: &Policy) -> bool {
        match policy.principal_constraint() {
            PrincipalConstraint::Any => true,
            PrincipalConstraint::In(uid) => self.within.contains(&uid),
            PrincipalConstraint::Eq(uid) => self.principal == uid,
            PrincipalConstraint::Is(kind) => *self.principal.type_name() == kind,
            PrincipalConstraint::IsIn(kind, uid) => *self.principal.type_name() == kind && self.within.contains(&uid),
        }
    }
}

/// Whether a policy's scope means this permission, and a thing on which it is used.
fn concerns(policy: &Policy, permission: Permission) -> bool {
    if let ResourceConstraint::Is(kind) | ResourceConstraint::IsIn(kind, _) = policy.resource_constraint()
        && !language::kinds_of(permission).contains(kind.basename())
    {
        return false;
    }
    let own = [uid("Action", permission.name()), language::verb(permission.verb())];
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::In(actions) => actions.iter().any(|action| own.contains(action)),
        ActionConstraint::Eq(action) => action == own[0],
    }
}

/// Whether a policy's scope could mean this resource.
fn could_mean(constraint: &ResourceConstraint, resource: &EntityUid) -> bool {
    match constraint {
        ResourceConstraint::Any => true,
        ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) => uid == resource,
        ResourceConstraint::Is(kind) => kind == resource.type_name(),
        ResourceConstraint::IsIn(kind, uid) => kind == resource.type_name() && uid == resource,
    }
}

/// The role that a policy's scope asks for.
fn wanted_role(policy: &Policy) -> Option<String> {
    match policy.principal_constraint() {
        PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid) if uid.type_name().basename() == "Role" => {
            Some(uid.id().unescaped().to_owned())
        }
        _ => None,
    }
}
