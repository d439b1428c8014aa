//! Rows of `accounts`.

use chrono::{DateTime, Utc};
use domain::identity::Tenant;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait as _, IntoActiveModel as _,
    QueryFilter, QueryOrder, QuerySelect,
    prelude::Uuid,
    sea_query::{Expr, OnConflict},
};
use serde_json::Value;

pub(crate) use self::account::Model as Row;
use self::account::{Column as C, Entity};
use super::FoundBy;
use crate::{Result, database};

mod account {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "accounts")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub provider: String,
        pub subject: String,
        pub who: String,
        pub name: Option<String>,
        pub email: Option<String>,
        pub groups: Json,
        pub matched_by: String,
        pub just_in_time: bool,
        pub created_at: DateTime<Utc>,
        pub seen_at: DateTime<Utc>,
        pub blocked_at: Option<DateTime<Utc>>,
        /// When the provider was last asked again, and stood by the person.
        pub confirmed_at: Option<DateTime<Utc>>,
        /// Since when it says that the person is not to come in; the next sign-in decides anew.
        pub disowned_at: Option<DateTime<Utc>>,
        /// What Entra calls the person in its directory.
        pub object_id: Option<String>,
        /// The groups that came and mean nothing in the catalog.
        pub unmeant: Option<Json>,
        /// Which User of the catalog they were when they came in last; nil where they were none.
        pub user_uid: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl Row {
    /// What the provider's directory may call the person.
    pub(crate) fn externals(&self) -> Vec<String> {
        std::iter::once(self.subject.clone()).chain(self.object_id.clone()).collect()
    }

    /// Whether the provider stood by the person at that moment or later: at a sign-in, or when it was asked again.
    pub(in crate::identity) fn was_seen_since(&self, moment: DateTime<Utc>) -> bool {
        self.seen_at > moment || self.confirmed_at.is_some_and(|at| at > moment)
    }
}

pub(crate) async fn by_id(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<Option<Row>> {
    Ok(Entity::find_by_id((tenant.to_string(), id)).one(db).await?)
}

pub(crate) async fn by_subject(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    provider: &str,
    subject: &str,
) -> Result<Option<Row>> {
    Ok(Entity::find()
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Provider.eq(provider))
        .filter(C::Subject.eq(subject))
        .one(db)
        .await?)
}

/// The accounts of whomever a provider's directory calls so.
pub(crate) async fn called(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    provider: &str,
    external: &str,
) -> Result<Vec<Row>> {
    let all = Entity::find().filter(C::Tenant.eq(tenant.as_str())).filter(C::Provider.eq(provider));
    let named = C::Subject.eq(external).or(C::ObjectId.eq(external));
    Ok(all.filter(named).limit(100).all(db).await?)
}

/// The accounts of a person.
pub(crate) async fn of(db: &impl ConnectionTrait, tenant: &Tenant, who: &str) -> Result<Vec<Row>> {
    let all = Entity::find().filter(C::Tenant.eq(tenant.as_str())).filter(C::Who.eq(who));
    Ok(all.order_by_desc(C::SeenAt).limit(100).all(db).await?)
}

/// Names the lock of those who come in ("people").
const COMING: i64 = 0x7065_6f70_6c65;

/// Has whoever comes in wait for the others who do. On SQLite, a transaction that writes is the only one.
pub(super) async fn lock(tx: &impl ConnectionTrait, tenant: &Tenant) -> Result<()> {
    database::lock(tx, COMING, tenant).await
}

/// Whether someone else than this account is `who`.
pub(super) async fn is_taken(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    who: &str,
    (provider, subject): (&str, &str),
) -> Result<bool> {
    let accounts = of(db, tenant, who).await?;
    Ok(accounts.iter().any(|account| (account.provider.as_str(), account.subject.as_str()) != (provider, subject)))
}

/// A page of all accounts, those seen last first, narrowed to what holds `text`.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    text: &str,
    (offset, limit): (u64, u64),
) -> Result<Vec<Row>> {
    let mut all = Entity::find().filter(C::Tenant.eq(tenant.as_str()));
    if !text.is_empty() {
        let holds = |column: C| database::holds(db, column, text);
        all = all.filter(holds(C::Who).or(holds(C::Email)).or(holds(C::Name)));
    }
    Ok(all.order_by_desc(C::SeenAt).order_by_asc(C::Id).offset(offset).limit(limit).all(db).await?)
}

/// Writes an account, or what is new about one.
pub(super) async fn put(db: &impl ConnectionTrait, row: Row) -> Result<()> {
    let same = OnConflict::columns([C::Tenant, C::Provider, C::Subject])
        .update_columns([
            C::Who,
            C::Name,
            C::Email,
            C::Groups,
            C::MatchedBy,
            C::JustInTime,
            C::SeenAt,
            C::DisownedAt,
            C::ObjectId,
            C::Unmeant,
            C::UserUid,
        ])
        .to_owned();
    Entity::insert(row.into_active_model().reset_all()).on_conflict(same).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn set_groups(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    (groups, unmeant): (Value, Value),
) -> Result<()> {
    Entity::update_many()
        .col_expr(C::Groups, Expr::value(groups))
        .col_expr(C::Unmeant, Expr::value(unmeant))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes that the provider stands by the person, or that it does so no longer.
pub(super) async fn confirm(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    (is_confirmed, at): (bool, DateTime<Utc>),
) -> Result<()> {
    let column = if is_confirmed { C::ConfirmedAt } else { C::DisownedAt };
    Entity::update_many()
        .col_expr(column, Expr::value(at))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes that what an account was found by is said no longer: it is nobody's until the next sign-in.
pub(in crate::identity) async fn take_back(db: &impl ConnectionTrait, account: &Row, at: DateTime<Utc>) -> Result<()> {
    let Ok(found_by) = account.matched_by.parse::<FoundBy>();
    Entity::update_many()
        .col_expr(C::MatchedBy, Expr::value(found_by.before().to_string()))
        .col_expr(C::DisownedAt, Expr::value(at))
        .filter(C::Tenant.eq(&account.tenant))
        .filter(C::Id.eq(account.id))
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn block(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    at: Option<DateTime<Utc>>,
) -> Result<u64> {
    let blocked = Entity::update_many()
        .col_expr(C::BlockedAt, Expr::value(at))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Id.eq(id))
        .exec(db)
        .await?;
    Ok(blocked.rows_affected)
}

/// As whom people came in, each once: all of them, or else those of whom more counts than what the catalog says, by groups that came
/// with them, or since they are in no catalog or kept out.
pub(in crate::identity) async fn apart(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    open: &[String],
    (is_all, limit): (bool, u64),
) -> Result<Vec<String>> {
    let mut all = Entity::find().select_only().column(C::Who).filter(C::Tenant.eq(tenant.as_str())).distinct();
    if !is_all {
        let is_out = C::BlockedAt.is_not_null().or(C::DisownedAt.is_not_null()).or(C::Provider.is_not_in(open));
        let has_groups = Expr::col(C::Groups).cast_as("text").ne("[]");
        all = all.filter(is_out.or(C::JustInTime.eq(true)).or(has_groups));
    }
    Ok(all.order_by_asc(C::Who).limit(limit).into_tuple().all(db).await?)
}
