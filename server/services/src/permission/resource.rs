//! What is acted on, as policies see it.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityUid, RestrictedExpression as Value};
use domain::{
    catalog::{DEFAULT_NAMESPACE, EntityRef, ReferenceDefaults},
    identity::{Permission, Target},
};
use serde_json::Value as Json;

use super::language::{self, uid};
use crate::{Error, Result, Services, catalog, changes, identity::Caller, runs};

/// What policies may know of an entity of the catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Traits {
    /// Its reference.
    pub(crate) reference: String,
    /// `spec.type`.
    pub(crate) type_: Option<String>,
    /// `spec.lifecycle`.
    pub(crate) lifecycle: Option<String>,
    /// `spec.environment`, or else the label `environment`.
    pub(crate) environment: Option<String>,
    /// `metadata.tags`.
    pub(crate) tags: Vec<String>,
    /// Whom it is `ownedBy`.
    pub(crate) owners: Vec<String>,
}

impl Traits {
    /// What the document of an entity says, in the small letters of the index; its owners also where it has no relations yet.
    pub(crate) fn of_document(reference: &str, document: &Json) -> Self {
        let text = |pointer: &str| document.pointer(pointer).and_then(Json::as_str).map(str::to_lowercase);
        let list = |pointer: &str| document.pointer(pointer).and_then(Json::as_array).into_iter().flatten();
        let ties = list("/relations")
            .filter(|tie| tie["type"].as_str().is_some_and(|word| word.eq_ignore_ascii_case("ownedBy")));
        let mut owners: Vec<String> = ties.filter_map(|tie| Some(tie["targetRef"].as_str()?.to_lowercase())).collect();
        let namespace = text("/metadata/namespace").unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
        let defaults = ReferenceDefaults { kind: Some("group"), namespace: &namespace };
        let owner = text("/spec/owner").and_then(|owner| EntityRef::parse(&owner, defaults).ok());
        if let Some(owner) = owner.map(|owner| owner.to_string()).filter(|owner| !owners.contains(owner)) {
            owners.push(owner);
        }
        Self {
            reference: reference.to_owned(),
            type_: text("/spec/type"),
            lifecycle: text("/spec/lifecycle"),
            environment: text("/spec/environment").or_else(|| text("/metadata/labels/environment")),
            tags: list("/metadata/tags").filter_map(|tag| Some(tag.as_str()?.to_lowercase())).collect(),
            owners,
        }
    }
}

/// Something that is acted on, with all that policies may ask about it.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) uid: EntityUid,
    pub(super) entities: Vec<Entity>,
    /// The teams that own it, or that it is.
    teams: Vec<String>,
    /// The people who own it, and whoever started it.
    people: Vec<String>,
}

type Attributes = HashMap<String, Value>;

fn text(text: &str) -> Value {
    Value::new_string(text.to_owned())
}

fn texts(texts: &[String]) -> Value {
    Value::new_set(texts.iter().map(|each| text(each)))
}

/// The owners of one kind: groups are teams, users are people.
fn owners<'a>(kind: &str, owners: impl IntoIterator<Item = &'a String>) -> Value {
    let (prefix, word) = if kind == "Team" { ("group:", "Team") } else { ("user:", "User") };
    let own = owners.into_iter().filter(|owner| owner.starts_with(prefix));
    Value::new_set(own.map(|owner| Value::new_entity_uid(uid(word, owner))))
}

fn entity(uid: EntityUid, attributes: Attributes) -> Entity {
    // Only calls of extension functions can fail, and there are none.
    Entity::new(uid.clone(), attributes, HashSet::new()).unwrap_or_else(|_| Entity::with_uid(uid))
}

impl Resource {
    fn alone(kind: &str, id: &str, attributes: Attributes) -> Self {
        let uid = uid(kind, id);
        Self { entities: vec![entity(uid.clone(), attributes)], uid, teams: Vec::new(), people: Vec::new() }
    }

    fn owned(self, owners: &[String]) -> Self {
        let of = |kind: &str| owners.iter().filter(|owner| owner.starts_with(kind)).cloned().collect();
        Self { teams: of("group:"), people: of("user:"), ..self }
    }

    /// Whether it is of a kind that this is done with.
    ///
    /// # Errors
    /// [`Error::Rejected`], with the kinds that are.
    pub(super) fn fits(&self, permission: Permission) -> Result<()> {
        let kinds = language::kinds_of(permission);
        let own = self.uid.type_name().basename();
        if kinds.contains(own) {
            return Ok(());
        }
        let kinds: Vec<String> = kinds.iter().cloned().collect();
        let name = permission.name();
        Err(Error::Rejected(format!(
            "`{name}` is about {}, and not about {own}; name such a thing",
            kinds.join(" or ")
        )))
    }

    /// The teams that own it.
    pub(super) fn teams(&self) -> Vec<String> {
        self.teams.clone()
    }

    /// Those who are tied to it themselves.
    pub(super) fn people(&self) -> &[String] {
        &self.people
    }

