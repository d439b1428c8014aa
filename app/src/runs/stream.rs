//! Hearing in the browser that a run said something.

use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{Event, EventSource};

use super::RunView;
use crate::ui::Fetched;

/// A run's stream of events, which is closed when it is dropped.
struct Stream {
    source: EventSource,
    _hear: Closure<dyn Fn(Event)>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// A number that grows while the run at `run` says something. On the server it stays what it is.
pub(super) fn follow(run: Fetched<RunView>, heard: RwSignal<u32>) {
    let hidden = RwSignal::new(false);
    Effect::new(move |_| {
        let turned = window_event_listener_untyped("visibilitychange", move |_| hidden.set(document().hidden()));
        on_cleanup(move || turned.remove());
    });
    Effect::new(move |open: Option<Option<Stream>>| {
        let open = open.flatten();
        let Some(Ok(view)) = run.get() else { return open };
        // A browser has few connections to a server: none is kept for what nobody sees.
        if view.run.summary.status.is_over() || hidden.get() {
            return None;
        }
        open.or_else(|| listen(&view, heard))
    });
}

fn listen(view: &RunView, heard: RwSignal<u32>) -> Option<Stream> {
    let address = format!("/api/scaffolder/v2/tasks/{}/eventstream?after={}", view.run.summary.id, view.last);
    let source = EventSource::new(&address).ok()?;
    let closing = source.clone();
    let hear = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        // The server ends the stream with the run; a browser would open it again.
        if event.type_() == "completion" {
            closing.close();
        }
        heard.try_update(|heard| *heard += 1);
    });
    for kind in ["log", "completion", "cancelled", "recovered"] {
        source.add_event_listener_with_callback(kind, hear.as_ref().unchecked_ref()).ok()?;
    }
    Some(Stream { source, _hear: hear })
}
