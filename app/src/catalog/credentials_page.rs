//! Credentials: what they are bound to and where their secrets are; sealing one, and taking one away.

use domain::catalog::{Credential, CredentialKind};
use leptos::prelude::*;

use super::credential_functions::{RemoveCredential, SealCredential, get_credentials, why_not_seal};
use crate::ui::{
    Button, ButtonKind, Choice, Empty, Glyph, Load, Mark, Page, Panel, ProblemNote, SelectField, Status, TextField,
    When, fetch,
};

/// Every credential, and a form for one more.
#[component]
pub(crate) fn CredentialsPage() -> impl IntoView {
    let seal = ServerAction::<SealCredential>::new();
    let remove = ServerAction::<RemoveCredential>::new();
    let all = fetch(move || (seal.version().get(), remove.version().get()), |_| get_credentials());
    // Asked for once, so that what is being filled in stays.
    let refused = fetch(|| (), |()| why_not_seal());
    let problem = move || remove.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error/> });
    view! {
        <Page
            title="Credentials"
            answer=|| "What is shown to servers that ask who reads. A secret is never shown here"
            narrow=true
        >
            <div class="grid gap-4 *:min-w-0">
                <Panel title="In use" flush=true>
                    <Load of=all let:all>
                        <List all remove/>
                    </Load>
                    {problem}
                </Panel>
                <Load of=refused let:why>
                    // Whoever may not has been told so above.
                    {why.is_empty().then(|| view! { <Seal seal/> })}
                </Load>
            </div>
        </Page>
    }
    .into_any()
}

#[component]
fn List(all: Vec<Credential>, remove: ServerAction<RemoveCredential>) -> impl IntoView {
    if all.is_empty() {
        return view! {
            <Empty glyph=Glyph::Key title="There is none yet">
                <p>"Public repositories and addresses need none. Seal one below, or name one in the configuration."</p>
            </Empty>
        }
        .into_any();
    }
    let rows = all.into_iter().map(|credential| view! { <Row credential remove/> }).collect_view();
    view! { <ul>{rows}</ul> }.into_any()
}

#[component]
fn Row(credential: Credential, remove: ServerAction<RemoveCredential>) -> impl IntoView {
    let Credential { name, at, kind, user, from, problem, sealed } = credential;
    let what = match (kind, user) {
        (CredentialKind::Token, _) => "token".to_owned(),
        (CredentialKind::Password, Some(user)) => format!("password of {user}"),
        (CredentialKind::Password, None) => "password".to_owned(),
        (CredentialKind::Ssh, _) => "key for SSH".to_owned(),
    };
    let (mark, state) = match problem {
        Some(why) => (Mark::Bad, why.replace('`', "")),
        None => (Mark::Good, from.replace('`', "")),
    };
    let shown = name.clone();
    let made = sealed.map(|(at, by)| {
        let whose = format!(" {name}");
        view! {
            <span class="text-muted">{format!("by {by} ")}<When at/></span>
            <ActionForm action=remove>
                <input type="hidden" name="name" value=name.clone()/>
                <Button submit=true kind=ButtonKind::Quiet glyph=Glyph::Trash pending=remove.pending()>"Remove"<span class="sr-only">{whose}</span></Button>
            </ActionForm>
        }
    });
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-t border-base-300 px-4 py-2 text-table first:border-t-0">
            <div class="min-w-0">
                <p class="font-medium">{shown}<span class="font-normal text-muted">{format!(" · {what}")}</span></p>
                <p class="font-mono text-meta break-all">{at.join("  ")}</p>
                <Status mark label=state/>
            </div>
            <div class="no-print flex flex-wrap items-center gap-3">{made}</div>
        </li>
    }
}

/// The form that seals one; it works without a script.
#[component]
fn Seal(seal: ServerAction<SealCredential>) -> impl IntoView {
    let problem = move || seal.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error/> });
    let choices = vec![
        Choice::new("token", "Token"),
        Choice::new("password", "User and password"),
        Choice::new("ssh", "Private key for SSH"),
    ];
    view! {
        <Panel title="Seal one">
            <ActionForm action=seal attr:class="grid gap-4">
                <TextField name="name" label="Name" required=true mono=true max_length=60 placeholder="saltmarsh" help="One of the same name is replaced"/>
                <TextField
                    name="at" label="Where it may be shown" required=true mono=true max_length=2000
                    placeholder="github.com/saltmarsh"
                    help="A server, with a path if it is only for what is below; several with spaces between. It is shown nowhere else, also not where a server redirects to"
                />
                <SelectField name="kind" label="What it is" choices value="token" required=true/>
                <TextField name="user" label="User" mono=true max_length=200 help="Needed for a password; forges take a token without"/>
                <TextField name="secret" label="Token, password or private key" lines=3 required=true mono=true max_length=16000 help="It is sealed at once and never shown again"/>
                <TextField
                    name="known_hosts" label="Known hosts, for SSH" lines=3 mono=true max_length=60000
                    help="Lines of a known_hosts file, such as ssh-keyscan prints: a server with another key is not trusted"
                />
                {problem}
                <div><Button submit=true kind=ButtonKind::Primary pending=seal.pending()>"Seal"</Button></div>
            </ActionForm>
        </Panel>
    }
}
