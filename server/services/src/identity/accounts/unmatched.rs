//! People who came and whom nobody in the catalog is: kept for a while, so that an administrator sees what to mend.

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::{Caller, Permission, Target, Tenant};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait, ExprTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
    sea_query::{Expr, OnConflict},
};
use serde_json::json;

use self::row::{Column as C, Entity};
use super::Unmatched;
use crate::{
    Result, Services,
    identity::{may, ports::Arrival},
};

/// How many are kept.
const MOST: u64 = 500;
/// How many are shown.
const SHOWN: u64 = 50;
/// For how long.
const KEPT: TimeDelta = TimeDelta::days(30);

mod row {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unmatched")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub provider: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub came: Json,
        pub looked: Json,
        pub advice: Json,
        pub times: i64,
        pub first_at: DateTime<Utc>,
        pub last_at: DateTime<Utc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Someone who came in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InVain {
    /// What the provider is called.
    pub provider: String,
    /// What came, what was looked for, and what can be done.
    pub why: Unmatched,
    /// How often they tried.
    pub times: i64,
    /// When they tried last.
    pub last: DateTime<Utc>,
}

/// Keeps that someone came in vain.
pub(in crate::identity) async fn note(
    services: &Services,
    tenant: &Tenant,
    provider: &str,
    arrival: &Arrival,
    why: &Unmatched,
) -> Result<()> {
    let now = Utc::now();
    let new = row::ActiveModel {
        tenant: Set(tenant.to_string()),
        provider: Set(provider.to_owned()),
        subject: Set(arrival.subject.chars().take(300).collect()),
        came: Set(json!(why.came)),
        looked: Set(json!(why.looked)),
        advice: Set(json!(why.advice)),
        times: Set(1),
        first_at: Set(now),
        last_at: Set(now),
    };
    let again = OnConflict::columns([C::Tenant, C::Provider, C::Subject])
        .update_columns([C::Came, C::Looked, C::Advice, C::LastAt])
        .value(C::Times, Expr::col((Entity, C::Times)).add(1_i64))
        .to_owned();
    Entity::insert(new).on_conflict(again).exec_without_returning(&services.db).await?;
    let own = || Entity::find().filter(C::Tenant.eq(tenant.as_str()));
    if own().count(&services.db).await? > MOST {
        let oldest = own().order_by_asc(C::LastAt).one(&services.db).await?;
        if let Some(oldest) = oldest {
            Entity::delete_by_id((oldest.tenant, oldest.provider, oldest.subject)).exec(&services.db).await?;
        }
    }
    Ok(())
}

/// Forgets that someone came in vain: they are known now.
pub(in crate::identity) async fn solved(
    services: &Services,
    tenant: &Tenant,
    provider: &str,
    subject: &str,
) -> Result<()> {
    let key = (tenant.to_string(), provider.to_owned(), subject.chars().take(300).collect::<String>());
    Entity::delete_by_id(key).exec(&services.db).await?;
    Ok(())
}

/// Who came in vain lately, the last first.
pub async fn in_vain(services: &Services, caller: &Caller) -> Result<Vec<InVain>> {
    may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    let rows = Entity::find()
        .filter(C::Tenant.eq(caller.tenant.as_str()))
        .order_by_desc(C::LastAt)
        .limit(SHOWN)
        .all(&services.db)
        .await?;
    let shown = rows.into_iter().map(|row| {
        let known = services.doors.settings.providers.iter().find(|provider| provider.id == row.provider);
        InVain {
            provider: known.map_or(row.provider, |provider| provider.name.clone()),
            why: Unmatched {
                came: serde_json::from_value(row.came).unwrap_or_default(),
                looked: serde_json::from_value(row.looked).unwrap_or_default(),
                advice: serde_json::from_value(row.advice).unwrap_or_default(),
            },
            times: row.times,
            last: row.last_at,
        }
    });
    Ok(shown.collect())
}

/// Removes what is too old to be of use.
pub(in crate::identity) async fn tidy(services: &Services) -> Result<()> {
    Entity::delete_many().filter(C::LastAt.lt(Utc::now() - KEPT)).exec(&services.db).await?;
    Ok(())
}
