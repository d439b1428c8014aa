//! When freed memory goes back to the system.

use std::time::Duration;

use allocator::Pace;
use services::Services;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long after the last job the process is at work: the catalog's index follows what was recorded.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// How often what was freed is looked at.
const APART: Duration = Duration::from_secs(1);

/// Gives memory back until the shutdown: at once while jobs are in hand, within two seconds otherwise.
pub(crate) async fn keep(services: Services, shutdown: CancellationToken) {
    let mut jobs = services.queue.in_hand();
    let house = async {
        loop {
            allocator::set_pace(Pace::Work);
            // The queue lives as long as the services do.
            let _ = jobs.wait_for(|count| *count == 0).await;
            if timeout(AFTERWARDS, jobs.wait_for(|count| *count > 0)).await.is_ok() {
                continue;
            }
            allocator::set_pace(Pace::Service);
            while timeout(APART, jobs.wait_for(|count| *count > 0)).await.is_err() {
                allocator::look();
            }
        }
    };
    shutdown.run_until_cancelled(house).await;
}
