//! Tokens: those one has, a form for another, and the one that was just made.

use domain::identity::{Minted, Token};
use leptos::prelude::*;

use super::{
    functions::{Kept, get_service_tokens, get_tokens},
    permission_tabs::PermissionTabs,
};
use crate::ui::{
    Button, ButtonKind, CheckField, Empty, Glyph, Load, MayNot, Page, Panel, ProblemNote, TextField, Until, When,
    at_first, fetch, is_again,
};

/// One's own tokens.
#[component]
pub(crate) fn TokensPage() -> impl IntoView {
    let tokens = fetch(|| (), |()| get_tokens());
    view! {
        <Page title="Tokens" answer=|| "For your own scripts: they act as you, and may at most what you may" narrow=true>
            <Load of=tokens let:tokens>
                <Both tokens place=Place { action: "/account/tokens", end: "/account/tokens/end", is_service: false }/>
            </Load>
        </Page>
    }
    .into_any()
}

/// The tokens of programs that belong to nobody.
#[component]
pub(crate) fn ServiceTokensPage() -> impl IntoView {
    let tokens = fetch(|| (), |()| get_service_tokens());
    view! {
        <Page title="Service tokens" answer=|| "For programs that belong to nobody: each acts as itself, in the roles that it is given" narrow=true>
            <PermissionTabs/>
            <Load of=tokens let:tokens>
                <Both tokens place=Place { action: "/people/tokens", end: "/people/tokens/end", is_service: true }/>
            </Load>
        </Page>
    }
    .into_any()
}

/// Where the forms of a page go.
#[derive(Debug, Clone, Copy)]
struct Place {
    action: &'static str,
    end: &'static str,
    is_service: bool,
}

#[component]
fn Both(tokens: Kept, place: Place) -> impl IntoView {
    let Kept { tokens, made, most_days, may_not, may_end, wish } = tokens;
    let may = may_not.is_empty();
    let (minted, problem) = match made {
        Some(Ok(minted)) => (Some(minted), None),
        Some(Err(problem)) => (None, Some(problem)),
        None => (None, None),
    };
    view! {
        <div class="grid gap-4 *:min-w-0">
            {minted.map(|minted| view! { <Fresh minted/> })}
            <Panel title="In use" flush=true>
                <List tokens place may=may_end/>
            </Panel>
            {may.then(|| view! { <New place problem most_days wish/> })}
            <MayNot why=may_not/>
        </div>
    }
}

/// The token that was just made, to be copied now.
#[component]
fn Fresh(minted: Minted) -> impl IntoView {
    let Minted { name, secret, ends, unspoken } = minted;
    let unspoken = (!unspoken.is_empty()).then(|| {
        let roles = unspoken.join(", ");
        view! { <p class="mt-2 text-table text-warning">{format!("No policy speaks of {roles}, so that permits nothing: is it misspelt?")}</p> }
    });
    view! {
        <section class="surface border-success p-4" role="status">
            <h2 class="text-body font-semibold">{format!("{name} is made")}</h2>
            <p class="mt-1 text-table">"Copy it now: it is shown this once."</p>
            <code class="mt-2 block rounded-field border border-base-300 bg-base-200 px-3 py-2 font-mono text-table break-all select-all">{secret}</code>
            <p class="mt-2 text-meta text-muted">"Send it as Authorization: Bearer, or as the password for Git with any user. It ends "<Until at=ends/></p>
            {unspoken}
        </section>
    }
}

#[component]
fn List(tokens: Vec<Token>, place: Place, may: bool) -> impl IntoView {
    if tokens.is_empty() {
        return view! {
            <Empty glyph=Glyph::Key title="There is none">
                <p>"A token lets a script do what is chosen for it, until it ends."</p>
            </Empty>
        }
        .into_any();
    }
    let Place { end, is_service, .. } = place;
    let rows = tokens.into_iter().map(|token| view! { <TokenRow token end is_service may/> }).collect_view();
    view! { <ul>{rows}</ul> }.into_any()
}

