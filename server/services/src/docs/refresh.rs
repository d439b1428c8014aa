//! Keeping a site in line with its source, without letting a slow source keep readers waiting.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    catalog::{EntityRef, SourceKind},
    changes::ChangeKind,
    identity::Caller,
};
use serde_json::json;
use tokio::time::timeout;

use super::{
    FileKind, Site,
    gather::{self, Gathered},
    place::Declared,
    rows::{file, site},
    store,
};
use crate::{
    Error, Result, Services,
    catalog::{self, ports::ReadProblem},
    changes::NewChange,
};

/// How long a site is taken as it is before its source is asked again; files on this disk are asked sooner.
const FRESH: (TimeDelta, TimeDelta) = (TimeDelta::minutes(5), TimeDelta::seconds(5));

/// How long a reader waits for a source: when there is something to show already, and when there is not.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(25));

/// The site of `owner`, read again if its source moved.
pub(super) async fn current(
    services: &Services,
    caller: &Caller,
    owner: EntityRef,
    declared: &Declared,
) -> Result<Site> {
    let (tenant, reference) = (&caller.tenant, owner.to_string());
    let source = match declared.source {
        Some(id) => catalog::source_of(services, tenant, id).await?,
        None => None,
    };
    let place = format!("{} in {}", declared.target, source.as_ref().map_or("", |source| source.target.as_str()));
    let is_on_disk =
        source.as_ref().is_some_and(|source| source.kind == SourceKind::File) && !declared.target.contains("://");
    let synced = source.and_then(|source| source.synced_at);
    let is_fresh = |row: &site::Model| {
        let most = if is_on_disk { FRESH.1 } else { FRESH.0 };
        row.place == place && Utc::now() - row.checked_at < most && synced.is_none_or(|synced| synced <= row.checked_at)
    };
    let turn = services.docs.of(tenant.as_str(), &reference);
    let mut kept = store::site(&services.db, tenant, &reference).await?;
    if !kept.as_ref().is_some_and(is_fresh) {
        let _turn = turn.lock().await;
        // Whoever was faster may have read it.
        kept = store::site(&services.db, tenant, &reference).await?;
        if !kept.as_ref().is_some_and(is_fresh) {
            let usable = kept.filter(|row| row.place == place);
            kept = Some(read(services, caller, &owner, declared, place, usable).await?);
        }
    }
    let kept = kept.ok_or_else(|| Error::NotFound(format!("`{owner}` has no docs")))?;
    assembled(services, caller, owner, kept).await
}

/// Asks the source; what is kept stands if it does not answer.
async fn read(
    services: &Services,
    caller: &Caller,
    owner: &EntityRef,
    declared: &Declared,
    place: String,
    kept: Option<site::Model>,
) -> Result<site::Model> {
    let patience = if kept.is_some() { PATIENCE.0 } else { PATIENCE.1 };
    let asked = async {
        let opened = catalog::beside(services, caller, owner, &declared.target).await?;
        let revision = opened.source.revision();
        if revision.is_some() && kept.as_ref().is_some_and(|row| row.revision == revision) {
            return Ok(None);
        }
        let found = gather::gather(&*opened.source, &opened.root).await;
        Ok(Some((found.map_err(|problem| told(&declared.target, problem))?, revision)))
    };
    let asked = timeout(patience, asked).await.unwrap_or_else(|_| {
        Err(Error::Unavailable {
            system: declared.target.clone(),
            why: format!("not read within {} seconds", patience.as_secs()),
        })
    });
    let now = Utc::now();
    let reference = owner.to_string();
    match (asked, kept) {
        (Ok(None), Some(row)) => {
            store::touch(&services.db, &caller.tenant, &reference, now, None).await?;
            Ok(site::Model { checked_at: now, problem: None, ..row })
        }
        (Ok(Some((found, revision))), kept) => save(services, caller, owner, found, revision, place, kept).await,
        (Ok(None), None) => Err(Error::Internal("docs that were never read did not move".into())),
        (Err(error @ (Error::Denied(_) | Error::Internal(_))), _) | (Err(error), None) => Err(error),
        (Err(error), Some(row)) => {
            let problem = Some(error.to_string());
            store::touch(&services.db, &caller.tenant, &reference, now, problem.clone()).await?;
            Ok(site::Model { checked_at: now, problem, ..row })
        }
    }
}

