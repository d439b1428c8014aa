//! Who was seen lately, so that a request costs no query.
//!
//! What is ended here counts at once, and what another replica ended as soon as the database tells of it ([`super::farewell`]);
//! should that be lost, when the entry lapses, a few seconds later.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use domain::identity::{Entry, Identity, Scopes, Subject, Tenant};
use tokio::sync::watch;

/// How long a session or token is believed without a look at the database.
const BELIEVED: Duration = Duration::from_secs(5);

/// How long the teams of a person are believed.
const TEAMS: Duration = Duration::from_secs(15);

/// How many are remembered.
const MOST: usize = 10_000;

/// The hash of a secret.
pub(crate) type Hash = [u8; 32];

/// What is known of someone who came with a secret.
#[derive(Debug, Clone)]
pub struct Found {
    /// Who they are.
    pub subject: Subject,
    /// How they came in.
    pub entry: Entry,
    /// Roles that come with the way.
    pub roles: Arc<std::collections::BTreeSet<String>>,
    /// Their teams, with those above.
    pub teams: Arc<std::collections::BTreeSet<String>>,
    /// Which of those they are who have borne the name.
    pub identity: Option<Identity>,
    /// What they are narrowed to.
    pub scopes: Option<Scopes>,
    /// When what they came with runs out, where it says so itself.
    pub until: Option<DateTime<Utc>>,
    /// With what exactly they came in.
    pub through: Option<String>,
}

/// The teams of a person; `None` if they may not come in.
type Teams = Option<Arc<std::collections::BTreeSet<String>>>;

/// What is kept, and since when.
type Kept<K, V> = Mutex<HashMap<K, (Instant, V)>>;

/// What was seen lately.
#[derive(Default)]
pub(crate) struct Seen {
    /// Raised whenever someone was sent away, so that what was looked up before is not kept after it.
    generation: watch::Sender<u64>,
    secrets: Kept<(Tenant, Hash), Option<Arc<Found>>>,
    people: Kept<(Tenant, String), Teams>,
}

fn lock<T>(map: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing is left half done under these locks, so a panic elsewhere does no harm.
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fresh<K: std::hash::Hash + Eq, V: Clone>(map: &HashMap<K, (Instant, V)>, key: &K, life: Duration) -> Option<V> {
    let (at, value) = map.get(key)?;
    (at.elapsed() < life).then(|| value.clone())
}

fn keep<K: std::hash::Hash + Eq, V>(map: &mut HashMap<K, (Instant, V)>, key: K, value: V, life: Duration) {
    if map.len() >= MOST {
        map.retain(|_, (at, _)| at.elapsed() < life);
        if map.len() >= MOST {
            map.clear();
        }
    }
    map.insert(key, (Instant::now(), value));
}

impl Seen {
    /// What is believed of a secret; the inner `None` says that nobody issued it.
    #[expect(clippy::option_option, reason = "to know nothing and to know that it is nothing are two things")]
    pub(crate) fn secret(&self, tenant: &Tenant, hash: &Hash) -> Option<Option<Arc<Found>>> {
        fresh(&lock(&self.secrets), &(tenant.clone(), *hash), BELIEVED)
    }

    /// Before something is looked up that is to be kept.
    pub(crate) fn generation(&self) -> u64 {
        *self.generation.borrow()
    }

    /// Keeps what was looked up in a `generation`, unless that is over.
    pub(crate) fn keep_secret(&self, generation: u64, tenant: &Tenant, hash: Hash, found: Option<Arc<Found>>) {
        let mut secrets = lock(&self.secrets);
        // Looked at under the lock that `forget` waits for.
        if self.generation() == generation {
            keep(&mut secrets, (tenant.clone(), hash), found, BELIEVED);
        }
    }

    /// The teams of a person; the inner `None` says that they may not come in.
    pub(crate) fn teams(&self, tenant: &Tenant, who: &str) -> Option<Teams> {
        fresh(&lock(&self.people), &(tenant.clone(), who.to_owned()), TEAMS)
    }

    pub(crate) fn keep_teams(&self, generation: u64, tenant: &Tenant, who: &str, teams: Teams) {
        let mut people = lock(&self.people);
        if self.generation() == generation {
            keep(&mut people, (tenant.clone(), who.to_owned()), teams, TEAMS);
        }
    }

    /// For those who want to know at once that someone was sent away.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Forgets the teams of a person, who came in and may have brought others.
    pub(crate) fn forget_teams(&self, tenant: &Tenant, who: &str) {
        lock(&self.people).remove(&(tenant.clone(), who.to_owned()));
    }

    /// Forgets everything: someone was sent away.
    pub(crate) fn forget(&self) {
        self.generation.send_modify(|generation| *generation += 1);
        lock(&self.secrets).clear();
        lock(&self.people).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let seen = Seen::default();
        for number in 0..=u32::try_from(MOST).unwrap() {
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&number.to_le_bytes());
            seen.keep_secret(0, &Tenant::default(), hash, None);
        }
        assert!(lock(&seen.secrets).len() <= MOST);
    }

    #[test]
    fn what_is_ended_here_counts_at_once() {
        let seen = Seen::default();
        let (tenant, other) = (Tenant::default(), "other".parse().unwrap());
        let before = seen.generation();
        seen.keep_secret(before, &tenant, [1; 32], None);
        assert!(seen.secret(&tenant, &[1; 32]).is_some());
        assert!(seen.secret(&other, &[1; 32]).is_none(), "another tenant's is not known");
        seen.forget();
        assert!(seen.secret(&tenant, &[1; 32]).is_none());
        // What was looked up before comes too late.
        seen.keep_secret(before, &tenant, [1; 32], None);
        seen.keep_teams(before, &tenant, "user:default/ada", None);
        assert!(seen.secret(&tenant, &[1; 32]).is_none() && seen.teams(&tenant, "user:default/ada").is_none());
    }
}
