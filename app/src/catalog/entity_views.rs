//! What the page of an entity is drawn from.

use domain::{
    catalog::{Difference, Dispute, Edge, EntityRef, EntitySummary, Orphan, Relation},
    runs::RunSummary,
    scorecards::{Badge, EntityReport},
};
use serde::{Deserialize, Serialize};

use super::{team_overview::TeamView, views::OwnLook};
use crate::ui::GraphView;
pub(crate) use crate::ui::at_moment;

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
    /// Only changes of lower numbers; 0 for the latest.
    pub(crate) before: i64,
    /// Only the change of this number, whole; 0 for all.
    #[serde(default)]
    pub(crate) change: i64,
    /// Whether the changes of what it is tied to are asked for.
    pub(crate) around: bool,
    /// The kinds that a graph shows; all where there are none.
    pub(crate) kinds: Vec<String>,
    /// Whether a team is asked for without the teams below it.
    pub(crate) alone: bool,
    /// The moment whose state is asked for; now where it is empty.
    pub(crate) as_of: String,
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
    /// What no entity has.
    Nowhere,
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
    pub(crate) orphan: Option<(Orphan, String)>,
    /// Who else declares it; each with why the one who looks may not settle it, as it stands beside the orphan too.
    pub(crate) disputes: Vec<(Dispute, String)>,
    /// How many documents of this team or person should be mended.
    pub(crate) troubles: u32,
    /// How its kind is shown, if the organisation declared it.
    pub(crate) own: Option<OwnLook>,
    /// Whether the one who asks has starred it; none for one who keeps nothing.
    pub(crate) star: Option<bool>,
    /// Whether this person is the one who asks; none where that cannot be said.
    pub(crate) is_me: Option<bool>,
    /// Where it is answered what this person could do; none for one who may not ask.
    pub(crate) could: Option<String>,
    /// That it is shown as it was.
    pub(crate) past: Option<PastView>,
}

/// When a page shows what was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PastView {
    /// The moment, as it was asked for.
    pub(crate) asked: String,
    /// The moment.
    pub(crate) at: i64,
    /// Where the history begins, if that is later.
    pub(crate) begins: Option<i64>,
    /// Whether it was another then than it is now.
    pub(crate) is_other: bool,
    /// Where it stands as it is now.
    pub(crate) now: String,
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
        /// How many of each kind there are.
        kinds: Vec<(String, u32)>,
        /// The kinds that are shown; all where there are none.
        chosen: Vec<String>,
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
    History(HistoryView),
    /// A side that shows only what is so now.
    OnlyNow(Side),
}

/// A page of changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct HistoryView {
    /// Newest first.
    pub(crate) changes: Vec<Told>,
    /// Whether they are about what it is tied to.
    pub(crate) around: bool,
    /// Whether it is one change, whole.
    pub(crate) is_whole: bool,
    /// The number that older ones are below, if there are any.
    pub(crate) older: Option<i64>,
    /// Whether nothing newer is left out.
    pub(crate) is_first: bool,
}

/// A change, in words and fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Its number.
    pub(crate) seq: i64,
    /// When.
    pub(crate) at: i64,
    /// When, to the last digit.
    pub(crate) then: String,
    /// Who did it.
    pub(crate) actor: String,
    /// What kind of change.
    pub(crate) kind: String,
    /// The entity it is about.
    pub(crate) about: Option<EntityRef>,
    /// What happened.
    pub(crate) title: String,
    /// What was what.
    pub(crate) difference: Difference,
}

/// The first side of an entity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Overview {
    /// What points at it, and what it points at.
    pub(crate) around: GraphView,
    /// How many neighbours were left out of the drawing.
    pub(crate) left_out: u32,
    /// What it is tied to.
    pub(crate) ties: Vec<Tie>,
    /// What this team or person owns, and how it stands.
    pub(crate) team: Option<TeamView>,
    /// Links that it carries.
    pub(crate) links: Vec<Link>,
    /// Where a person or a team is written to; empty where nothing says so.
    pub(crate) mail: String,
    /// What its annotations say, beyond what they lead to.
    pub(crate) facts: Vec<(String, String)>,
    /// Where it stands on each scorecard, and why.
    pub(crate) reports: Vec<EntityReport>,
    /// Where it came from.
    pub(crate) origin: Origin,
    /// What happened to it lately.
    pub(crate) changes: Vec<Told>,
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
