//! Stars: what someone wants to find again.
//!
//! They are buttons of plain forms, so that they work before a script arrives; with it, the page stays where it is. `ActionForm` would
//! do the same, and bring its machinery into the first load of the list.

use domain::catalog::EntityRef;
use leptos::{ev, prelude::*, server_fn::ServerFn as _, task::spawn_local};

use super::functions::{SetStar, set_star};
use crate::ui::{Glyph, Icon, ProblemNote};

/// What the stars of a page have done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Starring {
    /// Grows with each star; a page fetches itself anew.
    pub(crate) turn: RwSignal<u32>,
    problem: RwSignal<Option<String>>,
}

impl Starring {
    /// Before anything was starred.
    pub(crate) fn new() -> Self {
        Self { turn: RwSignal::new(0), problem: RwSignal::new(None) }
    }

    /// Sends what a button is pressed for.
    fn press(self, deed: String) -> impl Fn(ev::MouseEvent) {
        move |event: ev::MouseEvent| {
            event.prevent_default();
            let deed = deed.clone();
            spawn_local(async move {
                let problem = set_star(deed).await.err().map(|error| error.to_string());
                // The page may have been left meanwhile.
                self.problem.try_set(problem);
                self.turn.try_update(|turn| *turn += 1);
            });
        }
    }
}

/// What a form sends to star something, or to take the star away.
fn deed(reference: &EntityRef, starred: bool) -> String {
    format!("{} {reference}", if starred { "unstar" } else { "star" })
}

fn pressed(starred: bool) -> &'static str {
    if starred { "true" } else { "false" }
}

/// The form around buttons that star.
///
/// - `starring`: the page's; `children`.
#[component]
pub(crate) fn StarForm(starring: Starring, children: Children) -> impl IntoView {
    let problem = move || starring.problem.get().map(|text| view! { <ProblemNote text/> });
    view! {
        {problem}
        <form method="post" action=SetStar::url()>{children()}</form>
    }
}

/// A star in a row, within a [`StarForm`].
///
/// - `reference`, `name`: which; `starred`: whether it is; `starring`: the page's.
#[component]
pub(crate) fn StarMark(reference: EntityRef, name: String, starred: bool, starring: Starring) -> impl IntoView {
    let label = if starred { format!("Take the star of {name} away") } else { format!("Star {name}") };
    let (mark, button) = if starred {
        ("text-accent fill-current", "")
    } else {
        (
            "text-muted",
            "opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 focus:opacity-100 pointer-coarse:opacity-100",
        )
    };
    let deed = deed(&reference, starred);
    view! {
        <button type="submit" name="deed" value=deed.clone() title=label.clone() aria-label=label aria-pressed=pressed(starred) on:click=starring.press(deed)
            class=format!("no-print relative grid size-7 flex-none cursor-pointer place-items-center rounded-field hover:bg-base-300/60 {button}")>
            <Icon glyph=Glyph::Star class=mark/>
        </button>
    }
}

/// A star on a page.
///
/// - `reference`: which; `starred`: whether it is; `starring`: the page's.
#[component]
pub(crate) fn StarButton(reference: EntityRef, starred: bool, starring: Starring) -> impl IntoView {
    let words = if starred { "Starred" } else { "Star" };
    let mark = if starred { "text-accent fill-current" } else { "text-muted" };
    let deed = deed(&reference, starred);
    view! {
        <StarForm starring>
            <button type="submit" name="deed" value=deed.clone() class="btn" aria-pressed=pressed(starred) on:click=starring.press(deed)>
                <Icon glyph=Glyph::Star class=mark/>{words}
            </button>
        </StarForm>
    }
}
