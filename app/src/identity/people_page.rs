//! Everyone who came in, for those who manage people.

use std::fmt::Write as _;

use domain::{
    catalog::EntityRef,
    identity::{Account, Token},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    account_page::Unmeant,
    functions::{People, get_people},
    permission_tabs::PermissionTabs,
    tokens::TokenRow,
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
    let People { accounts, has_more, asks, beside } = people;
    let at = |page: u32| format!("/people?q={}&page={page}", encoded(&text));
    let (before, after) = (at(page.saturating_sub(1)), at(page.saturating_add(1)));
    let list = if accounts.is_empty() {
        view! { <Nobody text=text.clone() page/> }.into_any()
    } else {
        let rows = accounts.into_iter().map(|account| view! { <Row account asks/> }).collect_view();
        view! {
            <p class="border-b border-base-300 px-4 py-2 text-meta text-muted">
                "Who is blocked comes in by none of their accounts, and their tokens open nothing until they are let in again. A token that leaked is ended for good."
            </p>
            <ul class="grid grid-cols-1 gap-x-4 sm:grid-cols-[minmax(0,2fr)_minmax(0,1.3fr)_auto]">{rows}</ul>
        }
        .into_any()
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

/// Why a list has nobody in it, and what to do.
#[component]
fn Nobody(text: String, page: u32) -> impl IntoView {
    let text = text.trim().to_owned();
    if page > 0 {
        return view! {
            <Empty glyph=Glyph::Users title="The list ends before this page">
                <LinkButton href=format!("/people?q={}", encoded(&text))>"To its beginning"</LinkButton>
            </Empty>
        }
        .into_any();
    }
    if text.is_empty() {
        return view! {
            <Empty glyph=Glyph::Users title="Nobody is here">
                <p>"People appear when they first sign in. Providers are added in the configuration, under [[sign_in.providers]]."</p>
            </Empty>
        }
        .into_any();
    }
    view! {
        <Empty glyph=Glyph::Users title="Nobody is found">
            <p class="min-w-0 break-words">{format!("Nobody who signed in so far has “{text}” in their name, their address, or what the catalog calls them.")}</p>
            <LinkButton href="/people">"Everyone"</LinkButton>
        </Empty>
    }
    .into_any()
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
fn Row(account: Account, asks: bool) -> impl IntoView {
    let (tokens, whose, is_blocked) = (account.tokens.clone(), format!(" {}", account.who), account.blocked.is_some());
    view! {
        <li class="grid grid-cols-subgrid gap-y-1 border-t border-base-300 px-4 py-2 text-table first:border-t-0 sm:col-span-3 sm:items-center">
            <Whoever account=account.clone() asks/>
            <State account=account.clone()/>
            <Deeds account/>
            <Made tokens whose is_blocked/>
        </li>
    }
}

/// Who it is, by the catalog and by the provider.
#[component]
fn Whoever(account: Account, asks: bool) -> impl IntoView {
    let Account { who, name, email, groups, unmeant, is_made_up, is_theirs, beside, .. } = account;
    let said = [name, email].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let person = match who.parse::<EntityRef>() {
        Ok(reference) if !is_made_up && is_theirs => view! { <EntityLink to=reference/> }.into_any(),
        _ => view! { <span class="font-mono">{who.clone()}</span> }.into_any(),
    };
    let groups = (!groups.is_empty())
        .then(|| view! { <p class="text-meta text-muted break-words">{format!("in {}", groups.join(", "))}</p> });
    let beside = (!beside.is_empty()).then(|| {
        let also = beside
            .into_iter()
            .map(|(provider, other)| if other == who { provider } else { format!("{provider} as {other}") });
        let also = format!("one person with their account of {}", also.collect::<Vec<_>>().join(", "));
        view! { <p class="text-meta text-muted break-words">{also}</p> }
    });
    let could = (asks && is_theirs).then(|| {
        let (href, whose) = (format!("/may?who={}", encoded(&who)), format!(" {who}"));
        view! {
            <p class="no-print text-meta"><a class="text-link" href=href>"What they could do"<span class="sr-only">{whose}</span></a></p>
        }
    });
    view! {
        <div class="min-w-0">
            <p class="font-medium break-words">{person}</p>
            <p class="text-meta text-muted break-words">{said}</p>
            {beside}
            {groups}
            <Unmeant groups=unmeant/>
            {could}
        </div>
    }
}

/// How an account stands, and since when.
#[component]
fn State(account: Account) -> impl IntoView {
    let Account { who, provider, matched_by, is_made_up, is_theirs, last, blocked, sessions, kept, .. } = account;
    let how = match (is_made_up, is_theirs) {
        (true, _) => "not in the catalog".to_owned(),
        (false, true) => format!("found by {matched_by}"),
        (false, false) => format!("was found by {matched_by}"),
    };
    let is_sent_away = kept.is_some_and(|(is_let_in, _)| !is_let_in);
    let heard = kept.map(|(_, heard)| view! { " · kept by SCIM, heard of "<When at=heard/> });
    let state = match (blocked, sessions) {
        _ if is_sent_away => view! { <Status mark=Mark::Bad label="sent away by the directory"/> }.into_any(),
        (Some(_), _) => view! { <Status mark=Mark::Bad label="blocked"/> }.into_any(),
        _ if !is_theirs => view! { <Status mark=Mark::Warning label="no longer who they were"/> }.into_any(),
        (None, 0) => view! { <span class="text-muted">"not signed in"</span> }.into_any(),
        (None, 1) => view! { <Status mark=Mark::Good label="signed in, in 1 browser"/> }.into_any(),
        (None, many) => view! { <Status mark=Mark::Good label=format!("signed in, in {many} browsers")/> }.into_any(),
    };
    let former = (!is_theirs).then(|| {
        let said = format!(
            "The catalog no longer takes them for {who}. What was opened and made through this account opens nothing until they sign in \
             again, as whoever they are found to be then."
        );
        view! { <p class="text-meta text-muted break-words">{said}</p> }
    });
    view! {
        <div class="min-w-0">
            {state}
            <p class="text-meta text-muted break-words">{format!("{provider} · {how} · seen ")}<When at=last/>{heard}</p>
            {former}
        </div>
    }
}

/// What can be done about an account.
#[component]
fn Deeds(account: Account) -> impl IntoView {
    let Account { id, who, blocked, sessions, .. } = account;
    let (whose, is_blocked) = (format!(" {who}"), blocked.is_some());
    view! {
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
    }
}

/// The tokens that an account made, for whoever has to end one.
#[component]
fn Made(tokens: Vec<Token>, whose: String, is_blocked: bool) -> impl IntoView {
    (!tokens.is_empty()).then(|| {
        let many = if tokens.len() == 1 { "1 token".to_owned() } else { format!("{} tokens", tokens.len()) };
        let rest = if is_blocked { ", at rest while the account is blocked" } else { "" };
        let rows = tokens.into_iter().map(|token| view! { <TokenRow token end="/people/end-token" may=true/> }).collect_view();
        view! {
            <details class="min-w-0 sm:col-span-3">
                <summary class="cursor-pointer text-meta text-link">{many}<span class="sr-only">" of"{whose}</span>{rest}</summary>
                <ul class="mt-1 rounded-field border border-base-300">{rows}</ul>
            </details>
        }
    })
}
