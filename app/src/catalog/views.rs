//! What pages of the catalog are drawn from: as much as they show, and no more.

use domain::{
    catalog::{Dispute, Edge, EntityRef, EntitySummary, Facet, Orphan, Relation, Source},
    changes::Change,
    runs::RunSummary,
    scorecards::{Badge, Color, EntityReport},
};
use serde::{Deserialize, Serialize};

use crate::ui::{Glyph, GraphView, Tone};

/// A list page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ListView {
    /// The rows.
    pub(crate) items: Vec<EntitySummary>,
    /// Where each row stands, in the same order.
    pub(crate) badges: Vec<Option<Badge>>,
    /// How many there are in all.
    pub(crate) total: u32,
    /// What else could be picked.
    pub(crate) facets: Vec<Facet>,
    /// When a source was last brought in line.
    pub(crate) synced: Option<i64>,
    /// How many sources need someone.
    pub(crate) troubled: u32,
    /// How many sources there are.
    pub(crate) sources: u32,
    /// How the organisation's own kinds among the rows are shown.
    pub(crate) own: Vec<OwnLook>,
}

/// How a kind that the organisation declared is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwnLook {
    /// The kind, in lower case.
    pub(crate) kind: String,
    /// What many of them are called.
    pub(crate) plural: String,
    /// The name of the pictogram.
    pub(crate) icon: Option<String>,
}

/// The pictogram of a kind, with the organisation's own ones.
pub(crate) fn glyph(own: &[OwnLook], kind: &str, kind_type: &str) -> Glyph {
    let icon = own.iter().find(|look| look.kind == kind).and_then(|look| look.icon.as_deref());
    icon.and_then(Glyph::named).unwrap_or_else(|| Glyph::of(kind, kind_type))
}

/// An entity found by a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Found {
    /// Which.
    pub(crate) reference: EntityRef,
    /// Its title or name.
    pub(crate) title: String,
    /// `spec.type`.
    pub(crate) kind_type: String,
    /// `metadata.description`.
    pub(crate) description: String,
}

/// A link that an entity carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    /// Where it leads; a web address.
    pub(crate) url: String,
    /// Its words.
    pub(crate) title: String,
}

/// What of a side is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// How far a graph goes.
    pub(crate) depth: u32,
    /// A page, an operation, a type.
    pub(crate) item: String,
    /// A text that is looked for.
    pub(crate) find: String,
    /// Whether the source is asked for.
    pub(crate) source: bool,
    /// The first line of the source.
    pub(crate) from: u32,
}

/// The side of an entity that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    /// What it is, who owns it, is it well.
    Overview,
    /// What it is tied to.
    Relations,
    /// What it is judged by.
    Scorecards,
    /// The runs that made it, or that followed it.
    Runs,
    /// Its definition, for an API.
    Api,
    /// Its documentation.
    Docs,
    /// Its document.
    Yaml,
    /// What happened to it.
    History,
}

/// The page of one entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EntityView {
    /// What stands above every side.
    pub(crate) head: Head,
    /// The side that was asked for.
    pub(crate) body: Body,
}

/// What stands above every side of an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// What lists show of it.
    pub(crate) summary: EntitySummary,
    /// How many things it is tied to.
    pub(crate) relations: u32,
    /// Whether it says where its docs are.
    pub(crate) has_docs: bool,
    /// What is wrong with it.
    pub(crate) problems: Vec<String>,
    /// Where it stands on each scorecard.
    pub(crate) badges: Vec<Badge>,
    /// What is to become of it, if nothing declares it any more.
    pub(crate) orphan: Option<Orphan>,
    /// Who else declares it.
    pub(crate) disputes: Vec<Dispute>,
    /// How many documents of this team or person should be mended.
    pub(crate) troubles: u32,
    /// How its kind is shown, if the organisation declared it.
    pub(crate) own: Option<OwnLook>,
}

