//! Rows of policies and of roles that were given.

use chrono::{DateTime, Utc};
use domain::identity::{Grantee, RoleName, Tenant};
use sea_orm::{
    ActiveModelTrait as _,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
    prelude::Uuid,
    sea_query::{Expr, OnConflict},
};
use serde_json::json;

use super::uses::Use;
use crate::{
    Result,
    bulk::{Rows, among},
    database, identity,
};

/// Names the lock of those who edit policies ("policy").
const POLICIES: i64 = 0x706f_6c69_6379;

/// Has whoever edits policies wait for the others who do. On SQLite, a transaction that writes is the only one.
pub(super) async fn lock_policies(tx: &impl ConnectionTrait, tenant: &Tenant) -> Result<()> {
    database::lock(tx, POLICIES, tenant).await
}

/// Names the lock of those who tell of files ("files").
const FILES: i64 = 0x0066_696c_6573;

/// Has whoever tells of files wait for the others who do. On SQLite, a transaction that writes is the only one.
pub(super) async fn lock_files(tx: &impl ConnectionTrait, tenant: &Tenant) -> Result<()> {
    database::lock(tx, FILES, tenant).await
}

pub(super) mod policy {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "policies")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub text: String,
        pub cases: String,
        pub version: i32,
        pub changed_at: DateTime<Utc>,
        pub changed_by: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod grant {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "role_grants")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub role: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub grantee: String,
        pub given_at: DateTime<Utc>,
        pub given_by: String,
        /// The User of the catalog that the grantee was then; nil where it was none.
        pub user_uid: Option<Uuid>,
        /// Through which account they came in; none where nobody had yet.
        pub account: Option<Uuid>,
        /// What address the catalog gave for the grantee then, where nobody had come in yet.
        pub address: Option<String>,
        /// What the catalog said of the grantee then in the annotations by which providers find people: each key and what it says.
        pub annotations: Option<Json>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod role_use {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "role_uses")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub role: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub grantee: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub used_at: DateTime<Utc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) async fn policies(db: &impl ConnectionTrait, tenant: &Tenant, most: u64) -> Result<Vec<policy::Model>> {
    let rows = policy::Entity::find()
        .filter(policy::Column::Tenant.eq(tenant.as_str()))
        .order_by_asc(policy::Column::Name)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows)
}

pub(super) async fn policy(db: &impl ConnectionTrait, tenant: &Tenant, name: &str) -> Result<Option<policy::Model>> {
    Ok(policy::Entity::find_by_id((tenant.to_string(), name.to_owned())).one(db).await?)
}

pub(super) async fn put_policy(db: &impl ConnectionTrait, row: policy::Model) -> Result<()> {
    let update = [
        policy::Column::Text,
        policy::Column::Cases,
        policy::Column::Version,
        policy::Column::ChangedAt,
        policy::Column::ChangedBy,
    ];
    let conflict =
        OnConflict::columns([policy::Column::Tenant, policy::Column::Name]).update_columns(update).to_owned();
    policy::Entity::insert(policy::ActiveModel::from(row).reset_all())
        .on_conflict(conflict)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

pub(super) async fn delete_policy(db: &impl ConnectionTrait, tenant: &Tenant, name: &str) -> Result<()> {
    policy::Entity::delete_by_id((tenant.to_string(), name.to_owned())).exec(db).await?;
    Ok(())
}

pub(super) async fn grants(db: &impl ConnectionTrait, tenant: &Tenant, most: u64) -> Result<Vec<grant::Model>> {
    let rows = grant::Entity::find()
        .filter(grant::Column::Tenant.eq(tenant.as_str()))
        .order_by_asc(grant::Column::Role)
        .order_by_asc(grant::Column::Grantee)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows)
}

/// Gives a role; says whether they did not have it before. One that was given to somebody else who bore the name is theirs now.
pub(super) async fn give(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    (role, grantee): (&RoleName, &Grantee),
    (to, is_anew): (identity::Whose, bool),
    (at, by): (DateTime<Utc>, &str),
) -> Result<bool> {
    let row = grant::ActiveModel {
        tenant: Set(tenant.to_string()),
        role: Set(role.to_string()),
        grantee: Set(grantee.to_string()),
        given_at: Set(at),
        given_by: Set(by.to_owned()),
        user_uid: Set(to.uid),
        account: Set(to.account),
        address: Set(to.address),
        annotations: Set(Some(json!(to.annotations))),
    };
    let mut conflict = OnConflict::columns([grant::Column::Tenant, grant::Column::Role, grant::Column::Grantee]);
    let conflict = if is_anew {
        conflict.update_columns([
            grant::Column::GivenAt,
            grant::Column::GivenBy,
            grant::Column::UserUid,
            grant::Column::Account,
            grant::Column::Address,
            grant::Column::Annotations,
        ])
    } else {
        conflict.do_nothing()
    };
    let written = grant::Entity::insert(row).on_conflict(conflict.to_owned()).exec_without_returning(db).await?;
    Ok(written > 0)
}

/// What was given to any of these.
pub(super) async fn grants_of(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    grantees: &[String],
) -> Result<Vec<grant::Model>> {
    let rows = grant::Entity::find()
        .filter(grant::Column::Tenant.eq(tenant.as_str()))
        .filter(among(db, grant::Column::Grantee, grantees))
        .order_by_asc(grant::Column::Role)
        .all(db)
        .await?;
    Ok(rows)
}

