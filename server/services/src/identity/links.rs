//! Links for emergencies: made on the server's command line, they let the administrator in once.

use chrono::{TimeDelta, Utc};
use domain::identity::{Caller, Permission, Subject, Target, Tenant};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::Value;

use self::link::{Column as C, Entity};
use super::{
    From, Opened, hash, hex, may,
    sessions::{self, ProviderTokens, Way},
    tell,
};
use crate::{Result, Services, secrets};

/// How long a link can be used.
pub const LINK_MINUTES: i64 = 15;

/// How long a session lasts that begins with one.
const SESSION: TimeDelta = TimeDelta::hours(12);

mod link {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "admin_links")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: String,
        pub created_at: DateTime<Utc>,
        pub expires_at: DateTime<Utc>,
        pub used_at: Option<DateTime<Utc>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Makes the address of a link.
pub async fn make_link(services: &Services, caller: &Caller) -> Result<String> {
    may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    let secret = hex(&secrets::random::<32>()?);
    let now = Utc::now();
    let row = link::ActiveModel {
        tenant: Set(caller.tenant.to_string()),
        hash: Set(hex(&hash(&secret))),
        created_at: Set(now),
        expires_at: Set(now + TimeDelta::minutes(LINK_MINUTES)),
        used_at: Set(None),
    };
    let mut tx = services.begin(caller).await?;
    Entity::insert(row).exec_without_returning(&*tx).await?;
    tell(&mut tx, caller, "link-made", "", Value::Null);
    tx.commit().await?;
    Ok(format!("{}/auth/link?code={secret}", services.settings.base_url))
}

/// Lets in whoever comes with the code of a link, once; `None` if it is none, was used, or is over.
pub async fn use_link(
    services: &Services,
    tenant: &Tenant,
    code: &str,
    from: &From,
    brought: Option<&str>,
) -> Result<Option<Opened>> {
    let now = Utc::now();
    // One statement decides: of two who come at once, one is let in.
    let used = Entity::update_many()
        .col_expr(C::UsedAt, Expr::value(now))
        .filter(C::Tenant.eq(tenant.as_str()))
        .filter(C::Hash.eq(hex(&hash(code))))
        .filter(C::UsedAt.is_null())
        .filter(C::ExpiresAt.gt(now))
        .exec(&services.db)
        .await?;
    if used.rows_affected == 0 {
        return Ok(None);
    }
    let way = Way {
        who: Subject::Administrator,
        account: None,
        provider: None,
        bound_to: None,
        tokens: ProviderTokens::default(),
        longest: SESSION,
    };
    sessions::open(services, tenant, way, from, brought, "link").await.map(Some)
}

/// Removes links that are over.
pub(super) async fn tidy(services: &Services) -> Result<()> {
    Entity::delete_many().filter(C::ExpiresAt.lt(Utc::now())).exec(&services.db).await?;
    Ok(())
}