/// One side of an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Body {
    /// See [`Overview`].
    Overview(Box<Overview>),
    /// The graph around it, and the same as a list.
    Relations {
        /// Drawn.
        graph: GraphView,
        /// How far it goes.
        depth: u32,
        /// Whether there would be more.
        cut: bool,
        /// What it is tied to itself.
        ties: Vec<Tie>,
        /// Every tie of the graph.
        edges: Vec<Edge>,
    },
    /// What it is judged by, and why.
    Scorecards(Vec<EntityReport>),
    /// The runs that made it, or that followed it, newest first.
    Runs(Vec<RunSummary>),
    /// The definition of an API, written as HTML by the server.
    Api(String),
    /// Its documentation, written as HTML by the server.
    Docs(String),
    /// Its document as served.
    Yaml {
        /// Written as HTML by the server.
        html: String,
        /// Where it came from.
        origin: Origin,
    },
    /// What happened to it, newest first.
    History(Vec<Change>),
}

/// The first side of an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Overview {
    /// What points at it, and what it points at.
    pub(crate) around: GraphView,
    /// How many neighbours were left out of the drawing.
    pub(crate) left_out: u32,
    /// What it is tied to.
    pub(crate) ties: Vec<Tie>,
    /// Links that it carries.
    pub(crate) links: Vec<Link>,
    /// What its annotations say, beyond what they lead to.
    pub(crate) facts: Vec<(String, String)>,
    /// Where it stands on each scorecard, and why.
    pub(crate) reports: Vec<EntityReport>,
    /// Where it came from.
    pub(crate) origin: Origin,
    /// What happened to it lately.
    pub(crate) changes: Vec<Change>,
}

/// A relation of an entity, with the title of its other end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tie {
    /// What it means, and to whom.
    pub(crate) relation: Relation,
    /// The other end's title; none if it is not in the catalog.
    pub(crate) title: Option<String>,
    /// The other end's `spec.type`.
    pub(crate) kind_type: String,
}

/// Where an entity came from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// The source, and what it reads.
    pub(crate) source: Option<(String, String)>,
    /// The file.
    pub(crate) location: Option<String>,
    /// Where people look at the file.
    pub(crate) view: Option<String>,
    /// Where people change the file.
    pub(crate) edit: Option<String>,
}

/// What would become of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Preview {
    /// Every file.
    pub(crate) files: Vec<domain::catalog::SourceFile>,
    /// Every entity that would enter the catalog.
    pub(crate) entities: Vec<Found>,
}

/// What would become of a text or of what stands at an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Explained {
    /// The text, if it was one.
    pub(crate) text: Option<String>,
    /// What would become of it.
    pub(crate) look: domain::catalog::Look,
}

/// A level's colour; the floor has none.
pub(crate) fn tone(color: Option<Color>) -> Tone {
    color.map_or(Tone::Floor, |color| Tone::named(color.as_str()))
}

/// Whether a source needs someone.
pub(crate) fn is_troubled(source: &Source) -> bool {
    source.problem.is_some() || source.rejected > 0
}

/// What a relation means, read from the entity that has it.
pub(crate) fn relation_words(kind: &str) -> String {
    match kind {
        "ownedBy" => "Owned by",
        "ownerOf" => "Owns",
        "partOf" => "Part of",
        "hasPart" => "Has part",
        "providesApi" => "Provides",
        "apiProvidedBy" => "Provided by",
        "consumesApi" => "Consumes",
        "apiConsumedBy" => "Consumed by",
        "dependsOn" => "Depends on",
        "dependencyOf" => "Needed by",
        "childOf" => "Belongs to",
        "parentOf" => "Has below it",
        "memberOf" => "Member of",
        "hasMember" => "Members",
        other => return split_words(other),
    }
    .to_owned()
}

/// `deployedOn` in words: `Deployed on`.
fn split_words(name: &str) -> String {
    let mut words = String::new();
    for (at, letter) in name.chars().enumerate() {
        match at {
            0 => words.extend(letter.to_uppercase()),
            _ if letter.is_uppercase() => {
                words.push(' ');
                words.extend(letter.to_lowercase());
            }
            _ => words.push(letter),
        }
    }
    words
}
