//! Policies that are files: what the settings' folder held when it was last read and found good.
//!
//! The server reads the folder ([`take_folder`]) and says what is wrong with it ([`refuse_folder`]); what held goes on to hold until
//! all of it is good. What came by a file is told in `changes` as an edit is, once, whichever replica reads it first.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use domain::{
    changes::{Change, ChangeKind},
    identity::{Caller, Permission, RoleName, Target},
};
use serde_json::{Value, json};

use super::{
    policies::{self, Saved, shipped, subject},
    store, trial,
};
use crate::{Error, Result, Services, changes, changes::NewChange, identity};

/// Where a change came from that a file brought.
const FOLDER: &str = "folder";

/// A folder of policies, as it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyFolder {
    /// Name, policies, example cases; by name.
    pub documents: Vec<(String, String, String)>,
    /// The commit that is checked out there, where it is a work tree of Git.
    pub revision: Option<String>,
    /// When it was read.
    pub read_at: DateTime<Utc>,
    /// Why what stands there by now does not hold: a line for each thing that is wrong. Nothing where it does.
    pub problems: Vec<String>,
}

/// What holds of the settings' folder.
pub fn folder(services: &Services) -> Arc<PolicyFolder> {
    services.permission.folder()
}

/// Has the documents of a folder hold, which were tried ([`super::try_policies`]), and tells of those that are others.
pub async fn take_folder(services: &Services, caller: &Caller, folder: PolicyFolder) -> Result<()> {
    services.permission.hold(folder);
    tell(services, caller).await
}

/// Notes that what stands in the folder by now is not good: what held before goes on to hold.
pub fn refuse_folder(services: &Services, problems: Vec<String>) {
    let held = services.permission.folder();
    services.permission.hold(PolicyFolder { problems, ..(*held).clone() });
}

/// Tells in `changes` which files brought other policies than were told of last.
async fn tell(services: &Services, caller: &Caller) -> Result<()> {
    let held = services.permission.folder();
    let mut tx = services.begin(caller).await?;
    // Two replicas read the same files: the second finds told what it would tell.
    store::lock_files(&*tx, &caller.tenant).await?;
    let last: BTreeMap<String, Change> = changes::last_of_each(&*tx, &caller.tenant, &subject(""))
        .await?
        .into_iter()
        .map(|change| (change.subject.clone(), change))
        .collect();
    for (name, text, cases) in &held.documents {
        let last = last.get(&subject(name));
        let stood = last.and_then(|change| change.after.clone()).map(plain);
        let state = json!({ "text": text, "cases": cases });
        let was_file = last.is_some_and(|change| change.source == FOLDER);
        if stood.as_ref() == Some(&state) && was_file {
            continue;
        }
        let before = stood.or_else(|| shipped(name));
        tx.record(change(name, ChangeKind::PolicySaved, before, Some(with_revision(state, held.revision.as_deref()))));
    }
    for (subject, last) in last {
        let Some(name) = subject.strip_prefix("policy:") else { continue };
        if last.source != FOLDER || last.after.is_none() || held.documents.iter().any(|(known, ..)| known == name) {
            continue;
        }
        // What stood below the file holds again.
        let edited = store::policy(&*tx, &caller.tenant, name).await?;
        let after = edited.map(|row| json!({ "text": row.text, "cases": row.cases })).or_else(|| shipped(name));
        let kind = if after.is_some() { ChangeKind::PolicySaved } else { ChangeKind::PolicyReset };
        tx.record(NewChange { source: String::new(), ..change(name, kind, last.after.map(plain), after) });
    }
    tx.commit().await?;
    services.permission.forget(&caller.tenant);
    Ok(())
}

fn change(name: &str, kind: ChangeKind, before: Option<Value>, after: Option<Value>) -> NewChange {
    NewChange { source: FOLDER.to_owned(), subject: subject(name), kind, before, after }
}

fn with_revision(mut state: Value, revision: Option<&str>) -> Value {
    if let Some(revision) = revision {
        state["revision"] = revision.into();
    }
    state
}

/// A state without the commit that it came with.
fn plain(mut state: Value) -> Value {
    if let Some(state) = state.as_object_mut() {
        state.remove("revision");
    }
    state
}

/// Tries a folder of documents in place of the one that holds: what is wrong, each with its document, and who would gain or lose
/// what.
pub async fn preview_folder(
    services: &Services,
    caller: &Caller,
    documents: Vec<(RoleName, String, String)>,
) -> Result<Saved> {
    identity::may(services, caller, Permission::ManagePolicies, Target::Platform).await?;
    let mut known = BTreeMap::new();
    for (name, text, cases) in documents {
        if known.insert(name.to_string(), (text, cases)).is_some() {
            return Err(Error::Rejected(format!("there are two documents `{name}`; send one")));
        }
    }
    let documents: Vec<(String, String, String)> =
        known.iter().map(|(name, (text, cases))| (name.clone(), text.clone(), cases.clone())).collect();
    let trial = trial::try_policies(&documents);
    if !trial.faults.is_empty() {
        let problems = trial.faults.into_iter().map(|fault| {
            let at = fault.document.map(|name| format!("in `{name}`: ")).unwrap_or_default();
            domain::identity::PolicyProblem { message: format!("{at}{}", fault.problem.message), ..fault.problem }
        });
        return Ok(Saved { problems: problems.collect(), ..Saved::default() });
    }
    policies::tried_all(services, caller, &documents).await
}
