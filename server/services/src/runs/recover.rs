//! Taking up runs that were left: their worker died, or their job was lost.

use chrono::Utc;
use domain::identity::{Caller, Tenant};

use super::store;
use crate::{Error, Result, Services, queue::Job};

/// Asks for every run to be advanced that nobody is at work on. At a start, leases that a predecessor in the same data
/// directory left count for nothing, because its process is gone.
pub(crate) async fn recover(services: &Services, at_start: bool) -> Result<()> {
    let me = services.queue.identity();
    let dead = (at_start && me.is_sole()).then_some(me.name.as_str());
    for (tenant, run) in store::left(&services.db, Utc::now(), dead).await? {
        let tenant: Tenant = tenant.parse().map_err(|error| Error::Internal(format!("run {run}: {error}")))?;
        let mut tx = services.begin(&Caller::system(tenant, "worker")).await?;
        tx.enqueue(Job::AdvanceRun { run });
        tx.commit().await?;
    }
    Ok(())
}
