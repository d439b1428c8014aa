//! The first page, drawn.

use domain::{
    catalog::{EntityRef, OWNER_ME, OWNER_MY_TEAMS},
    home::Me,
    letters::lower,
};
use leptos::prelude::*;

use super::functions::{Happened, HomeView, LoadExample, Since, get_home};
use crate::{
    catalog::views::{Found, is_troubled},
    scorecards::{OwnedView, Weakest},
    shell::plural,
    ui::{
        Button, ButtonKind, Empty, EntityLink, Glyph, Icon, Load, Mark, MayNot, Moment, Moved, Page, Panel,
        ProblemNote, Status, Timeline, When, fetch, live,
    },
};

/// What waits for me, and what changed.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let version = live(|_, _| true);
    let home = fetch(move || version.get(), |_| get_home());
    view! {
        <Load of=home let:home>
            <Home home/>
        </Load>
    }
    .into_any()
}

#[component]
fn Home(home: HomeView) -> impl IntoView {
    let HomeView {
        kinds,
        total,
        sources,
        troubled,
        failed,
        to_approve,
        me,
        own_name,
        mine,
        owned,
        recent,
        starred,
        since,
        happened,
        may_not,
    } = home;
    let waits = troubled.len() + failed.len() + to_approve.len();
    let answer = match (sources, waits) {
        (0, _) => "The catalog is empty: begin with a source".to_owned(),
        (_, 0) => format!("{total} things in the catalog · nothing needs attention"),
        (_, 1) => format!("{total} things in the catalog · 1 thing needs attention"),
        _ => format!("{total} things in the catalog · {waits} things need attention"),
    };
    let begin = view! { <Begin is_new=sources == 0/> };
    if sources == 0 {
        let begin = view! {
            <Example may_not/>
            {begin}
        };
        return view! { <Page title="Welcome to Causeway" answer=move || answer.clone()>{begin}</Page> }.into_any();
    }
    let counts = kinds.into_iter().map(|kind| {
        let href = format!("/catalog?kind={}", lower(&kind.value));
        let words = if kind.count == 1 { kind.value.clone() } else { plural(&kind.value) };
        view! {
            <a class="surface flex items-center gap-3 px-4 py-3 hover:border-base-content/30" href=href>
                <Icon glyph=Glyph::of(&lower(&kind.value), "") class="size-5 text-primary"/>
                <span><span class="block text-heading font-semibold">{kind.count}</span><span class="text-table text-muted">{words}</span></span>
            </a>
        }
    });
    let sources = troubled.into_iter().filter(is_troubled).map(|source| {
        let (mark, label) = match &source.problem {
            Some(_) => (Mark::Bad, "Cannot be read".to_owned()),
            None => (Mark::Warning, format!("{} rejected", source.rejected)),
        };
        let file = source.target.rsplit('/').find(|part| !part.is_empty()).unwrap_or(&source.target).to_owned();
        view! {
            <li class="relative flex min-h-11 items-center gap-3 border-t border-base-300 px-4 first:border-t-0 hover:bg-base-200/70">
                <Icon glyph=Glyph::GitBranch class="text-muted"/>
                <a class="row-link min-w-0 flex-1 truncate text-table font-medium after:absolute after:inset-0" href=source.path() title=source.target>{file}</a>
                <Status mark label/>
            </li>
        }
    });
    let waiting = to_approve.into_iter().map(|run| (run, Mark::Waiting, "Waits for you"));
    let runs = waiting.chain(failed.into_iter().map(|run| (run, Mark::Bad, "Failed"))).map(|(run, mark, label)| {
        view! {
            <li class="relative flex min-h-11 items-center gap-3 border-t border-base-300 px-4 first:border-t-0 hover:bg-base-200/70">
                <Icon glyph=Glyph::Route class="text-muted"/>
                <a class="row-link min-w-0 flex-1 truncate text-table font-medium after:absolute after:inset-0" href=format!("/runs/{}", run.number)>{format!("#{} {}", run.number, run.title)}</a>
                <span class="text-table text-muted"><When at=run.created_at/></span>
                <Status mark label/>
            </li>
        }
    });
    let attention = if waits == 0 {
        view! { <Empty glyph=Glyph::Anchor title="All is well"><p>"Sources are in line, no run has failed, and none waits for you."</p></Empty> }.into_any()
    } else {
        view! { <ul>{sources.collect_view()}{runs.collect_view()}</ul> }.into_any()
    };
    let happened = if happened.is_empty() {
        view! { <p class="text-table text-muted">"Nothing yet."</p> }.into_any()
    } else {
        view! { <Timeline items=happened.into_iter().map(moved).collect()/> }.into_any()
    };
    let title =
        if since.is_some_and(|since| since.count > 0) { "What changed since you were here" } else { "What changed" };
    let away = since.map(|since| view! { <Away since/> });
    view! {
        <Page title="Home" answer=move || answer.clone()>
            <Mine me own_name mine owned/>
            <div class="mb-4 grid items-start gap-4 empty:hidden md:grid-cols-2">
                <Own title="Starred" glyph=Glyph::Star things=starred/>
                <Own title="You looked at" glyph=Glyph::History things=recent/>
            </div>
            <div class="mb-4 grid grid-cols-2 gap-3 sm:grid-cols-3 lg:grid-cols-4 xl:grid-cols-6">{counts.collect_view()}</div>
            <div class="grid items-start gap-4 lg:grid-cols-2">
                <Panel title="Needs attention" flush=true>{attention}</Panel>
                <Panel title>{away}{happened}</Panel>
            </div>
            <h2 class="mt-6 mb-3 text-body font-semibold">"Where to go"</h2>
            {begin}
        </Page>
    }
    .into_any()
}

