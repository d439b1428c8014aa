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

/// Whose failures are counted.
#[derive(Debug, Clone, Copy)]
pub enum Counted<'a> {
    /// Those of an address.
    Address(&'a str),
    /// Those of an account, wherever they came from: a guesser can have many addresses.
    Account(&'a str),
}

impl Counted<'_> {
    fn key(self) -> String {
        match self {
            Self::Address(address) => address.to_owned(),
            Self::Account(name) => format!("account {name}"),
        }
    }

    /// How many failures cost nothing: people mistype. An account has more, and its waits stay short, or anyone could lock
    /// its owner out.
    fn free(self) -> i64 {
        match self {
            Self::Address(_) => 5,
            Self::Account(_) => 50,
        }
    }

    fn longest(self) -> TimeDelta {
        match self {
            Self::Address(_) => TimeDelta::minutes(15),
            Self::Account(_) => TimeDelta::seconds(30),
        }
    }

    /// How long one who failed so often waits.
    fn wait(self, failures: i64) -> TimeDelta {
        let over = failures - self.free();
        if over < 0 {
            return TimeDelta::zero();
        }
        TimeDelta::seconds(1_i64 << over.min(20)).min(self.longest())
    }
}

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

/// How many seconds `who` still waits before they are listened to; `None` if they need not.
pub async fn waits(services: &Services, tenant: &Tenant, who: Counted<'_>) -> Result<Option<i64>> {
    let row = Entity::find_by_id((tenant.to_string(), who.key())).one(&services.db).await?;
    let now = Utc::now();
    let Some(row) = row.filter(|row| now - row.last_at < FORGOTTEN) else { return Ok(None) };
    let left = row.last_at + who.wait(row.failures) - now;
    Ok((left > TimeDelta::zero()).then(|| left.num_seconds() + 1))
}

/// Notes a failure.
pub async fn failed(services: &Services, tenant: &Tenant, who: Counted<'_>) -> Result<()> {
    note(&services.db, tenant, &who.key(), Utc::now()).await
}

async fn note(db: &impl ConnectionTrait, tenant: &Tenant, key: &str, now: DateTime<Utc>) -> Result<()> {
    use sea_orm::ExprTrait as _;
    let row = attempt::ActiveModel {
        tenant: Set(tenant.to_string()),
        key: Set(key.to_owned()),
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
pub async fn succeeded(services: &Services, tenant: &Tenant, who: Counted<'_>) -> Result<()> {
    Entity::delete_by_id((tenant.to_string(), who.key())).exec(&services.db).await?;
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
    fn each_failure_doubles_the_wait_up_to_a_bound() {
        let waits = |who: Counted<'_>, failures: &[i64]| -> Vec<i64> {
            failures.iter().map(|&n| who.wait(n).num_seconds()).collect()
        };
        let address = waits(Counted::Address("x"), &[1, 4, 5, 6, 7, 10, 14, 15, 1_000_000]);
        assert_eq!(address, [0, 0, 1, 2, 4, 32, 512, 900, 900]);
        assert_eq!(waits(Counted::Account("x"), &[5, 49, 50, 51, 54, 55, 1_000_000]), [0, 0, 1, 2, 16, 30, 30]);
    }
}
