//! The sheet of keyboard shortcuts; opens without a script too.

use leptos::prelude::*;

use crate::ui::{Glyph, Icon};

const KEYS: [(&str, &[&str]); 10] = [
    ("Search, or jump anywhere", &["Ctrl", "K"]),
    ("Filter the list", &["/"]),
    ("Next row", &["j"]),
    ("Previous row", &["k"]),
    ("Go to the home page", &["g", "h"]),
    ("Go to the catalog", &["g", "c"]),
    ("Go to the scorecards", &["g", "s"]),
    ("Go to the runs", &["g", "r"]),
    ("Create something", &["c"]),
    ("This sheet", &["?"]),
];

#[component]
pub(super) fn Help() -> impl IntoView {
    let rows = KEYS.iter().map(|(what, keys)| {
        let keys = keys.iter().map(|key| view! { <kbd class="kbd">{*key}</kbd> }).collect_view();
        view! {
            <dt>{*what}</dt>
            <dd class="flex justify-end gap-1">{keys}</dd>
        }
    });
    view! {
        <section
            id="help"
            popover="auto"
            role="dialog"
            aria-labelledby="help-title"
            class="surface fixed inset-auto top-15 right-3 m-0 w-80 max-w-[calc(100vw-1.5rem)] p-4 text-base-content shadow-xl"
        >
            <div class="mb-2 flex items-center justify-between">
                <h2 id="help-title" class="text-body font-semibold">"Keyboard"</h2>
                <button type="button" popovertarget="help" popovertargetaction="hide" class="btn btn-ghost btn-icon -mr-2" aria-label="Close">
                    <Icon glyph=Glyph::Cross/>
                </button>
            </div>
            <dl class="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-2 text-table">{rows.collect_view()}</dl>
            <p class="mt-3 text-meta text-muted">"In search, begin with > for actions and with @ for people and teams."</p>
        </section>
    }
}
