//! What stands around every page: navigation, breadcrumbs, search, shortcuts, news.

pub(crate) mod document;
mod frame;
mod help;
mod navigation;
mod not_found;
mod palette;
mod remembered;
mod shortcuts;
mod top_bar;
mod trail;

use leptos::prelude::*;
pub(crate) use not_found::NotFoundPage;
pub(crate) use trail::plural;

use crate::ui::{Clock, LiveStream, Toasts, ToastsView, fetch, live};

/// The frame of the portal; `children` is the page.
#[component]
pub(crate) fn Shell(children: Children) -> impl IntoView {
    Clock::provide();
    Toasts::provide();
    let seq = RwSignal::new(None);
    LiveStream::provide(seq.into());
    let version = live(|kind, _| kind.starts_with("source-") || kind.starts_with("run-"));
    let frame = fetch(move || version.get(), |_| frame::get_frame());
    Effect::new(move || {
        if let Some(Ok(frame)) = frame.get() {
            seq.set(Some(frame.seq));
        }
    });
    shortcuts::listen();
    remembered::follow();
    view! {
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
        <div class="flex min-h-dvh">
            <navigation::Navigation frame/>
            <div class="flex min-w-0 flex-1 flex-col">
                <top_bar::TopBar frame/>
                <main id="main" tabindex="-1" class="flex min-w-0 flex-1 flex-col outline-none">
                    {children()}
                </main>
            </div>
        </div>
        <palette::Palette frame/>
        <help::Help/>
        <ToastsView/>
    }
}
