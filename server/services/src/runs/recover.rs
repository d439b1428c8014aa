//! Taking up runs that were left: their worker died, or their job was lost. And clearing away what they left.

use std::fs;

use chrono::Utc;
use domain::identity::{Caller, Tenant};
use uuid::Uuid;

use super::{store, workspace::Workspace};
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

/// Deletes the workspaces of runs that are over; whoever ended them died before doing so.
pub(crate) async fn clear_workspaces(services: &Services) -> Result<()> {
    let root = services.settings.data.join("workspaces");
    let names = |folder: &std::path::Path| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    };
    for tenant in names(&root) {
        let folder = root.join(&tenant);
        let Ok(tenant) = tenant.parse::<Tenant>() else { continue };
        for run in names(&folder) {
            let Ok(run) = run.parse::<Uuid>() else { continue };
            let found = store::find(&services.db, &tenant, run).await?;
            if found.is_none_or(|run| run.status().is_ok_and(domain::runs::RunStatus::is_over)) {
                Workspace::of(&services.settings.data, &tenant, run).remove()?;
            }
        }
    }
    Ok(())
}
