//! Rows of `tokens`.

use chrono::{DateTime, Utc};
use domain::identity::Tenant;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait as _,
    IntoActiveModel as _, PaginatorTrait as _, QueryFilter, QueryOrder, QuerySelect, SqlErr,
    prelude::Uuid,
    sea_query::{Expr, Func, Order},
};

pub(in crate::identity) use self::token::Model as Row;
use self::token::{Column as C, Entity};
use crate::{Result, database, identity::accounts};

/// How many tokens are shown.
const SHOWN: u64 = 500;
/// How many tokens of several accounts are shown.
const SHOWN_OF_MANY: u64 = 2_500;

mod token {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tokens")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub hash: String,
        pub prefix: String,
        pub who: String,
        pub name: String,
        pub kind: String,
        pub scopes: String,
        pub roles: String,
        pub created_at: DateTime<Utc>,
        pub created_by: String,
        pub expires_at: DateTime<Utc>,
        pub used_at: Option<DateTime<Utc>>,
        pub used_from: Option<String>,
        pub ended_at: Option<DateTime<Utc>>,
        /// Which User of the catalog it was made for; nil where it was none.
        pub user_uid: Option<Uuid>,
        /// The account through which it was made.
        pub account: Option<Uuid>,
        /// The administrator's token that one of the administrator's was made with, hashed; nothing where there was none.
        pub bound_to: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Names the lock of those who make tokens ("tokens").
const TOKENS: i64 = 0x746f_6b65_6e73;

/// Has whoever makes a token wait for the others who do. On SQLite, a transaction that writes is the only one.
pub(super) async fn lock(tx: &impl ConnectionTrait, tenant: &Tenant) -> Result<()> {
    database::lock(tx, TOKENS, tenant).await
}

pub(super) async fn insert(db: &impl ConnectionTrait, row: Row) -> Result<(), DbErr> {
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// Whether a token could not be noted because it is there already.
pub(super) fn is_there(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

pub(super) async fn by_hash(db: &impl ConnectionTrait, tenant: &Tenant, hash: &str) -> Result<Option<Row>> {
    Ok(Entity::find().filter(C::Tenant.eq(tenant.as_str())).filter(C::Hash.eq(hash)).one(db).await?)
}

pub(in crate::identity) async fn by_id(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<Option<Row>> {
    Ok(Entity::find_by_id((tenant.to_string(), id)).one(db).await?)
}

/// Has the personal tokens that an account made be those of whoever it is now. Of those of before that was noted, it goes by the name that
/// they were made under, and whom that meant. Says how many there are.
pub(in crate::identity) async fn follow(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    (account, who, uid): (Uuid, &str, Option<Uuid>),
    (new, new_uid): (&str, Uuid),
) -> Result<u64> {
    let mut made = Condition::any().add(C::Account.eq(account));
    if let Some(uid) = uid {
        made = made.add(Condition::all().add(C::Account.is_null()).add(C::Who.eq(who)).add(C::UserUid.eq(uid)));
    }
    let moved = Entity::update_many()
        .col_expr(C::Who, Expr::value(new))
        .col_expr(C::UserUid, Expr::value(new_uid))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Kind.eq("personal"))
        .filter(made)
        .exec(db)
        .await?;
    Ok(moved.rows_affected)
}

/// Notes with which token of the administrator one was made of which that is not known.
pub(super) async fn bind_to(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid, to: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(C::BoundTo, Expr::value(to))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Id.eq(id))
        .filter(C::BoundTo.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Notes whom the tokens were made for of which that is not known.
pub(super) async fn bind(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid, uid: Uuid) -> Result<()> {
    Entity::update_many()
        .col_expr(C::UserUid, Expr::value(uid))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Id.eq(id))
        .filter(C::UserUid.is_null())
        .exec(db)
        .await?;
    Ok(())
}

fn living(tenant: &Tenant) -> sea_orm::Select<Entity> {
    let all = Entity::find().filter(C::Tenant.eq(tenant.as_str()));
    all.filter(C::EndedAt.is_null()).filter(C::ExpiresAt.gt(Utc::now()))
}

/// The living tokens of a kind, of one owner or of all.
pub(super) async fn living_of(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    kind: &str,
    who: Option<&str>,
) -> Result<Vec<Row>> {
    let mut all = living(tenant).filter(C::Kind.eq(kind));
    if let Some(who) = who {
        all = all.filter(C::Who.eq(who));
    }
    Ok(all.order_by_asc(C::Name).order_by_asc(C::Id).limit(SHOWN).all(db).await?)
}

/// The living personal tokens that were made through these accounts, those used last first. Of those of before that was noted, it goes by
/// the name that they were made under.
pub(in crate::identity) async fn living_of_accounts(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    accounts: &[accounts::store::Row],
) -> Result<Vec<Row>> {
    let unnoted = C::Who.is_in(accounts.iter().map(|account| account.who.as_str()));
    let made = Condition::any()
        .add(C::Account.is_in(accounts.iter().map(|account| account.id)))
        .add(Condition::all().add(C::Account.is_null()).add(unnoted));
    let all = living(tenant).filter(C::Kind.eq("personal")).filter(made);
    let latest = Expr::expr(Func::coalesce([Expr::col(C::UsedAt), Expr::col(C::CreatedAt)]));
    Ok(all.order_by(latest, Order::Desc).order_by_asc(C::Id).limit(SHOWN_OF_MANY).all(db).await?)
}

pub(super) async fn count(db: &impl ConnectionTrait, tenant: &Tenant, kind: &str, who: Option<&str>) -> Result<u64> {
    let mut all = living(tenant).filter(C::Kind.eq(kind));
    if let Some(who) = who {
        all = all.filter(C::Who.eq(who));
    }
    Ok(all.count(db).await?)
}

pub(super) async fn end(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid, at: DateTime<Utc>) -> Result<u64> {
    let ended = Entity::update_many()
        .col_expr(C::EndedAt, Expr::value(at))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Id.eq(id))
        .filter(C::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(ended.rows_affected)
}

/// Ends all tokens of someone that were made through these accounts, or through none that is known.
pub(crate) async fn end_all_of(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    (who, accounts): (&str, &[Uuid]),
    at: DateTime<Utc>,
) -> Result<u64> {
    let own = C::Account.is_null().or(C::Account.is_in(accounts.iter().copied()));
    let ended = Entity::update_many()
        .col_expr(C::EndedAt, Expr::value(at))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Who.eq(who))
        .filter(own)
        .filter(C::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(ended.rows_affected)
}

pub(super) async fn used(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    at: DateTime<Utc>,
    from: Option<&str>,
) -> Result<()> {
    Entity::update_many()
        .col_expr(C::UsedAt, Expr::value(at))
        .col_expr(C::UsedFrom, Expr::value(from.map(str::to_owned)))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}
