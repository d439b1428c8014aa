//! Deciding who owns a name: one at a time.

use domain::identity::Caller;

use super::store;
use crate::{Result, Services, changes::Transaction};

/// Opens a transaction that has the catalog of the tenant to itself, also where it gives way to writers of other things.
pub(super) async fn begin(services: &Services, caller: &Caller) -> Result<Transaction> {
    let turn = services.catalog.writer(&caller.tenant).lock_owned().await;
    let mut tx = services.begin(caller).await?;
    // What other processes write is kept off by the database.
    store::lock(&*tx, &caller.tenant).await?;
    tx.keep_turn(turn);
    Ok(tx)
}
