//! One source: its state, its last syncs, and what became of every file.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    conflicts_page::DisputeList,
    inbox_functions::{RemoveSource, ScheduleSource, SyncSource, get_source},
    inbox_tabs::many,
    inbox_views::{Bar, SourceRow, SourceView},
    source_files::Files,
    source_reading::Reading,
    source_trust::Trusted,
    source_webhook::WebhookPanel,
    sources_page::state,
    sync_bars::{SyncBars, SyncTable},
};
use crate::ui::{
    Button, ButtonKind, Choice, Empty, Glyph, Load, MayNot, Moment, Page, Panel, ProblemNote, SelectField, Status,
    ToastKind, Toasts, Until, When, fetch, live,
};

/// One source.
#[component]
pub(crate) fn SourcePage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get_str("id").unwrap_or_default().to_owned()));
    let sync = ServerAction::<SyncSource>::new();
    let version = live(move |kind, subject| {
        kind == "entity-handed-over"
            || kind.starts_with("source-") && id.try_with_untracked(|id| subject.ends_with(id.as_str())) == Some(true)
    });
    let query = use_query_map();
    let find = Memo::new(move |_| query.with(|query| query.get_str("file").unwrap_or_default().to_owned()));
    let page = fetch(
        move || (id.get(), find.get(), version.get(), sync.version().get()),
        |(id, find, ..)| get_source(id, find),
    );
    let toasts = expect_context::<Toasts>();
    Effect::new(move || match sync.value().get() {
        Some(Ok(())) => toasts.say(ToastKind::Done, "A worker fetches the source now"),
        Some(Err(error)) => toasts.say(ToastKind::Failed, error.to_string()),
        None => {}
    });
    view! {
        <Load of=page let:page>
            <Source page sync find=find.get_untracked()/>
        </Load>
    }
    .into_any()
}

#[component]
fn Source(page: SourceView, sync: ServerAction<SyncSource>, find: String) -> impl IntoView {
    let SourceView {
        row,
        credential,
        files: (files, count, all),
        texts,
        disputes,
        webhook,
        orphans,
        orphan_days,
        default_minutes,
        may_not,
        may_not_trust,
    } = page;
    let SourceRow { source, bars, next, .. } = row;
    let leaving = source.leaving_at;
    let may = may_not.is_empty() && leaving.is_none();
    let (mark, label) = state(&source);
    let id = source.id.to_string();
    let (synced, asked) = (source.synced_at, source.asked_at);
    let answer = move || {
        let synced = match synced {
            Some(at) => view! { " · synced " <When at sentence=true/> }.into_any(),
            None => " · never synced".into_any(),
        };
        let next = match (asked, next) {
            _ if leaving.is_some() => ().into_any(),
            (Some(at), _) => view! { " · a sync is under way, asked for " <When at sentence=true/> }.into_any(),
            (None, Some(at)) => view! { " · next " <Until at=Moment(at)/> }.into_any(),
            (None, None) => " · synced by webhook and on demand only".into_any(),
        };
        view! { <span class="inline-flex flex-wrap items-center gap-x-1"><Status mark label=label.clone()/>{synced}{next}</span> }
    };
    let pending = sync.pending();
    let to_sync = id.clone();
    let under_way = Signal::derive(move || pending.get() || asked.is_some());
    let actions = move || {
        let id = to_sync.clone();
        may.then(|| {
            view! {
                <ActionForm action=sync>
                    <input type="hidden" name="id" value=id/>
                    <Button submit=true glyph=Glyph::RefreshCw pending=under_way>"Sync now"</Button>
                </ActionForm>
            }
        })
    };
    let problem = source.problem.clone().map(|why| {
        view! {
            <div class="mb-4 rounded-box border border-error/60 bg-base-100 px-4 py-3">
                <ProblemNote text=why/>
                <p class="mt-1 text-meta text-muted">"What it declared when it could last be read stays in the catalog."</p>
            </div>
        }
    });
    let leaves = leaving.map(|at| {
        view! {
            <div role="status" class="mb-4 rounded-box border border-base-300 bg-base-100 px-4 py-3 text-table">
                <p>"It is being removed, since "<When at sentence=true/>". Until that is done, what it declares stays as it is, and it is not synced."</p>
                <p class="mt-1 text-meta text-muted">"With very many things that takes a minute or more. It goes on by itself, also after a restart. Should it fail again and again, the source stays, and its history tells why."</p>
            </div>
        }
    });
    let orphaned = (orphans > 0).then(|| {
        let href = format!("/sources/orphans?source={id}");
        let words = many(orphans, "thing that it no longer declares", "things that it no longer declares");
        view! { <p class="mb-4 text-table"><a class="text-link" href=href>{words}</a></p> }
    });
    let told = [
        ("things", source.entities.to_string()),
        ("files", source.files.to_string()),
        ("rejected", source.rejected.to_string()),
        ("warned", source.warned.to_string()),
    ]
    .map(|(word, number)| view! { <div class="surface px-4 py-3"><p class="text-heading font-semibold">{number}</p><p class="text-table text-muted">{word}</p></div> });
    let disputed = (!disputes.is_empty()).then(|| {
        view! { <Panel title="Declared twice" flush=true><DisputeList disputes/></Panel> }
    });
    view! {
        <Page title=source.target.clone() answer actions>
            <MayNot why=may_not/>
            {leaves}
            {problem}
            {orphaned}
            <div class="mb-4 grid grid-cols-2 gap-4 sm:grid-cols-4">{told.into_iter().collect_view()}</div>
            <div class="grid gap-4 *:min-w-0">
                <Reading credential allowance=source.allowance.clone()/>
                <Syncs bars id=id.clone() every=source.every_minutes default_minutes may/>
                {disputed}
                {leaving.is_none().then(|| view! {
                    <Trusted id=id.clone() kind=source.kind trust=source.trust may_not=may_not_trust/>
                    <WebhookPanel id=id.clone() kind=source.kind webhook may/>
                })}
                <Files files count source=id.clone() texts find all/>
                {may.then(|| view! { <Removal id entities=source.entities target=source.target orphan_days/> })}
            </div>
        </Page>
    }
}

