//! What directories keep, for those who manage people.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::identity::{Caller, Permission, Target, Tenant};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, prelude::Uuid,
};
use serde_json::{Map, Value, json};

use super::{
    change, settings,
    store::{self, user},
};
use crate::{
    Error, Result, Services,
    bulk::among,
    database,
    identity::{accounts, doors, may},
};

/// How many people a page shows.
const PAGE: u64 = 50;
/// How many groups of the people of a page are told.
const MOST_GROUPS: u64 = 5_000;

/// Someone of whom a directory told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioned {
    /// Names them.
    pub id: String,
    /// What the provider is called.
    pub provider: String,
    /// The name that they sign in with.
    pub user_name: String,
    /// How they are called.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Who they are in the catalog; none if nobody was found.
    pub who: Option<String>,
    /// How they were found, or what was looked for in vain.
    pub matched_by: String,
    /// Whether the directory lets them in.
    pub is_active: bool,
    /// Since when the directory no longer has them.
    pub deleted: Option<DateTime<Utc>>,
    /// When the directory last spoke of them.
    pub heard: DateTime<Utc>,
    /// Their groups, and what each is in the catalog.
    pub groups: Vec<(String, Option<String>)>,
}

/// A page of the people of whom directories told, those heard of last first, and whether there are more.
pub async fn provisioned(
    services: &Services,
    caller: &Caller,
    text: &str,
    page: u64,
) -> Result<(Vec<Provisioned>, bool)> {
    use user::Column as U;
    may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    let tenant = &caller.tenant;
    let mut all = user::Entity::find().filter(U::Tenant.eq(tenant.as_str()));
    let text: String = text.trim().chars().take(100).collect();
    if !text.is_empty() {
        let holds = |column: U| database::holds(&services.db, column, &text);
        all = all.filter(Condition::any().add(holds(U::UserName)).add(holds(U::Who)).add(holds(U::DisplayName)));
    }
    let all = all.order_by_desc(U::HeardAt).order_by_asc(U::Id);
    let mut rows = all.offset(Ord::min(page, 10_000) * PAGE).limit(PAGE + 1).all(&services.db).await?;
    let has_more = rows.len() as u64 > PAGE;
    rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let mut groups = groups_of(services, tenant, &rows).await?;
    let shown = rows.into_iter().map(|row| {
        let document: Map<String, Value> = serde_json::from_str(&row.document).unwrap_or_default();
        Provisioned {
            provider: settings(services, &row.provider).map_or(row.provider, |settings| settings.name.clone()),
            email: change::email(&document),
            groups: groups.remove(&row.id).unwrap_or_default(),
            id: row.id,
            user_name: row.user_name,
            name: row.display_name,
            who: row.who,
            matched_by: row.matched_by,
            is_active: row.active,
            deleted: row.deleted_at,
            heard: row.heard_at,
        }
    });
    Ok((shown.collect(), has_more))
}

/// The groups of these people, and what each is in the catalog: a question for each provider, not for each person.
async fn groups_of(
    services: &Services,
    tenant: &Tenant,
    rows: &[user::Model],
) -> Result<HashMap<String, Vec<(String, Option<String>)>>> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let provider: HashMap<&str, &str> = rows.iter().map(|row| (row.id.as_str(), row.provider.as_str())).collect();
    let mut by: BTreeMap<&str, Vec<(String, Vec<String>)>> = BTreeMap::new();
    for (user, _, name, external) in store::groups_of(&services.db, tenant, &ids, MOST_GROUPS).await? {
        if let Some(provider) = provider.get(user.as_str()) {
            by.entry(provider).or_default().push((user, external.into_iter().chain([name]).collect()));
        }
    }
    let mut found: HashMap<String, Vec<(String, Option<String>)>> = HashMap::new();
    for (provider, groups) in by {
        let names: Vec<Vec<String>> = groups.iter().map(|(_, names)| names.clone()).collect();
        let meant = match settings(services, provider) {
            Some(settings) => accounts::meant(services, tenant, &settings, &names).await?,
            None => vec![None; names.len()],
        };
        for ((user, mut names), team) in groups.into_iter().zip(meant) {
            found.entry(user).or_default().push((names.pop().unwrap_or_default(), team));
        }
    }
    Ok(found)
}

/// Of these accounts, whether their provider's directory lets the person in, and when it last spoke of them.
pub(in crate::identity) async fn marks(
    services: &Services,
    tenant: &Tenant,
    accounts: &[accounts::store::Row],
) -> Result<HashMap<Uuid, (bool, DateTime<Utc>)>> {
    use user::Column as U;
    let people: Vec<String> = accounts.iter().map(|account| account.who.clone()).collect();
    let names: Vec<String> = accounts.iter().flat_map(accounts::store::Row::externals).collect();
    let condition =
        Condition::any().add(among(&services.db, U::Who, &people)).add(among(&services.db, U::ExternalId, &names));
    let mut marks: HashMap<Uuid, (bool, DateTime<Utc>)> = HashMap::new();
    for row in store::all(&services.db, tenant, condition, 2_000).await? {
        let speaks_of = |account: &&accounts::store::Row| {
            let is_named = row.external_id.as_ref().is_some_and(|id| account.externals().contains(id));
            account.provider == row.provider && (is_named || row.who.as_ref() == Some(&account.who))
        };
        for account in accounts.iter().filter(speaks_of) {
            let mark = marks.entry(account.id).or_insert((false, row.heard_at));
            mark.0 |= row.active;
            mark.1 = Ord::max(mark.1, row.heard_at);
        }
    }
    Ok(marks)
}

/// Forgets someone whom the directory no longer has: they may come in again, as far as their provider lets them.
pub async fn forget(services: &Services, caller: &Caller, id: &str) -> Result<()> {
    use user::Column as U;
    may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    let mut tx = services.begin(caller).await?;
    let one = Condition::all().add(U::Id.eq(id)).add(U::DeletedAt.is_not_null());
    let row = store::all(&*tx, &caller.tenant, one, 1).await?.pop();
    let row = row.ok_or_else(|| Error::NotFound("the directory did not delete this person".to_owned()))?;
    user::Entity::delete_by_id((row.tenant.clone(), row.id.clone())).exec(&*tx).await?;
    let told = json!({ "id": row.id, "provider": row.provider, "userName": row.user_name });
    tx.tell("scim-user-forgotten", &change::about(&row), told);
    tx.commit().await?;
    doors::forget(services).await?;
    Ok(())
}

/// Whom directories speak of, each once, at most `limit`.
pub(in crate::identity) async fn spoken_of(services: &Services, tenant: &Tenant, limit: u64) -> Result<Vec<String>> {
    store::spoken_of(&services.db, tenant, limit).await
}
