//! SCIM: directories keep people and their groups current.
//!
//! A directory comes with a service token that may do nothing else, and speaks for the provider whose settings name that token:
//! what it tells is kept apart from what other directories tell. Like accounts, it is not part of `changes`, which everyone may
//! read, but of the audit log.

mod change;
mod find;
mod groups;
mod people;
mod standing;
mod store;
mod users;
mod whose;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::{
    identity::{Caller, Permission, Subject, Target},
    scim::{Fault, Problem},
};
use sea_orm::DbErr;
use serde_json::{Map, Value};

pub(crate) use self::standing::rematch;
pub use self::{
    groups::{create_group, delete_group, group, groups, patch_group, replace_group},
    people::{Provisioned, forget, provisioned},
    users::{create_user, delete_user, patch_user, replace_user, user, users},
};
pub(super) use self::{
    people::{marks, spoken_of},
    standing::{Known, away_since, gate, groups_of, is_free, is_kept, known, linked},
};
use super::doors::{MatchRule, ProviderSettings};
use crate::Services;

/// How many resources one page has at most.
pub const LONGEST_PAGE: u64 = 500;
/// How many it has where nothing is said.
const USUAL_PAGE: u64 = 100;
/// How many members one group has at most, and one page of groups.
const MOST_MEMBERS: u64 = 100_000;
/// How many people and groups one directory has at most.
const MOST_USERS: u64 = 500_000;
const MOST_GROUPS: u64 = 50_000;
/// How often a change is tried that others were faster than.
const TRIES: u32 = 10;

/// Why a directory did not get what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum ScimError {
    /// What it sent is wrong.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// What it knew was no longer so.
    #[error("the resource changed meanwhile; read it again")]
    Changed,
    /// Anything else.
    #[error(transparent)]
    Fault(#[from] crate::Error),
}

impl From<DbErr> for ScimError {
    fn from(error: DbErr) -> Self {
        Self::Fault(error.into())
    }
}

impl From<serde_json::Error> for ScimError {
    fn from(error: serde_json::Error) -> Self {
        Self::Fault(error.into())
    }
}

type Answer<T> = std::result::Result<T, ScimError>;

/// A person or a group, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Names it.
    pub id: String,
    /// Its attributes.
    pub document: Map<String, Value>,
    /// Members of a group, or the groups of a person: id and name; none where they were not asked for.
    pub tied: Option<Vec<(String, String)>>,
    /// Raised at each change.
    pub version: i64,
    /// When it came.
    pub created: DateTime<Utc>,
    /// When it was changed.
    pub changed: DateTime<Utc>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// How many there are.
    pub total: u64,
    /// The place of the first, from 1.
    pub start: u64,
    /// Those of this part.
    pub resources: Vec<Resource>,
}

/// What is asked of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Question {
    /// Which.
    pub filter: Option<String>,
    /// From which place, from 1.
    pub start: Option<i64>,
    /// How many at most.
    pub count: Option<i64>,
    /// In which order.
    pub sort_by: Option<String>,
    /// Whether the last comes first.
    pub is_descending: bool,
    /// Whether the members of groups are wanted.
    pub wants_members: bool,
}

impl Question {
    fn span(&self) -> (u64, u64) {
        let start = u64::try_from(self.start.unwrap_or(1)).unwrap_or_default().max(1);
        let count = self.count.map_or(USUAL_PAGE, |count| u64::try_from(count).unwrap_or_default());
        (start, count.min(LONGEST_PAGE))
    }

    fn filter(&self) -> Answer<Option<domain::scim::Filter>> {
        let said = self.filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty());
        Ok(said.map(str::parse).transpose()?)
    }
}

/// Which versions the client knows: it changes nothing that it has not seen. Empty for any.
pub type Expected = [i64];

fn is_expected(expected: &Expected, version: i64) -> Answer<()> {
    if expected.is_empty() || expected.contains(&version) { Ok(()) } else { Err(ScimError::Changed) }
}

/// Whether the caller is a directory, and for which provider it speaks.
async fn directory<'a>(services: &'a Services, caller: &Caller) -> Answer<Cow<'a, ProviderSettings>> {
    super::may(services, caller, Permission::ProvisionPeople, Target::Platform).await?;
    let providers = &services.doors.settings.providers;
    let named = match &caller.subject {
        Subject::Machine(name) => providers.iter().find(|provider| provider.scim.as_deref() == Some(name)),
        _ => None,
    };
    if let Some(known) = named {
        return Ok(Cow::Borrowed(known));
    }
    match providers.iter().filter(|provider| provider.scim.is_none()).collect::<Vec<_>>().as_slice() {
        [] if providers.is_empty() => Ok(Cow::Owned(alone())),
        [only] if providers.len() == 1 => Ok(Cow::Borrowed(only)),
        _ => {
            let why = format!(
                "`{}` speaks for no provider; set `scim = \"NAME\"` in the `[[sign_in.providers]]` that it keeps current, \
                 NAME being the name of its token",
                caller.subject
            );
            Err(Problem::new(Fault::InvalidValue, why).into())
        }
    }
}

/// How people are found where no provider says it.
fn alone() -> ProviderSettings {
    ProviderSettings {
        id: "scim".to_owned(),
        issuer: String::new(),
        name: "SCIM".to_owned(),
        matching: vec![MatchRule::Email("email".to_owned()), MatchRule::Name("preferred_username".to_owned())],
        require: Vec::new(),
        trust_email: true,
        create_people: false,
        name_claim: "preferred_username".to_owned(),
        email_claim: "email".to_owned(),
        groups_claim: "groups".to_owned(),
        teams: std::collections::BTreeMap::new(),
        teams_by_name: true,
        scim: None,
    }
}

/// The settings of a provider that someone was told of by.
fn settings<'a>(services: &'a Services, provider: &str) -> Option<Cow<'a, ProviderSettings>> {
    let known = services.doors.settings.providers.iter().find(|known| known.id == provider);
    known.map(Cow::Borrowed).or_else(|| (provider == "scim").then(|| Cow::Owned(alone())))
}

fn gone(kind: &str, id: &str) -> ScimError {
    let id: String = id.chars().take(80).collect();
    ScimError::Fault(crate::Error::NotFound(format!("no {kind} has the id `{id}`")))
}
