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
    let from = visit.as_ref().map_or(window, |visit| visit.seq.max(window));
    let changes = changes::read(services, caller, if from == last { window } else { from }, WINDOW).await?;
    let since = visit.map(|visit| Since {
        at: visit.at.timestamp_millis(),
        count: u32::try_from(last - visit.seq).unwrap_or(0),
        is_cut: visit.seq < window,
    });
    Ok((since, gathered(changes)))
}

fn gathered(changes: Vec<Change>) -> Vec<Happened> {
    let mut lines: Vec<Happened> = Vec::new();
    let mut counts: Vec<usize> = Vec::new();
    // What someone keeps for themselves is no news to others.
    for change in changes.into_iter().rev().filter(|change| !change.kind.starts_with("view-")) {
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
