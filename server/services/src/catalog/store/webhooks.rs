//! Webhooks of sources: their sealed secrets, and what was delivered.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    catalog::{DeliveryOutcome, WebhookDelivery},
    identity::Tenant,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Uuid},
    sea_query::OnConflict,
};

use crate::{Result, catalog::ports::Pushed};

/// How many deliveries a page shows.
const SHOWN: u64 = 20;

mod hook {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "source_webhooks")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub source_id: Uuid,
        pub secret: String,
        pub created_at: DateTime<Utc>,
        pub created_by: String,
        pub shown_until: Option<DateTime<Utc>>,
        pub refused_at: Option<DateTime<Utc>>,
        pub refused_why: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod delivery {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_deliveries")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub source_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub delivery: String,
        pub received_at: DateTime<Utc>,
        pub forge: String,
        pub event: String,
        pub outcome: String,
        pub detail: String,
        pub repository: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A webhook as it is kept.
pub(in crate::catalog) type Hook = hook::Model;

pub(in crate::catalog) async fn hook(db: &impl ConnectionTrait, tenant: &Tenant, source: Uuid) -> Result<Option<Hook>> {
    Ok(hook::Entity::find_by_id((tenant.to_string(), source)).one(db).await?)
}

/// Keeps a new secret in place of the one before.
pub(in crate::catalog) async fn put_hook(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    sealed: String,
    made: (DateTime<Utc>, &str),
    shown_until: DateTime<Utc>,
) -> Result<()> {
    drop_hook(tx, tenant, source).await?;
    let row = hook::ActiveModel {
        tenant: Set(tenant.to_string()),
        source_id: Set(source),
        secret: Set(sealed),
        created_at: Set(made.0),
        created_by: Set(made.1.to_owned()),
        shown_until: Set(Some(shown_until)),
        refused_at: Set(None),
        refused_why: Set(None),
    };
    hook::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub(in crate::catalog) async fn drop_hook(tx: &impl ConnectionTrait, tenant: &Tenant, source: Uuid) -> Result<()> {
    hook::Entity::delete_by_id((tenant.to_string(), source)).exec(tx).await?;
    Ok(())
}

pub(in crate::catalog) async fn hide_secret(tx: &impl ConnectionTrait, tenant: &Tenant, source: Uuid) -> Result<()> {
    let hidden = hook::Entity::update_many()
        .col_expr(hook::Column::ShownUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(hook::Column::Tenant.eq(tenant.as_str()))
        .filter(hook::Column::SourceId.eq(source));
    hidden.exec(tx).await?;
    Ok(())
}

/// Notes a refused delivery, once a minute at most: strangers can cause it.
pub(in crate::catalog) async fn note_refusal(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    at: DateTime<Utc>,
    why: &str,
) -> Result<()> {
    let last = hook::Column::RefusedAt;
    hook::Entity::update_many()
        .col_expr(last, Expr::value(Some(at)))
        .col_expr(hook::Column::RefusedWhy, Expr::value(Some(why.to_owned())))
        .filter(hook::Column::Tenant.eq(tenant.as_str()))
        .filter(hook::Column::SourceId.eq(source))
        .filter(Condition::any().add(last.is_null()).add(last.lt(at - TimeDelta::minutes(1))))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes a delivery, and to what it was pushed; `false` if it came before.
pub(in crate::catalog) async fn note_delivery(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    (id, repository): (&str, Option<String>),
    told: &WebhookDelivery,
) -> Result<bool> {
    use delivery::Column;
    let row = delivery::ActiveModel {
        tenant: Set(tenant.to_string()),
        source_id: Set(source),
        delivery: Set(id.to_owned()),
        received_at: Set(told.received_at),
        forge: Set(told.forge.clone()),
        event: Set(told.event.clone()),
        outcome: Set(told.outcome.as_str().to_owned()),
        detail: Set(told.detail.clone()),
        repository: Set(repository),
    };
    let again = OnConflict::columns([Column::Tenant, Column::SourceId, Column::Delivery]).do_nothing().to_owned();
    Ok(delivery::Entity::insert_many([row]).on_conflict(again).exec_without_returning(tx).await? > 0)
}

pub(in crate::catalog) async fn deliveries(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
) -> Result<Vec<WebhookDelivery>> {
    let rows = delivery::Entity::find()
        .filter(delivery::Column::Tenant.eq(tenant.as_str()))
        .filter(delivery::Column::SourceId.eq(source))
        .order_by_desc(delivery::Column::ReceivedAt)
        .limit(SHOWN)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| WebhookDelivery {
            received_at: row.received_at,
            forge: row.forge,
            event: row.event,
            outcome: if row.outcome == "queued" { DeliveryOutcome::Queued } else { DeliveryOutcome::Ignored },
            detail: row.detail,
        })
        .collect())
}

/// When something was last pushed to each repository.
pub(in crate::catalog) async fn pushed_since(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    since: DateTime<Utc>,
) -> Result<Pushed> {
    use delivery::Column;
    let rows: Vec<(String, DateTime<Utc>)> = delivery::Entity::find()
        .select_only()
        .column(Column::Repository)
        .column_as(Column::ReceivedAt.max(), "pushed_at")
        .filter(Column::Tenant.eq(tenant.as_str()))
        .filter(Column::SourceId.eq(source))
        .filter(Column::ReceivedAt.gte(since))
        .filter(Column::Repository.is_not_null())
        .group_by(Column::Repository)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Forgets the deliveries of a source that was removed.
pub(in crate::catalog) async fn forget_deliveries(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
) -> Result<()> {
    let all = delivery::Entity::delete_many()
        .filter(delivery::Column::Tenant.eq(tenant.as_str()))
        .filter(delivery::Column::SourceId.eq(source));
    all.exec(tx).await?;
    Ok(())
}

/// Forgets the deliveries of all tenants before `cutoff`.
pub(in crate::catalog) async fn forget_deliveries_before(
    db: &impl ConnectionTrait,
    cutoff: DateTime<Utc>,
) -> Result<()> {
    delivery::Entity::delete_many().filter(delivery::Column::ReceivedAt.lt(cutoff)).exec(db).await?;
    Ok(())
}
