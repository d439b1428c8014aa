//! Everyone who came in, for those who manage people.

use std::fmt::Write as _;

use domain::{catalog::EntityRef, identity::Account};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    account_page::Unmeant,
    functions::{People, get_people},
    permission_tabs::PermissionTabs,
};
use crate::ui::{
    Button, ButtonKind, Empty, EntityLink, FilterBar, Glyph, LinkButton, Load, Mark, Page, Panel, Status, When, fetch,
};

/// People, those seen last first.
#[component]
pub(crate) fn PeoplePage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let page = query.get_str("page").and_then(|page| page.parse::<u32>().ok()).unwrap_or_default();
            (query.get_str("q").unwrap_or_default().to_owned(), page)
        })
    });
    let people = fetch(move || asked.get(), |(text, page)| get_people(text, page));
    let actions = || view! { <LinkButton href="/people/tokens" glyph=Glyph::Key>"Service tokens"</LinkButton> };
    view! {
        <Page title="People" answer=|| "Everyone who signed in through a provider, and who they are in the catalog" actions=actions>
            <PermissionTabs/>
            <Load of=people let:people>
                {
                    let (text, page) = asked.get_untracked();
                    view! { <Everyone people text page/> }
                }
            </Load>
        </Page>
    }
    .into_any()
}

#[component]
fn Everyone(people: People, text: String, page: u32) -> impl IntoView {
    let People { accounts, has_more, beside } = people;
    let at = |page: u32| format!("/people?q={}&page={page}", encoded(&text));
    let (before, after) = (at(page.saturating_sub(1)), at(page.saturating_add(1)));
    let list = if accounts.is_empty() {
        view! {
            <Empty glyph=Glyph::Users title="Nobody is here">
                <p>"People appear when they first sign in. Providers are added in the configuration, under [[sign_in.providers]]."</p>
            </Empty>
        }
        .into_any()
    } else {
        let rows = accounts.into_iter().map(|account| view! { <Row account/> }).collect_view();
        view! { <ul>{rows}</ul> }.into_any()
    };
    view! {
        <FilterBar action="/people" text=text placeholder="Name or address"/>
        <Panel title="Signed in so far" flush=true>{list}</Panel>
        <div class="mt-4 grid gap-4 *:min-w-0" inner_html=beside></div>
        <nav aria-label="Pages" class="mt-3 flex gap-2">
            {(page > 0).then(|| view! { <LinkButton href=before>"Before"</LinkButton> })}
            {has_more.then(|| view! { <LinkButton href=after>"More"</LinkButton> })}
        </nav>
    }
}

/// A text as it stands in an address.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[component]
fn Row(account: Account) -> impl IntoView {
    let Account {
        id,
        who,
        name,
        email,
        provider,
        groups,
        unmeant,
        matched_by,
        is_made_up,
        last,
        blocked,
        sessions,
        kept,
        ..
    } = account;
    let said = [name, email].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let person = match who.parse::<EntityRef>() {
        Ok(reference) if !is_made_up => view! { <EntityLink to=reference/> }.into_any(),
        _ => view! { <span class="font-mono">{who.clone()}</span> }.into_any(),
    };
    let how = if is_made_up { "not in the catalog".to_owned() } else { format!("found by {matched_by}") };
    let is_sent_away = kept.is_some_and(|(is_let_in, _)| !is_let_in);
    let heard = kept.map(|(_, heard)| view! { " · kept by SCIM, heard of "<When at=heard/> });
    let state = match (blocked, sessions) {
        _ if is_sent_away => view! { <Status mark=Mark::Bad label="sent away by the directory"/> }.into_any(),
        (Some(_), _) => view! { <Status mark=Mark::Bad label="blocked"/> }.into_any(),
        (None, 0) => view! { <span class="text-muted">"not signed in"</span> }.into_any(),
        (None, 1) => view! { <Status mark=Mark::Good label="signed in, in 1 browser"/> }.into_any(),
        (None, many) => view! { <Status mark=Mark::Good label=format!("signed in, in {many} browsers")/> }.into_any(),
    };
    let whose = format!(" {who}");
    let is_blocked = blocked.is_some();
    let groups = (!groups.is_empty())
        .then(|| view! { <p class="text-meta text-muted break-words">{format!("in {}", groups.join(", "))}</p> });
    view! {
        <li class="grid gap-x-4 gap-y-1 border-t border-base-300 px-4 py-2 text-table first:border-t-0 sm:grid-cols-[minmax(0,2fr)_minmax(0,1.3fr)_auto] sm:items-center">
            <div class="min-w-0">
                <p class="font-medium break-words">{person}</p>
                <p class="text-meta text-muted break-words">{said}</p>
                {groups}
                <Unmeant groups=unmeant/>
            </div>
            <div class="min-w-0">
                {state}
                <p class="text-meta text-muted break-words">{format!("{provider} · {how} · seen ")}<When at=last/>{heard}</p>
            </div>
            <div class="no-print flex flex-wrap gap-2">
                {(sessions > 0).then(|| {
                    let whose = whose.clone();
                    view! {
                        <form method="post" action="/people/end-sessions">
                            <input type="hidden" name="id" value=id.to_string()/>
                            <Button submit=true kind=ButtonKind::Quiet>"End sessions"<span class="sr-only">{whose}</span></Button>
                        </form>
                    }
                })}
                <form method="post" action="/people/block">
                    <input type="hidden" name="id" value=id.to_string()/>
                    <input type="hidden" name="blocked" value=(!is_blocked).to_string()/>
                    <Button submit=true kind=ButtonKind::Quiet>{if is_blocked { "Let in again" } else { "Block" }}<span class="sr-only">{whose}</span></Button>
                </form>
            </div>
        </li>
    }
}
