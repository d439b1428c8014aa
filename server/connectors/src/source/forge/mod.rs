//! Organisations of GitHub, GitLab and Gitea: the catalog file of every repository, teams and members.
//!
//! The repositories are listed, those that moved since are asked for their file, and everything is remembered. One that cannot
//! be read hides no other; a list that ends too early takes nothing away.

mod api;
mod client;
mod files;
mod memory;
mod pace;
mod people;
mod pushed;
mod state;
#[cfg(test)]
mod tests;
mod tree;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use domain::catalog::{Severity, SourceKind};
use futures::{StreamExt, stream};
use services::catalog::{
    keys::{Held, Keys},
    organisation::Organisation,
    ports::{Moved, OpenSource, Pushed, ReadProblem, Remark},
};

use self::{
    api::{Forge, Repository},
    client::{Client, Listed, Trouble},
    files::{File, catalog_files},
    memory::Memory,
    pace::Pace,
    pushed::Outage,
    state::{Rest, State},
};
use super::address::Guard;

/// How many repositories, or files of one, are asked for at once, and how many requests are under way in all.
const AT_ONCE: usize = 8;

/// How long it is enough to ask for what was pushed.
const LISTS_HOLD: TimeDelta = TimeDelta::minutes(10);

/// Where the trace tells what was not asked for, since the server wants no more requests.
const WAITING: &str = "@waiting";

/// Opens organisations.
#[derive(Debug)]
pub(super) struct Forges {
    cache: PathBuf,
    guard: Guard,
    /// By server and credential.
    paces: Mutex<HashMap<String, Arc<Pace>>>,
    /// By what is read of an organisation, and credential.
    memories: Mutex<HashMap<PathBuf, Arc<Memory>>>,
}

/// What came of asking one repository.
struct Asked {
    repository: usize,
    /// Its catalog files, or why nobody knows.
    files: Result<Vec<File>, Trouble>,
}

impl Asked {
    /// Why it is not known as a whole, where that may pass.
    fn outage(&self) -> Option<Outage> {
        match &self.files {
            Err(Trouble::Paused(until)) => Some(Outage::Until(*until)),
            Err(Trouble::Failed(_)) => Some(Outage::Now),
            Err(Trouble::Missing | Trouble::Denied(_)) => None,
            Ok(files) => {
                let is_unread = |(_, content): &File| matches!(content, Err(ReadProblem::Unreachable(_)));
                files.iter().any(is_unread).then_some(Outage::Now)
            }
        }
    }
}

impl Forges {
    pub(super) fn new(cache: PathBuf, guard: Guard) -> Self {
        Self { cache, guard, paces: Mutex::default(), memories: Mutex::default() }
    }

