//! An entity as it is served, and the short form that lists show.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{EntityRef, ReferenceDefaults};

/// One thing in the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// Its unique name.
    pub reference: EntityRef,
    /// Given by the server; not the same after the entity left and came back.
    pub uid: Uuid,
    /// Another one whenever the document is another one.
    pub etag: String,
    /// The whole document as served: `apiVersion`, `kind`, `metadata`, `spec`, `relations`, and `status` if something is wrong.
    pub document: Value,
    /// When the document last changed.
    pub changed_at: DateTime<Utc>,
    /// The source that declares it.
    pub source: Option<Uuid>,
    /// Since when its source no longer declares it.
    pub orphaned_at: Option<DateTime<Utc>>,
}

/// A directed tie from one entity to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Relation {
    /// What the tie means, as seen from the first: `ownedBy`, `dependsOn`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The other end.
    #[serde(rename = "targetRef")]
    pub target: EntityRef,
}

/// An entity in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntitySummary {
    /// Its unique name.
    pub reference: EntityRef,
    /// Given by the server.
    pub uid: Uuid,
    /// The kind as written: `Component`.
    pub kind: String,
    /// `metadata.title`, for people.
    pub title: Option<String>,
    /// `metadata.name` as written.
    pub name: String,
    /// `metadata.description`.
    pub description: Option<String>,
    /// `spec.type`.
    pub type_: Option<String>,
    /// `spec.lifecycle`.
    pub lifecycle: Option<String>,
    /// Who owns it.
    pub owner: Option<EntityRef>,
    /// The system it is part of.
    pub system: Option<EntityRef>,
    /// `metadata.tags`.
    pub tags: Vec<String>,
    /// When the document last changed.
    pub changed_at: DateTime<Utc>,
    /// How many things are wrong with it.
    pub problems: u32,
    /// Since when its source no longer declares it.
    pub orphaned_at: Option<DateTime<Utc>>,
}

impl Entity {
    /// The kind as written.
    pub fn kind(&self) -> &str {
        self.text("/kind").unwrap_or_else(|| self.reference.kind())
    }

    /// The name as written.
    pub fn name(&self) -> &str {
        self.text("/metadata/name").unwrap_or_else(|| self.reference.name())
    }

    /// What people see: the title, or what a person or team is called, or else the name.
    pub fn title(&self) -> &str {
        let said = |pointer: &str| self.text(pointer).filter(|text| !text.is_empty());
        said("/metadata/title").or_else(|| said("/spec/profile/displayName")).unwrap_or_else(|| self.name())
    }

    /// The text at a JSON pointer of the document.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.document.pointer(pointer).and_then(Value::as_str)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.document.get("metadata")?.get("annotations")?.get(key)?.as_str()
    }

    /// Its relations, both those it declares and those that others declare to it.
    pub fn relations(&self) -> Vec<Relation> {
        let list = self.document.get("relations").and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|item| {
                let target = item.get("targetRef")?.as_str()?.parse().ok()?;
                Some(Relation { kind: item.get("type")?.as_str()?.to_owned(), target })
            })
            .collect()
    }

    /// The first entity at the other end of relations of this kind.
    pub fn related(&self, kind: &str) -> Option<EntityRef> {
        self.relations().into_iter().find(|relation| relation.kind == kind).map(|relation| relation.target)
    }

    /// The group or person that owns it.
    pub fn owner(&self) -> Option<EntityRef> {
        self.related("ownedBy")
    }

    /// The teams of a person, and the one that a team is part of; nothing else has any.
    pub fn teams(&self) -> Vec<EntityRef> {
        let kind = match self.reference.kind() {
            "user" => "memberOf",
            "group" => "childOf",
            _ => return Vec::new(),
        };
        self.relations().into_iter().filter(|tie| tie.kind == kind).map(|tie| tie.target).collect()
    }

    /// The system it is part of.
    pub fn system(&self) -> Option<EntityRef> {
        let defaults = ReferenceDefaults { kind: Some("system"), namespace: self.reference.namespace() };
        EntityRef::parse(self.text("/spec/system")?, defaults).ok()
    }

    /// The short form for lists.
    pub fn summary(&self) -> EntitySummary {
        let own = |pointer: &str| self.text(pointer).filter(|text| !text.is_empty()).map(str::to_owned);
        let tags = self.document.pointer("/metadata/tags").and_then(Value::as_array);
        let problems = self.document.pointer("/status/items").and_then(Value::as_array).map_or(0, Vec::len);
        EntitySummary {
            reference: self.reference.clone(),
            uid: self.uid,
            kind: self.kind().to_owned(),
            title: own("/metadata/title").or_else(|| own("/spec/profile/displayName")),
            name: self.name().to_owned(),
            description: own("/metadata/description"),
            type_: own("/spec/type"),
            lifecycle: own("/spec/lifecycle"),
            owner: self.owner(),
            system: self.system(),
            tags: tags.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            changed_at: self.changed_at,
            problems: u32::try_from(problems).unwrap_or(u32::MAX),
            orphaned_at: self.orphaned_at,
        }
    }
}

impl EntitySummary {
    /// The title, or else the name.
    pub fn shown(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }
}