pub(super) fn told(target: &str, problem: ReadProblem) -> Error {
    match problem {
        ReadProblem::Missing(why) => Error::NotFound(why),
        ReadProblem::Refused(why) => Error::Rejected(why),
        ReadProblem::Unreachable(why) => Error::Unavailable { system: target.to_owned(), why },
    }
}

/// Writes what is another than before, and tells of it.
async fn save(
    services: &Services,
    caller: &Caller,
    owner: &EntityRef,
    found: Gathered,
    revision: Option<String>,
    place: String,
    kept: Option<site::Model>,
) -> Result<site::Model> {
    let (tenant, reference, now) = (&caller.tenant, owner.to_string(), Utc::now());
    let hash = gather::hash(&found);
    let is_same = kept.as_ref().is_some_and(|row| row.hash == hash);
    let changed_at = kept.as_ref().filter(|_| is_same).map_or(now, |row| row.changed_at);
    let row = site::Model {
        tenant: tenant.to_string(),
        reference: reference.clone(),
        place,
        revision,
        name: found.name.clone(),
        home: found.home.clone(),
        nav: serde_json::to_value(&found.nav)?,
        remarks: serde_json::to_value(&found.remarks)?,
        hash,
        changed_at,
        checked_at: now,
        problem: None,
    };
    // A reader sets this off, but it is no reader's doing.
    let mut tx = services.begin(&Caller::system(tenant.clone(), "docs")).await?;
    if !is_same {
        let known = store::known(&*tx, tenant, &reference).await?;
        let (gone, new) = differences(&row, found, &known, now);
        store::replace(&*tx, tenant, &reference, &gone, new).await?;
        tx.record(NewChange {
            source: String::new(),
            subject: reference.clone(),
            kind: ChangeKind::DocsChanged,
            before: kept.map(|row| json!({ "revision": row.revision, "hash": row.hash })),
            after: Some(json!({ "revision": row.revision, "hash": row.hash })),
        });
    }
    store::put(&*tx, row.clone()).await?;
    store::tidy(&*tx, tenant).await?;
    tx.commit().await?;
    Ok(row)
}

fn differences(
    site: &site::Model,
    found: Gathered,
    known: &HashMap<String, (String, DateTime<Utc>)>,
    now: DateTime<Utc>,
) -> (Vec<String>, Vec<file::Model>) {
    let mut gone: Vec<String> = known.keys().filter(|path| !found.files.contains_key(*path)).cloned().collect();
    let mut new = Vec::new();
    for (path, file) in found.files {
        // The kind and the address are part of what a file is here.
        let about = format!("{} {:?}", file.kind, file.edit);
        let hash = gather::content_hash(&[about.as_bytes(), &file.content].concat());
        match known.get(&path) {
            Some((old, _)) if *old == hash => continue,
            Some(_) => gone.push(path.clone()),
            None => {}
        }
        new.push(file::Model {
            tenant: site.tenant.clone(),
            reference: site.reference.clone(),
            path,
            kind: file.kind,
            title: file.title,
            hash,
            edit: file.edit,
            content: file.content,
            changed_at: now,
        });
    }
    (gone, new)
}

async fn assembled(services: &Services, caller: &Caller, owner: EntityRef, row: site::Model) -> Result<Site> {
    let kinds = store::kinds(&services.db, &caller.tenant, &row.reference).await?;
    let files = kinds.into_iter().map(|(path, kind, edit)| {
        let kind = match kind.as_str() {
            "page" => FileKind::Page,
            "other" => FileKind::Other(edit),
            "same" => FileKind::Same(edit.unwrap_or_default()),
            _ => FileKind::Image(kind),
        };
        (path, kind)
    });
    Ok(Site {
        owner,
        name: row.name,
        home: row.home,
        nav: serde_json::from_value(row.nav)?,
        remarks: serde_json::from_value(row.remarks)?,
        revision: row.revision,
        changed_at: row.changed_at,
        problem: row.problem,
        files: files.collect(),
    })
}
