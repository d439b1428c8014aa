//! Groups, as directories keep them.

use std::collections::{BTreeSet, HashMap};

use chrono::Utc;
use domain::{
    identity::{Caller, Tenant},
    scim::{self, Fault, GroupDeed, Problem, Schema, folded},
};
use sea_orm::{ConnectionTrait, Order, PaginatorTrait as _, QueryFilter, QueryOrder, QuerySelect, prelude::Uuid};
use serde_json::{Map, Value, json};

use super::{
    Answer, Expected, Found, MOST_GROUPS, MOST_MEMBERS, Question, Resource, change, directory, find, gone, is_expected,
    store::{self, group},
};
use crate::{Services, changes::Transaction, identity::doors};

/// How many members an entry of the audit log names.
const TOLD: usize = 50;

fn resource(row: group::Model, tied: Option<Vec<(String, String)>>) -> Resource {
    let mut document = Map::new();
    document.insert("displayName".to_owned(), row.display_name.into());
    if let Some(external) = row.external_id {
        document.insert("externalId".to_owned(), external.into());
    }
    Resource { id: row.id, document, tied, version: row.version, created: row.created_at, changed: row.changed_at }
}

/// The members of groups, each with the name.
async fn members(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    ids: &[String],
) -> Answer<HashMap<String, Vec<(String, String)>>> {
    let mut by: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for (group, user, name) in store::members_of_all(db, tenant, ids).await? {
        by.entry(group).or_default().push((user, name));
    }
    Ok(by)
}

/// The groups that a question means.
pub async fn groups(services: &Services, caller: &Caller, question: &Question) -> Answer<Found> {
    use group::Column as G;
    let settings = directory(services, caller).await?;
    let (db, tenant) = (&services.db, &caller.tenant);
    let mut all = store::groups(tenant, &settings.id);
    if let Some(filter) = question.filter()? {
        all = all.filter(find::groups(db.get_database_backend(), &filter)?);
    }
    let known = [
        ("displayName", G::DisplayKey),
        ("id", G::Id),
        ("externalId", G::ExternalId),
        ("meta.created", G::CreatedAt),
        ("meta.lastModified", G::ChangedAt),
    ];
    let by = find::sorted(question.sort_by.as_deref(), &known)?.unwrap_or(G::CreatedAt);
    let total = all.clone().count(db).await?;
    let (start, count) = question.span();
    let mut rows = Vec::new();
    if count > 0 {
        let order = if question.is_descending { Order::Desc } else { Order::Asc };
        rows = all.order_by(by, order).order_by_asc(G::Id).offset(start - 1).limit(count).all(db).await?;
    }
    let mut tied = HashMap::new();
    if question.wants_members && !rows.is_empty() {
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let sizes: HashMap<String, i64> = store::sizes(db, tenant, &ids).await?.into_iter().collect();
        // A page of large groups has fewer of them.
        let mut sum = 0;
        let fitting = rows.iter().take_while(|row| {
            sum += u64::try_from(sizes.get(&row.id).copied().unwrap_or_default()).unwrap_or_default();
            sum <= MOST_MEMBERS
        });
        let fitting = fitting.count().max(1);
        rows.truncate(fitting);
        tied = members(db, tenant, &ids[..fitting]).await?;
    }
    let with = |row: group::Model| {
        let own = question.wants_members.then(|| tied.remove(&row.id).unwrap_or_default());
        resource(row, own)
    };
    Ok(Found { total, start, resources: rows.into_iter().map(with).collect() })
}

/// One group; its members where they are wanted.
pub async fn group(services: &Services, caller: &Caller, id: &str, wants_members: bool) -> Answer<Resource> {
    let settings = directory(services, caller).await?;
    let row =
        store::find_group(&services.db, &caller.tenant, &settings.id, id).await?.ok_or_else(|| gone("group", id))?;
    let ids = [id.to_owned()];
    let tied = if wants_members {
        Some(members(&services.db, &caller.tenant, &ids).await?.remove(id).unwrap_or_default())
    } else {
        None
    };
    Ok(resource(row, tied))
}

