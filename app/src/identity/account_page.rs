//! Oneself: who one is here, in which teams, and in which browsers one is signed in.

use domain::{
    catalog::EntityRef,
    identity::{Account, Session},
};
use leptos::prelude::*;

use super::functions::{Oneself, get_oneself};
use crate::ui::{
    Button, ButtonKind, Empty, EntityLink, Fact, Facts, Glyph, LinkButton, Load, Page, Panel, Until, When, fetch,
};

/// Who one is, and one's sessions.
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let oneself = fetch(|| (), |()| get_oneself());
    view! {
        <Page title="Account" answer=|| "Who you are here, and where you are signed in" narrow=true>
            <Load of=oneself let:oneself>
                <About oneself/>
            </Load>
        </Page>
    }
    .into_any()
}

#[component]
fn About(oneself: Oneself) -> impl IntoView {
    let Oneself { who, has_session, is_in_catalog, accounts, teams, roles, sessions, manages_people } = oneself;
    let person = match who.parse::<EntityRef>() {
        Ok(reference) if is_in_catalog => view! { <EntityLink to=reference/> }.into_any(),
        _ => view! { <span class="font-mono">{who}</span> }.into_any(),
    };
    let teams = if teams.is_empty() {
        view! { <span class="text-muted">"none"</span> }.into_any()
    } else {
        let teams = teams.into_iter().map(|team| match team.parse::<EntityRef>() {
            Ok(reference) => view! { <li><EntityLink to=reference/></li> }.into_any(),
            Err(_) => view! { <li>{team}</li> }.into_any(),
        });
        view! { <ul class="flex flex-wrap gap-x-4 gap-y-1">{teams.collect_view()}</ul> }.into_any()
    };
    let roles = if roles.is_empty() { "none".to_owned() } else { roles.join(", ") };
    let known = accounts.into_iter().map(|account| view! { <Known account/> }).collect_view();
    let others = sessions.iter().filter(|session| !session.is_here).count();
    view! {
        <div class="grid gap-4 *:min-w-0">
            <Panel title="You">
                <Facts>
                    <Fact term="Person">{person}</Fact>
                    <Fact term="Teams">{teams}</Fact>
                    <Fact term="Roles">{roles}</Fact>
                    {known}
                </Facts>
                <div class="mt-4 flex flex-wrap gap-2">
                    <LinkButton href="/account/tokens" glyph=Glyph::Key>"Tokens"</LinkButton>
                    {manages_people.then(|| view! { <LinkButton href="/people" glyph=Glyph::Users>"People"</LinkButton> })}
                    {has_session.then(|| view! {
                        <form method="post" action="/auth/sign-out"><Button submit=true>"Sign out"</Button></form>
                    })}
                </div>
            </Panel>
            <Panel title="Where you are signed in" flush=true>
                <Sessions sessions/>
                {(others > 0).then(|| view! {
                    <form method="post" action="/account/sessions/end-others" class="border-t border-base-300 px-4 py-3">
                        <Button submit=true kind=ButtonKind::Danger>"End all others"</Button>
                    </form>
                })}
            </Panel>
        </div>
    }
}

/// What a provider says of one.
#[component]
fn Known(account: Account) -> impl IntoView {
    let Account { provider, name, email, matched_by, is_made_up, unmeant, .. } = account;
    let said = [name, email].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let how = if is_made_up {
        "nobody in the catalog was found for it".to_owned()
    } else {
        format!("found in the catalog by {matched_by}")
    };
    view! {
        <Fact term=provider>
            <p>{said}</p>
            <p class="text-meta text-muted">{how}</p>
            <Unmeant groups=unmeant/>
        </Fact>
    }
}

/// Groups that came and count for nothing: whoever is missed in a team finds here what would have to be said of them.
#[component]
pub(super) fn Unmeant(groups: Vec<String>) -> impl IntoView {
    let said = groups.join(", ");
    (!groups.is_empty()).then(|| {
        view! {
            <p class="text-meta text-muted break-words">
                "came with groups that mean no team here: "<span class="font-mono">{said}</span>
            </p>
        }
    })
}

#[component]
fn Sessions(sessions: Vec<Session>) -> impl IntoView {
    if sessions.is_empty() {
        return view! {
            <Empty glyph=Glyph::User title="There is no session">
                <p>"You came in without signing in: as the person at this machine, or with a token."</p>
            </Empty>
        }
        .into_any();
    }
    let rows = sessions.into_iter().map(|session| view! { <Row session/> }).collect_view();
    view! { <ul>{rows}</ul> }.into_any()
}

#[component]
fn Row(session: Session) -> impl IntoView {
    let Session { id, is_here, way, seen, ends, address, agent, .. } = session;
    let name = browser(agent.as_deref().unwrap_or_default());
    let whose = format!(" {name}");
    let from = address.map(|address| format!(" from {address}"));
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-t border-base-300 px-4 py-2 text-table first:border-t-0">
            <div class="min-w-0">
                <p class="font-medium">
                    {name}
                    {is_here.then(|| view! { <span class="font-normal text-muted">" · this browser"</span> })}
                </p>
                <p class="text-meta text-muted break-words">{format!("{way}{}", from.unwrap_or_default())}</p>
                <p class="text-meta text-muted">"seen "<When at=seen/>" · ends "<Until at=ends/></p>
            </div>
            {(!is_here).then(|| view! {
                <form method="post" action="/account/sessions/end" class="no-print">
                    <input type="hidden" name="id" value=id.to_string()/>
                    <Button submit=true kind=ButtonKind::Quiet>"End"<span class="sr-only">{whose}</span></Button>
                </form>
            })}
        </li>
    }
}

/// What a browser is, of what it says it is: enough to know one's own again.
fn browser(agent: &str) -> String {
    let has = |word: &str| agent.contains(word);
    let name = match () {
        () if has("Edg/") => "Edge",
        () if has("Firefox/") => "Firefox",
        () if has("Chrome/") => "Chrome",
        () if has("Safari/") => "Safari",
        () => "A browser",
    };
    let system = match () {
        () if has("Android") => " on Android",
        () if has("iPhone") || has("iPad") => " on iOS",
        () if has("Mac OS X") => " on macOS",
        () if has("Windows") => " on Windows",
        () if has("Linux") => " on Linux",
        () => "",
    };
    format!("{name}{system}")
}