/// A token, and the button that ends it for whoever may.
#[component]
pub(super) fn TokenRow(
    token: Token,
    end: &'static str,
    #[prop(optional)] is_service: bool,
    may: bool,
) -> impl IntoView {
    let Token { id, name, prefix, scopes, roles, ends, used, used_from, made, made_by, .. } = token;
    let whose = format!(" {name}");
    let scope = if roles.is_empty() {
        format!("may {}", scopes.join(", "))
    } else {
        format!("may {} as {}", scopes.join(", "), roles.join(", "))
    };
    let used = match used {
        Some(at) => {
            let from = used_from.map(|from| format!(" from {from}"));
            view! { "used "<When at/>{from} }.into_any()
        }
        None => view! { "never used" }.into_any(),
    };
    let by = is_service.then(|| format!(" by {made_by}"));
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-t border-base-300 px-4 py-2 text-table first:border-t-0">
            <div class="min-w-0">
                <p class="font-medium break-words">{name}<span class="font-mono text-meta font-normal text-muted">{format!(" {prefix}…")}</span></p>
                <p class="text-meta text-muted break-words">{scope}</p>
                <p class="text-meta text-muted break-words">{used}" · ends "<Until at=ends/>" · made "<When at=made/>{by}</p>
            </div>
            {may.then(|| view! {
                <form method="post" action=end class="no-print">
                    <input type="hidden" name="id" value=id.to_string()/>
                    <Button submit=true kind=ButtonKind::Quiet glyph=Glyph::Trash>"End"<span class="sr-only">{whose}</span></Button>
                </form>
            })}
        </li>
    }
}

#[component]
fn New(place: Place, problem: Option<String>, most_days: u32, wish: String) -> impl IntoView {
    let problem = problem.map(|text| view! { <ProblemNote text/> });
    let (name_help, placeholder) = if place.is_service {
        ("It acts as machine:NAME; a-z, 0-9 and -", "deploy")
    } else {
        ("To know it again", "my laptop")
    };
    // A box that was left empty is not sent, so what was not sent was left empty.
    let is_on =
        |name: &str, is_usual: bool| if is_again() { at_first(name, String::new()) == "true" } else { is_usual };
    let roles = place.is_service.then(|| {
        view! { <TextField name="roles" label="Roles" value="viewer" mono=true max_length=600 help="Names of roles, with spaces between"/> }
    });
    view! {
        <Panel title="Make one">
            <form method="post" action=place.action class="grid gap-4">
                <input type="hidden" name="wish" value=wish/>
                <TextField name="name" label="Name" required=true max_length=80 placeholder=placeholder help=name_help/>
                <TextField name="days" label="Days until it ends" kind="number" value=most_days.min(90).to_string() required=true help=format!("From 1 to {most_days}")/>
                <fieldset class="grid gap-2">
                    <legend class="mb-1 text-table font-medium">"What it may do"</legend>
                    <CheckField name="read" label="Read" checked=is_on("read", true) help="See the catalog, scorecards, runs and repositories"/>
                    <CheckField name="write" label="Write" checked=is_on("write", false) help="Manage sources, push to repositories"/>
                    <CheckField name="run" label="Run" checked=is_on("run", false) help="Start, cancel and retry runs"/>
                    <CheckField name="approve" label="Approve" checked=is_on("approve", false) help="Agree to what others asked for"/>
                    <CheckField name="administer" label="Administer" checked=is_on("administer", false) help="Manage people and policies, read the audit log"/>
                    {place.is_service.then(|| view! { <CheckField name="provision" label="Provision" checked=is_on("provision", false) help="Keep people and groups current over SCIM, with the role provisioner"/> })}
                </fieldset>
                {roles}
                {problem}
                <div><Button submit=true kind=ButtonKind::Primary>"Make token"</Button></div>
            </form>
        </Panel>
    }
}
