//! The document of a scorecard and its rules. The format is described in `docs/scorecards.md`.

use serde::{Deserialize, Serialize};

use crate::catalog::{DEFAULT_NAMESPACE, EntityRef, Filter};

/// The longest expression, in characters.
pub const MAX_EXPRESSION: usize = 2_000;
/// The most rules of one scorecard.
pub const MAX_RULES: usize = 100;
/// The most levels of one scorecard.
pub const MAX_LEVELS: usize = 10;

/// A standard: what good means for a kind of entity, in levels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scorecard {
    /// The entity that carries the document.
    pub reference: EntityRef,
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Who answers for it.
    pub owner: Option<EntityRef>,
    /// Which entities it is about.
    pub filter: Filter,
    /// What an entity below the first level is called.
    pub floor: String,
    /// The levels, lowest first.
    pub levels: Vec<Level>,
    /// The rules, in the order of the document.
    pub rules: Vec<Rule>,
    /// Whether it is still being written: shown, but counted nowhere.
    pub draft: bool,
}

/// A step of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Level {
    /// The name that rules refer to.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// How it is drawn.
    pub color: Color,
}

/// A colour of the palette that passes the contrast checks in both themes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the colours")]
pub enum Color {
    Bronze,
    Silver,
    Gold,
    Platinum,
    Sea,
    Amber,
    Green,
    Red,
}

impl Color {
    /// The whole palette; a level without a colour takes the one at its place.
    pub const ALL: [Self; 8] =
        [Self::Bronze, Self::Silver, Self::Gold, Self::Platinum, Self::Sea, Self::Amber, Self::Green, Self::Red];

    /// The name as documents write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bronze => "bronze",
            Self::Silver => "silver",
            Self::Gold => "gold",
            Self::Platinum => "platinum",
            Self::Sea => "sea",
            Self::Amber => "amber",
            Self::Green => "green",
            Self::Red => "red",
        }
    }
}

/// One condition of a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rule {
    /// Unique within the scorecard.
    pub id: String,
    /// The condition in words.
    pub title: String,
    /// The place of its level in [`Scorecard::levels`].
    pub level: u8,
    /// What it is about: security, reliability, …
    pub category: Option<String>,
    /// How many points it is worth.
    pub weight: u32,
    /// A CEL expression that says whether the rule concerns an entity at all.
    pub when: Option<String>,
    /// A CEL expression that says whether it holds.
    pub expression: String,
    /// What to say where it fails.
    pub message: Option<String>,
    /// How to mend it.
    pub remediation: Option<Remediation>,
}

/// How to make a rule hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Remediation {
    /// The way, in Markdown.
    pub text: String,
    /// Where to read more.
    pub url: Option<String>,
}

impl Scorecard {
    /// The rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The place of the level with this name.
    pub fn level(&self, name: &str) -> Option<u8> {
        self.levels.iter().position(|level| level.name == name).and_then(|at| u8::try_from(at).ok())
    }
}

/// The scorecard's name in an address: its name, with the namespace before it unless it is the default one.
pub fn slug(reference: &EntityRef) -> String {
    if reference.namespace() == DEFAULT_NAMESPACE {
        reference.name().to_owned()
    } else {
        format!("{}~{}", reference.namespace(), reference.name())
    }
}
