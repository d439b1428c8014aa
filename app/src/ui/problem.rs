//! What went wrong, why, and what to do next.

use domain::letters::capital;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use super::{Glyph, Icon, load::AGAIN};
use crate::AppError;

/// A page or a part of one that cannot be shown: not found, denied, or failed.
///
/// - `error`: what the server said; `again`: asks it once more, which happens by itself after a while.
#[component]
pub fn Problem(error: AppError, #[prop(optional, into)] again: Option<Callback<()>>) -> impl IntoView {
    let (glyph, title, next) = match &error {
        AppError::NotFound(_) => (
            Glyph::Compass,
            "There is nothing here",
            "It may have moved, been renamed or removed. Search for it, or go back to the catalog.",
        ),
        AppError::Gone { .. } => {
            (Glyph::History, "It is not in the catalog any more", "If a source declares it again, it comes back.")
        }
        AppError::Denied { .. } => {
            (Glyph::Lock, "You may not see this", "Ask an administrator for the permission named above.")
        }
        AppError::Unavailable(_) => (
            Glyph::Plug,
            "Another system did not answer",
            "What Causeway knows itself is not affected. Try again in a moment.",
        ),
        AppError::Rejected(_) => {
            (Glyph::CircleAlert, "This was not accepted", "Change what is named above and try again.")
        }
        AppError::Conflict(_) => {
            (Glyph::CircleAlert, "Someone was faster", "Look at how it is now, then decide again.")
        }
        AppError::Internal(_) => (
            Glyph::TriangleAlert,
            "Something went wrong on the server",
            "Try again. If it stays, give the request id to whoever runs Causeway.",
        ),
        AppError::Unreachable => {
            (Glyph::TriangleAlert, "The server did not answer", "It is asked again every few seconds.")
        }
        AppError::Away => (
            Glyph::Plug,
            "The server is away",
            "It is asked again every few seconds, and what it says then stands here.",
        ),
        AppError::SignedOut => {
            (Glyph::Lock, "You are signed out", "Your session ended. Sign in again, and you come back to this page.")
        }
        AppError::Outdated => (
            Glyph::TriangleAlert,
            "This page is of another release than the server",
            "Reload it. If it stays, ask whoever runs Causeway what stands between the two.",
        ),
    };
    let before = if let AppError::Gone { before, .. } = &error { Some(before.clone()) } else { None };
    let is_gone = before.is_some();
    let Said { text: why, ask } = error.clone().into();
    let word = if error == AppError::SignedOut { "Sign in" } else { "Try again" };
    let (why, request) = match error {
        AppError::Internal(id) => (String::new(), Some(id)),
        AppError::SignedOut => (String::new(), None),
        _ => (why, None),
    };
    let location = use_location();
    let here = move || {
        format!(
            "{}{}",
            location.pathname.get(),
            location.search.with(|search| if search.is_empty() { String::new() } else { format!("?{search}") })
        )
    };
    let retry = match again {
        Some(again) => {
            Effect::new(move |_| {
                if let Ok(timer) = set_timeout_with_handle(move || again.run(()), AGAIN) {
                    on_cleanup(move || timer.clear());
                }
            });
            view! { <button type="button" class="btn" on:click=move |_| again.run(())>{word}</button> }.into_any()
        }
        None if is_gone => ().into_any(),
        None => view! { <a class="btn" href=here rel="external">{word}</a> }.into_any(),
    };
    view! {
        <Title text=title/>
        <section role="alert" class="mx-auto flex max-w-xl flex-col items-start gap-3 px-4 py-16 sm:px-6">
            <span class="surface grid size-12 place-items-center text-muted"><Icon glyph class="size-6"/></span>
            <h1 class="text-title font-semibold">{title}</h1>
            <p class="text-body break-words">{worded(&why)}</p>
            <p class="text-body text-muted">{next}</p>
            {request.map(|id| view! { <p class="text-meta text-muted">"Request "<code class="font-mono">{id}</code></p> })}
            <p class="mt-2 flex flex-wrap gap-2">
                {ask.map(|ask| view! { <a class="btn" href=ask>{WHO_CAN}</a> })}
                {before.map(|before| view! { <a class="btn" href=before>"Show how it was"</a> })}
                {retry}
                <a class="btn btn-ghost" href="/catalog">"Go to the catalog"</a>
            </p>
        </section>
    }
}

/// Leads to the page that explains a refusal.
const WHO_CAN: &str = "Who can, and why not I";

/// What a problem says, and where a refusal is explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    text: String,
    ask: Option<String>,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text, ask: None }
    }
}

impl From<AppError> for Said {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Denied { why, ask } => Self { text: why, ask: Some(ask) },
            other => Self::from(other.to_string()),
        }
    }
}

/// A problem beside what it is about: a field, a form, a row.
///
/// - `text`: what happened and what to do, as the server worded it; a refusal leads to its explanation.
#[component]
pub fn ProblemNote(#[prop(into)] text: Said) -> impl IntoView {
    let Said { text, ask } = text;
    view! {
        <p role="alert" class="flex items-start gap-1.5 text-table text-error break-words">
            <Icon glyph=Glyph::CircleAlert class="mt-px"/>
            <span class="min-w-0">{worded(&text)}{ask.map(|ask| view! { ". " <a class="text-link underline" href=ask>{WHO_CAN}</a> })}</span>
        </p>
    }
}

/// In place of a deed that the one who looks may not do: why not, as the server wrote it. Nothing, for whoever may.
///
/// - `why`: HTML that is safe to show.
#[component]
pub fn MayNot(why: String) -> impl IntoView {
    view! { <p class="no-print my-3 text-table text-muted break-words empty:hidden" inner_html=why></p> }
}

/// A message as a sentence of its own, with what stands in backticks as code.
pub fn worded(text: &str) -> Vec<AnyView> {
    // Messages begin in lower case, so that they fit behind a colon; alone they begin like a sentence.
    coded(capital(text))
}

/// A message with what stands in backticks as code.
pub fn coded(text: String) -> Vec<AnyView> {
    let is_paired = text.matches('`').count().is_multiple_of(2);
    if !is_paired {
        return vec![text.into_any()];
    }
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts
        .map(|(at, part)| {
            let part = part.to_owned();
            if at % 2 == 0 {
                part.into_any()
            } else {
                view! { <code class="font-mono text-meta break-all">{part}</code> }.into_any()
            }
        })
        .collect()
}
