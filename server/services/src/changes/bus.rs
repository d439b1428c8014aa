//! Wakes those who read `changes`.

use domain::identity::Tenant;
use tokio::sync::broadcast;

/// Carries only the news that a tenant has changes up to a number; readers fetch the rows themselves, so a missed or
/// repeated message does no harm.
#[derive(Debug, Clone)]
pub struct Bus(broadcast::Sender<(Tenant, i64)>);

impl Default for Bus {
    fn default() -> Self {
        Self(broadcast::channel(256).0)
    }
}

impl Bus {
    /// Says that `tenant` has changes up to `seq`.
    pub fn publish(&self, tenant: &Tenant, seq: i64) {
        // Nobody listening is fine: whoever comes later reads from the table.
        let _ = self.0.send((tenant.clone(), seq));
    }

    /// News from now on. On `Lagged`, read from the table and go on.
    pub fn subscribe(&self) -> broadcast::Receiver<(Tenant, i64)> {
        self.0.subscribe()
    }
}
