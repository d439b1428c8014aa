//! The palette: pages, actions and things in one list, from the keyboard.

use std::time::Duration;

use domain::{catalog::DEFAULT_NAMESPACE, letters::lower};
use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_sys::{HtmlDialogElement, HtmlElement, wasm_bindgen::JsCast as _};

use super::{frame::Frame, remembered};
use crate::{
    AppError,
    catalog::{find_entities, views::Found},
    ui::{Beside, Fetched, Glyph, Icon, worded},
};

/// How long the fingers rest before the server is asked.
const REST: Duration = Duration::from_millis(120);
/// How many things it is asked for.
const MOST: u32 = 12;

/// What happens when an entry is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Deed {
    Go(String),
    /// Presses a button that stands in the page.
    Press(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    glyph: Glyph,
    label: String,
    /// What tells a thing from others of its title.
    beside: Option<String>,
    note: String,
    deed: Deed,
}

impl Entry {
    /// A page or an action of the portal.
    fn own(label: &str, glyph: Glyph, note: &str, deed: Deed) -> Self {
        Self { glyph, label: label.to_owned(), beside: None, note: note.to_owned(), deed }
    }
}

const PAGES: [(&str, &str, Glyph); 9] = [
    ("Home", "/", Glyph::Home),
    ("Catalog", "/catalog", Glyph::Boxes),
    ("Scorecards", "/scorecards", Glyph::Medal),
    ("Create", "/create", Glyph::SquarePlus),
    ("Runs", "/runs", Glyph::Route),
    ("Sources", "/sources", Glyph::GitBranch),
    ("Policies", "/policies", Glyph::ShieldCheck),
    ("People", "/people", Glyph::Users),
    ("Account", "/account", Glyph::User),
];

/// The pages that are for whoever looks.
fn pages(frame: Option<&Frame>) -> impl Iterator<Item = Entry> {
    let (asks, manages_people) = frame.map_or((false, false), |frame| (frame.asks, frame.manages_people));
    let is_theirs = move |href: &str| match href {
        "/policies" => asks,
        "/people" => manages_people,
        _ => true,
    };
    let pages = PAGES.into_iter().filter(move |(_, href, _)| is_theirs(href));
    pages.map(|(label, href, glyph)| Entry::own(label, glyph, "page", Deed::Go(href.to_owned())))
}

fn actions(frame: Option<&Frame>) -> impl Iterator<Item = Entry> {
    let actions = [
        ("Create from a template", Glyph::SquarePlus, Deed::Go("/create".to_owned())),
        ("Register a source", Glyph::Upload, Deed::Go("/sources/new".to_owned())),
        ("Switch between light and dark", Glyph::Moon, Deed::Press("[data-switch=theme]")),
        ("Narrow or widen the navigation", Glyph::PanelLeft, Deed::Press("[data-switch=navigation]")),
        ("Show keyboard shortcuts", Glyph::Keyboard, Deed::Press("[popovertarget=help]")),
    ];
    let leaves = frame.is_some_and(|frame| frame.has_session);
    let leave =
        leaves.then_some(("Sign out", Glyph::LogOut, Deed::Press("#navigation [action='/auth/sign-out'] button")));
    actions.into_iter().chain(leave).map(|(label, glyph, deed)| Entry::own(label, glyph, "action", deed))
}

/// The page of an entity, as an entry.
fn visited(page: &str) -> Option<Entry> {
    let mut parts = page.rsplit('/');
    let (name, kind, namespace) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Entry {
        glyph: Glyph::of(kind, ""),
        label: name.to_owned(),
        beside: (namespace != DEFAULT_NAMESPACE).then(|| namespace.to_owned()),
        note: kind.to_owned(),
        deed: Deed::Go(page.to_owned()),
    })
}

/// An entity that the server found, as an entry.
fn thing(found: &Found) -> Entry {
    Entry {
        glyph: Glyph::of(found.reference.kind(), &found.kind_type),
        label: found.title.clone(),
        beside: found.reference.beside(&found.title),
        note: found.reference.kind().to_owned(),
        deed: Deed::Go(found.reference.path()),
    }
}

/// Asks the server once the fingers rest.
fn debounced(
    found: RwSignal<Vec<Found>>,
    text: RwSignal<String>,
    is_settled: RwSignal<bool>,
    failed: RwSignal<Option<AppError>>,
) -> impl Fn() + Copy + Send + Sync {
    let asked = StoredValue::new(0_u32);
    move || {
        let turn = asked.get_value() + 1;
        asked.set_value(turn);
        is_settled.set(false);
        let ask = move || {
            let wanted = text.get_untracked();
            let people = wanted.starts_with('@');
            let wanted = wanted.trim_start_matches('@').trim().to_owned();
            if asked.get_value() != turn {
                return;
            }
            if wanted.is_empty() && !people || wanted.starts_with('>') {
                found.set(Vec::new());
                failed.set(None);
                is_settled.set(true);
                return;
            }
            leptos::task::spawn_local(async move {
                let answer = find_entities(wanted, people, MOST).await;
                if asked.get_value() != turn {
                    return;
                }
                match answer {
                    Ok(answer) => {
                        found.set(answer);
                        failed.set(None);
                    }
                    // What was found before fits another text.
                    Err(error) => {
                        found.set(Vec::new());
                        failed.set(Some(error));
                    }
                }
                is_settled.set(true);
            });
        };
        set_timeout(ask, REST);
    }
}

