//! Asks for an evaluation whenever the catalog has changed.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::{
    changes::ChangeKind,
    identity::{Caller, Tenant},
};
use tokio::{sync::broadcast::error::RecvError, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{Result, Services, changes, queue::Job};

/// Changes come in bursts: one evaluation answers those that come this shortly after one another.
const CALM: Duration = Duration::from_millis(300);
/// Rules that ask for the time need an evaluation even if nothing changes.
const HOURLY: Duration = Duration::from_hours(1);
/// How many changes one look takes in.
const LOOK: u64 = 200;

/// Enqueues [`Job::EvaluateScorecards`] at the start, once an hour, and soon after the catalog changed, until `shutdown`.
pub async fn follow(services: Services, shutdown: CancellationToken) {
    let mut news = services.bus.subscribe();
    let mut seen: HashMap<Tenant, i64> = HashMap::new();
    let mut waiting: HashSet<Tenant> = HashSet::from([Tenant::default()]);
    let mut next = Instant::now();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep_until(next) => {
                if waiting.is_empty() {
                    waiting.extend(seen.keys().cloned());
                }
                for tenant in std::mem::take(&mut waiting) {
                    if let Err(error) = ask(&services, &tenant, &mut seen).await {
                        tracing::error!(%tenant, %error, "an evaluation of scorecards could not be asked for");
                    }
                }
                next = Instant::now() + HOURLY;
            }
            told = news.recv() => {
                match told {
                    Ok((tenant, _)) => waiting.extend([tenant]),
                    Err(RecvError::Lagged(_)) => waiting.extend(seen.keys().cloned()),
                    Err(RecvError::Closed) => return,
                }
                next = next.min(Instant::now() + CALM);
            }
        }
    }
}

/// Asks, unless all that is new is what evaluations and runs recorded.
async fn ask(services: &Services, tenant: &Tenant, seen: &mut HashMap<Tenant, i64>) -> Result<()> {
    let caller = Caller::system(tenant.clone(), "scorecards");
    let Some(mut from) = seen.get(tenant).copied() else {
        // At the start, whatever happened while nobody looked counts.
        seen.insert(tenant.clone(), changes::last(services, &caller).await?);
        return enqueue(services, &caller).await;
    };
    let silent = [ChangeKind::ScorecardEvaluated, ChangeKind::RunCreated, ChangeKind::RunMoved].map(ChangeKind::as_str);
    let (mut is_news, mut is_first) = (false, true);
    loop {
        let changes = changes::read(services, &caller, from, LOOK).await?;
        let Some(last) = changes.last() else { break };
        (from, is_first) = (last.seq, false);
        if changes.iter().any(|change| !silent.contains(&change.kind.as_str())) {
            is_news = true;
            break;
        }
    }
    // What lies between here and the end is taken in by the same evaluation.
    seen.insert(tenant.clone(), from.max(if is_news { changes::last(services, &caller).await? } else { from }));
    // Nothing at all is new when the hour strikes.
    if is_news || is_first { enqueue(services, &caller).await } else { Ok(()) }
}

async fn enqueue(services: &Services, caller: &Caller) -> Result<()> {
    let mut tx = services.begin(caller).await?;
    tx.enqueue(Job::EvaluateScorecards);
    tx.commit().await?;
    Ok(())
}