fn unique_key(external: Option<&str>, name: &str) -> String {
    external.map_or_else(|| format!("name {}", folded(name)), |external| format!("id {external}"))
}

fn taken(name: &str) -> Problem {
    let name: String = name.chars().take(80).collect();
    Problem::new(Fault::Uniqueness, format!("there is the group `{name}` already; look it up by `displayName`"))
}

fn sent_members(body: &Value) -> Result<Vec<String>, Problem> {
    let sent = body.as_object().into_iter().flatten().find(|(key, _)| key.eq_ignore_ascii_case("members"));
    sent.map_or(Ok(Vec::new()), |(_, members)| scim::members(members))
}

/// Name, outer name and members of a group that was sent whole.
fn sent(body: &Value) -> Result<(String, Option<String>, Vec<String>), Problem> {
    let members = sent_members(body)?;
    let document = scim::read(Schema::Group, body)?;
    Ok((change::text(&document, "displayName").unwrap_or_default(), change::text(&document, "externalId"), members))
}

/// Takes a group in that the directory tells of.
pub async fn create_group(services: &Services, caller: &Caller, body: &Value) -> Answer<Resource> {
    let settings = directory(services, caller).await?;
    let tenant = &caller.tenant;
    let (name, external_id, ids) = sent(body)?;
    let (id, now) = (Uuid::new_v4().to_string(), Utc::now());
    let row = group::Model {
        tenant: tenant.to_string(),
        id: id.clone(),
        provider: settings.id.clone(),
        display_key: folded(&name),
        unique_key: unique_key(external_id.as_deref(), &name),
        display_name: name,
        external_id,
        version: 1,
        created_at: now,
        changed_at: now,
    };
    let mut tx = services.begin(caller).await?;
    if store::groups(tenant, &settings.id).count(&*tx).await? >= MOST_GROUPS {
        let why = format!("{MOST_GROUPS} groups are kept, which is as many as can be");
        return Err(Problem::new(Fault::TooLarge, why).into());
    }
    if !store::insert_group(&*tx, row.clone()).await? {
        return Err(taken(&row.display_name).into());
    }
    let moved = admit(&tx, tenant, (&settings.id, &id), ids).await?;
    tx.tell("scim-group-created", &about(&row), told(&row, &moved, &BTreeSet::new()));
    tx.commit().await?;
    doors::forget(services).await?;
    group(services, caller, &id, true).await
}

/// Puts all that is said of a group in place of what was said before.
pub async fn replace_group(
    services: &Services,
    caller: &Caller,
    id: &str,
    body: &Value,
    expected: &Expected,
) -> Answer<Resource> {
    let (name, external_id, ids) = sent(body)?;
    let deeds = [GroupDeed::Rename(name), GroupDeed::Mark(external_id), GroupDeed::Assemble(ids)];
    patch_group(services, caller, id, &deeds, expected).await?;
    group(services, caller, id, true).await
}

