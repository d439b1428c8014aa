//! Results added up: by level, team, system, rule and day. What pages and the API show.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    document::{Color, Level, Rule, Scorecard},
    outcome::Outcome,
    problems::Problem,
    report::RuleReport,
    standing::Standing,
};
use crate::catalog::EntityRef;

/// The names and colours of a scorecard's standings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scale {
    /// What is below the first level.
    pub floor: String,
    /// The levels, lowest first.
    pub levels: Vec<Level>,
}

impl Scale {
    /// The scale of a scorecard.
    pub fn of(scorecard: &Scorecard) -> Self {
        Self { floor: scorecard.floor.clone(), levels: scorecard.levels.clone() }
    }

    /// What people call a standing.
    pub fn title(&self, standing: Standing) -> &str {
        match standing {
            Standing::NotEvaluated => "Not evaluated",
            Standing::Floor => &self.floor,
            Standing::Level(at) => self.levels.get(usize::from(at)).map_or("?", |level| &level.title),
        }
    }

    /// How a standing is drawn; the floor and what is not evaluated have no colour.
    pub fn color(&self, standing: Standing) -> Option<Color> {
        match standing {
            Standing::Level(at) => self.levels.get(usize::from(at)).map(|level| level.color),
            _ => None,
        }
    }

    /// The word for a standing in an address.
    pub fn slug(&self, standing: Standing) -> &str {
        match standing {
            Standing::NotEvaluated => "-none",
            Standing::Floor => "-floor",
            Standing::Level(at) => self.levels.get(usize::from(at)).map_or("?", |level| &level.name),
        }
    }

    /// The standing that a word in an address names.
    pub fn standing(&self, slug: &str) -> Option<Standing> {
        match slug {
            "-none" => Some(Standing::NotEvaluated),
            "-floor" => Some(Standing::Floor),
            name => {
                let at = self.levels.iter().position(|level| level.name == name)?;
                u8::try_from(at).ok().map(Standing::Level)
            }
        }
    }

    /// Every standing from the floor up.
    pub fn standings(&self) -> Vec<Standing> {
        let top = u8::try_from(self.levels.len()).unwrap_or(u8::MAX);
        (0..=top).map(Standing::of).collect()
    }
}

/// How many entities stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Share {
    /// Where they stand.
    pub standing: Standing,
    /// How many they are.
    pub count: u32,
}

/// An entity that was judged, with whom to talk to about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judged {
    /// The entity.
    pub entity: EntityRef,
    /// What people call it.
    pub title: String,
    /// Who owns it.
    pub owner: Option<EntityRef>,
    /// The system it is part of.
    pub system: Option<EntityRef>,
    /// Where it stands.
    pub standing: Standing,
    /// Since when.
    pub since: DateTime<Utc>,
    /// How many of its rules do not hold.
    pub failing: u32,
    /// How many of its rules could not be seen.
    pub unknown: u32,
}

/// A scorecard in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Card {
    /// The entity that carries the document.
    pub reference: EntityRef,
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Who answers for it.
    pub owner: Option<EntityRef>,
    /// Whether it is still being written.
    pub draft: bool,
    /// What is wrong with the document; its last results stand until it is mended.
    pub problems: Vec<Problem>,
    /// The names of its levels.
    pub scale: Scale,
    /// How many rules it has.
    pub rules: u32,
    /// How many entities stand where, the floor first.
    pub shares: Vec<Share>,
    /// How many entities it judged.
    pub judged: u32,
    /// How many of them no rule concerns.
    pub not_evaluated: u32,
    /// How many results are unknown.
    pub unknown: u32,
    /// When it was last evaluated.
    pub evaluated_at: Option<DateTime<Utc>>,
}

impl Card {
    /// How many entities stand at `standing` or above.
    pub fn at_or_above(&self, standing: Standing) -> u32 {
        self.shares.iter().filter(|share| share.standing >= standing).map(|share| share.count).sum()
    }

    /// How many entities have a standing.
    pub fn evaluated(&self) -> u32 {
        self.shares.iter().map(|share| share.count).sum()
    }
}

/// Where an entity stands on one scorecard, for lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    /// The scorecard.
    pub scorecard: EntityRef,
    /// What people call the scorecard.
    pub scorecard_title: String,
    /// Where the entity stands.
    pub standing: Standing,
    /// What people call the level.
    pub title: String,
    /// How the level is drawn; the floor has no colour.
    pub color: Option<Color>,
}

/// Up or down, by levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To a higher level.
    Up,
    /// To a lower level.
    Down,
    /// Into or out of what the scorecard is about.
    Across,
}

/// An entity that changed its standing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Move {
    /// When.
    pub at: DateTime<Utc>,
    /// Which.
    pub entity: EntityRef,
    /// Who owns it.
    pub owner: Option<EntityRef>,
    /// Where it stood; `None` if it was not judged before.
    pub from: Option<Standing>,
    /// Where it stands; `None` if it is no longer judged.
    pub to: Option<Standing>,
    /// Which rules made it so, in words.
    pub why: Vec<String>,
}

