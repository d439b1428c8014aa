//! Guessing gets nowhere: who fails waits, longer each time, whichever replica is asked.

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::Tenant;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{CaseStatement, Expr, OnConflict},
};

use self::attempt::{Column as C, Entity};
use crate::{Result, Services};

/// How many failures cost nothing: people mistype.
const FREE: i64 = 5;
/// The longest wait.
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// How long without failures until all is forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::hours(1);

mod attempt {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attempts")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub failures: i64,
        pub last_at: DateTime<Utc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How long one who failed so often waits.
fn wait(failures: i64) -> TimeDelta {
    let over = failures - FREE;
    if over < 0 {
        return TimeDelta::zero();
    }
    TimeDelta::seconds(1_i64 << over.min(20)).min(LONGEST)
}

/// How many seconds whoever is at `address` still waits before they are listened to; `None` if they need not.
pub async fn waits(services: &Services, tenant: &Tenant, address: &str) -> Result<Option<i64>> {
    let row = Entity::find_by_id((tenant.to_string(), address.to_owned())).one(&services.db).await?;
    let now = Utc::now();
    let Some(row) = row.filter(|row| now - row.last_at < FORGOTTEN) else { return Ok(None) };
    let left = row.last_at + wait(row.failures) - now;
    Ok((left > TimeDelta::zero()).then(|| left.num_seconds() + 1))
}

/// Notes a failure.
pub async fn failed(services: &Services, tenant: &Tenant, address: &str) -> Result<()> {
    note(&services.db, tenant, address, Utc::now()).await
}

async fn note(db: &impl ConnectionTrait, tenant: &Tenant, address: &str, now: DateTime<Utc>) -> Result<()> {
    use sea_orm::ExprTrait as _;
    let row = attempt::ActiveModel {
        tenant: Set(tenant.to_string()),
        key: Set(address.to_owned()),
        failures: Set(1),
        last_at: Set(now),
    };
    let known = |column: C| Expr::col((Entity, column));
    let again = CaseStatement::new()
        .case(known(C::LastAt).lt(now - FORGOTTEN), Expr::value(1_i64))
        .finally(known(C::Failures).add(1_i64));
    let same = OnConflict::columns([C::Tenant, C::Key])
        .value(C::Failures, again)
        .value(C::LastAt, Expr::value(now))
        .to_owned();
    Entity::insert(row).on_conflict(same).exec_without_returning(db).await?;
    Ok(())
}

/// Forgets the failures of one who came in.
pub async fn succeeded(services: &Services, tenant: &Tenant, address: &str) -> Result<()> {
    Entity::delete_by_id((tenant.to_string(), address.to_owned())).exec(&services.db).await?;
    Ok(())
}

/// Removes what is forgotten.
pub(super) async fn tidy(services: &Services) -> Result<()> {
    Entity::delete_many().filter(C::LastAt.lt(Utc::now() - FORGOTTEN)).exec(&services.db).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<i64> = [1, 4, 5, 6, 7, 10, 14, 15, 1_000_000].map(|n| wait(n).num_seconds()).to_vec();
        assert_eq!(seconds, [0, 0, 1, 2, 4, 32, 512, 900, 900]);
    }
}
