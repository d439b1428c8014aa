//! The webhook of a source: how to set it up, and what it delivered.

use domain::catalog::{DeliveryOutcome, SourceKind, Webhook, WebhookDelivery};
use leptos::prelude::*;

use super::inbox_functions::ChangeWebhook;
use crate::ui::{Button, ButtonKind, Fact, Facts, Mark, Panel, ProblemNote, Status, When};

/// Its address, its secret while it can be seen, what to do at each forge, and the last deliveries; for whoever `may` change it, how.
#[component]
pub(super) fn WebhookPanel(id: String, kind: SourceKind, webhook: Webhook, may: bool) -> impl IntoView {
    let change = ServerAction::<ChangeWebhook>::new();
    let problem = move || change.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error/> });
    let Webhook { address, made, secret, refused, deliveries } = webhook;
    let is_made = made.is_some();
    let made =
        made.map(|(at, by)| view! { <Fact term="Secret">{format!("made by {by} ")}<When at sentence=true/></Fact> });
    let shown = secret.map(|secret| {
        view! {
            <div class="mt-4 rounded-box border border-warning/60 px-4 py-3">
                <p class="text-table font-medium">"The secret, to be entered at the forge. It is shown for ten minutes, and never again."</p>
                <p class="mt-1 overflow-x-auto"><code class="font-mono text-meta break-all select-all">{secret}</code></p>
                <div class="mt-2"><Deed change id=id.clone() deed="hide" words="It is entered: hide it"/></div>
            </div>
        }
    });
    let refused = refused.map(|(at, why)| {
        view! {
            <p class="mt-4 text-table text-error">"A delivery was refused "<When at sentence=true/>": "{why}"."</p>
        }
    });
    let words = if is_made { "Make a new secret" } else { "Make a secret" };
    let rows = deliveries.into_iter().map(|delivery| view! { <DeliveryRow delivery/> }).collect_view();
    let delivered = if is_made {
        view! {
            <ul class="mt-4 empty:hidden">{rows}</ul>
            <SetUp kind/>
        }
        .into_any()
    } else {
        view! { <p class="mt-2 max-w-prose text-table text-muted">"With a webhook, a push is in the catalog within a second, and the forge is not asked in vain."</p> }.into_any()
    };
    view! {
        <Panel title="Webhook">
            <Facts>
                <Fact term="Address"><code class="font-mono text-meta break-all select-all">{address}</code></Fact>
                {made}
            </Facts>
            {shown}
            {refused}
            {delivered}
            {may.then(|| view! {
                <div class="no-print mt-4 flex flex-wrap gap-2">
                    <Deed change id=id.clone() deed="make" words/>
                    {is_made.then(|| view! { <Deed change id=id.clone() deed="drop" words="Take the webhook away" kind=ButtonKind::Quiet/> })}
                </div>
            })}
            {problem}
        </Panel>
    }
}

#[component]
fn Deed(
    change: ServerAction<ChangeWebhook>,
    id: String,
    deed: &'static str,
    words: &'static str,
    #[prop(optional)] kind: ButtonKind,
) -> impl IntoView {
    view! {
        <ActionForm action=change>
            <input type="hidden" name="id" value=id/>
            <input type="hidden" name="deed" value=deed/>
            <Button submit=true kind pending=change.pending()>{words}</Button>
        </ActionForm>
    }
}

#[component]
fn DeliveryRow(delivery: WebhookDelivery) -> impl IntoView {
    let WebhookDelivery { received_at, forge, event, outcome, detail } = delivery;
    let (mark, word) = match outcome {
        DeliveryOutcome::Queued => (Mark::Good, "Fetched"),
        DeliveryOutcome::Ignored => (Mark::Stopped, "Ignored"),
        DeliveryOutcome::Repeated => (Mark::Stopped, "Repeated"),
    };
    view! {
        <li class="flex flex-wrap items-baseline justify-between gap-x-4 border-t border-base-300 py-1.5 text-table first:border-t-0">
            <span class="min-w-0 break-words"><Status mark label=word/>" "{format!("{forge} {event}: {detail}")}</span>
            <span class="text-muted"><When at=received_at/></span>
        </li>
    }
}

/// What to enter at the forge.
#[component]
fn SetUp(kind: SourceKind) -> impl IntoView {
    let forges = match kind {
        // Of these, only their own forge delivers anything, and it has more to tell than pushes.
        SourceKind::GitHub => vec![(
            "GitHub",
            "the organisation's Settings › Webhooks › Add webhook. Payload URL: the address above. Content type: application/json. Secret: the secret. Let me select individual events: Pushes, Repositories, Teams, Memberships, Organizations.",
        )],
        SourceKind::GitLab => vec![(
            "GitLab",
            "the group's Settings › Webhooks › Add new webhook. URL: the address above. Signing token, or secret token where there is none: the secret. Trigger: push events, member events, subgroup events, project events.",
        )],
        SourceKind::Gitea => vec![(
            "Gitea, Forgejo",
            "the organisation's Settings › Webhooks › Add webhook. Target URL: the address above. POST, application/json. Secret: the secret. Trigger on: custom events, of them Push and Repository. Teams and members are read by the schedule.",
        )],
        _ => vec![
            (
                "GitHub",
                "Settings › Webhooks › Add webhook. Payload URL: the address above. Content type: application/json. Secret: the secret. Just the push event.",
            ),
            (
                "GitLab",
                "Settings › Webhooks › Add new webhook. URL: the address above. Signing token, or secret token where there is none: the secret. Trigger: push events.",
            ),
            (
                "Gitea, Forgejo",
                "Settings › Webhooks › Add webhook. Target URL: the address above. POST, application/json. Secret: the secret. Trigger on: push events.",
            ),
        ],
    };
    let forges = forges.into_iter().map(|(forge, words)| view! { <Fact term=forge>{words}</Fact> });
    view! {
        <details class="mt-4 text-table">
            <summary class="text-link inline-block">"How to set it up at the forge"</summary>
            <div class="mt-2 max-w-prose"><Facts>{forges.collect_view()}</Facts></div>
        </details>
    }
}