/// What was given to whoever comes in through any of these accounts.
pub(super) async fn grants_through(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    accounts: &[Uuid],
) -> Result<Vec<grant::Model>> {
    let all = grant::Entity::find().filter(grant::Column::Tenant.eq(tenant.as_str()));
    Ok(all.filter(grant::Column::Account.is_in(accounts.iter().copied())).all(db).await?)
}

/// This grant, to be changed.
fn this(grant: &grant::Model) -> UpdateMany<grant::Entity> {
    grant::Entity::update_many()
        .filter(grant::Column::Tenant.eq(&grant.tenant))
        .filter(grant::Column::Role.eq(&grant.role))
        .filter(grant::Column::Grantee.eq(&grant.grantee))
}

/// Notes to which User of the catalog a role was given, and through which account they come in.
pub(super) async fn bind(db: &impl ConnectionTrait, grant: &grant::Model, (uid, account): (Uuid, Uuid)) -> Result<()> {
    let bound = this(grant)
        .col_expr(grant::Column::UserUid, Expr::value(uid))
        .col_expr(grant::Column::Account, Expr::value(account));
    bound.exec(db).await?;
    Ok(())
}

/// What was given to people of whom it is to be found out who they are, of every tenant.
pub(super) async fn grants_of_no_account(db: &impl ConnectionTrait) -> Result<Vec<grant::Model>> {
    Ok(grant::Entity::find().filter(grant::Column::Account.eq(Uuid::nil())).all(db).await?)
}

/// Notes through which account whoever has a role comes in; none where nobody does.
pub(super) async fn rebind(db: &impl ConnectionTrait, grant: &grant::Model, account: Option<Uuid>) -> Result<()> {
    this(grant).col_expr(grant::Column::Account, Expr::value(account)).exec(db).await?;
    Ok(())
}

/// Takes this one away.
pub(super) async fn remove(db: &impl ConnectionTrait, grant: &grant::Model) -> Result<()> {
    let key = (grant.tenant.clone(), grant.role.clone(), grant.grantee.clone());
    grant::Entity::delete_by_id(key).exec(db).await?;
    Ok(())
}

/// Has a role stand under another name; says whether it does, since somebody else may have it there.
pub(super) async fn call(db: &impl ConnectionTrait, grant: &grant::Model, name: &str) -> Result<bool> {
    let key = (grant.tenant.clone(), grant.role.clone(), name.to_owned());
    if grant::Entity::find_by_id(key).one(db).await?.is_some() {
        return Ok(false);
    }
    this(grant).col_expr(grant::Column::Grantee, Expr::value(name)).exec(db).await?;
    Ok(true)
}

/// Whether it was there.
pub(super) async fn take(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    (role, grantee): (&RoleName, &Grantee),
) -> Result<bool> {
    let key = (tenant.to_string(), role.to_string(), grantee.to_string());
    Ok(grant::Entity::delete_by_id(key).exec(db).await?.rows_affected > 0)
}

const USES: Rows<5> = Rows {
    table: "role_uses",
    columns: ["tenant", "role", "grantee", "subject", "used_at"],
    json: &[],
    tail: "ON CONFLICT (tenant, role, grantee, subject) DO UPDATE SET used_at = excluded.used_at",
};

/// Writes when roles were last of use.
pub(super) async fn put_uses(db: &impl ConnectionTrait, uses: &[(Use, DateTime<Utc>)]) -> Result<()> {
    let row = |(of, at): &(Use, DateTime<Utc>)| -> [sea_orm::Value; 5] {
        let texts = [of.tenant.as_str(), &of.role, &of.grantee, &of.subject];
        let [tenant, role, grantee, subject] = texts.map(Into::into);
        [tenant, role, grantee, subject, (*at).into()]
    };
    let rows: Vec<[sea_orm::Value; 5]> = uses.iter().map(row).collect();
    USES.insert(db, rows).await
}

/// Notes since when uses are noted, unless that is known. The row has the name of no role.
pub(super) async fn begin_uses(db: &impl ConnectionTrait, tenant: &Tenant, at: DateTime<Utc>) -> Result<()> {
    use role_use::Column as C;
    let row = role_use::ActiveModel {
        tenant: Set(tenant.to_string()),
        role: Set(String::new()),
        grantee: Set(String::new()),
        subject: Set(String::new()),
        used_at: Set(at),
    };
    let known = OnConflict::columns([C::Tenant, C::Role, C::Grantee, C::Subject]).do_nothing().to_owned();
    role_use::Entity::insert(row).on_conflict(known).exec_without_returning(db).await?;
    Ok(())
}

/// Since when uses are noted.
pub(super) async fn uses_since(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Option<DateTime<Utc>>> {
    let key = (tenant.to_string(), String::new(), String::new(), String::new());
    Ok(role_use::Entity::find_by_id(key).one(db).await?.map(|row| row.used_at))
}

/// Of each grant: the role, to whom, when it was last of use, and to how many it ever was.
pub(super) async fn uses(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    most: u64,
) -> Result<Vec<(String, String, DateTime<Utc>, i64)>> {
    use role_use::Column as C;
    let counted = role_use::Entity::find()
        .select_only()
        .column(C::Role)
        .column(C::Grantee)
        .column_as(C::UsedAt.max(), "last")
        .column_as(C::Subject.count(), "users")
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Role.ne(""))
        .group_by(C::Role)
        .group_by(C::Grantee)
        .limit(most);
    Ok(counted.into_tuple().all(db).await?)
}

/// Forgets uses of long ago, of every tenant.
pub(super) async fn forget_uses(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<()> {
    use role_use::Column as C;
    role_use::Entity::delete_many().filter(C::UsedAt.lt(before)).filter(C::Role.ne("")).exec(db).await?;
    Ok(())
}