impl Move {
    /// Up or down.
    pub fn direction(&self) -> Direction {
        match (self.from, self.to) {
            (Some(from), Some(to)) if from == Standing::NotEvaluated || to == Standing::NotEvaluated => {
                Direction::Across
            }
            (Some(from), Some(to)) if to > from => Direction::Up,
            (Some(from), Some(to)) if to < from => Direction::Down,
            _ => Direction::Across,
        }
    }
}

/// How many entities stood where at a moment, the floor first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendPoint {
    /// The moment.
    pub at: DateTime<Utc>,
    /// A count for each of [`Scale::standings`].
    pub counts: Vec<u32>,
}

impl TrendPoint {
    /// The mean number of levels reached, in hundredths.
    pub fn mean(&self) -> u32 {
        let all: u32 = self.counts.iter().sum();
        let reached: u32 = self.counts.iter().zip(0..).map(|(count, level)| count * level).sum();
        (reached * 100).checked_div(all).unwrap_or(0)
    }
}

/// What belongs to one team or one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamRow {
    /// The team or system; `None` gathers what has none.
    pub group: Option<EntityRef>,
    /// How many entities stand where, the floor first.
    pub shares: Vec<Share>,
    /// How many of its entities no rule concerns.
    pub not_evaluated: u32,
    /// The mean number of levels reached over time, in hundredths.
    pub trend: Vec<u32>,
    /// Moves up minus moves down in the last 30 days.
    pub net: i32,
}

impl TeamRow {
    /// How many entities belong to it.
    pub fn count(&self) -> u32 {
        self.shares.iter().map(|share| share.count).sum::<u32>() + self.not_evaluated
    }

    /// The mean number of levels reached, in hundredths: the lowest needs help first.
    pub fn mean(&self) -> u32 {
        let all: u32 = self.shares.iter().map(|share| share.count).sum();
        let reached: u32 = self.shares.iter().map(|share| share.count * u32::from(share.standing.reached())).sum();
        // What was never evaluated needs no help; it goes last.
        (reached * 100).checked_div(all).unwrap_or(u32::MAX)
    }
}

/// How one rule fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleTally {
    /// The rule's id.
    pub id: String,
    /// The condition in words.
    pub title: String,
    /// The level it belongs to.
    pub level: u8,
    /// What it is about.
    pub category: Option<String>,
    /// How many entities have which outcome, without those that have none.
    pub counts: Vec<(Outcome, u32)>,
}

impl RuleTally {
    /// How many entities have this outcome.
    pub fn count(&self, outcome: Outcome) -> u32 {
        self.counts.iter().find(|(of, _)| *of == outcome).map_or(0, |(_, count)| *count)
    }
}

/// The entities that need most, against the rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeatMap {
    /// The rules: id and title.
    pub rules: Vec<(String, String)>,
    /// The weakest entities first.
    pub rows: Vec<HeatRow>,
}

/// One entity against every rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeatRow {
    /// The entity.
    pub judged: Judged,
    /// Its outcome for each of [`HeatMap::rules`].
    pub cells: Vec<Outcome>,
}

/// What a manager opens on Monday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// The scorecard and its distribution.
    pub card: Card,
    /// The level that the first figure counts from.
    pub target: Standing,
    /// How many entities were at the target or above when the trend begins, of how many.
    pub target_then: Option<(u32, u32)>,
    /// Moves up in the last 30 days.
    pub moved_up: u32,
    /// Moves down in the last 30 days.
    pub moved_down: u32,
    /// How many entities have an unknown result.
    pub unknown_entities: u32,
    /// How many entities need one rule to rise.
    pub one_away: u32,
    /// The entity whose change called for the last evaluation, if it was about few.
    pub last: Option<EntityRef>,
    /// The distribution over time, oldest first.
    pub trend: Vec<TrendPoint>,
    /// The latest moves, newest first.
    pub moves: Vec<Move>,
    /// How many moves the last 30 days had.
    pub moves_total: u32,
    /// Teams, the one that needs help most first.
    pub teams: Vec<TeamRow>,
    /// Systems, the one that needs help most first.
    pub systems: Vec<TeamRow>,
    /// The rules, as the document orders them.
    pub rules: Vec<RuleTally>,
    /// The weakest entities against the rules.
    pub heat: HeatMap,
}

/// One rule against everything it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleDetail {
    /// The scorecard.
    pub card: Card,
    /// The rule, with its expression.
    pub rule: Rule,
    /// How it fares.
    pub tally: RuleTally,
    /// Every entity with its result, those that fail first.
    pub entities: Vec<(Judged, RuleReport)>,
}
