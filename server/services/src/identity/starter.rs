//! Who started something that goes on without them, and what they may do by then.
//!
//! A run can wait for weeks. Its steps act with the rights of who started it, as these are when a step is taken: who was blocked,
//! lost a role, or whose token was ended, has nothing done any more.

use std::{collections::BTreeSet, sync::Arc};

use chrono::Utc;
use domain::identity::{Caller, Entry, Scopes, Standing, Subject, Tenant};
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};

use super::{accounts, doors::Found, footing, same, tokens};
use crate::{Result, Services};

/// Who started something, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Starter {
    /// As [`Subject`] writes itself.
    who: String,
    #[serde(default)]
    way: Way,
    /// Through which account, and which User of the catalog they were then; nil where they were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uid: Option<Uuid>,
    /// What the token was narrowed to that it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scopes: Option<Scopes>,
}

/// How they had come in, as far as it matters later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "type", content = "id")]
enum Way {
    /// In a way that is not asked about again.
    #[default]
    Themselves,
    Token(String),
    Pipeline(String),
}

impl Starter {
    /// `caller`, who starts something now.
    pub(crate) fn of(caller: &Caller) -> Self {
        let way = match &caller.standing.source {
            Entry::Token(id) => Way::Token(id.clone()),
            Entry::Pipeline(name) => Way::Pipeline(name.clone()),
            Entry::None | Entry::Guest | Entry::Administrator | Entry::Session(_) => Way::Themselves,
        };
        let scopes = caller.standing.scopes.clone();
        Self { who: caller.subject.to_string(), way, account: None, uid: None, scopes }
    }

    /// The same, with what tells them from others who come to bear their name.
    pub(crate) async fn known(services: &Services, caller: &Caller) -> Result<Self> {
        let account = same::account_of(services, caller).await?;
        let uid = same::meant_by(services, &caller.tenant, &caller.subject).await?.map(|meant| meant.uid);
        Ok(Self { account, uid, ..Self::of(caller) })
    }

    /// Someone of whom only the name was kept.
    pub(crate) fn named(who: &str) -> Self {
        // Machines were kept without the word before their name.
        let who =
            if who.parse::<Subject>().is_ok() { who.to_owned() } else { Subject::Machine(who.to_owned()).to_string() };
        Self { who, way: Way::Themselves, account: None, uid: None, scopes: None }
    }

    /// Who it was, as [`Subject`] writes itself.
    pub(crate) fn who(&self) -> &str {
        &self.who
    }

    /// The same, by another name.
    pub(crate) fn called(self, who: String) -> Self {
        Self { who, ..self }
    }

    /// The same, as whom they come in now: where the account through which they came has another name by now than theirs was, that one.
    pub(crate) async fn called_now(self, services: &Services, tenant: &Tenant) -> Result<Self> {
        let account = match self.account {
            Some(account) => accounts::store::by_id(&services.db, tenant, account).await?,
            None => None,
        };
        let Some(account) = account.filter(|account| account.who != self.who) else { return Ok(self) };
        let now = same::meant(services, tenant, &self.who).await?;
        // The catalog calls them otherwise, and they did not come in since.
        let is_renamed = !now.uid.is_nil() && now.is_of(&account);
        Ok(if is_renamed { self } else { self.called(account.who) })
    }