/// What fits a text, without asking the server.
fn local(text: &str, recent: &[String], frame: Option<&Frame>) -> Vec<Entry> {
    let wanted = lower(text.trim_start_matches(['>', '@']).trim());
    let fits = |entry: &Entry| wanted.is_empty() || lower(&entry.label).contains(&wanted);
    if text.starts_with('>') {
        return actions(frame).filter(fits).collect();
    }
    if text.starts_with('@') {
        return Vec::new();
    }
    let mut all: Vec<Entry> = recent.iter().filter_map(|page| visited(page)).filter(fits).take(5).collect();
    all.extend(pages(frame).filter(fits));
    if wanted.is_empty() {
        all.extend(actions(frame).take(2));
    } else {
        all.extend(actions(frame).filter(fits));
    }
    all
}

fn dialog() -> Option<HtmlDialogElement> {
    document().get_element_by_id("palette")?.dyn_into().ok()
}

/// Opens the palette.
pub(super) fn open() {
    if let Some(dialog) = dialog()
        && !dialog.open()
    {
        let _ = dialog.show_modal();
    }
}

/// Whether the palette is open.
pub(super) fn is_open() -> bool {
    dialog().is_some_and(|dialog| dialog.open())
}

/// Opens the palette where a link to the search page was followed.
pub(super) fn open_instead(event: ev::MouseEvent) {
    if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
        event.prevent_default();
        open();
    }
}

/// One entry; the chosen one is marked.
#[component]
fn Row(at: usize, entry: Entry, chosen: RwSignal<usize>, on_pick: Callback<Entry>) -> impl IntoView {
    let Entry { glyph, label, beside, note, .. } = entry.clone();
    let is_chosen = move || chosen.get() == at;
    let ground = move || if is_chosen() { "bg-base-200" } else { "" };
    view! {
        <li
            id=format!("palette-{at}")
            role="option"
            aria-selected=move || if is_chosen() { "true" } else { "false" }
            class=move || format!("flex cursor-pointer items-center gap-3 rounded-field px-3 py-1.5 {}", ground())
            on:mousemove=move |_| if chosen.get_untracked() != at { chosen.set(at) }
            on:click=move |_| on_pick.run(entry.clone())
        >
            <Icon glyph class="text-muted"/>
            <span class="flex min-w-0 flex-1 items-baseline gap-1.5">
                <span class="truncate">{label}</span>
                <Beside words=beside/>
            </span>
            <span class="text-meta text-muted">{note}</span>
        </li>
    }
}

/// The keys and marks that the palette knows.
#[component]
fn Hints() -> impl IntoView {
    view! {
        <p class="flex gap-4 border-t border-base-300 px-4 py-2 text-meta text-muted">
            <span><kbd class="kbd">"↑"</kbd>" "<kbd class="kbd">"↓"</kbd>" to choose"</span>
            <span><kbd class="kbd">"↵"</kbd>" to open"</span>
            <span class="max-sm:hidden"><kbd class="kbd">">"</kbd>" actions"</span>
            <span class="max-sm:hidden"><kbd class="kbd">"@"</kbd>" people and teams"</span>
        </p>
    }
}

/// That nothing fits, once nothing more can come; or that nobody could be asked.
#[component]
fn Nothing(is_empty: Signal<bool>, is_settled: RwSignal<bool>, failed: RwSignal<Option<AppError>>) -> impl IntoView {
    let class =
        move || if failed.read().is_some() { "px-4 pb-3 text-error" } else { "px-4 pb-3 text-muted empty:hidden" };
    let words = move || match failed.get() {
        Some(error) => worded(&format!("things could not be looked up: {error}")),
        None if is_settled.get() && is_empty.get() => worded("nothing fits that"),
        None => Vec::new(),
    };
    view! { <p role="status" class=class>{words}</p> }
}

/// What is chosen of the entries, by keys.
#[derive(Clone, Copy)]
struct Choice {
    entries: Memo<Vec<Entry>>,
    chosen: RwSignal<usize>,
    is_settled: RwSignal<bool>,
    /// Whether it is to be opened once the entries are those of the text: until then those of an earlier one stand there.
    waits: StoredValue<bool>,
    pick: Callback<Entry>,
}

