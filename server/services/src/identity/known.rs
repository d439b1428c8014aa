//! Those who are known and are not the ones who ask: machines by the settings and their tokens, people by the catalog, by their
//! accounts and by directories.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Entry, Standing, Subject, Tenant},
};
use sea_orm::prelude::Uuid;

use super::{accounts, footing, same, scim, tokens};
use crate::{Result, Services};

/// Someone who is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Person {
    /// Nothing tells of them.
    Unknown,
    /// All that is known of them is blocked, or sent away by its directory.
    Away,
    /// They come in, or could: in these teams, with those above.
    In(BTreeSet<String>),
}

/// The programs of others, once for each way in that they have: pipelines that the settings trust, and living service tokens.
pub(crate) async fn machines(services: &Services, tenant: &Tenant) -> Result<Vec<Caller>> {
    let came = |subject, roles, scopes, source| Caller {
        tenant: tenant.clone(),
        subject,
        standing: Arc::new(Standing { roles, scopes: Some(scopes), source, ..Standing::default() }),
    };
    let pipelines = services.doors.settings.pipelines.iter().map(|pipeline| {
        let subject = Subject::Machine(pipeline.name.clone());
        came(subject, pipeline.roles.clone(), pipeline.scopes.clone(), Entry::Pipeline(pipeline.name.clone()))
    });
    let mut all: Vec<Caller> = pipelines.collect();
    for token in tokens::of_services(services, tenant).await? {
        let Ok(subject) = token.owner.parse() else { continue };
        let scopes = token.scopes.iter().filter_map(|word| word.parse().ok()).collect();
        all.push(came(subject, token.roles.into_iter().collect(), scopes, Entry::Token(token.id.to_string())));
    }
    Ok(all)
}

/// Whether somebody came in under a name, and not somebody else who bore it.
pub(crate) async fn has_come(services: &Services, tenant: &Tenant, who: &str) -> Result<bool> {
    Ok(!accounts::of(services, tenant, who).await?.is_empty())
}

/// What is known of a person.
pub(crate) async fn person(services: &Services, tenant: &Tenant, who: &str) -> Result<Person> {
    if let Some(teams) = footing::teams_of(services, tenant, who).await? {
        return Ok(Person::In((*teams).clone()));
    }
    let told = scim::known(services, tenant, who).await?;
    if !accounts::of(services, tenant, who).await?.is_empty() || told.is_sent_away_by_all() {
        return Ok(Person::Away);
    }
    // They have not come in yet.
    let is_in_catalog = match who.parse::<EntityRef>() {
        Ok(reference) => accounts::is_in_catalog(services, tenant, &reference).await?,
        Err(_) => false,
    };
    if !is_in_catalog && told.is_silent() {
        return Ok(Person::Unknown);
    }
    Ok(Person::In(footing::with_catalog(services, tenant, who, told.teams).await?))
}

/// Which User of the catalog somebody is, whose source is trusted with people; nothing of whom is no User.
pub(crate) async fn uid_of(services: &Services, tenant: &Tenant, who: &str) -> Result<Option<Uuid>> {
    if !who.starts_with("user:") {
        return Ok(None);
    }
    Ok(Some(same::meant(services, tenant, who).await?.uid))
}
