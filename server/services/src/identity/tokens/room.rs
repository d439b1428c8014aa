//! How many tokens there can be.

use domain::identity::Tenant;
use sea_orm::ConnectionTrait;

use super::store::{self, Row};
use crate::{Error, Result, identity::accounts};

/// How many living tokens one person can have.
const MOST: usize = 50;
/// How many living tokens one service can have: one to change for the other.
const MOST_OF_SERVICE: u64 = 2;
/// How many living service tokens there can be.
const MOST_SERVICES: u64 = 500;

/// Refuses a token where there are as many as can be. Those of somebody else who bore the name are no hindrance.
pub(super) async fn has_room(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    new: &Row,
    own: Option<&accounts::Own>,
) -> Result<()> {
    if new.kind == "personal" {
        let mut rows = store::living_of(tx, tenant, &new.kind, Some(&new.who)).await?;
        rows.retain(|row| own.is_none_or(|own| own.has(row.user_uid, row.account)));
        let why = format!("you have {MOST} tokens, as many as can be; end one first");
        return if rows.len() < MOST { Ok(()) } else { Err(Error::Rejected(why)) };
    }
    let own = store::count(tx, tenant, &new.kind, Some(&new.who)).await?;
    if own >= MOST_OF_SERVICE {
        let name = &new.name;
        let why = format!("`{name}` has two tokens already, enough to change one for the other; end one first");
        return Err(Error::Conflict(why));
    }
    if store::count(tx, tenant, &new.kind, None).await? >= MOST_SERVICES {
        return Err(Error::Rejected(format!("there are {MOST_SERVICES} service tokens already; end one first")));
    }
    Ok(())
}
