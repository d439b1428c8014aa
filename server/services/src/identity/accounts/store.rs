//! Rows of `accounts`.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::identity::Tenant;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait as _, IntoActiveModel as _,
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
        /// Whose account it is, of all who come in; none where nothing else of theirs is known.
        pub person: Option<Uuid>,
        /// The User of the catalog as whom they came in before, where they are taken for another one now.
        pub apart: Option<String>,
        /// What address the catalog gave for them then, in small letters.
        pub address: Option<String>,
        /// Where the provider was when they came in last, as it calls itself.
        pub issuer: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl Row {
    /// Whose account it is, of all who come in.
    pub(in crate::identity) fn person(&self) -> Uuid {
        self.person.unwrap_or(self.id)
    }

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

/// The accounts of these people, under whichever names.
pub(in crate::identity) async fn of_persons(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    persons: &HashSet<Uuid>,
) -> Result<Vec<Row>> {
    let own = C::Person.is_in(persons.iter().copied());
    let alone = Condition::all().add(C::Person.is_null()).add(C::Id.is_in(persons.iter().copied()));
    let all = Entity::find().filter(C::Tenant.eq(tenant.as_str())).filter(Condition::any().add(own).add(alone));
    Ok(all.limit(1_000).all(db).await?)
}

/// Those that are blocked of whoever came in under a name, as a User under another one, or with an address.
pub(super) async fn blocked_as(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    who: &str,
    (uid, address): (Uuid, Option<&str>),
) -> Result<Vec<Row>> {
    let as_user = C::UserUid.eq(uid).and(C::UserUid.ne(Uuid::nil()));
    let mut as_them = C::Who.eq(who).or(as_user);
    if let Some(address) = address {
        as_them = as_them.or(C::Address.eq(address));
    }
    let all = Entity::find().filter(C::Tenant.eq(tenant.as_str())).filter(C::BlockedAt.is_not_null());
    Ok(all.filter(as_them).limit(100).all(db).await?)
}

/// Of each of these accounts, whose it is.
pub(crate) async fn persons(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    accounts: &[Uuid],
) -> Result<HashMap<Uuid, Uuid>> {
    let mut persons = HashMap::with_capacity(accounts.len());
    for some in accounts.chunks(500) {
        let rows = Entity::find().filter(C::Tenant.eq(tenant.as_str())).filter(C::Id.is_in(some.iter().copied()));
        persons.extend(rows.all(db).await?.iter().map(|row| (row.id, row.person())));
    }
    Ok(persons)
}

/// All accounts of those who have any of these.
pub(crate) async fn siblings(db: &impl ConnectionTrait, tenant: &Tenant, accounts: &[Uuid]) -> Result<Vec<Uuid>> {
    let own = persons(db, tenant, accounts).await?.into_values().collect();
    Ok(of_persons(db, tenant, &own).await?.into_iter().map(|row| row.id).collect())
}

/// The accounts of people, by the names under which they came in.
pub(in crate::identity) async fn of_names(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    names: &[String],
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for some in names.chunks(500) {
        let all = Entity::find().filter(C::Tenant.eq(tenant.as_str())).filter(C::Who.is_in(some));
        rows.extend(all.order_by_desc(C::SeenAt).all(db).await?);
    }
    Ok(rows)
}

/// Has an account be that of a person, and says as whom else they came in before.
pub(super) async fn set_person(
    db: &impl ConnectionTrait,
    account: &Row,
    (person, apart): (Uuid, Option<&str>),
) -> Result<()> {
    Entity::update_many()
        .col_expr(C::Person, Expr::value(person))
        .col_expr(C::Apart, Expr::value(apart.map(str::to_owned)))
        .filter(C::Tenant.eq(&account.tenant))
        .filter(C::Id.eq(account.id))
        .exec(db)
        .await?;
    Ok(())
}

/// Has an account be of another provider.
pub(super) async fn set_provider(db: &impl ConnectionTrait, account: &Row, provider: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(C::Provider, Expr::value(provider))
        .filter(C::Tenant.eq(&account.tenant))
        .filter(C::Id.eq(account.id))
        .exec(db)
        .await?;
    Ok(())
}

/// Has all accounts of one person be those of another, who is the same.
pub(super) async fn join(db: &impl ConnectionTrait, tenant: &Tenant, (from, into): (Uuid, Uuid)) -> Result<()> {
    let alone = Condition::all().add(C::Person.is_null()).add(C::Id.eq(from));
    Entity::update_many()
        .col_expr(C::Person, Expr::value(into))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(Condition::any().add(C::Person.eq(from)).add(alone))
        .exec(db)
        .await?;
    Ok(())
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
            C::Address,
            C::Issuer,
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