    /// Through which account they came, and which User of the catalog they were.
    pub(crate) fn bound_to(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.account, self.uid)
    }

    /// Whether whoever has their name now is still they.
    pub(crate) async fn is_theirs(&self, services: &Services, tenant: &Tenant) -> Result<bool> {
        if !self.who.starts_with("user:") {
            return Ok(true);
        }
        same::is_own(services, tenant, &self.who, (self.uid, self.account)).await
    }

    /// Who they are now, with what they may do now; in words, if they may do nothing any more.
    pub(crate) async fn now(
        &self,
        services: &Services,
        tenant: &Tenant,
    ) -> Result<std::result::Result<Caller, String>> {
        let Ok(subject) = self.who.parse::<Subject>() else {
            return Ok(Err(format!("`{}`, who started it, is nobody who is known", self.who)));
        };
        if !self.is_theirs(services, tenant).await? {
            return Ok(Err(format!("`{}`, who started it, is somebody else by now", self.who)));
        }
        let found = match &self.way {
            Way::Token(id) => match self.by_token(services, tenant, &subject, id).await? {
                Ok(found) => found,
                Err(why) => return Ok(Err(why)),
            },
            Way::Pipeline(name) => {
                let known = services.doors.settings.pipelines.iter().find(|pipeline| pipeline.name == *name);
                let Some(pipeline) = known else {
                    return Ok(Err(format!(
                        "the pipeline `{name}`, which started it, is no longer trusted by the configuration"
                    )));
                };
                Some(Found {
                    identity: None,
                    subject: subject.clone(),
                    entry: Entry::Pipeline(name.clone()),
                    roles: Arc::new(pipeline.roles.clone()),
                    teams: Arc::default(),
                    scopes: Some(pipeline.scopes.clone()),
                    until: None,
                    through: None,
                })
            }
            Way::Themselves if matches!(subject, Subject::System(_)) => {
                return Ok(Ok(Caller::new(tenant.clone(), subject)));
            }
            Way::Themselves => footing::of(services, tenant, subject.clone(), (Entry::None, self.account)).await?,
        };
        let Some(found) = found else {
            return Ok(Err(format!("`{}`, who started it, may not come in any more", self.who)));
        };
        Ok(Ok(self.caller(tenant, found)))
    }

    async fn by_token(
        &self,
        services: &Services,
        tenant: &Tenant,
        subject: &Subject,
        id: &str,
    ) -> Result<std::result::Result<Option<Found>, String>> {
        let row = match id.parse::<Uuid>() {
            Ok(id) => tokens::store::by_id(&services.db, tenant, id).await?,
            Err(_) => None,
        };
        let Some(row) = row else { return Ok(Err("the token that started it is gone".to_owned())) };
        // One that has merely run out was good when it was used; one that was ended may have been stolen.
        if row.ended_at.is_some_and(|at| at <= Utc::now()) {
            return Ok(Err(format!("the token `{}`, which started it, was ended", row.name)));
        }
        let entry = Entry::Token(id.to_owned());
        let found = footing::of(services, tenant, subject.clone(), (entry, row.account)).await?;
        Ok(Ok(found.map(|found| tokens::with_token(found, &row))))
    }

    fn caller(&self, tenant: &Tenant, found: Found) -> Caller {
        // Narrowed by what holds now and by what held when it was started.
        let scopes = match (found.scopes, &self.scopes) {
            (Some(now), Some(then)) => Some(now.intersection(then).copied().collect::<BTreeSet<_>>()),
            (now, then) => now.or_else(|| then.clone()),
        };
        let standing = Standing {
            roles: (*found.roles).clone(),
            teams: (*found.teams).clone(),
            identity: found.identity,
            scopes,
            source: found.entry,
            until: found.until,
            address: None,
            request: None,
            through: found.through,
        };
        Caller { tenant: tenant.clone(), subject: found.subject, standing: Arc::new(standing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_starter_is_read_back_as_they_were() {
        let standing = Standing {
            source: Entry::Token("1".to_owned()),
            scopes: Some(BTreeSet::from([domain::identity::Verb::Run])),
            ..Standing::default()
        };
        let subject = Subject::Person("user:default/ada".to_owned());
        let caller = Caller { tenant: Tenant::default(), subject, standing: Arc::new(standing) };
        let starter = Starter::of(&caller);
        let kept = serde_json::to_string(&starter).unwrap();
        insta::assert_snapshot!(kept, @r#"{"who":"user:default/ada","way":{"type":"token","id":"1"},"scopes":["run"]}"#);
        assert_eq!(serde_json::from_str::<Starter>(&kept).unwrap(), starter);
        assert_eq!(Starter::named("deployer").who, "machine:deployer");
        assert_eq!(Starter::named("user:default/ada").who, "user:default/ada");
    }
}
