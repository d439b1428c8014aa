//! Pages that follow what changes.

use std::{sync::Arc, time::Duration};

use leptos::prelude::*;
use serde::Deserialize;
use wasm_bindgen::JsCast as _;
use web_sys::MessageEvent;

/// Where the script that hears the changes for all windows (`style/start.js`) learns since which one, and by which event it tells of each.
const SINCE: &str = "data-changes";
const CHANGE: &str = "causeway-change";

/// How long a page waits for more of the same before it fetches again: a sync tells of hundreds of changes at once.
const REST: Duration = Duration::from_millis(400);

#[derive(Deserialize)]
struct Event {
    kind: String,
    subject: String,
}

type Listener = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// The changes that a window hears of.
#[derive(Clone, Copy)]
pub struct LiveStream(StoredValue<Vec<(u32, Listener)>>);

impl LiveStream {
    /// Begins to listen in the browser, from the change numbered `after` once that is known; once, in the shell. On the server it
    /// does nothing.
    pub fn provide(after: Signal<Option<i64>>) {
        let stream = Self(StoredValue::new(Vec::new()));
        provide_context(stream);
        Effect::new(move |open: Option<bool>| {
            if open == Some(true) {
                return true;
            }
            let Some(after) = after.get() else { return false };
            // It listens as long as the window is there.
            window_event_listener_untyped(CHANGE, move |message| {
                let Some(data) = message.unchecked_ref::<MessageEvent>().data().as_string() else { return };
                if let Ok(Event { kind, subject }) = serde_json::from_str(&data) {
                    for (_, listener) in stream.0.get_value() {
                        listener(&kind, &subject);
                    }
                }
            });
            if let Some(root) = document().document_element() {
                let _ = root.set_attribute(SINCE, &after.to_string());
            }
            true
        });
    }

    fn listen(self, listener: Listener) {
        let id = self.0.with_value(|all| all.last().map_or(0, |(id, _)| id + 1));
        self.0.update_value(|all| all.push((id, listener)));
        on_cleanup(move || {
            self.0.try_update_value(|all| all.retain(|(other, _)| *other != id));
        });
    }
}

/// A number that grows whenever something changes that the page shows. Make it part of a resource's source:
///
/// ```text
/// let version = live(|kind, subject| kind.starts_with("run-") && subject == "run:42");
/// let run = fetch(move || (number(), version.get()), |(number, _)| get_run(number));
/// ```
///
/// `concerns` is asked with each change's kind (`entity-updated`) and subject (`component:default/x`, `source:ID`, `run:ID`).
pub fn live(concerns: impl Fn(&str, &str) -> bool + Send + Sync + 'static) -> Signal<u32> {
    let version = RwSignal::new(0);
    let waiting = StoredValue::new(false);
    // Pages gone in the meantime are asked no more.
    let rested = move || {
        if waiting.try_set_value(false).is_none() {
            version.try_update(|version| *version += 1);
        }
    };
    if let Some(stream) = use_context::<LiveStream>() {
        stream.listen(Arc::new(move |kind, subject| {
            if concerns(kind, subject) && waiting.try_get_value() == Some(false) {
                waiting.set_value(true);
                set_timeout(rested, REST);
            }
        }));
    }
    version.into()
}
