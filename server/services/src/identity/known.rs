//! Those who are known and are not the ones who ask: machines by the settings and their tokens, people by the catalog, by their
//! accounts and by directories.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Entry, Standing, Subject, Tenant},
};
use sea_orm::prelude::Uuid;

use super::{accounts, footing, renamed, same, scim, tokens};
use crate::{Result, Services, catalog};

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

/// How many people are looked at one by one of whom accounts or directories say more than the catalog.
const ONE_BY_ONE: u64 = 2_000;

/// Everyone who comes in or could, with the teams that they are in and those above. Of more people than [`ONE_BY_ONE`], what accounts
/// and directories say is left aside.
pub(crate) async fn everyone(services: &Services, tenant: &Tenant) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let system = Caller::system(tenant.clone(), "identity");
    let mut people = catalog::vouched_everyone(services, &system).await?;
    let spoken_of = scim::spoken_of(services, tenant, ONE_BY_ONE).await?;
    let open: Vec<String> = services.doors.settings.providers.iter().map(|provider| provider.id.clone()).collect();
    let span = (!spoken_of.is_empty(), ONE_BY_ONE);
    let mut apart: BTreeSet<String> =
        accounts::store::apart(&services.db, tenant, &open, span).await?.into_iter().collect();
    apart.extend(spoken_of);
    let most = usize::try_from(ONE_BY_ONE).unwrap_or(usize::MAX);
    for who in apart.into_iter().take(most) {
        match person(services, tenant, &who).await? {
            Person::In(teams) => _ = people.insert(who, teams),
            Person::Away => _ = people.remove(&who),
            // The account is that of somebody else by now.
            Person::Unknown => {}
        }
    }
    Ok(people)
}

/// Who is meant by a name, as far as that is known: nothing of whom is no person.
#[derive(Debug, Default)]
pub(crate) struct Whose {
    /// The User of the catalog, of a source that is trusted with people; nil where it is none.
    pub(crate) uid: Option<Uuid>,
    /// The account through which whoever bears the name came in last.
    pub(crate) account: Option<Uuid>,
    /// What address the catalog gives for them.
    pub(crate) address: Option<String>,
    /// What it says of them in the annotations by which providers find people.
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Who is meant by a name.
pub(crate) async fn whose(services: &Services, tenant: &Tenant, who: &str) -> Result<Whose> {
    if !who.starts_with("user:") {
        return Ok(Whose::default());
    }
    let account = accounts::of(services, tenant, who).await?.first().map(|account| account.id);
    let meant = same::meant(services, tenant, who).await?;
    let annotations = meant.told_by(&renamed::telling(services));
    Ok(Whose { uid: Some(meant.uid), account, address: meant.address(), annotations })
}
