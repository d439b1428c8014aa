//! Rows of what directories told.

mod rows;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::{identity::Tenant, scim::folded};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter, QueryOrder, QuerySelect, Select, Statement,
    sea_query::{Expr, OnConflict, SimpleExpr},
};
use serde_json::{Map, Value};

pub(super) use self::rows::{email, group, member, user};
use self::user::Column as U;
use crate::{
    Result,
    bulk::{Rows, among},
};

/// Those of a directory who were not deleted.
pub(super) fn living(tenant: &Tenant, provider: &str) -> Select<user::Entity> {
    user::Entity::find()
        .filter(U::Tenant.eq(tenant.as_str()))
        .filter(U::Provider.eq(provider))
        .filter(U::DeletedAt.is_null())
}

pub(super) async fn find_user(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    provider: &str,
    id: &str,
) -> Result<Option<user::Model>> {
    Ok(living(tenant, provider).filter(U::Id.eq(id)).one(db).await?)
}

/// Whether it was written: the name may be another's.
pub(super) async fn insert_user(db: &impl ConnectionTrait, row: user::Model) -> Result<bool> {
    let taken = OnConflict::columns([U::Tenant, U::Provider, U::NameKey]).do_nothing().to_owned();
    let row = row.into_active_model().reset_all();
    Ok(user::Entity::insert(row).on_conflict(taken).exec_without_returning(db).await? > 0)
}

/// Whether another of the directory has this name.
pub(super) async fn is_taken(db: &impl ConnectionTrait, row: &user::Model) -> Result<bool> {
    let Some(key) = &row.name_key else { return Ok(false) };
    let others = user::Entity::find()
        .filter(U::Tenant.eq(&row.tenant))
        .filter(U::Provider.eq(&row.provider))
        .filter(U::NameKey.eq(key))
        .filter(U::Id.ne(&row.id));
    Ok(others.count(db).await? > 0)
}

/// Whether the row was still at `version`, and is now as it is given.
pub(super) async fn update_user(db: &impl ConnectionTrait, row: user::Model, version: i64) -> Result<bool> {
    let key = Condition::all().add(U::Tenant.eq(&row.tenant)).add(U::Id.eq(&row.id)).add(U::Version.eq(version));
    let written = user::Entity::update_many()
        .col_expr(U::UserName, Expr::value(row.user_name))
        .col_expr(U::NameKey, Expr::value(row.name_key))
        .col_expr(U::ExternalId, Expr::value(row.external_id))
        .col_expr(U::DisplayName, Expr::value(row.display_name))
        .col_expr(U::DisplayKey, Expr::value(row.display_key))
        .col_expr(U::Active, Expr::value(row.active))
        .col_expr(U::Who, Expr::value(row.who))
        .col_expr(U::MatchedBy, Expr::value(row.matched_by))
        .col_expr(U::Document, Expr::value(row.document))
        .col_expr(U::Version, Expr::value(row.version))
        .col_expr(U::ChangedAt, Expr::value(row.changed_at))
        .col_expr(U::HeardAt, Expr::value(row.heard_at))
        .col_expr(U::DeletedAt, Expr::value(row.deleted_at))
        .filter(key)
        .exec(db)
        .await?;
    Ok(written.rows_affected == 1)
}