/// The last syncs, and when they are.
#[component]
fn Syncs(bars: Vec<Bar>, id: String, every: Option<u32>, default_minutes: u32, may: bool) -> impl IntoView {
    let schedule = ServerAction::<ScheduleSource>::new();
    let problem = move || schedule.value().get().and_then(Result::err).map(|error| error.to_string());
    let drawn = if bars.is_empty() {
        view! { <Empty glyph=Glyph::History title="It was not synced yet"/> }.into_any()
    } else {
        view! { <SyncBars bars=bars.clone() tall=true/> <SyncTable bars/> }.into_any()
    };
    let usual = [1, 5, 10, 30, 60, 360, 1_440].map(|minutes| (minutes, minutes_in_words(minutes)));
    let mut choices = vec![Choice::new("", &format!("As all sources: every {}", minutes_in_words(default_minutes)))];
    choices.extend(usual.iter().map(|(minutes, words)| Choice::new(&minutes.to_string(), &format!("Every {words}"))));
    choices.push(Choice::new("0", "Only by webhook and on demand"));
    if let Some(own) = every.filter(|own| *own > 0 && !usual.iter().any(|(minutes, _)| minutes == own)) {
        choices.push(Choice::new(&own.to_string(), &format!("Every {}", minutes_in_words(own))));
    }
    let value = every.map(|every| every.to_string()).unwrap_or_default();
    let change = if may {
        view! {
            <ActionForm action=schedule attr:class="no-print mt-4 flex max-w-md flex-wrap items-end gap-3">
                <input type="hidden" name="id" value=id/>
                <div class="min-w-56 flex-1">
                    <SelectField name="minutes" label="How often" choices value required=true problem=Signal::derive(problem)/>
                </div>
                <Button submit=true pending=schedule.pending()>"Change"</Button>
            </ActionForm>
        }
        .into_any()
    } else {
        let chosen = choices.into_iter().find(|choice| choice.value == value).map(|choice| choice.label);
        view! { <p class="mt-4 text-table text-muted">{chosen}</p> }.into_any()
    };
    view! {
        <Panel title="Last syncs">
            {drawn}
            {change}
        </Panel>
    }
}

fn minutes_in_words(minutes: u32) -> String {
    match minutes {
        1 => "minute".to_owned(),
        60 => "hour".to_owned(),
        1_440 => "day".to_owned(),
        _ if minutes.is_multiple_of(1_440) => format!("{} days", minutes / 1_440),
        _ if minutes.is_multiple_of(60) => format!("{} hours", minutes / 60),
        _ => format!("{minutes} minutes"),
    }
}

/// Taking the source away, with what goes with it.
#[component]
fn Removal(id: String, entities: u32, target: String, orphan_days: u32) -> impl IntoView {
    let remove = ServerAction::<RemoveSource>::new();
    let problem = move || remove.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error/> });
    let things = many(entities, "thing", "things");
    let grace = (orphan_days > 0).then(|| {
        let days = many(orphan_days, "day", "days");
        let words = format!("The {things} that `{target}` declares become orphans: they stay for {days}, can be kept, and are found again if it is registered again. Or remove them with it, now.");
        view! { <p class="mt-3 max-w-prose break-words">{words}</p> }
    });
    let (first, second) = (id.clone(), id);
    let all = format!("Remove the source and {things}");
    let at_once = (orphan_days == 0).then(|| {
        view! { <p class="mt-3 max-w-prose break-words">{format!("Removing `{target}` takes {things} out of the catalog.")}</p> }
    });
    view! {
        <details class="surface no-print px-4 py-3 text-table">
            <summary class="text-muted hover:text-base-content">"Remove this source…"</summary>
            {grace}
            {at_once}
            <p class="mt-1 max-w-prose">"Their history stays. Nothing is changed at the source itself."</p>
            <div class="mt-3 flex flex-wrap gap-2">
                {(orphan_days > 0).then(|| view! {
                    <ActionForm action=remove>
                        <input type="hidden" name="id" value=first/>
                        <input type="hidden" name="deed" value="keep"/>
                        <Button submit=true glyph=Glyph::Trash pending=remove.pending()>"Remove the source"</Button>
                    </ActionForm>
                })}
                <ActionForm action=remove>
                    <input type="hidden" name="id" value=second/>
                    <input type="hidden" name="deed" value="remove"/>
                    <Button submit=true kind=ButtonKind::Danger glyph=Glyph::Trash pending=remove.pending()>{all}</Button>
                </ActionForm>
            </div>
            {problem}
        </details>
    }
}
