//! How a source is read: with which credential, and how much its server still allows.

use domain::catalog::Allowance;
use leptos::prelude::*;

use crate::ui::{Fact, Facts, Panel, Until};

/// The credential by reference, and what the server allows; nothing where there is neither.
#[component]
pub(super) fn Reading(credential: Option<(String, String)>, allowance: Option<Allowance>) -> impl IntoView {
    let has_any = credential.is_some() || allowance.is_some();
    let credential = credential.map(|(name, from)| {
        view! {
            <Fact term="Credential">
                <a class="text-link" href="/sources/credentials">{name}</a>
                <span class="text-muted">{format!(", {}", from.replace('`', ""))}</span>
            </Fact>
        }
    });
    let allowed = allowance.map(|allowance| view! { <Allowed allowance/> });
    has_any.then(|| view! { <Panel title="How it is read"><Facts>{credential}{allowed}</Facts></Panel> })
}

#[component]
fn Allowed(allowance: Allowance) -> impl IntoView {
    let Allowance { limit, remaining, resets_at, paused_until, asked, unchanged } = allowance;
    let left = remaining.map(|remaining| {
        let of = limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
        let again = resets_at.map(|at| view! { ", counted anew "<Until at=at/> });
        view! { <Fact term="Requests left">{format!("{remaining}{of}")}{again}</Fact> }
    });
    let paused = paused_until.map(|at| {
        view! { <Fact term="Paused">"few requests are left, or the server asked for it; it is asked again "<Until at=at/></Fact> }
    });
    view! {
        <Fact term="Last sync">{format!("{asked} requests, {unchanged} of them answered that nothing changed")}</Fact>
        {left}
        {paused}
    }
}
