//! The bar at the left: product, organisation, places, person. A sheet on narrow screens.

use domain::letters::capital;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use web_sys::{HtmlElement, wasm_bindgen::JsCast as _};

use super::frame::Frame;
use crate::ui::{Fetched, Glyph, Icon};

struct Place {
    label: &'static str,
    href: &'static str,
    glyph: Glyph,
}

const WORK: [Place; 5] = [
    Place { label: "Home", href: "/", glyph: Glyph::Home },
    Place { label: "Catalog", href: "/catalog", glyph: Glyph::Boxes },
    Place { label: "Scorecards", href: "/scorecards", glyph: Glyph::Medal },
    Place { label: "Create", href: "/create", glyph: Glyph::SquarePlus },
    Place { label: "Runs", href: "/runs", glyph: Glyph::Route },
];
const CARE: [Place; 2] = [
    Place { label: "Sources", href: "/sources", glyph: Glyph::GitBranch },
    Place { label: "Policies", href: "/policies", glyph: Glyph::ShieldCheck },
];
/// For those who may see who comes in.
const PEOPLE: Place = Place { label: "People", href: "/people", glyph: Glyph::Users };

#[component]
pub(super) fn Navigation(frame: Fetched<Frame>) -> impl IntoView {
    let sheet = NodeRef::<leptos::html::Aside>::new();
    let location = use_location();
    // A sheet that is open covers the page it has just led to.
    Effect::new(move |before: Option<String>| {
        let path = location.pathname.get();
        if before.is_some_and(|before| before != path)
            && let Some(sheet) = sheet.get_untracked()
        {
            let _ = sheet.unchecked_ref::<HtmlElement>().hide_popover();
        }
        path
    });
    let places =
        |places: &'static [Place]| places.iter().map(|place| view! { <PlaceLink place frame/> }).collect_view();
    let people = move || {
        let frame = frame.get()?.ok()?;
        frame.manages_people.then(|| view! { <PlaceLine place=&PEOPLE badge=||()/> }.into_any())
    };
    let leave = move || {
        let frame = frame.get()?.ok()?;
        frame.has_session.then(|| {
            view! {
                <form method="post" action="/auth/sign-out" class="words flex-none">
                    <button type="submit" class="btn btn-ghost btn-icon text-muted" aria-label="Sign out" title="Sign out">
                        <Icon glyph=Glyph::LogOut/>
                    </button>
                </form>
            }
            .into_any()
        })
    };
    view! {
        <aside
            id="navigation"
            node_ref=sheet
            popover="auto"
            class="sheet sheet-navigation no-print flex-none flex-col overflow-x-hidden border-base-300 lg:border-r"
        >
            <div class="flex h-13 flex-none items-center gap-2.5 px-4">
                <a href="/" class="flex items-center gap-2.5" aria-label="Causeway, home">
                    <Mark/>
                    <span class="words text-product font-semibold tracking-title">"Causeway"</span>
                </a>
            </div>
            <div class="px-2 pb-2">
                <div class="words surface flex h-8.5 items-center gap-2.5 rounded-field px-2.5 text-table font-medium">
                    <Transition fallback=|| view! { <span class="h-4"></span> }>
                        {move || Suspend::new(async move {
                            let name = frame.ready().await.map(|frame| frame.organisation).unwrap_or_default();
                            let initial = capital(&name).chars().next();
                            view! {
                                <span aria-hidden="true" class="grid size-5 flex-none place-items-center rounded-[5px] bg-primary text-[0.6875rem] font-semibold text-primary-content">{initial}</span>
                                <span class="truncate">{name}</span>
                            }
                        })}
                    </Transition>
                </div>
            </div>
            <nav aria-label="Main" class="flex flex-1 flex-col gap-4 overflow-y-auto px-2 pb-4">
                <ul class="flex flex-col gap-0.5">{places(&WORK)}</ul>
                <ul class="flex flex-col gap-0.5">
                    {places(&CARE)}
                    <Transition fallback=|| ()>{people}</Transition>
                </ul>
            </nav>
            <div class="flex flex-none items-center gap-2.5 border-t border-base-300 px-3 py-2.5">
                <span aria-hidden="true" class="words grid size-7.5 flex-none place-items-center rounded-full bg-accent text-meta font-semibold text-accent-content">
                    <Icon glyph=Glyph::User/>
                </span>
                <a href="/account" class="words min-w-0 flex-1 leading-tight hover:underline">
                    <Transition fallback=|| ()>
                        {move || Suspend::new(async move {
                            let (person, role) = frame.ready().await.map(|frame| (frame.person, frame.role)).unwrap_or_default();
                            view! {
                                <p class="truncate text-table font-medium">{person}</p>
                                <p class="truncate text-meta text-muted">{role}</p>
                            }
                        })}
                    </Transition>
                </a>
                <Transition fallback=|| ()>{leave}</Transition>
                <button type="button" data-switch="navigation" class="btn btn-ghost btn-icon hidden text-muted lg:inline-flex" aria-label="Narrow or widen the navigation" title="Narrow or widen">
                    <Icon glyph=Glyph::PanelLeft/>
                </button>
            </div>
        </aside>
    }
}