/// Since when someone was away, and how much that was.
#[component]
fn Away(since: Since) -> impl IntoView {
    let Since { at, count, is_cut } = since;
    let what = match count {
        0 => "Nothing changed since you were here ".to_owned(),
        1 => "1 change since you were here ".to_owned(),
        _ => format!("{count} changes since you were here "),
    };
    let rest = match (count, is_cut) {
        (0, _) => ". This is what did before.",
        (_, true) => "; the latest of them:",
        (_, false) => ":",
    };
    view! { <p class="mb-3 text-table text-muted">{what}<When at=Moment(at) sentence=true/>{rest}</p> }
}

/// What someone and their teams own, and what of it needs help first.
#[component]
fn Mine(me: Me, own_name: String, mine: Vec<(String, u32)>, owned: Vec<OwnedView>) -> impl IntoView {
    if !me.keeps {
        return ().into_any();
    }
    let Some(user) = me.user else {
        return view! {
            <p class="prose-links surface mb-4 px-4 py-3 text-table text-muted">
                "Your things and those of your teams stand here once Causeway knows which person of the catalog you are. "
                <a href="/catalog?kind=user">"Open your page among the people"</a>" and say that it is you."
            </p>
        }
        .into_any();
    };
    let lists = mine.into_iter().map(|(kind, count)| {
        let href = format!("/catalog?kind={}&owner={OWNER_ME},{OWNER_MY_TEAMS}", lower(&kind));
        let words = if count == 1 { kind } else { plural(&kind) };
        view! { <li><a class="tag h-7 px-2.5 hover:border-base-content/40" href=href><span class="font-medium">{count}</span>" "{words}</a></li> }
    });
    let lists = lists.collect_view();
    let weakest = owned.into_iter().next().map(|owned| {
        let title = owned.title.clone();
        view! {
            <h3 class="border-t border-base-300 px-4 pt-2.5 text-meta font-medium text-muted">{title}": who needs help first"</h3>
            <Weakest weakest=owned.weakest scale=owned.scale/>
        }
    });
    view! {
        <div class="mb-4">
            <Panel title="Mine and my teams'" flush=true action=move || view! { <EntityLink to=user.clone() label=own_name.clone()/> }>
                <ul class="flex flex-wrap gap-1.5 px-4 py-3 empty:after:text-table empty:after:text-muted empty:after:content-['Nothing_is_owned_by_you_or_your_teams.']">{lists}</ul>
                {weakest}
            </Panel>
        </div>
    }
    .into_any()
}

/// Things that someone starred or looked at.
#[component]
fn Own(title: &'static str, glyph: Glyph, things: Vec<Found>) -> impl IntoView {
    (!things.is_empty()).then(|| {
        let rows = things.into_iter().map(|thing| {
            let kind = thing.reference.kind().to_owned();
            view! {
                <li class="flex min-h-9 items-center justify-between gap-3 border-t border-base-300 px-4 py-1 text-table first:border-t-0">
                    <EntityLink to=thing.reference label=thing.title kind_type=thing.kind_type.clone()/>
                    <span class="flex-none text-muted">{if thing.kind_type.is_empty() { kind } else { thing.kind_type }}</span>
                </li>
            }
        });
        view! { <Panel title flush=true action=move || view! { <Icon glyph/> }><ul>{rows.collect_view()}</ul></Panel> }
    })
}

/// One click to something to look at.
#[component]
fn Example(may_not: String) -> impl IntoView {
    if !may_not.is_empty() {
        return view! { <MayNot why=may_not/> }.into_any();
    }
    let load = ServerAction::<LoadExample>::new();
    let problem = move || load.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error/> });
    view! {
        <section class="surface mb-4 flex flex-wrap items-center justify-between gap-4 p-5">
            <div class="min-w-0">
                <h2 class="text-heading font-semibold">"Look around first"</h2>
                <p class="mt-1 max-w-prose text-table text-muted">
                    "The example is a ferry line: 73 components of 13 systems, with their APIs, teams, two scorecards and three templates. It is one source, and goes as it came."
                </p>
                {problem}
            </div>
            <ActionForm action=load>
                <Button submit=true kind=ButtonKind::Primary glyph=Glyph::Ship pending=load.pending()>
                    "Load the example organisation"
                </Button>
            </ActionForm>
        </section>
    }
    .into_any()
}