impl Choice {
    fn of(
        entries: Memo<Vec<Entry>>,
        chosen: RwSignal<usize>,
        is_settled: RwSignal<bool>,
        pick: Callback<Entry>,
    ) -> Self {
        let choice = Self { entries, chosen, is_settled, waits: StoredValue::new(false), pick };
        Effect::new(move |_| {
            if is_settled.get() && choice.waits.get_value() {
                choice.open();
            }
        });
        choice
    }

    fn open(self) {
        self.waits.set_value(false);
        let entry = untrack(|| self.entries.with(|all| all.get(self.chosen.get()).cloned()));
        if let Some(entry) = entry {
            self.pick.run(entry);
        }
    }

    fn key(self, event: &ev::KeyboardEvent) {
        // While a sign is composed of several keys, these choose among candidates; Safari says so by that number alone.
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        let (count, chosen) = (self.entries.with_untracked(Vec::len), self.chosen);
        match event.key().as_str() {
            "ArrowDown" if count > 0 => chosen.update(|at| *at = (*at + 1) % count),
            "ArrowUp" if count > 0 => chosen.update(|at| *at = (*at + count - 1) % count),
            "Enter" if self.is_settled.get_untracked() => self.open(),
            "Enter" => self.waits.set_value(true),
            _ => return,
        }
        event.prevent_default();
    }
}

#[component]
pub(super) fn Palette(frame: Fetched<Frame>) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let chosen = RwSignal::new(0_usize);
    let recent = RwSignal::new(Vec::<String>::new());
    let known = RwSignal::new(None::<Frame>);
    // The last results stand until the next are there.
    let found = RwSignal::new(Vec::<Found>::new());
    let is_settled = RwSignal::new(true);
    let failed = RwSignal::new(None::<AppError>);
    let search = debounced(found, text, is_settled, failed);
    let entries = Memo::new(move |_| {
        let mut entries = recent.with(|recent| known.with(|known| local(&text.get(), recent, known.as_ref())));
        let first = entries.iter().take_while(|entry| entry.note != "page" && entry.note != "action").count();
        let things = found.with(|found| found.iter().map(thing).collect::<Vec<_>>());
        let new: Vec<Entry> = things.into_iter().filter(|thing| !entries[..first].contains(thing)).collect();
        entries.splice(first..first, new);
        entries
    });
    let navigate = use_navigate();

    let pick = Callback::new(move |entry: Entry| {
        if let Some(dialog) = dialog() {
            dialog.close();
        }
        match &entry.deed {
            Deed::Go(path) => navigate(path, NavigateOptions::default()),
            Deed::Press(selector) => {
                if let Some(button) = document().query_selector(selector).ok().flatten() {
                    button.unchecked_ref::<HtmlElement>().click();
                }
            }
        }
    });
    let choice = Choice::of(entries, chosen, is_settled, pick);
    let on_input = move |event: ev::Event| {
        text.set(event_target_value(&event));
        chosen.set(0);
        choice.waits.set_value(false);
        search();
    };
    // Opening shows what was looked at last; closing forgets the text.
    let on_toggle = move |_: ev::Event| {
        recent.set(remembered::recent());
        known.set(untrack(|| frame.get()).and_then(Result::ok));
    };
    let on_close = move |_: ev::Event| {
        text.set(String::new());
        found.set(Vec::new());
        failed.set(None);
        chosen.set(0);
        choice.waits.set_value(false);
    };
    let options = move || {
        let rows = entries.get().into_iter().enumerate();
        rows.map(|(at, entry)| view! { <Row at entry chosen on_pick=pick/> }).collect_view()
    };
    let is_empty = Signal::derive(move || entries.with(Vec::is_empty));
    view! {
        <dialog
            id="palette"
            aria-label="Search or jump"
            closedby="any"
            on:toggle=on_toggle
            on:close=on_close
            class="surface mx-auto mt-[12vh] mb-0 w-[36rem] max-w-[calc(100vw-2rem)] p-0 text-table text-base-content shadow-2xl"
        >
            <div class="flex items-center gap-3 border-b border-base-300 px-4">
                <Icon glyph=Glyph::Search class="text-muted"/>
                <input
                    type="text"
                    autofocus
                    autocomplete="off"
                    spellcheck="false"
                    role="combobox"
                    aria-expanded="true"
                    aria-controls="palette-list"
                    aria-activedescendant=move || format!("palette-{}", chosen.get())
                    aria-label="Search things, pages and actions"
                    placeholder="Search things, pages, actions…"
                    class="h-12 min-w-0 flex-1 bg-transparent text-body outline-none"
                    prop:value=move || text.get()
                    on:input=on_input
                    on:keydown=move |event| choice.key(&event)
                />
                <kbd class="kbd" aria-hidden="true">"Esc"</kbd>
            </div>
            <ul id="palette-list" role="listbox" aria-label="Results" class="max-h-[50vh] overflow-y-auto p-2">{options}</ul>
            <Nothing is_empty is_settled failed/>
            <Hints/>
        </dialog>
    }
}