/// Where one is at a place: what its tabs lead to is there too.
fn places_of(href: &'static str) -> Vec<&'static str> {
    match href {
        "/policies" => vec!["/policies", "/roles", "/may", "/audit"],
        other => vec![other],
    }
}

/// A link of the bar, with how much waits there.
#[component]
fn PlaceLink(place: &'static Place, frame: Fetched<Frame>) -> impl IntoView {
    let href = place.href;
    let badge = move || {
        let frame = frame.get()?.ok()?;
        match href {
            "/sources" if frame.troubled_sources > 0 => Some(view! {
                <span class="words rounded-[5px] bg-accent px-1.5 text-meta font-medium text-accent-content">
                    {frame.troubled_sources}<span class="sr-only">" in need of attention"</span>
                </span>
            }.into_any()),
            "/runs" if frame.active_runs > 0 => Some(view! {
                <span class="words text-table text-muted">{frame.active_runs}<span class="sr-only">" under way"</span></span>
            }.into_any()),
            _ => None,
        }
    };
    view! { <PlaceLine place badge=move || view! { <Transition fallback=|| ()>{badge}</Transition> }/> }
}

/// The link itself; the place one is in, or below, is marked.
#[component]
fn PlaceLine<V: IntoView + 'static>(
    place: &'static Place,
    badge: impl FnOnce() -> V + Send + 'static,
) -> impl IntoView {
    let Place { label, href, glyph } = *place;
    let pathname = use_location().pathname;
    let here = Memo::new(move |_| {
        pathname.with(|path| {
            places_of(href).iter().any(|place| path == place || *place != "/" && path.starts_with(&format!("{place}/")))
        })
    });
    let class = move || {
        if here.get() {
            "surface flex h-8 items-center gap-2.5 rounded-field px-2.5 text-table font-semibold [&>.icon]:text-primary"
        } else {
            "flex h-8 items-center gap-2.5 rounded-field border border-transparent px-2.5 text-table text-muted hover:bg-base-100 hover:text-base-content"
        }
    };
    view! {
        <li>
            <a href=href title=label class=class aria-current=move || here.get().then_some("page")>
                <Icon glyph/>
                <span class="words flex-1 truncate">{label}</span>
                {badge()}
            </a>
        </li>
    }
}

/// The product's mark: a raised road over wet ground.
#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg viewBox="0 0 26 20" class="h-5 w-6.5 flex-none" aria-hidden="true" fill="none" stroke-width="2.2" stroke-linecap="round">
            <path class="stroke-primary" d="M3 11.5C5.6 5.6 9 3.5 13 3.5s7.4 2.1 10 8"/>
            <path class="stroke-primary" d="M2 11.5h22"/>
            <path class="stroke-accent" d="M8 12v5M13 12v5M18 12v5"/>
        </svg>
    }
}
