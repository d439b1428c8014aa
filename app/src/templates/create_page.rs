//! Every template, as a card.

use domain::{catalog::EntitySummary, letters::lower};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{functions::get_templates, start_address};
use crate::ui::{Empty, Glyph, Icon, LinkButton, Load, OwnerLink, Page, fetch};

/// What can be created here.
#[component]
pub(crate) fn CreatePage() -> impl IntoView {
    let query = use_query_map();
    let text = Memo::new(move |_| query.with(|query| query.get("q").unwrap_or_default()));
    let templates = fetch(|| (), |()| get_templates());
    view! {
        <Load of=templates let:templates>
            <Found templates text/>
        </Load>
    }
    .into_any()
}

/// The templates that a text means.
#[component]
fn Found(templates: Vec<(EntitySummary, bool)>, text: Memo<String>) -> impl IntoView {
    let total = templates.len();
    let answer = move || match total {
        0 => "No template is in the catalog yet".to_owned(),
        1 => "1 template".to_owned(),
        total => format!("{total} templates, each with a form and a plan before anything happens"),
    };
    let cards = move || {
        let text = lower(&text.get());
        let found: Vec<_> = templates.iter().filter(|(template, _)| matches(template, &text)).cloned().collect();
        if found.is_empty() {
            return nothing(total).into_any();
        }
        let cards = found.into_iter().map(|(template, may)| view! { <li class="flex"><Card template may/></li> });
        view! { <ul class="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">{cards.collect_view()}</ul> }.into_any()
    };
    view! {
        <Page title="Create" answer>
            <form method="get" action="/create" role="search" class="mb-4 flex max-w-md gap-2">
                <label class="sr-only" for="templates-text">"Find a template"</label>
                <input id="templates-text" name="q" type="search" class="input w-full" placeholder="Name, type, tag or owner" prop:value=text value=text.get_untracked()/>
                <button type="submit" class="btn h-9">"Find"</button>
            </form>
            {cards}
        </Page>
    }
}

fn matches(template: &EntitySummary, text: &str) -> bool {
    let owner = template.owner.as_ref().map(ToString::to_string);
    let words = [Some(&template.name), template.title.as_ref(), template.description.as_ref(), template.type_.as_ref()];
    let words = words.into_iter().flatten().chain(&template.tags).chain(owner.as_ref());
    let all = words.map(|word| lower(word)).collect::<Vec<_>>().join(" ");
    text.split_whitespace().all(|part| all.contains(part))
}

/// One template; who may not start it sees so before it is opened, and reads there why not.
#[component]
fn Card(template: EntitySummary, may: bool) -> impl IntoView {
    let address = start_address(&template.reference);
    let title = template.shown().to_owned();
    let tags = template
        .tags
        .into_iter()
        .map(|tag| view! { <li class="rounded-selector border border-base-300 px-1.5 text-muted">{tag}</li> });
    view! {
        <article class="surface relative flex w-full flex-col gap-2 p-4 hover:border-base-content/25">
            <header class="flex items-start gap-3">
                <span class="grid size-8 flex-none place-items-center rounded-box bg-base-200 text-primary"><Icon glyph=Glyph::LayoutTemplate/></span>
                <div class="min-w-0">
                    <h2 class="text-body font-semibold">
                        <a class="after:absolute after:inset-0 break-words" href=address>{title}</a>
                    </h2>
                    <p class="text-meta text-muted">{template.type_.unwrap_or_default()}</p>
                    {(!may).then(|| view! { <p class="mt-0.5 flex items-center gap-1 text-meta text-muted"><Icon glyph=Glyph::Lock class="size-3.5"/>"To read only"</p> })}
                </div>
            </header>
            <p class="text-table text-muted break-words">{template.description.unwrap_or_default()}</p>
            <footer class="mt-auto flex flex-wrap items-center justify-between gap-2 pt-2 text-meta">
                <ul class="flex flex-wrap gap-1">{tags.collect_view()}</ul>
                <span class="relative text-muted">"by "<OwnerLink owner=template.owner plain=true/></span>
            </footer>
        </article>
    }
}

fn nothing(total: usize) -> impl IntoView {
    if total == 0 {
        view! {
            <Empty glyph=Glyph::LayoutTemplate title="There is no template yet">
                <p>"A template is a file of kind Template. Register the place where yours are."</p>
                <LinkButton href="/sources/new">"Register a source"</LinkButton>
            </Empty>
        }
        .into_any()
    } else {
        view! {
            <Empty glyph=Glyph::Search title="No template is meant by this text">
                <LinkButton href="/create">"Show all"</LinkButton>
            </Empty>
        }
        .into_any()
    }
}
