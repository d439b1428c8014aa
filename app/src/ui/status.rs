//! What became of something: an icon and a word, never a colour alone.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// A state with its own mark. Unknown is not failed: it, pending, exempt and not applicable are never red and never blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// It holds, it is well.
    Good,
    /// It holds, barely; it should be looked at.
    Warning,
    /// It does not hold, it failed.
    Bad,
    /// It goes on right now.
    Running,
    /// It waits: for its turn, or for someone.
    Waiting,
    /// It could not be seen.
    Unknown,
    /// Someone decided that it does not count for now.
    Exempt,
    /// It does not concern this thing.
    NotApplicable,
    /// It was stopped or left out.
    Stopped,
}

impl Mark {
    /// The mark of a rule's result, as the wire names it: `pass`, `fail`, `warn`, `not_applicable`, `unknown`, `pending`, `exempt`.
    pub fn of_result(name: &str) -> Self {
        match name {
            "pass" => Self::Good,
            "fail" => Self::Bad,
            "warn" => Self::Warning,
            "not_applicable" => Self::NotApplicable,
            "pending" => Self::Waiting,
            "exempt" => Self::Exempt,
            _ => Self::Unknown,
        }
    }

    /// The icon and its colour.
    pub fn drawn(self) -> (Glyph, &'static str) {
        match self {
            Self::Good => (Glyph::CircleCheck, "text-success"),
            Self::Warning => (Glyph::TriangleAlert, "text-warning"),
            Self::Bad => (Glyph::CircleX, "text-error"),
            Self::Running => (Glyph::Loader, "text-info spinning"),
            Self::Waiting => (Glyph::Hourglass, "text-muted"),
            Self::Unknown => (Glyph::CircleDashed, "text-muted"),
            Self::Exempt => (Glyph::ShieldCheck, "text-info"),
            Self::NotApplicable => (Glyph::CircleMinus, "text-muted"),
            Self::Stopped => (Glyph::CircleSlash, "text-muted"),
        }
    }

    /// The word's colour.
    fn word(self) -> &'static str {
        match self {
            Self::Good => "text-success",
            Self::Warning => "text-warning",
            Self::Bad => "text-error",
            Self::Running | Self::Exempt => "text-info",
            Self::Waiting | Self::Unknown | Self::NotApplicable | Self::Stopped => "text-muted",
        }
    }
}

/// A state: icon and word.
///
/// - `mark`: which; `label`: the word, such as `Healthy`, `2 alerts`, `No data`.
#[component]
pub fn Status(mark: Mark, #[prop(into)] label: String) -> impl IntoView {
    let (glyph, class) = mark.drawn();
    view! {
        <span class=format!("inline-flex items-center gap-1.5 align-middle whitespace-nowrap text-table {}", mark.word())>
            <Icon glyph class/>
            <span>{label}</span>
        </span>
    }
}
