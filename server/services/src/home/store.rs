//! Rows of `people`, `stars` and `visits`.

use chrono::{DateTime, Utc};
use domain::{catalog::EntityRef, identity::Tenant};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use crate::Result;

/// How many visits are read: a few more than are kept.
const VISITS: u64 = 60;

pub(super) mod person {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "people")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub who: String,
        #[sea_orm(column_name = "ref")]
        pub reference: Option<String>,
        pub here_at: DateTime<Utc>,
        pub here_seq: i64,
        pub before_at: Option<DateTime<Utc>>,
        pub before_seq: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod star {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stars")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub who: String,
        #[sea_orm(primary_key, auto_increment = false, column_name = "ref")]
        pub reference: String,
        pub at: DateTime<Utc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod visit {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "visits")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub who: String,
        #[sea_orm(primary_key, auto_increment = false, column_name = "ref")]
        pub reference: String,
        pub at: DateTime<Utc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A moment and the last change that could be seen then.
type Moment = (DateTime<Utc>, i64);

pub(super) async fn person(db: &impl ConnectionTrait, tenant: &Tenant, who: &str) -> Result<Option<person::Model>> {
    Ok(person::Entity::find_by_id((tenant.to_string(), who.to_owned())).one(db).await?)
}

fn new_person(tenant: &Tenant, who: &str, reference: Option<&EntityRef>, (at, seq): Moment) -> person::ActiveModel {
    person::ActiveModel {
        tenant: Set(tenant.to_string()),
        who: Set(who.to_owned()),
        reference: Set(reference.map(ToString::to_string)),
        here_at: Set(at),
        here_seq: Set(seq),
        before_at: Set(None),
        before_seq: Set(None),
    }
}

fn same_person() -> OnConflict {
    OnConflict::columns([person::Column::Tenant, person::Column::Who])
}

pub(super) async fn say_who(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    who: &str,
    reference: Option<&EntityRef>,
    here: Moment,
) -> Result<()> {
    let again = same_person().update_column(person::Column::Reference).to_owned();
    let row = new_person(tenant, who, reference, here);
    person::Entity::insert(row).on_conflict(again).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn first_here(db: &impl ConnectionTrait, tenant: &Tenant, who: &str, here: Moment) -> Result<()> {
    let row = new_person(tenant, who, None, here);
    person::Entity::insert(row).on_conflict(same_person().do_nothing().to_owned()).exec_without_returning(db).await?;
    Ok(())
}

/// Begins another visit, unless someone has noted it since `known` was read.
pub(super) async fn come_back(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    known: &person::Model,
    (at, seq): Moment,
) -> Result<()> {
    use person::Column as C;
    person::Entity::update_many()
        .col_expr(C::BeforeAt, Expr::value(known.here_at))
        .col_expr(C::BeforeSeq, Expr::value(known.here_seq))
        .col_expr(C::HereAt, Expr::value(at))
        .col_expr(C::HereSeq, Expr::value(seq))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Who.eq(&known.who))
        .filter(C::HereAt.eq(known.here_at))
        .exec(db)
        .await?;
    Ok(())
}

/// Goes on with the visit, unless someone has noted it since `known` was read.
pub(super) async fn still_here(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    known: &person::Model,
    (at, seq): Moment,
) -> Result<()> {
    use person::Column as C;
    person::Entity::update_many()
        .col_expr(C::HereAt, Expr::value(at))
        .col_expr(C::HereSeq, Expr::value(seq))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Who.eq(&known.who))
        .filter(C::HereAt.eq(known.here_at))
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn stars(db: &impl ConnectionTrait, tenant: &Tenant, who: &str, limit: u64) -> Result<Vec<String>> {
    Ok(star::Entity::find()
        .select_only()
        .column(star::Column::Reference)
        .filter(star::Column::Tenant.eq(tenant.as_str()))
        .filter(star::Column::Who.eq(who))
        .order_by_desc(star::Column::At)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?)
}

pub(super) async fn star(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    who: &str,
    reference: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    let again =
        OnConflict::columns([star::Column::Tenant, star::Column::Who, star::Column::Reference]).do_nothing().to_owned();
    let row = star::ActiveModel {
        tenant: Set(tenant.to_string()),
        who: Set(who.to_owned()),
        reference: Set(reference.to_owned()),
        at: Set(at),
    };
    star::Entity::insert(row).on_conflict(again).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn unstar(db: &impl ConnectionTrait, tenant: &Tenant, who: &str, reference: &str) -> Result<()> {
    star::Entity::delete_by_id((tenant.to_string(), who.to_owned(), reference.to_owned())).exec(db).await?;
    Ok(())
}

/// What was looked at and when, the latest first.
pub(super) async fn visits(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    who: &str,
) -> Result<Vec<(String, DateTime<Utc>)>> {
    Ok(visit::Entity::find()
        .select_only()
        .columns([visit::Column::Reference, visit::Column::At])
        .filter(visit::Column::Tenant.eq(tenant.as_str()))
        .filter(visit::Column::Who.eq(who))
        .order_by_desc(visit::Column::At)
        .limit(VISITS)
        .into_tuple()
        .all(db)
        .await?)
}

pub(super) async fn visit(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    who: &str,
    reference: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    let again = OnConflict::columns([visit::Column::Tenant, visit::Column::Who, visit::Column::Reference])
        .update_column(visit::Column::At)
        .to_owned();
    let row = visit::ActiveModel {
        tenant: Set(tenant.to_string()),
        who: Set(who.to_owned()),
        reference: Set(reference.to_owned()),
        at: Set(at),
    };
    visit::Entity::insert(row).on_conflict(again).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn forget_visits(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    who: &str,
    references: &[String],
) -> Result<()> {
    if !references.is_empty() {
        visit::Entity::delete_many()
            .filter(visit::Column::Tenant.eq(tenant.as_str()))
            .filter(visit::Column::Who.eq(who))
            .filter(visit::Column::Reference.is_in(references))
            .exec(db)
            .await?;
    }
    Ok(())
}