/// Three cards: find, create, fix.
#[component]
fn Begin(is_new: bool) -> impl IntoView {
    let cards = if is_new {
        [
            (
                Glyph::Upload,
                "/sources/new",
                "Register a source",
                "A folder, a Git repository or an address with catalog files. Those that you have for Backstage are read as they are.",
            ),
            (
                Glyph::SquarePlus,
                "/create",
                "Create",
                "Templates make a new service with its repository, and it stands in the catalog when it is done.",
            ),
            (
                Glyph::Medal,
                "/scorecards",
                "Set standards",
                "Scorecards say what good looks like, and what each team does next.",
            ),
        ]
    } else {
        [
            (Glyph::Search, "/catalog", "Find", "Any service, its owner, its APIs and what it depends on."),
            (
                Glyph::SquarePlus,
                "/create",
                "Create",
                "A new service from a template, with its repository and its place in the catalog.",
            ),
            (Glyph::Medal, "/scorecards", "Fix", "What does not hold yet, and the shortest way up."),
        ]
    };
    let cards = cards.map(|(glyph, href, title, text)| {
        view! {
            <a class="surface flex items-start gap-3 p-4 hover:border-base-content/30" href=href>
                <Icon glyph class="size-5 mt-0.5 text-primary"/>
                <span><span class="block text-body font-semibold">{title}</span><span class="block text-table text-muted">{text}</span></span>
            </a>
        }
    });
    view! { <div class="grid gap-3 md:grid-cols-3">{cards.into_iter().collect_view()}</div> }
}

/// What happened, in words.
fn moved(happened: Happened) -> Moved {
    let Happened { kind, subject, count, at, actor } = happened;
    let reference = subject.parse::<EntityRef>().ok();
    let name = reference.as_ref().map_or_else(|| subject.clone(), EntityRef::short);
    let who = if count == 1 { name } else { format!("{count} things") };
    let (glyph, tone, title) = match kind.as_str() {
        "entity-created" => (Glyph::Plus, "text-success", format!("{who} came into the catalog")),
        "entity-updated" => (Glyph::Pencil, "text-info", format!("{who} changed")),
        "entity-orphaned" => (Glyph::TriangleAlert, "text-warning", format!("{who} no longer declared")),
        "entity-removed" => (Glyph::Trash, "text-error", format!("{who} left the catalog")),
        "entity-renamed" => (Glyph::Tag, "text-info", format!("{who} renamed")),
        "entity-kept" => (Glyph::Anchor, "text-info", format!("{who} kept, although nothing declares it")),
        "entity-handed-over" => (Glyph::Send, "text-info", format!("{who} handed over")),
        "scorecard-evaluated" => (Glyph::Medal, "text-muted", format!("{who} judged anew")),
        "source-registered" => (Glyph::Upload, "text-info", "A source was registered".to_owned()),
        "source-synced" => (Glyph::RefreshCw, "text-muted", "A source was synced".to_owned()),
        "source-leaving" => (Glyph::Trash, "text-muted", "A source is being removed".to_owned()),
        "source-stays" => (Glyph::TriangleAlert, "text-warning", "A source could not be removed".to_owned()),
        "source-removed" => (Glyph::Trash, "text-muted", "A source was removed".to_owned()),
        "source-asked" => (Glyph::RefreshCw, "text-muted", "A sync was asked for".to_owned()),
        "source-scheduled" => (Glyph::Clock, "text-muted", "A schedule was changed".to_owned()),
        "source-trusted" => (Glyph::Users, "text-muted", "Who counts of a source was changed".to_owned()),
        "source-webhook" => (Glyph::Key, "text-muted", "A webhook was changed".to_owned()),
        "credential-sealed" => (Glyph::Key, "text-muted", format!("The credential {who} was sealed")),
        "credential-removed" => (Glyph::Key, "text-muted", format!("The credential {who} was removed")),
        "source-moved" => (Glyph::Send, "text-info", "A source was pointed elsewhere".to_owned()),
        "docs-changed" => (Glyph::Pencil, "text-muted", format!("The docs of {who} changed")),
        "policy-saved" | "policy-reset" => (Glyph::Key, "text-muted", "Policies were changed".to_owned()),
        "role-given" => (Glyph::Users, "text-muted", "A role was given".to_owned()),
        "role-taken" => (Glyph::Users, "text-muted", "A role was taken".to_owned()),
        "run-created" => (Glyph::Play, "text-info", "A run was started".to_owned()),
        "run-moved" => (Glyph::Route, "text-muted", "A run moved on".to_owned()),
        _ => (Glyph::CircleDot, "text-muted", format!("{kind}: {who}")),
    };
    let href = match (&reference, subject.split_once(':')) {
        (_, Some(("source", id))) if kind != "source-removed" => Some(format!("/sources/{id}")),
        (_, Some(("source" | "run", _))) => None,
        (Some(reference), _) if count == 1 && kind != "entity-removed" => Some(reference.path()),
        _ => None,
    };
    Moved { glyph, tone, title, detail: format!("by {actor}"), at: Moment(at), href }
}
