//! Short news at the edge of the page.

use std::time::Duration;

use leptos::prelude::*;

use super::{Glyph, Icon};

/// How long news stand.
const STAY: Duration = Duration::from_secs(6);

/// What kind of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastKind {
    /// Something was done.
    Done,
    /// Something did not work; it stays until it is closed.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Toast {
    id: u32,
    kind: ToastKind,
    text: String,
}

/// Where pages say news: `expect_context::<Toasts>().say(ToastKind::Done, "Registered")`, in an effect or an event.
#[derive(Debug, Clone, Copy)]
pub struct Toasts(RwSignal<Vec<Toast>>);

impl Toasts {
    /// Makes the place; once, in the shell.
    pub fn provide() -> Self {
        let toasts = Self(RwSignal::new(Vec::new()));
        provide_context(toasts);
        toasts
    }

    /// Says something.
    pub fn say(self, kind: ToastKind, text: impl Into<String>) {
        let text = text.into();
        let id = self.0.with_untracked(|toasts| toasts.last().map_or(0, |toast| toast.id + 1));
        self.0.update(|toasts| toasts.push(Toast { id, kind, text }));
        if kind == ToastKind::Done {
            set_timeout(move || self.close(id), STAY);
        }
    }

    fn close(self, id: u32) {
        self.0.update(|toasts| toasts.retain(|toast| toast.id != id));
    }
}

/// Shows the news; once, in the shell.
#[component]
pub fn ToastsView() -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let row = move |Toast { id, kind, text }: Toast| {
        let (glyph, class) = match kind {
            ToastKind::Done => (Glyph::CircleCheck, "text-success"),
            ToastKind::Failed => (Glyph::CircleX, "text-error"),
        };
        view! {
            <li class="surface flex items-start gap-2.5 py-2.5 pr-1.5 pl-3.5 text-table shadow-lg">
                <Icon glyph class/>
                <span class="min-w-0 flex-1 break-words">{text}</span>
                <button type="button" class="grid size-5 place-items-center text-muted" aria-label="Close" on:click=move |_| toasts.close(id)>
                    <Icon glyph=Glyph::Cross class="size-3.5"/>
                </button>
            </li>
        }
    };
    view! {
        <ol aria-live="polite" aria-label="News" class="no-print fixed right-4 bottom-4 z-50 flex w-80 max-w-[calc(100vw-2rem)] flex-col gap-2">
            <For each=move || toasts.0.get() key=|toast| toast.id children=row/>
        </ol>
    }
}