    /// An entity of the catalog, or a template.
    pub(super) fn of_traits(word: &str, traits: &Traits) -> Self {
        let (kind, rest) = traits.reference.split_once(':').unwrap_or(("", &traits.reference));
        let (namespace, name) = rest.split_once('/').unwrap_or(("default", rest));
        let mut attributes = Attributes::from([
            ("kind".to_owned(), text(kind)),
            ("namespace".to_owned(), text(namespace)),
            ("name".to_owned(), text(name)),
            ("tags".to_owned(), texts(&traits.tags)),
            ("teams".to_owned(), owners("Team", &traits.owners)),
            ("people".to_owned(), owners("User", &traits.owners)),
        ]);
        let more = [("type", &traits.type_), ("lifecycle", &traits.lifecycle), ("environment", &traits.environment)];
        for (name, value) in more {
            if let Some(value) = value {
                attributes.insert(name.to_owned(), text(value));
            }
        }
        Self::alone(word, &traits.reference, attributes).owned(&traits.owners)
    }

    /// What a use case acts on. Nothing is asked of policies about [`Target::Any`].
    pub(super) async fn of(services: &Services, caller: &Caller, target: Target<'_>) -> Result<Self> {
        Ok(match target {
            Target::Entity(reference) => Self::of_entity("Entity", services, caller, reference).await?,
            Target::Template(reference) => Self::of_entity("Template", services, caller, reference).await?,
            Target::Source(id) => {
                let mut known = catalog::source_traits(services, &caller.tenant, id).await?;
                if known.is_none() {
                    known = catalog::gone_source_traits(services, &caller.tenant, id).await?;
                }
                let (kind, target, own) = known.unwrap_or_default();
                Self::of_source(&id.to_string(), &kind, &target, &own)
            }
            Target::Place(address) => Self::place(address),
            Target::Run(id) => {
                let (template, starter) = runs::origin(services, &caller.tenant, id).await?.unwrap_or_default();
                let traits = traits(services, caller, &template).await?;
                Self::run(&id.to_string(), &traits, &starter)
            }
            Target::RunsOf(reference) => Self::run("any", &traits(services, caller, &reference.to_string()).await?, ""),
            Target::Repository(name) => Self::repository(name),
            Target::Team(reference) => Self::team(&reference.to_string()),
            Target::Policy(name) => Self::plain("Policy", name),
            Target::Own => Self::plain("Own", caller.label()),
            Target::Platform | Target::Any => Self::plain("Platform", "platform"),
        })
    }

    async fn of_entity(word: &str, services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Self> {
        Ok(Self::of_traits(word, &traits(services, caller, &reference.to_string()).await?))
    }

    /// Something of which nothing but its name matters.
    pub(super) fn plain(word: &str, id: &str) -> Self {
        Self::alone(word, id, Attributes::new())
    }

    /// A team, whose own are those who are in it.
    pub(super) fn team(reference: &str) -> Self {
        Self { teams: vec![reference.to_owned()], ..Self::plain("Team", reference) }
    }

    /// A source, and who owns all that it declares.
    pub(super) fn of_source(id: &str, kind: &str, target: &str, own: &[String]) -> Self {
        let attributes = Attributes::from([
            ("kind".to_owned(), text(kind)),
            ("target".to_owned(), text(target)),
            ("teams".to_owned(), owners("Team", own)),
            ("people".to_owned(), owners("User", own)),
        ]);
        Self::alone("Source", id, attributes).owned(own)
    }

    /// A place that may become a source.
    pub(super) fn place(address: &str) -> Self {
        Self::alone("Place", address, Attributes::from([("address".to_owned(), text(address))]))
    }

    /// A repository, `owner/name`.
    pub(super) fn repository(name: &str) -> Self {
        let (owner, repository) = name.split_once('/').unwrap_or(("", name));
        let team = format!("group:default/{owner}");
        let attributes = Attributes::from([
            ("owner".to_owned(), text(owner)),
            ("name".to_owned(), text(repository)),
            ("teams".to_owned(), owners("Team", [&team])),
        ]);
        Self::alone("Repository", name, attributes).owned(&[team])
    }

    /// A run of the template of which `traits` are known, and who started it, as a subject writes itself.
    pub(super) fn run(id: &str, traits: &Traits, starter: &str) -> Self {
        let template = Self::of_traits("Template", traits);
        let mut attributes = Attributes::from([
            ("template".to_owned(), Value::new_entity_uid(template.uid)),
            ("teams".to_owned(), owners("Team", &traits.owners)),
        ]);
        if starter.starts_with("user:") {
            attributes.insert("startedBy".to_owned(), Value::new_entity_uid(uid("User", starter)));
        } else if let Some(machine) = starter.strip_prefix("machine:") {
            attributes.insert("startedByMachine".to_owned(), Value::new_entity_uid(uid("Machine", machine)));
        }
        let mut run = Self::alone("Run", id, attributes).owned(&traits.owners);
        run.entities.extend(template.entities);
        // Whoever owns the template has no part in its runs.
        run.people = starter.starts_with("user:").then(|| starter.to_owned()).into_iter().collect();
        run
    }
}

/// What policies may know of an entity: of one that has left, how it was last, and of one that never was, its name. A run outlives
/// its template, and is no more open for that.
pub(super) async fn traits(services: &Services, caller: &Caller, key: &str) -> Result<Traits> {
    let mut known = catalog::traits(services, &caller.tenant, key).await?;
    if known.is_none()
        && let Ok(reference) = key.parse()
    {
        known = changes::last_traits(services, caller, &reference).await?;
    }
    Ok(known.unwrap_or_else(|| Traits { reference: key.to_owned(), ..Traits::default() }))
}
