//! Policy documents: read, tried, saved, put back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    changes::{Change, ChangeKind},
    identity::{Caller, Permission, PolicyProblem, RoleName, Target, Tenant},
};
use serde_json::json;

use super::{MOST_DOCUMENTS, cases, doubts, language, questions, rules::Rules, shipped::SHIPPED, store};
use crate::{
    Error, Result, Services,
    catalog::Span,
    changes,
    changes::{NewChange, Transaction},
    identity,
};

/// How often an edit is tried anew because another document was edited at the same time.
const ATTEMPTS: u32 = 5;

/// Where a document comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyOrigin {
    /// It comes with Causeway.
    Shipped,
    /// It is a file of the settings' folder, and is changed there: the commit that was checked out, if it is known, and when it
    /// was read.
    Folder(Option<String>, DateTime<Utc>),
    /// It was edited in the portal: its version, when, by whom.
    Portal(i32, DateTime<Utc>, String),
}

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument {
    /// Its name.
    pub name: String,
    /// The policies.
    pub text: String,
    /// Example cases.
    pub cases: String,
    /// Where it comes from.
    pub origin: PolicyOrigin,
    /// Whether one of this name comes with Causeway.
    pub is_shipped: bool,
}

/// What a document that was tried or saved comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// What is wrong; nothing was saved if there is anything.
    pub problems: Vec<PolicyProblem>,
    /// How many example cases hold.
    pub cases: usize,
    /// Who would gain what, and who lose it.
    pub gains: Vec<(String, String)>,
    /// Who would lose what.
    pub losses: Vec<(String, String)>,
    /// Whom policies name without anybody being meant.
    pub doubts: Vec<String>,
}

/// Every document by name, as it holds.
async fn all(services: &Services, tenant: &Tenant) -> Result<BTreeMap<String, PolicyDocument>> {
    let folder = services.permission.folder();
    with_files(services, tenant, &folder.documents, &PolicyOrigin::Folder(folder.revision.clone(), folder.read_at))
        .await
}

/// Every document by name, as it would hold with these files.
async fn with_files(
    services: &Services,
    tenant: &Tenant,
    files: &[(String, String, String)],
    of_files: &PolicyOrigin,
) -> Result<BTreeMap<String, PolicyDocument>> {
    let document = |(name, text, cases): (&str, &str, &str), origin| PolicyDocument {
        name: name.to_owned(),
        text: text.to_owned(),
        cases: cases.to_owned(),
        origin,
        is_shipped: SHIPPED.iter().any(|(shipped, ..)| *shipped == name),
    };
    let mut all: BTreeMap<String, PolicyDocument> = BTreeMap::new();
    for shipped in SHIPPED {
        all.insert(shipped.0.to_owned(), document(shipped, PolicyOrigin::Shipped));
    }
    for row in store::policies(&services.db, tenant, MOST_DOCUMENTS).await? {
        let origin = PolicyOrigin::Portal(row.version, row.changed_at, row.changed_by.clone());
        all.insert(row.name.clone(), document((&row.name, &row.text, &row.cases), origin));
    }
    // Files are what was reviewed: they stand over what was edited.
    for (name, text, cases) in files {
        all.insert(name.clone(), document((name, text, cases), of_files.clone()));
    }
    Ok(all)
}

/// The policies of every document, by its name.
pub(super) async fn texts(services: &Services, tenant: &Tenant) -> Result<BTreeMap<String, String>> {
    Ok(all(services, tenant).await?.into_iter().map(|(name, document)| (name, document.text)).collect())
}

/// Every policy document, by name.
pub async fn policies(services: &Services, caller: &Caller) -> Result<Vec<PolicyDocument>> {
    identity::may(services, caller, Permission::ReadPolicies, Target::Platform).await?;
    Ok(all(services, &caller.tenant).await?.into_values().collect())
}