/// Changes parts of a group; says its version then.
pub async fn patch_group(
    services: &Services,
    caller: &Caller,
    id: &str,
    deeds: &[GroupDeed],
    expected: &Expected,
) -> Answer<i64> {
    let settings = directory(services, caller).await?;
    let tenant = &caller.tenant;
    let mut tx = services.begin(caller).await?;
    let old = store::hold_group(&*tx, tenant, &settings.id, id).await?.ok_or_else(|| gone("group", id))?;
    is_expected(expected, old.version)?;
    let mut row = old.clone();
    let (mut came, mut went) = (BTreeSet::new(), BTreeSet::new());
    for deed in deeds {
        match deed {
            GroupDeed::Rename(name) => row.display_name.clone_from(name),
            GroupDeed::Mark(external) => row.external_id.clone_from(external),
            GroupDeed::Admit(ids) => came.extend(admit(&tx, tenant, (&settings.id, id), ids.clone()).await?),
            GroupDeed::Dismiss(ids) => {
                let there = store::members(&*tx, tenant, id, Some(ids)).await?;
                store::dismiss(&*tx, tenant, id, &there).await?;
                went.extend(there);
            }
            GroupDeed::Assemble(ids) => {
                let wanted: BTreeSet<&String> = ids.iter().collect();
                let there = store::members(&*tx, tenant, id, None).await?;
                let gone: Vec<String> = there.into_iter().filter(|id| !wanted.contains(id)).collect();
                store::dismiss(&*tx, tenant, id, &gone).await?;
                went.extend(gone);
                came.extend(admit(&tx, tenant, (&settings.id, id), ids.clone()).await?);
            }
        }
    }
    row.display_key = folded(&row.display_name);
    row.unique_key = unique_key(row.external_id.as_deref(), &row.display_name);
    if row == old && came.is_empty() && went.is_empty() {
        return Ok(old.version);
    }
    if store::is_group_taken(&*tx, &row).await? {
        return Err(taken(&row.display_name).into());
    }
    (row.version, row.changed_at) = (old.version + 1, Utc::now());
    store::update_group(&*tx, &row).await?;
    let mut told = told(&row, &came, &went);
    if row.display_name != old.display_name {
        told["before"] = json!({ "displayName": old.display_name });
    }
    tx.tell("scim-group-changed", &about(&row), told);
    tx.commit().await?;
    doors::forget(services).await?;
    Ok(row.version)
}

/// Lets go of a group.
pub async fn delete_group(services: &Services, caller: &Caller, id: &str, expected: &Expected) -> Answer<()> {
    let settings = directory(services, caller).await?;
    let tenant = &caller.tenant;
    let mut tx = services.begin(caller).await?;
    let row = store::hold_group(&*tx, tenant, &settings.id, id).await?.ok_or_else(|| gone("group", id))?;
    is_expected(expected, row.version)?;
    store::delete_group(&*tx, tenant, id).await?;
    tx.tell("scim-group-deleted", &about(&row), told(&row, &BTreeSet::new(), &BTreeSet::new()));
    tx.commit().await?;
    doors::forget(services).await?;
    Ok(())
}

/// Takes people into a group; says who was not in it.
async fn admit(
    tx: &Transaction,
    tenant: &Tenant,
    (provider, group): (&str, &str),
    mut ids: Vec<String>,
) -> Answer<BTreeSet<String>> {
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let known: BTreeSet<String> = store::known(&**tx, tenant, provider, &ids).await?.into_iter().collect();
    if let Some(unknown) = ids.iter().find(|id| !known.contains(*id)) {
        let id: String = unknown.chars().take(80).collect();
        let why =
            format!("`members`: no person has the id `{id}`; create them first. Groups are no members of groups here");
        return Err(Problem::new(Fault::InvalidValue, why).into());
    }
    let there: BTreeSet<String> = store::members(&**tx, tenant, group, Some(&ids)).await?.into_iter().collect();
    let new: Vec<String> = ids.into_iter().filter(|id| !there.contains(id)).collect();
    store::admit(&**tx, tenant, group, &new).await?;
    if store::count_members(&**tx, tenant, group).await? > MOST_MEMBERS {
        let why = format!("a group has {MOST_MEMBERS} members at most");
        return Err(Problem::new(Fault::TooLarge, why).into());
    }
    Ok(new.into_iter().collect())
}

fn about(row: &group::Model) -> String {
    format!("scim-group:{}", row.id)
}

fn told(row: &group::Model, came: &BTreeSet<String>, went: &BTreeSet<String>) -> Value {
    let mut told = json!({ "provider": row.provider, "displayName": row.display_name });
    for (name, count, ids) in [("added", "addedCount", came), ("removed", "removedCount", went)] {
        if !ids.is_empty() {
            told[name] = ids.iter().take(TOLD).cloned().collect();
            told[count] = ids.len().into();
        }
    }
    told
}
