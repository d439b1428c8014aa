//! Rows of `sessions`.

use chrono::{DateTime, Utc};
use domain::identity::Tenant;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder, QuerySelect, prelude::Uuid,
    sea_query::Expr,
};

use self::session::Column as C;
pub(in crate::identity) use self::session::Model as Row;
use crate::Result;

/// How many sessions of one person are shown.
const SHOWN: u64 = 200;

mod session {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub hash: String,
        pub who: String,
        pub account: Option<Uuid>,
        pub provider: Option<String>,
        pub bound_to: Option<String>,
        pub created_at: DateTime<Utc>,
        pub seen_at: DateTime<Utc>,
        pub expires_at: DateTime<Utc>,
        pub refreshed_at: DateTime<Utc>,
        pub address: Option<String>,
        pub agent: Option<String>,
        pub sealed: Option<String>,
        pub user_uid: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use session::{ActiveModel, Entity};

pub(super) async fn insert(db: &impl ConnectionTrait, row: Row) -> Result<()> {
    use sea_orm::{ActiveModelTrait as _, IntoActiveModel as _};
    let row: ActiveModel = row.into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn by_hash(db: &impl ConnectionTrait, tenant: &Tenant, hash: &str) -> Result<Option<Row>> {
    Ok(Entity::find().filter(C::Tenant.eq(tenant.as_str())).filter(C::Hash.eq(hash)).one(db).await?)
}

pub(in crate::identity) async fn by_id(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<Option<Row>> {
    Ok(Entity::find_by_id((tenant.to_string(), id)).one(db).await?)
}

pub(super) async fn of(db: &impl ConnectionTrait, tenant: &Tenant, who: &str) -> Result<Vec<Row>> {
    Ok(Entity::find()
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Who.eq(who))
        .filter(C::ExpiresAt.gt(Utc::now()))
        .order_by_desc(C::SeenAt)
        .limit(SHOWN)
        .all(db)
        .await?)
}

/// How many live sessions each account has.
pub(crate) async fn counts(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Vec<(Uuid, i64)>> {
    let counted: Vec<(Option<Uuid>, i64)> = Entity::find()
        .select_only()
        .column(C::Account)
        .column_as(C::Id.count(), "sessions")
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::ExpiresAt.gt(Utc::now()))
        .group_by(C::Account)
        .into_tuple()
        .all(db)
        .await?;
    Ok(counted.into_iter().filter_map(|(account, count)| Some((account?, count))).collect())
}

pub(super) async fn remove(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<u64> {
    Ok(Entity::delete_by_id((tenant.to_string(), id)).exec(db).await?.rows_affected)
}

/// Removes one session of a person.
pub(super) async fn remove_of(db: &impl ConnectionTrait, tenant: &Tenant, who: &str, id: Uuid) -> Result<u64> {
    let one = Entity::delete_many().filter(C::Tenant.eq(tenant.as_str())).filter(C::Who.eq(who)).filter(C::Id.eq(id));
    Ok(one.exec(db).await?.rows_affected)
}

/// Removes all sessions of a person but one.
pub(super) async fn remove_others(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    who: &str,
    but: Option<Uuid>,
) -> Result<u64> {
    let mut others = Entity::delete_many().filter(C::Tenant.eq(tenant.as_str())).filter(C::Who.eq(who));
    if let Some(but) = but {
        others = others.filter(C::Id.ne(but));
    }
    Ok(others.exec(db).await?.rows_affected)
}

/// Removes all sessions of a person.
pub(crate) async fn remove_all_of(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    (who, accounts): (&str, &[Uuid]),
) -> Result<u64> {
    let own = C::Account.is_null().or(C::Account.is_in(accounts.iter().copied()));
    let all = Entity::delete_many().filter(C::Tenant.eq(tenant.as_str())).filter(C::Who.eq(who)).filter(own);
    Ok(all.exec(db).await?.rows_affected)
}

/// Removes all sessions of an account.
pub(crate) async fn remove_of_account(db: &impl ConnectionTrait, tenant: &Tenant, account: Uuid) -> Result<u64> {
    let all = Entity::delete_many().filter(C::Tenant.eq(tenant.as_str())).filter(C::Account.eq(account));
    Ok(all.exec(db).await?.rows_affected)
}

/// Removes sessions, of every tenant, that are over.
pub(super) async fn remove_over(
    db: &impl ConnectionTrait,
    ended_by: DateTime<Utc>,
    unused_since: DateTime<Utc>,
) -> Result<u64> {
    let over = Entity::delete_many().filter(C::ExpiresAt.lte(ended_by).or(C::SeenAt.lte(unused_since)));
    Ok(over.exec(db).await?.rows_affected)
}

pub(super) async fn seen(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid, at: DateTime<Utc>) -> Result<()> {
    Entity::update_many()
        .col_expr(C::SeenAt, Expr::value(at))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Takes the turn to ask the provider again; false if another took it.
pub(super) async fn take_turn(db: &impl ConnectionTrait, row: &Row, at: DateTime<Utc>) -> Result<bool> {
    let taken = Entity::update_many()
        .col_expr(C::RefreshedAt, Expr::value(at))
        .filter(C::Tenant.eq(&row.tenant))
        .filter(C::Id.eq(row.id))
        .filter(C::RefreshedAt.eq(row.refreshed_at))
        .exec(db)
        .await?;
    Ok(taken.rows_affected == 1)
}

pub(super) async fn reseal(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid, sealed: Option<String>) -> Result<()> {
    Entity::update_many()
        .col_expr(C::Sealed, Expr::value(sealed))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}