/// One policy document.
pub async fn policy(services: &Services, caller: &Caller, name: &str) -> Result<PolicyDocument> {
    identity::may(services, caller, Permission::ReadPolicies, Target::Policy(name)).await?;
    all(services, &caller.tenant).await?.remove(name).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Error {
    let name: String = name.chars().take(60).collect();
    Error::NotFound(format!("there are no policies `{name}`; those that hold are at /policies"))
}

pub(super) fn subject(name: &str) -> String {
    format!("policy:{name}")
}

/// The document of a name that comes with Causeway, as it is told of.
pub(super) fn shipped(name: &str) -> Option<serde_json::Value> {
    let (_, text, cases) = SHIPPED.iter().find(|(shipped, ..)| *shipped == name)?;
    Some(json!({ "text": text, "cases": cases }))
}

/// What was edited in a document, the latest first, at most `limit`.
pub async fn policy_history(services: &Services, caller: &Caller, name: &str, limit: u64) -> Result<Vec<Change>> {
    identity::may(services, caller, Permission::ReadPolicies, Target::Policy(name)).await?;
    changes::about_any(services, caller, &[subject(name)], Span::default(), limit).await
}

/// Whether a document of this name can be begun.
///
/// # Errors
/// [`Error::Conflict`] if there is one; [`Error::Rejected`] if there are as many as can be.
pub async fn begin_policy(services: &Services, caller: &Caller, name: &RoleName) -> Result<()> {
    identity::may(services, caller, Permission::ManagePolicies, Target::Policy(name.as_str())).await?;
    let known = all(services, &caller.tenant).await?;
    if known.contains_key(name.as_str()) {
        return Err(Error::Conflict(format!(
            "there are policies `{name}` already; open those, or choose another name"
        )));
    }
    is_room(known.len())
}

fn is_room(documents: usize) -> Result<()> {
    if documents as u64 >= MOST_DOCUMENTS {
        return Err(Error::Rejected(format!("{MOST_DOCUMENTS} documents hold, which is as many as can be")));
    }
    Ok(())
}

/// Tries a document without saving it: whether it can be read, whether all example cases hold with it, and who would gain or
/// lose what.
pub async fn preview(services: &Services, caller: &Caller, name: &RoleName, text: &str, cases: &str) -> Result<Saved> {
    identity::may(services, caller, Permission::ManagePolicies, Target::Policy(name.as_str())).await?;
    tried(services, caller, name.as_str(), Some(text), cases).await
}

/// What it would come to if what was edited went, and what comes with Causeway, if anything does, held again.
pub async fn preview_reset(services: &Services, caller: &Caller, name: &RoleName) -> Result<Saved> {
    identity::may(services, caller, Permission::ManagePolicies, Target::Policy(name.as_str())).await?;
    let (text, cases) = as_shipped(name.as_str());
    tried(services, caller, name.as_str(), text, cases).await
}

/// The text of a document that comes with Causeway, if this one does, and its example cases.
fn as_shipped(name: &str) -> (Option<&'static str>, &'static str) {
    let shipped = SHIPPED.iter().find(|(shipped, ..)| *shipped == name);
    shipped.map_or((None, ""), |(_, text, cases)| (Some(*text), *cases))
}

async fn tried(services: &Services, caller: &Caller, name: &str, text: Option<&str>, cases: &str) -> Result<Saved> {
    let broken = |problems| Ok(Saved { problems, ..Saved::default() });
    if let Some(Err(problems)) = text.map(|text| language::read(name, text)) {
        return broken(problems);
    }
    if cases.len() > language::LONGEST {
        return broken(vec![PolicyProblem::plain("the example cases are longer than the policies may be".to_owned())]);
    }
    let (mut texts, mut examples) = (BTreeMap::new(), BTreeMap::new());
    for (name, document) in all(services, &caller.tenant).await? {
        texts.insert(name.clone(), document.text);
        examples.insert(name, document.cases);
    }
    examples.insert(name.to_owned(), cases.to_owned());
    match text {
        Some(text) => texts.insert(name.to_owned(), text.to_owned()),
        None => texts.remove(name),
    };
    compare(services, caller, texts, examples, Some(name)).await
}

/// Tries these files in place of those that hold.
pub(super) async fn tried_all(
    services: &Services,
    caller: &Caller,
    files: &[(String, String, String)],
) -> Result<Saved> {
    let origin = PolicyOrigin::Folder(None, Utc::now());
    let (mut texts, mut examples) = (BTreeMap::new(), BTreeMap::new());
    for (name, document) in with_files(services, &caller.tenant, files, &origin).await? {
        texts.insert(name.clone(), document.text);
        examples.insert(name, document.cases);
    }
    compare(services, caller, texts, examples, None).await
}

/// Holds drafts against their examples, and against what holds; what is wrong in another document than `about` names it.
async fn compare(
    services: &Services,
    caller: &Caller,
    texts: BTreeMap<String, String>,
    examples: BTreeMap<String, String>,
    about: Option<&str>,
) -> Result<Saved> {
    let broken = |problems| Ok(Saved { problems, ..Saved::default() });
    let draft = match super::rules_of(services, &caller.tenant, texts).await {
        Ok(draft) => draft,
        Err(Error::Rejected(why)) => return broken(vec![PolicyProblem::plain(why)]),
        Err(error) => return Err(error),
    };
    let (held, problems) = all_hold(&draft, &examples, about);
    if !problems.is_empty() {
        return broken(problems);
    }
    let current = services.permission.rules(services, &caller.tenant).await?;
    let doubts = doubts::doubts(services, &caller.tenant, &draft).await?;
    let (gains, losses) = questions::difference(services, caller, current, draft).await?;
    Ok(Saved { problems: Vec::new(), cases: held, gains, losses, doubts })
}

/// Whether every example of every document holds with a draft.
fn all_hold(draft: &Rules, examples: &BTreeMap<String, String>, about: Option<&str>) -> (usize, Vec<PolicyProblem>) {
    let (mut held, mut problems) = (0, Vec::new());
    for (document, text) in examples {
        match cases::hold(draft, text) {
            Ok(count) => held += count,
            Err(found) => problems.extend(found.into_iter().map(|problem| {
                let at = if about == Some(document) { String::new() } else { format!("in `{document}`: ") };
                PolicyProblem { message: format!("{at}{}", problem.message), ..problem }
            })),
        }
    }
    (held, problems)
}

/// Saves a document, if it can be read and all example cases hold with it.
///
/// # Errors
/// [`Error::Conflict`] if it is a file of the settings' folder, or was changed meanwhile.
pub async fn save_policy(
    services: &Services,
    caller: &Caller,
    name: &RoleName,
    (text, cases): (&str, &str),
    based_on: Option<i32>,
) -> Result<Saved> {
    identity::may(services, caller, Permission::ManagePolicies, Target::Policy(name.as_str())).await?;
    let name = name.as_str();
    for _ in 0..ATTEMPTS {
        let known = all(services, &caller.tenant).await?;
        if known.get(name).is_some_and(|known| matches!(known.origin, PolicyOrigin::Folder(..))) {
            let why = format!("`{name}` is a file of the folder that causeway.toml names; change it there");
            return Err(Error::Conflict(why));
        }
        if !known.contains_key(name) {
            is_room(known.len())?;
        }
        let saved = tried(services, caller, name, Some(text), cases).await?;
        if !saved.problems.is_empty() {
            return Ok(saved);
        }
        let mut tx = services.begin(caller).await?;
        let row = alone(&tx, caller, name).await?;
        let version = row.map_or(0, |row| row.version);
        if based_on.is_some_and(|based_on| based_on != version) {
            let why = format!("`{name}` was changed meanwhile; look at it as it is now, and change that");
            return Err(Error::Conflict(why));
        }
        // The examples of all documents must hold with what stands by now.
        if all(services, &caller.tenant).await? != known {
            continue;
        }
        let row = store::policy::Model {
            tenant: caller.tenant.to_string(),
            name: name.to_owned(),
            text: text.to_owned(),
            cases: cases.to_owned(),
            version: version + 1,
            changed_at: Utc::now(),
            changed_by: caller.author().into_owned(),
        };
        store::put_policy(&*tx, row).await?;
        tx.record(NewChange {
            source: String::new(),
            subject: subject(name),
            kind: ChangeKind::PolicySaved,
            before: known.get(name).map(told),
            after: Some(json!({ "text": text, "cases": cases })),
        });
        tx.commit().await?;
        services.permission.forget(&caller.tenant);
        return Ok(saved);
    }
    Err(busy())
}

/// The row of a document, while nobody else edits policies.
async fn alone(tx: &Transaction, caller: &Caller, name: &str) -> Result<Option<store::policy::Model>> {
    store::lock_policies(&**tx, &caller.tenant).await?;
    store::policy(&**tx, &caller.tenant, name).await
}

fn busy() -> Error {
    Error::Conflict("others edit policies at this moment, again and again; look at them as they are now".to_owned())
}

fn told(document: &PolicyDocument) -> serde_json::Value {
    json!({ "text": document.text, "cases": document.cases })
}

/// Takes what was edited away: the document that comes with Causeway holds again, if there is one.
///
/// # Errors
/// [`Error::Rejected`] if example cases of other documents would not hold any more.
pub async fn reset_policy(services: &Services, caller: &Caller, name: &RoleName) -> Result<()> {
    identity::may(services, caller, Permission::ManagePolicies, Target::Policy(name.as_str())).await?;
    let name = name.as_str();
    let before = all(services, &caller.tenant).await?;
    let known = before.get(name).ok_or_else(|| missing(name))?;
    if !matches!(known.origin, PolicyOrigin::Portal(..)) {
        return Err(Error::Conflict(format!(
            "`{name}` was not edited in the portal, so there is nothing to take away"
        )));
    }
    let (text, cases) = as_shipped(name);
    let tried = tried(services, caller, name, text, cases).await?;
    if let Some(problem) = tried.problems.first() {
        return Err(Error::Rejected(format!("without it, {problem}")));
    }
    let mut tx = services.begin(caller).await?;
    alone(&tx, caller, name).await?;
    if all(services, &caller.tenant).await? != before {
        return Err(busy());
    }
    store::delete_policy(&*tx, &caller.tenant, name).await?;
    tx.record(NewChange {
        source: String::new(),
        subject: subject(name),
        kind: ChangeKind::PolicyReset,
        before: Some(told(known)),
        after: text.map(|text| json!({ "text": text, "cases": cases })),
    });
    tx.commit().await?;
    services.permission.forget(&caller.tenant);
    Ok(())
}
