//! What was pushed to of late: asked for whatever the list says, and told of where it is not read.

use std::{collections::BTreeSet, fmt::Write as _};

use chrono::{DateTime, TimeDelta, Utc};
use domain::catalog::Severity;
use futures::{StreamExt, stream};
use services::catalog::{
    organisation::Organisation,
    ports::{Moved, Pushed, Remark},
};

use super::{
    AT_ONCE,
    api::{Forge, Repository},
    client::{Client, Trouble},
};

/// How soon what did not answer is asked again, and for how long after the push.
const SOON: TimeDelta = TimeDelta::seconds(30);
const PASSING: TimeDelta = TimeDelta::minutes(10);

/// Where that is told in the trace.
pub(super) const TOLD: &str = "@pushed";

/// How many repositories that no list shows are asked for at once, those first that were pushed to last.
const UNLISTED: usize = 20;

/// How many repositories are asked for by themselves; beyond that the list costs less.
const ALONE: usize = 50;

/// How deep a repository may stand below its organisation, as GitLab has it.
const DEEPEST: usize = 20;

/// How many repositories that are not read are named.
const NAMED: usize = 20;

/// What was pushed to.
pub(super) struct Alone {
    /// As they are now.
    pub(super) repositories: Vec<Repository>,
    /// How many were not asked for, and until when that has to wait.
    pub(super) waiting: Option<(usize, DateTime<Utc>)>,
}

/// The repositories that moved, and those of the files; nothing where the organisation must be listed to know what became of them: one
/// that is new, gone or renamed shows in its list alone.
pub(super) async fn alone(
    (forge, client): (Forge, &Client),
    organisation: &Organisation,
    moved: &Moved,
) -> Option<Alone> {
    let possible: BTreeSet<Vec<String>> = moved.files.iter().map(|path| holders(forge, organisation, path)).collect();
    let possible: Vec<Vec<String>> = moved.repositories.iter().map(|name| vec![name.clone()]).chain(possible).collect();
    if possible.len() > ALONE {
        return None;
    }
    let asked = stream::iter(possible).map(|names| async move {
        let mut answer = (String::new(), Err(Trouble::Missing));
        for name in names {
            let found = forge.repository(client, organisation, &name).await;
            answer = (name, found);
            if !matches!(answer.1, Err(Trouble::Missing)) {
                break;
            }
        }
        answer
    });
    let asked: Vec<(String, Result<Repository, Trouble>)> = asked.buffered(AT_ONCE).collect().await;
    let mut alone = Alone { repositories: Vec::with_capacity(asked.len()), waiting: None };
    let mut known = BTreeSet::new();
    for (name, found) in asked {
        match found {
            Ok(found) if found.name == name && client.memory.seen(&found.api).is_some() => {
                if known.insert(name) {
                    alone.repositories.push(found);
                }
            }
            Err(Trouble::Paused(until)) => alone.waiting.get_or_insert((0, until)).0 += 1,
            _ => return None,
        }
    }
    Some(alone)
}

/// What the repository of a file may be called: groups of GitLab stand in groups, and only one of these names is a repository's.
fn holders(forge: Forge, organisation: &Organisation, path: &str) -> Vec<String> {
    let ends = path.match_indices('/').map(|(end, _)| &path[..end]);
    let below = ends.take(if forge == Forge::GitLab { DEEPEST } else { 1 });
    below.map(|below| format!("{}/{below}", organisation.name).to_lowercase()).collect()
}

/// Why nobody knows what was pushed, though they may later.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outage {
    /// The server wants no requests before then.
    Until(DateTime<Utc>),
    /// It did not answer, or badly.
    Now,
}

/// When what was pushed to lately and was not read is to be asked for again: once the server wants to be asked, or soon where it did not
/// answer, as long as that may pass by itself.
pub(super) fn again_at(outages: &[(DateTime<Utc>, Outage)], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let again = outages.iter().filter_map(|(pushed_at, outage)| match outage {
        Outage::Until(until) => Some(*until + TimeDelta::seconds(1)),
        Outage::Now => (now - pushed_at < PASSING).then_some(now + SOON),
    });
    again.max()
}

/// Adds to the list what was pushed to and it does not show yet; gives what could not be found, in words.
pub(super) async fn look_up(
    (forge, client): (Forge, &Client),
    organisation: &Organisation,
    pushed: &Pushed,
    listed: &mut Vec<Repository>,
) -> Vec<String> {
    let is_listed = |name: &str| listed.iter().any(|repository| repository.name == name);
    let mut unlisted: Vec<(&String, &DateTime<Utc>)> = pushed.iter().filter(|(name, _)| !is_listed(name)).collect();
    unlisted.sort_by(|(name, at), (other, other_at)| other_at.cmp(at).then_with(|| name.cmp(other)));
    let mut told = Vec::new();
    for (name, at) in unlisted.into_iter().take(UNLISTED) {
        let found = if client.was_missing(&forge.about(name), *at) {
            Err(Trouble::Missing)
        } else {
            forge.repository(client, organisation, name).await
        };
        match found {
            // It may be there by another name, which it was given since.
            Ok(found) if listed.iter().any(|repository| repository.name == found.name) => {}
            Ok(found) => listed.push(found),
            Err(Trouble::Missing) => {
                told.push(format!("`{name}` is not in this organisation, or the credential may not read it"));
            }
            Err(trouble) => told.push(trouble.told(&format!("`{name}`"))),
        }
    }
    told
}

/// Why a repository is left out; `None` for one that is read.
pub(super) fn why_left_out(repository: &Repository, organisation: &Organisation) -> Option<&'static str> {
    if repository.is_archived && !organisation.archived {
        Some("is archived")
    } else if repository.is_fork && !organisation.forks {
        Some("is a fork")
    } else if repository.is_empty {
        Some("is empty or switched off")
    } else if !organisation.wants_name(&repository.id) {
        Some("is none of the repositories that are named")
    } else if !organisation.wants(&repository.id, &repository.topics) {
        Some("has none of the topics that are asked for")
    } else {
        None
    }
}

/// Says of what was pushed to that it is not read.
pub(super) fn remark(mut told: Vec<String>) -> Option<Remark> {
    if told.is_empty() {
        return None;
    }
    told.sort();
    let more = told.len().saturating_sub(NAMED);
    told.truncate(NAMED);
    let mut message = format!("of what was pushed to lately, this is not read: {}", told.join("; "));
    if more > 0 {
        let _ = write!(message, "; and {more} more");
    }
    Some(Remark { about: TOLD.to_owned(), severity: Severity::Info, message, keeps: Vec::new() })
}
