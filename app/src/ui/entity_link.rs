//! Links to things of the catalog.

use domain::catalog::EntityRef;
use leptos::prelude::*;

use super::{Glyph, Icon};

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
    view! {
        <a class=format!("{class} min-w-0 max-w-full break-words") href=to.path() title=to.to_string()>
            {glyph.map(|glyph| view! { <Icon glyph/> })}
            <span class="min-w-0 truncate">{words}</span>
        </a>
    }
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
