//! Search, as a page of its own: for when there is no script, and for links.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{functions::find_entities, views::Found};
use crate::ui::{Beside, Empty, FilterBar, Glyph, Icon, Load, Page, fetch};

/// How many are shown.
const MOST: u32 = 60;

/// Things that fit a text.
#[component]
pub(crate) fn SearchPage() -> impl IntoView {
    let query = use_query_map();
    let text = Memo::new(move |_| query.with(|query| query.get_str("q").unwrap_or_default().trim().to_owned()));
    let found = fetch(
        move || text.get(),
        |text| async move { if text.is_empty() { Ok(Vec::new()) } else { find_entities(text, false, MOST).await } },
    );
    view! {
        <Load of=found let:found>
            <Results text=text.get_untracked() found/>
        </Load>
    }
    .into_any()
}

#[component]
fn Results(text: String, found: Vec<Found>) -> impl IntoView {
    let count = found.len();
    let answer = match (text.is_empty(), count) {
        (true, _) => "Names, titles, descriptions, tags, owners and types are searched".to_owned(),
        (false, 1) => format!("1 thing fits “{text}”"),
        (false, _) if count >= MOST as usize => format!("The {count} things that fit “{text}” best"),
        (false, _) => format!("{count} things fit “{text}”"),
    };
    let body = if count == 0 {
        (!text.is_empty()).then(|| view! { <div class="surface"><Empty glyph=Glyph::Search title="Nothing fits that"><p>"Try a shorter word, or look through the catalog."</p><a class="btn" href="/catalog?kind=all">"Open the catalog"</a></Empty></div> }.into_any())
    } else {
        let groups = found.chunk_by(|left, right| left.reference.kind() == right.reference.kind());
        Some(groups.map(|group| view! { <Group found=group.to_vec()/> }).collect_view().into_any())
    };
    view! {
        <Page title="Search" answer=move || answer.clone()>
            <FilterBar action="/search" text placeholder="What are you looking for?"/>
            {body}
        </Page>
    }
}

/// What was found of one kind.
#[component]
fn Group(found: Vec<Found>) -> impl IntoView {
    let kind = found.first().map(|first| first.reference.kind().to_owned()).unwrap_or_default();
    let rows = found.into_iter().map(|found| {
        let glyph = Glyph::of(found.reference.kind(), &found.kind_type);
        let beside = found.reference.beside(&found.title);
        view! {
            <li class="relative flex min-h-11 items-center gap-3 border-t border-base-300 px-4 py-1.5 first:border-t-0 hover:bg-base-200/70">
                <Icon glyph class="text-muted"/>
                <span class="min-w-0 flex-1">
                    <span class="flex items-baseline gap-1.5">
                        <a class="row-link truncate text-table font-medium after:absolute after:inset-0" href=found.reference.path()>{found.title}</a>
                        <Beside words=beside/>
                    </span>
                    <span class="block truncate text-meta text-muted">{found.description}</span>
                </span>
            </li>
        }
    });
    view! {
        <section class="mb-4">
            <h2 class="mb-1 px-1 text-meta text-muted first-letter:uppercase">{kind}</h2>
            <ul class="surface overflow-clip">{rows.collect_view()}</ul>
        </section>
    }
}
