//! An entity's neighbourhood: what a drawn graph shows.

use serde::{Deserialize, Serialize};

use super::EntityRef;

/// An entity in a graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Node {
    /// Its unique name.
    pub reference: EntityRef,
    /// The kind as written; as in the reference where the entity is missing.
    pub kind: String,
    /// Its title or name.
    pub title: String,
    /// `spec.type`.
    #[serde(rename = "type")]
    pub type_: Option<String>,
    /// How many steps it is from where the graph begins.
    pub distance: u32,
    /// Whether it is only referred to, and not in the catalog.
    pub missing: bool,
}

/// A relation in a graph, drawn once, from the entity that declares it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Edge {
    /// Where it begins.
    pub from: EntityRef,
    /// Where it leads.
    pub to: EntityRef,
    /// What it means, read from the beginning: `dependsOn`.
    pub kind: String,
}

/// Entities and the relations between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Graph {
    /// Nearest first.
    pub nodes: Vec<Node>,
    /// Between those nodes.
    pub edges: Vec<Edge>,
    /// Whether there would be more, had the graph not become too large to read.
    pub cut: bool,
}

/// Every pair of relations, forwards first.
const PAIRS: &[(&str, &str)] = &[
    ("ownedBy", "ownerOf"),
    ("partOf", "hasPart"),
    ("providesApi", "apiProvidedBy"),
    ("consumesApi", "apiConsumedBy"),
    ("dependsOn", "dependencyOf"),
    ("childOf", "parentOf"),
    ("memberOf", "hasMember"),
];

/// The forward name of a relation, in whatever case it is given, and whether the given one was its reverse.
pub fn forward(kind: &str) -> Option<(&'static str, bool)> {
    PAIRS.iter().find_map(|(forwards, reverse)| {
        if forwards.eq_ignore_ascii_case(kind) {
            Some((*forwards, false))
        } else {
            reverse.eq_ignore_ascii_case(kind).then_some((*forwards, true))
        }
    })
}

/// The name that a relation has at its other end.
pub(super) fn opposite(forwards: &str, is_reverse: bool) -> Option<&'static str> {
    let (forwards, reverse) = PAIRS.iter().find(|(known, _)| *known == forwards)?;
    Some(if is_reverse { forwards } else { reverse })
}
