//! Levels of a scorecard: a diamond in the level's colour, and its name.

use leptos::prelude::*;

/// The palette of levels; a level's name always stands beside its colour or in a legend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Reached no level yet.
    #[default]
    Floor,
    /// Not evaluated: hatched.
    Unknown,
    /// The first step.
    Bronze,
    /// The second.
    Silver,
    /// The third.
    Gold,
    /// The fourth.
    Platinum,
    /// Blue.
    Sea,
    /// Orange.
    Amber,
    /// Green.
    Green,
    /// Red.
    Red,
}

impl Tone {
    /// The tone that a scorecard names; the floor if it names none.
    pub fn named(name: &str) -> Self {
        match name {
            "bronze" => Self::Bronze,
            "silver" => Self::Silver,
            "gold" => Self::Gold,
            "platinum" => Self::Platinum,
            "sea" => Self::Sea,
            "amber" => Self::Amber,
            "green" => Self::Green,
            "red" => Self::Red,
            "unknown" => Self::Unknown,
            _ => Self::Floor,
        }
    }

    /// Fills an SVG shape.
    pub fn fill(self) -> &'static str {
        match self {
            Self::Floor => "fill-base-content/25",
            Self::Unknown => "fill-base-content/10",
            Self::Bronze => "fill-level-bronze",
            Self::Silver => "fill-level-silver",
            Self::Gold => "fill-level-gold",
            Self::Platinum => "fill-level-platinum",
            Self::Sea => "fill-level-sea",
            Self::Amber => "fill-level-amber",
            Self::Green => "fill-level-green",
            Self::Red => "fill-level-red",
        }
    }

    /// Draws an SVG line.
    pub fn stroke(self) -> &'static str {
        match self {
            Self::Floor | Self::Unknown => "stroke-base-content/40",
            Self::Bronze => "stroke-level-bronze",
            Self::Silver => "stroke-level-silver",
            Self::Gold => "stroke-level-gold",
            Self::Platinum => "stroke-level-platinum",
            Self::Sea => "stroke-level-sea",
            Self::Amber => "stroke-level-amber",
            Self::Green => "stroke-level-green",
            Self::Red => "stroke-level-red",
        }
    }
}

/// A level: diamond and name. Not evaluated is a dashed diamond, never red, never blank.
///
/// - `tone`: the level's colour; `name`: its name; `reached`: filled if so, an outline if it is still ahead.
#[component]
pub fn Level(tone: Tone, #[prop(into)] name: String, #[prop(default = true)] reached: bool) -> impl IntoView {
    let muted = matches!(tone, Tone::Floor | Tone::Unknown);
    let class = if muted { "text-muted" } else { "font-medium" };
    view! {
        <span class="inline-flex items-center gap-1.5 align-middle whitespace-nowrap text-table">
            <Diamond tone reached/>
            <span class=class>{name}</span>
        </span>
    }
}

/// The diamond alone; decorative.
///
/// - `tone`, `reached`: as in [`Level`].
#[component]
pub(crate) fn Diamond(tone: Tone, #[prop(default = true)] reached: bool) -> impl IntoView {
    let (shape, dash) = match (tone, reached) {
        (Tone::Unknown | Tone::Floor, _) => (format!("fill-none {}", tone.stroke()), Some("2 1.6")),
        (_, true) => (tone.fill().to_owned(), None),
        (_, false) => (format!("fill-base-100 {}", tone.stroke()), None),
    };
    view! {
        <svg class="size-3.5 flex-none" viewBox="0 0 14 14" aria-hidden="true">
            <rect x="2.6" y="2.6" width="8.8" height="8.8" rx="1.6" transform="rotate(45 7 7)" stroke-width="1.4" stroke-dasharray=dash class=shape/>
        </svg>
    }
}