    /// Opens the organisation that a target means.
    pub(super) async fn open(
        &self,
        kind: SourceKind,
        target: &str,
        keys: &Keys,
        pushed: &Pushed,
    ) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.open_in(kind, target, keys, (pushed, None)).await
    }

    /// The same with nothing asked for but what moved, where that can be told apart.
    pub(super) async fn open_pushed(
        &self,
        kind: SourceKind,
        target: &str,
        keys: &Keys,
        (pushed, moved): (&Pushed, &Moved),
    ) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.open_in(kind, target, keys, (pushed, Some(moved))).await
    }

    async fn open_in(
        &self,
        kind: SourceKind,
        target: &str,
        keys: &Keys,
        (pushed, moved): (&Pushed, Option<&Moved>),
    ) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        let organisation = Organisation::parse(kind, target).map_err(ReadProblem::Refused)?;
        let Some(forge) = Forge::of(kind) else {
            return Err(ReadProblem::Refused(format!("`{target}` is no organisation")));
        };
        let held = keys.find(&organisation.web).await?;
        let granted = held.grants();
        let client = Arc::new(self.client(forge, &organisation, held).await?);
        let now = Utc::now();
        let alone = match moved {
            Some(moved) => pushed::alone((forge, &client), &organisation, moved).await,
            None => None,
        };
        let is_all = alone.is_none();
        let (mut listed, waiting) = match alone {
            Some(alone) => (Listed { items: alone.repositories, cut: None }, alone.waiting),
            None => (forge.repositories(&client, &organisation).await, None),
        };
        if let (true, Some(trouble)) = (listed.items.is_empty(), &listed.cut) {
            return Err(client.problem(organisation.web.as_str(), trouble));
        }
        let mut remarks = Vec::new();
        if let Some(trouble) = &listed.cut {
            remarks.push(cut_short("@list", &trouble.told("the rest of the list"), ""));
        }
        for repository in listed.items.iter_mut().filter(|repository| pushed.contains_key(&repository.name)) {
            // The list does not show the first push yet.
            repository.is_empty = false;
        }
        let mut unread = Vec::new();
        if is_all {
            unread = pushed::look_up((forge, &client), &organisation, pushed, &mut listed.items).await;
        }
        let all = listed.items.len();
        let names: HashSet<String> = listed.items.iter().map(|repository| repository.api.clone()).collect();
        let folders = listed.items.iter().map(|repository| format!("{}/", repository.id));
        let part = (!is_all).then(|| folders.chain([pushed::TOLD, WAITING].map(str::to_owned)).collect());
        let mut wanted: Vec<Repository> = Vec::with_capacity(all);
        for repository in listed.items {
            match pushed::why_left_out(&repository, &organisation) {
                None => {
                    let pushed_at = pushed.get(&repository.name).copied();
                    wanted.push(Repository { settles_at: repository.settles_at.max(pushed_at), ..repository });
                }
                Some(why) if pushed.contains_key(&repository.name) => {
                    unread.push(format!("`{}` {why}", repository.name));
                }
                Some(_) => {}
            }
        }
        remarks.extend(pushed::remark(unread));
        let (asking, about) = (&client, &organisation);
        let asked = stream::iter(wanted.clone().into_iter().enumerate())
            .map(|(number, repository)| async move {
                Asked { repository: number, files: catalog_files(forge, asking, about, &repository).await }
            })
            .buffer_unordered(AT_ONCE);
        let asked: Vec<Asked> = asked.collect().await;
        let outages =
            asked.iter().filter_map(|asked| Some((*pushed.get(&wanted[asked.repository].name)?, asked.outage()?)));
        let outages: Vec<_> = outages.chain(waiting.map(|(_, until)| (now, Outage::Until(until)))).collect();
        let again_at = pushed::again_at(&outages, now);
        let has_failed = outages.iter().any(|(_, outage)| matches!(outage, Outage::Now));
        let (files, with_file) = sorted(&wanted, asked, (&organisation, waiting), &mut remarks);
        let mut people = BTreeMap::new();
        if organisation.people && is_all {
            let found = forge.people(&client, &organisation).await;
            if let Some(trouble) = &found.cut {
                let why = trouble.told("a part of the teams and members");
                remarks.push(cut_short("@teams", &why, people::TEAMS));
                remarks.push(cut_short("@members", &why, people::MEMBERS));
            }
            people = people::documents(found);
        }
        if is_all {
            let left_out = all - wanted.len();
            remarks.push(Remark {
                about: "@repositories".to_owned(),
                severity: Severity::Info,
                message: format!(
                    "{all} repositories, {with_file} with `{}`, {left_out} left out as archived, forks, empty or not asked for",
                    organisation.file
                ),
                keeps: Vec::new(),
            });
        }
        let is_whole = is_all && listed.cut.is_none();
        if is_whole {
            client.memory.list(now);
        }
        // What did not answer may do so at once.
        let is_old = client.memory.listed_at().is_none_or(|at| now - at >= LISTS_HOLD);
        let rest = Rest { is_behind: !is_all && (is_old || has_failed), again_at };
        let memory = client.memory.clone();
        let saved = tokio::task::spawn_blocking(move || memory.save(is_whole.then_some(&names))).await;
        if let Ok(Err(error)) = saved {
            tracing::warn!(%error, "what was read of an organisation cannot be kept on disk, so it is read again after a restart");
        }
        Ok(Arc::new(State::new(forge, client, granted, wanted, (files, people), (remarks, part, rest))))
    }

    async fn client(&self, forge: Forge, organisation: &Organisation, held: Held) -> Result<Client, ReadProblem> {
        let api = forge.api(&organisation.web);
        // Who may read less must not be given what another was told.
        let who = if let Held::Key(key) = &held { key.name.as_str() } else { "" };
        let whose = format!("{api} {who}");
        let pace = self.paces.lock().unwrap_or_else(PoisonError::into_inner).entry(whose).or_default().clone();
        let path =
            self.cache.join(format!("{}.json", super::git::name(&format!("{who} {api} {}", organisation.target()))));
        let known = self.memories.lock().unwrap_or_else(PoisonError::into_inner).get(&path).cloned();
        let memory = if let Some(memory) = known {
            memory
        } else {
            let at = path.clone();
            let opened = tokio::task::spawn_blocking(move || Memory::open(at)).await;
            let opened =
                opened.map_err(|error| ReadProblem::Unreachable(format!("reading the disk failed: {error}")))?;
            let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
            memories.entry(path).or_insert_with(|| Arc::new(opened)).clone()
        };
        Client::new(&self.guard, api, held, pace, memory).await
    }
}

/// What was found, by path in the source, and in how many repositories; what nobody knows is told of.
fn sorted(
    wanted: &[Repository],
    asked: Vec<Asked>,
    (organisation, waiting): (&Organisation, Option<(usize, DateTime<Utc>)>),
    remarks: &mut Vec<Remark>,
) -> (BTreeMap<String, Result<Bytes, ReadProblem>>, usize) {
    let mut files = BTreeMap::new();
    let mut with_file = 0;
    let wait = |until: DateTime<Utc>| {
        let what = format!("`{}` in some repositories", organisation.file);
        Remark { keeps: Vec::new(), ..cut_short(WAITING, &Trouble::Paused(until).told(&what), "") }
    };
    // Those that were not even looked up have no folder that is known here.
    let (unknown, mut waiting) = (waiting.map_or(0, |(number, _)| number), waiting.map(|(_, until)| wait(until)));
    for Asked { repository, files: found } in asked {
        let Repository { id, web, .. } = &wanted[repository];
        match found {
            Ok(found) => {
                with_file += usize::from(!found.is_empty());
                files.extend(found.into_iter().map(|(path, content)| (format!("{id}/{path}"), content)));
            }
            // A long list of repositories that wait says no more than their number.
            Err(Trouble::Paused(until)) => {
                waiting.get_or_insert_with(|| wait(until)).keeps.push(format!("{id}/"));
            }
            Err(trouble) => {
                remarks.push(cut_short(
                    &format!("{id}/{}", organisation.file),
                    &trouble.told(&format!("`{web}`")),
                    &format!("{id}/"),
                ));
            }
        }
    }
    if let Some(mut remark) = waiting {
        let wait = match remark.keeps.len() + unknown {
            1 => "1 repository waits".to_owned(),
            number => format!("{number} repositories wait"),
        };
        remark.message = format!("{wait}: {}", remark.message);
        remarks.push(remark);
    }
    (files, with_file)
}

/// A part that could not be listed: what it declared before stands.
fn cut_short(about: &str, why: &str, keeps: &str) -> Remark {
    Remark {
        about: about.to_owned(),
        severity: Severity::Warning,
        message: format!("{why}; what was declared there before stands"),
        keeps: vec![keeps.to_owned()],
    }
}
