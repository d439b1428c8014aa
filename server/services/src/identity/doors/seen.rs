//! Who was seen lately, so that a request costs no query.
//!
//! What is ended here counts at once; what another replica ended counts when the entry lapses, a few seconds later.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::identity::{Entry, Scopes, Subject};

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
    /// What they are narrowed to.
    pub scopes: Option<Scopes>,
}

/// The teams of a person; `None` if they may not come in.
type Teams = Option<Arc<std::collections::BTreeSet<String>>>;

/// What is kept, and since when.
type Kept<K, V> = Mutex<HashMap<K, (Instant, V)>>;

/// What was seen lately.
#[derive(Default)]
pub(crate) struct Seen {
    secrets: Kept<Hash, Option<Arc<Found>>>,
    people: Kept<String, Teams>,
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
    pub(crate) fn secret(&self, hash: &Hash) -> Option<Option<Arc<Found>>> {
        fresh(&lock(&self.secrets), hash, BELIEVED)
    }

    pub(crate) fn keep_secret(&self, hash: Hash, found: Option<Arc<Found>>) {
        keep(&mut lock(&self.secrets), hash, found, BELIEVED);
    }

    /// The teams of a person; the inner `None` says that they may not come in.
    pub(crate) fn teams(&self, who: &str) -> Option<Teams> {
        fresh(&lock(&self.people), &who.to_owned(), TEAMS)
    }

    pub(crate) fn keep_teams(&self, who: &str, teams: Teams) {
        keep(&mut lock(&self.people), who.to_owned(), teams, TEAMS);
    }

    /// Forgets everything: someone was sent away.
    pub(crate) fn forget(&self) {
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
            seen.keep_secret(hash, None);
        }
        assert!(lock(&seen.secrets).len() <= MOST);
    }

    #[test]
    fn what_is_ended_here_counts_at_once() {
        let seen = Seen::default();
        seen.keep_secret([1; 32], None);
        assert!(seen.secret(&[1; 32]).is_some());
        seen.forget();
        assert!(seen.secret(&[1; 32]).is_none());
    }
}