/// Writes who people are by now, all with one statement: `matches` have the `id`, the `version` that was looked at, `who` and `by`.
/// Tells whose rows were still as they were then.
pub(super) async fn note_found(db: &impl ConnectionTrait, tenant: &Tenant, matches: Value) -> Result<HashSet<String>> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => {
            "UPDATE scim_users SET who = f.entry ->> 'who', matched_by = f.entry ->> 'by', version = version + 1 \
             FROM json_array_elements(CAST($1 AS json)) AS f(entry) WHERE tenant = $2 AND id = f.entry ->> 'id' \
             AND version = CAST(f.entry ->> 'version' AS bigint) AND who IS NULL RETURNING id"
        }
        _ => {
            "UPDATE scim_users SET who = f.value ->> 'who', matched_by = f.value ->> 'by', version = version + 1 \
             FROM json_each($1) AS f WHERE tenant = $2 AND scim_users.id = f.value ->> 'id' \
             AND version = f.value ->> 'version' AND who IS NULL RETURNING scim_users.id AS id"
        }
    };
    let values = [matches.to_string().into(), tenant.as_str().into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

/// Notes that the directory spoke of someone.
pub(super) async fn heard(db: &impl ConnectionTrait, tenant: &Tenant, id: &str, at: DateTime<Utc>) -> Result<()> {
    user::Entity::update_many()
        .col_expr(U::HeardAt, Expr::value(at))
        .filter(U::Tenant.eq(tenant.as_str()))
        .filter(U::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

const EMAILS: Rows<6> = Rows {
    table: "scim_emails",
    columns: ["tenant", "user_id", "place", "value_key", "kind", "is_primary"],
    json: &[],
    tail: "",
};

/// Writes by which addresses someone is found.
pub(super) async fn put_emails(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    id: &str,
    document: &Map<String, Value>,
) -> Result<()> {
    use email::Column as E;
    email::Entity::delete_many().filter(E::Tenant.eq(tenant.as_str())).filter(E::UserId.eq(id)).exec(db).await?;
    let emails = document.get("emails").and_then(Value::as_array).into_iter().flatten();
    let rows: Vec<[sea_orm::Value; 6]> = (0_i64..)
        .zip(emails)
        .filter_map(|(place, email)| {
            let text = |part: &str| email.get(part).and_then(Value::as_str).map(folded);
            let is_primary = email.get("primary") == Some(&Value::Bool(true));
            Some([
                tenant.as_str().into(),
                id.into(),
                place.into(),
                text("value")?.into(),
                text("type").into(),
                is_primary.into(),
            ])
        })
        .collect();
    EMAILS.insert(db, rows).await
}

pub(super) fn groups(tenant: &Tenant, provider: &str) -> Select<group::Entity> {
    use group::Column as G;
    group::Entity::find().filter(G::Tenant.eq(tenant.as_str())).filter(G::Provider.eq(provider))
}

pub(super) async fn find_group(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    provider: &str,
    id: &str,
) -> Result<Option<group::Model>> {
    Ok(groups(tenant, provider).filter(group::Column::Id.eq(id)).one(db).await?)
}

/// Whether it was written: the key may be another's.
pub(super) async fn insert_group(db: &impl ConnectionTrait, row: group::Model) -> Result<bool> {
    use group::Column as G;
    let taken = OnConflict::columns([G::Tenant, G::Provider, G::UniqueKey]).do_nothing().to_owned();
    let row = row.into_active_model().reset_all();
    Ok(group::Entity::insert(row).on_conflict(taken).exec_without_returning(db).await? > 0)
}

/// Whether another group of the directory has this key.
pub(super) async fn is_group_taken(db: &impl ConnectionTrait, row: &group::Model) -> Result<bool> {
    use group::Column as G;
    let others = group::Entity::find()
        .filter(G::Tenant.eq(&row.tenant))
        .filter(G::Provider.eq(&row.provider))
        .filter(G::UniqueKey.eq(&row.unique_key))
        .filter(G::Id.ne(&row.id));
    Ok(others.count(db).await? > 0)
}

/// Takes the turn to change a group: others wait for the end of the transaction. `None` if it is not there.
pub(super) async fn hold_group(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    provider: &str,
    id: &str,
) -> Result<Option<group::Model>> {
    Ok(groups(tenant, provider).filter(group::Column::Id.eq(id)).lock_exclusive().one(db).await?)
}

pub(super) async fn update_group(db: &impl ConnectionTrait, row: &group::Model) -> Result<()> {
    use group::Column as G;
    group::Entity::update_many()
        .col_expr(G::DisplayName, Expr::value(row.display_name.clone()))
        .col_expr(G::DisplayKey, Expr::value(row.display_key.clone()))
        .col_expr(G::ExternalId, Expr::value(row.external_id.clone()))
        .col_expr(G::UniqueKey, Expr::value(row.unique_key.clone()))
        .col_expr(G::Version, Expr::value(row.version))
        .col_expr(G::ChangedAt, Expr::value(row.changed_at))
        .filter(G::Tenant.eq(&row.tenant))
        .filter(G::Id.eq(&row.id))
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn delete_group(db: &impl ConnectionTrait, tenant: &Tenant, id: &str) -> Result<()> {
    use member::Column as M;
    member::Entity::delete_many().filter(M::Tenant.eq(tenant.as_str())).filter(M::GroupId.eq(id)).exec(db).await?;
    group::Entity::delete_by_id((tenant.to_string(), id.to_owned())).exec(db).await?;
    Ok(())
}

/// Which of `ids` are people of the directory.
pub(super) async fn known(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    provider: &str,
    ids: &[String],
) -> Result<Vec<String>> {
    let found = living(tenant, provider).filter(among(db, U::Id, ids));
    Ok(found.select_only().column(U::Id).into_tuple().all(db).await?)
}

fn members_of(tenant: &Tenant, group: &str) -> Select<member::Entity> {
    use member::Column as M;
    member::Entity::find().filter(M::Tenant.eq(tenant.as_str())).filter(M::GroupId.eq(group))
}

/// The members of a group; with `among`, those of them.
pub(super) async fn members(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    group: &str,
    only: Option<&[String]>,
) -> Result<Vec<String>> {
    let mut all = members_of(tenant, group);
    if let Some(only) = only {
        all = all.filter(among(db, member::Column::UserId, only));
    }
    Ok(all.select_only().column(member::Column::UserId).into_tuple().all(db).await?)
}

pub(super) async fn count_members(db: &impl ConnectionTrait, tenant: &Tenant, group: &str) -> Result<u64> {
    Ok(members_of(tenant, group).count(db).await?)
}

const MEMBERS: Rows<3> = Rows {
    table: "scim_members",
    columns: ["tenant", "group_id", "user_id"],
    json: &[],
    tail: "ON CONFLICT (tenant, group_id, user_id) DO NOTHING",
};

pub(super) async fn admit(db: &impl ConnectionTrait, tenant: &Tenant, group: &str, ids: &[String]) -> Result<()> {
    let row = |id: &String| -> [sea_orm::Value; 3] { [tenant.as_str().into(), group.into(), id.as_str().into()] };
    let rows: Vec<[sea_orm::Value; 3]> = ids.iter().map(row).collect();
    MEMBERS.insert(db, rows).await
}

pub(super) async fn dismiss(db: &impl ConnectionTrait, tenant: &Tenant, group: &str, ids: &[String]) -> Result<()> {
    use member::Column as M;
    let gone = member::Entity::delete_many().filter(M::Tenant.eq(tenant.as_str())).filter(M::GroupId.eq(group));
    gone.filter(among(db, M::UserId, ids)).exec(db).await?;
    Ok(())
}

/// Takes someone out of every group.
pub(super) async fn dismiss_everywhere(db: &impl ConnectionTrait, tenant: &Tenant, id: &str) -> Result<()> {
    use member::Column as M;
    member::Entity::delete_many().filter(M::Tenant.eq(tenant.as_str())).filter(M::UserId.eq(id)).exec(db).await?;
    Ok(())
}

/// How many members each of these groups has.
pub(super) async fn sizes(db: &impl ConnectionTrait, tenant: &Tenant, groups: &[String]) -> Result<Vec<(String, i64)>> {
    use member::Column as M;
    let counted = member::Entity::find()
        .select_only()
        .column(M::GroupId)
        .column_as(M::UserId.count(), "members")
        .filter(M::Tenant.eq(tenant.as_str()))
        .filter(among(db, M::GroupId, groups))
        .group_by(M::GroupId);
    Ok(counted.into_tuple().all(db).await?)
}

/// Group, id and name of the members of these groups.
pub(super) async fn members_of_all(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    groups: &[String],
) -> Result<Vec<(String, String, String)>> {
    use member::Column as M;
    let joined = member::Entity::find()
        .select_only()
        .column(M::GroupId)
        .column(M::UserId)
        .column(U::UserName)
        .join(sea_orm::JoinType::InnerJoin, to_user())
        .filter(M::Tenant.eq(tenant.as_str()))
        .filter(U::DeletedAt.is_null())
        .filter(among(db, M::GroupId, groups))
        .order_by_asc(M::UserId);
    Ok(joined.into_tuple().all(db).await?)
}

/// The user of a membership.
fn to_user() -> sea_orm::RelationDef {
    let relation: sea_orm::RelationDef = member::Entity::belongs_to(user::Entity)
        .from((member::Column::Tenant, member::Column::UserId))
        .to((U::Tenant, U::Id))
        .into();
    relation
}

/// The group of a membership.
fn to_group() -> sea_orm::RelationDef {
    let relation: sea_orm::RelationDef = member::Entity::belongs_to(group::Entity)
        .from((member::Column::Tenant, member::Column::GroupId))
        .to((group::Column::Tenant, group::Column::Id))
        .into();
    relation
}

/// User, group, name and outer name of the groups that these people are in, at most `limit`.
pub(super) async fn groups_of(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    users: &[String],
    limit: u64,
) -> Result<Vec<(String, String, String, Option<String>)>> {
    use group::Column as G;
    use member::Column as M;
    let joined = member::Entity::find()
        .select_only()
        .column(M::UserId)
        .column(M::GroupId)
        .column(G::DisplayName)
        .column(G::ExternalId)
        .join(sea_orm::JoinType::InnerJoin, to_group())
        .filter(M::Tenant.eq(tenant.as_str()))
        .filter(among(db, M::UserId, users))
        .order_by_asc(G::DisplayName)
        .limit(limit);
    Ok(joined.into_tuple().all(db).await?)
}

/// Everyone that a condition means, deleted or not, at most `limit`.
pub(super) async fn all(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    condition: Condition,
    limit: u64,
) -> Result<Vec<user::Model>> {
    let all = user::Entity::find().filter(U::Tenant.eq(tenant.as_str())).filter(condition);
    Ok(all.order_by_asc(U::Id).limit(limit).all(db).await?)
}

/// Whether a user has this address.
pub(super) fn has_email(tenant: &Tenant, key: &str) -> SimpleExpr {
    use email::Column as E;
    use sea_orm::QueryTrait as _;
    let owners = email::Entity::find().select_only().column(E::UserId);
    let owners = owners.filter(E::Tenant.eq(tenant.as_str())).filter(E::ValueKey.eq(key));
    U::Id.in_subquery(owners.into_query())
}

/// Whom directories speak of, each once.
pub(super) async fn spoken_of(db: &impl ConnectionTrait, tenant: &Tenant, limit: u64) -> Result<Vec<String>> {
    let all = user::Entity::find().select_only().column(U::Who).filter(U::Tenant.eq(tenant.as_str())).distinct();
    Ok(all.filter(U::Who.is_not_null()).order_by_asc(U::Who).limit(limit).into_tuple().all(db).await?)
}
