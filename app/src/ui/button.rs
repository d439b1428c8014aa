//! Buttons, and links that look like them.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// How loud a button is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The page's one primary action, filled.
    Primary,
    /// Everything else, framed.
    #[default]
    Plain,
    /// Among text, without a frame.
    Quiet,
    /// Takes something away.
    Danger,
}

impl ButtonKind {
    fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn btn-primary",
            Self::Plain => "btn",
            Self::Quiet => "btn btn-ghost",
            Self::Danger => "btn btn-error",
        }
    }
}

/// A button. Listen with `on:click`; in a form, `submit=true` sends it.
///
/// - `kind`: how loud; `glyph`: before the words; `submit`: sends the form around it; `pending`: is being carried out, and cannot
///   be pressed again; `children`: a verb.
#[component]
pub fn Button(
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional)] glyph: Option<Glyph>,
    #[prop(optional)] submit: bool,
    #[prop(optional, into)] pending: Signal<bool>,
    children: Children,
) -> impl IntoView {
    view! {
        <button type=if submit { "submit" } else { "button" } class=kind.class() disabled=move || pending.get()>
            {move || pending.get().then(|| view! { <Icon glyph=Glyph::Loader class="spinning"/> })}
            {glyph.map(|glyph| view! { <Icon glyph/> })}
            {children()}
        </button>
    }
}

/// A link that looks like a button.
///
/// - `href`: where it leads; `kind`, `glyph`, `children`: as in [`Button`].
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional)] glyph: Option<Glyph>,
    children: Children,
) -> impl IntoView {
    view! {
        <a class=kind.class() href=href>
            {glyph.map(|glyph| view! { <Icon glyph/> })}
            {children()}
        </a>
    }
}
