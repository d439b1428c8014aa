//! Links to things of the catalog.

use domain::catalog::EntityRef;
use leptos::prelude::*;

use super::{Glyph, Icon};

/// The moment that a page shows, so that the things it is tied to are seen as of the same one; now where it is empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageMoment(pub(crate) String);

/// `path` as of a moment; as it is now where that is empty.
pub(crate) fn at_moment(path: &str, moment: &str) -> String {
    if moment.is_empty() {
        return path.to_owned();
    }
    // Of what a moment is written with, only the sign of an offset has another meaning in an address.
    let safe = moment.chars().filter(|letter| letter.is_ascii_alphanumeric() || ":.-+".contains(*letter));
    format!("{path}?asOf={}", safe.collect::<String>().replace('+', "%2B"))
}

/// A link to an entity: icon of its kind, name.
///
/// - `to`: which; `label`: its title, if it has one; `kind_type`: `spec.type`, for the icon; `plain`: without icon and colour, as in a table.
#[component]
pub fn EntityLink(
    to: EntityRef,
    #[prop(optional, into)] label: Option<String>,
    #[prop(optional, into)] kind_type: String,
    #[prop(optional)] plain: bool,
) -> impl IntoView {
    let glyph = (!plain).then(|| Glyph::of(to.kind(), &kind_type));
    let class = if plain {
        "hover:underline underline-offset-3"
    } else {
        "text-link inline-flex min-h-6 items-center gap-1.5 align-bottom"
    };
    let words = label.unwrap_or_else(|| to.short());
    let href = at_moment(&to.path(), &use_context::<PageMoment>().unwrap_or_default().0);
    view! {
        <a class=format!("{class} min-w-0 max-w-full break-words") href=href title=to.to_string()>
            {glyph.map(|glyph| view! { <Icon glyph/> })}
            <span class="min-w-0 truncate">{words}</span>
        </a>
    }
}

/// What tells a thing from others of its title, small beside it: its name, its namespace.
#[component]
pub fn Beside(words: Option<String>) -> impl IntoView {
    words.map(|words| view! { <span class="max-w-2/5 shrink-0 truncate text-meta text-muted">{words}</span> })
}

/// A link to the group or person that owns something; says so where nobody does.
///
/// - `owner`: who; `plain`: as in [`EntityLink`].
#[component]
pub fn OwnerLink(owner: Option<EntityRef>, #[prop(optional)] plain: bool) -> impl IntoView {
    match owner {
        Some(owner) => view! { <EntityLink to=owner plain/> }.into_any(),
        None => view! { <span class="text-muted">"nobody"</span> }.into_any(),
    }
}
