//! Gathers what changed lately, in few lines.

use services::{
    Result, Services, catalog, changes,
    domain::{
        catalog::{EntityRef, Filter},
        changes::Change,
        runs::RunStatus,
    },
    home,
    identity::{Caller, Permission, Target},
    runs::{self, RunFilter},
};

use super::{count, entity::found, may_not, team};
use crate::{
    catalog::views::{Found, is_troubled},
    home::functions::{Happened, HomeView, Since},
};

/// How many things that someone looked at or starred are shown.
const OWN: usize = 8;

/// How many runs that wait for someone's approval are shown.
const TO_APPROVE: usize = 10;

/// How many changes are looked through.
const WINDOW: u64 = 600;
/// How many lines are told.
const LINES: usize = 10;

/// The first page.
pub(crate) async fn view(services: &Services, caller: &Caller) -> Result<HomeView> {
    let kinds = catalog::facets(services, caller, &Filter::everything(), None, &["kind".to_owned()]).await?.pop();
    let sources = catalog::sources(services, caller).await?;
    let filter = RunFilter { status: vec![RunStatus::Failed], limit: 5, ..RunFilter::default() };
    let (failed, _) = runs::list(services, caller, &filter).await?;
    let to_approve = runs::awaiting(services, caller).await?.into_iter().filter(|(_, may_decide)| *may_decide);
    let to_approve = to_approve.map(|(run, _)| run).take(TO_APPROVE).collect();
    let me = home::me(services, caller).await?;
    let mut owners = catalog::teams_below(services, caller, &me.teams).await?;
    owners.extend(me.user.clone());
    let (mine, owned) = if owners.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        (team::kinds(services, caller, &owners).await?, team::owned(services, caller, &owners).await?)
    };
    let own_name = match &me.user {
        Some(user) => named(services, caller, std::slice::from_ref(user)).await?.pop().map(|found| found.title),
        None => None,
    };
    let own_name = own_name.or_else(|| me.user.as_ref().map(EntityRef::short)).unwrap_or_default();
    let (since, happened) = lately(services, caller).await?;
    let may_not = match sources.len() {
        0 => may_not("load the example organisation", Permission::ManageSources, Target::Platform).await?,
        _ => String::new(),
    };
    Ok(HomeView {
        may_not,
        total: catalog::total(services, caller).await?,
        kinds: kinds.map(|facet| facet.values).unwrap_or_default(),
        sources: count(sources.len()),
        troubled: sources.into_iter().filter(is_troubled).collect(),
        failed,
        to_approve,
        mine,
        owned,
        recent: named(services, caller, &home::recent(services, caller, OWN).await?).await?,
        starred: named(services, caller, &home::stars(services, caller).await?).await?,
        me,
        own_name,
        since,
        happened,
    })
}

/// What these are called, without those that have left.
async fn named(services: &Services, caller: &Caller, references: &[EntityRef]) -> Result<Vec<Found>> {
    let entities = catalog::entities(services, caller, &references[..references.len().min(OWN)]).await?;
    Ok(entities.iter().flatten().map(found).collect())
}

/// What changed since the caller was here, newest first, or lately where that is not known or nothing did; what happened to
/// several things at once is one line.
async fn lately(services: &Services, caller: &Caller) -> Result<(Option<Since>, Vec<Happened>)> {
    let visit = home::arrive(services, caller).await?;
    let last = changes::last(services, caller).await?;
    let window = last.saturating_sub(i64::try_from(WINDOW).unwrap_or(i64::MAX)).max(0);
    let mut news: Vec<Change> = changes::read(services, caller, window, WINDOW).await?;
    news.retain(is_news);
    let since = visit.map(|visit| {
        let new = news.iter().filter(|change| change.seq > visit.seq).count();
        if new > 0 {
            news.retain(|change| change.seq > visit.seq);
        }
        Since { at: visit.at.timestamp_millis(), count: count(new), is_cut: visit.seq < window }
    });
    Ok((since, gathered(news)))
}

/// Whether something is another than before, for others than the one who did it: not what someone keeps for themselves, nor that
/// something was asked for, nor a sync that brought nothing.
fn is_news(change: &Change) -> bool {
    let brought =
        |key: &str| change.after.as_ref().and_then(|after| after.get(key)?.as_u64()).is_some_and(|number| number > 0);
    match change.kind.as_str() {
        // That something happened to what is not theirs to see is no news to anyone.
        "source-asked" | "source-leaving" | changes::HIDDEN => false,
        "source-synced" => {
            let has_problem =
                change.after.as_ref().is_some_and(|after| after.get("problem").is_some_and(|it| !it.is_null()));
            has_problem || ["created", "updated", "renamed", "orphaned", "removed"].into_iter().any(brought)
        }
        kind => !kind.starts_with("view-"),
    }
}

fn gathered(changes: Vec<Change>) -> Vec<Happened> {
    let mut lines: Vec<Happened> = Vec::new();
    let mut counts: Vec<usize> = Vec::new();
    for change in changes.into_iter().rev() {
        let at = change.at.timestamp_millis();
        // A batch commits its rows with one time.
        let same = lines.iter().position(|line| line.at == at && line.kind == change.kind);
        if let Some(same) = same {
            counts[same] += 1;
        } else if lines.len() < LINES {
            lines.push(Happened { kind: change.kind, subject: change.subject, count: 1, at, actor: change.actor });
            counts.push(1);
        }
    }
    for (line, number) in lines.iter_mut().zip(counts) {
        line.count = count(number);
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn change(kind: &str, after: Value) -> Change {
        let text = json!({ "seq": 1, "at": "2026-11-01T08:00:00Z", "actor": "ama", "source": "", "subject": "component:default/a", "kind": kind, "before": null, "after": after });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn news_is_what_is_another_than_before() {
        for (kind, after) in [
            ("entity-updated", json!({})),
            ("entity-removed", Value::Null),
            ("source-synced", json!({ "created": 0, "updated": 2, "problem": null })),
            ("source-synced", json!({ "created": 0, "problem": "it is gone" })),
        ] {
            assert!(is_news(&change(kind, after.clone())), "{kind} {after}");
        }
        for (kind, after) in [
            ("source-asked", json!({})),
            ("view-saved", json!({})),
            ("source-synced", json!({ "created": 0, "updated": 0, "problem": null })),
            ("source-synced", Value::Null),
        ] {
            assert!(!is_news(&change(kind, after.clone())), "{kind} {after}");
        }
    }
}
