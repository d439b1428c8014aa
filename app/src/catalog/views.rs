//! What pages of the catalog are drawn from: as much as they show, and no more.

use domain::{
    catalog::{EntityRef, EntitySummary, FacetValue, SavedView, Source},
    home::Me,
    letters::capital,
    scorecards::{Badge, Color},
};
use serde::{Deserialize, Serialize};

pub(crate) use super::entity_views::{
    Body, EntityView, Head, HistoryView, Origin, Overview, PastView, Place, Side, Tie, Told, at_moment,
};
use crate::ui::{Glyph, Tone};

/// A list page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ListView {
    /// The rows.
    pub(crate) items: Vec<EntitySummary>,
    /// Where each row stands, in the same order.
    pub(crate) badges: Vec<Option<Badge>>,
    /// What stands in the columns that the summaries do not fill, in the order of the columns.
    pub(crate) cells: Vec<Vec<Cell>>,
    /// Whether the one who asks has starred each row.
    pub(crate) starred: Vec<bool>,
    /// The one who asks; of their teams, those whose views they may keep.
    pub(crate) me: Me,
    /// Why they may not keep views as far as they would be offered, as HTML; empty for whoever may.
    pub(crate) may_not: String,
    /// Their views, and those of their teams.
    pub(crate) views: Vec<SavedView>,
    /// Why a form of the page was refused.
    pub(crate) refused: Option<String>,
    /// How many there are in all.
    pub(crate) total: u32,
    /// What else could be picked.
    pub(crate) facets: Vec<Choices>,
    /// When a source was last brought in line.
    pub(crate) synced: Option<i64>,
    /// How many sources need someone.
    pub(crate) troubled: u32,
    /// How many sources there are.
    pub(crate) sources: u32,
    /// How the organisation's own kinds among the rows are shown.
    pub(crate) own: Vec<OwnLook>,
}

/// The values of a property that can be picked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choices {
    /// Where the property stands.
    pub(crate) path: String,
    /// Most frequent first.
    pub(crate) values: Vec<FacetValue>,
    /// How many there are beyond those.
    pub(crate) beyond: u32,
}

/// What stands in a column that was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Cell {
    /// A text.
    Text(String),
    /// Where it stands on a scorecard.
    Level(Option<Badge>),
    /// The first of its teams, and how many there are beyond.
    Teams(Vec<EntityRef>, u32),
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

/// What would become of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Preview {
    /// Every file.
    pub(crate) files: Vec<domain::catalog::SourceFile>,
    /// Every entity that would enter the catalog.
    pub(crate) entities: Vec<Found>,
    /// The source that it is already.
    pub(crate) source: Option<String>,
    /// How many of them the catalog has because of these files, and how many because of others.
    pub(crate) same: u32,
    pub(crate) others: u32,
    /// Whether the one who looks decides which of its people and teams count.
    pub(crate) may_trust: bool,
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
        if at > 0 && letter.is_ascii_uppercase() {
            words.push(' ');
            words.push(letter.to_ascii_lowercase());
        } else {
            words.push(letter);
        }
    }
    capital(&words)
}
