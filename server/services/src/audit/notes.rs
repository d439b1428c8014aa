//! What happens again and again, noted once in a while: nobody waits for it, and a flood of it writes little.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::Utc;
use domain::{
    audit::Happening,
    identity::{Caller, Tenant},
};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{LONGEST, chain::Link, store};
use crate::{Result, Services};

/// How many different things are kept in mind; what comes beyond is counted.
const MOST: usize = 5_000;
/// How long one thing is not noted again.
const REFUSED_AGAIN: Duration = Duration::from_mins(1);
const USED_AGAIN: Duration = Duration::from_hours(1);
/// How long notes wait, so that many are written at once.
const GATHER: Duration = Duration::from_millis(200);

/// Notes that wait to be written.
#[derive(Default)]
pub struct Notes {
    known: Mutex<Known>,
    news: Notify,
}

#[derive(Default)]
struct Known {
    /// When each thing was noted last, and how often it happened since.
    seen: HashMap<Key, Seen>,
    waiting: Vec<(Tenant, Link)>,
    /// What could not be kept in mind.
    dropped: u64,
}

type Key = (Tenant, &'static str, String, String);

struct Seen {
    at: Instant,
    more: u64,
}

impl Notes {
    /// Notes that something happened, unless it was noted a short while ago.
    pub(crate) fn add(&self, caller: &Caller, what: Happening, about: &str, detail: Value) {
        let again = if what == Happening::TokenUsed { USED_AGAIN } else { REFUSED_AGAIN };
        let about: String = about.chars().take(LONGEST).collect();
        let key = (caller.tenant.clone(), what.as_str(), caller.subject.to_string(), about.clone());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if known.seen.len() >= MOST {
            known.seen.retain(|_, seen| now.duration_since(seen.at) < REFUSED_AGAIN);
        }
        if known.seen.len() >= MOST || known.waiting.len() >= MOST {
            known.dropped += 1;
            return;
        }
        let more = match known.seen.entry(key) {
            Entry::Occupied(mut entry) => {
                let seen = entry.get_mut();
                if now.duration_since(seen.at) < again {
                    seen.more += 1;
                    return;
                }
                seen.at = now;
                std::mem::take(&mut seen.more)
            }
            Entry::Vacant(entry) => {
                entry.insert(Seen { at: now, more: 0 });
                0
            }
        };
        let mut detail = if detail.is_object() { detail } else { json!({}) };
        if more > 0 {
            detail["more"] = more.into();
        }
        let link = Link::new(caller, Utc::now(), what.as_str(), &about, detail.to_string());
        known.waiting.push((caller.tenant.clone(), link));
        drop(known);
        self.news.notify_one();
    }

    /// Notes that something happened that is told each time.
    pub(crate) fn tell(&self, caller: &Caller, what: &str, about: &str, detail: &Value) {
        let about: String = about.chars().take(LONGEST).collect();
        let detail = if detail.is_object() { detail.to_string() } else { "{}".to_owned() };
        let link = Link::new(caller, Utc::now(), what, &about, detail);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.waiting.len() >= MOST {
            known.dropped += 1;
            return;
        }
        known.waiting.push((caller.tenant.clone(), link));
        drop(known);
        self.news.notify_one();
    }

    fn take(&self) -> (HashMap<Tenant, Vec<Link>>, u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut by_tenant: HashMap<Tenant, Vec<Link>> = HashMap::new();
        for (tenant, link) in std::mem::take(&mut known.waiting) {
            by_tenant.entry(tenant).or_default().push(link);
        }
        (by_tenant, std::mem::take(&mut known.dropped))
    }
}

/// Writes notes as they come, until `shutdown`, and what is left then.
pub async fn keep(services: Services, shutdown: CancellationToken) {
    loop {
        let is_over = tokio::select! {
            () = shutdown.cancelled() => true,
            () = services.notes.news.notified() => {
                tokio::time::sleep(GATHER).await;
                false
            }
        };
        write(&services).await;
        if is_over {
            return;
        }
    }
}

/// Writes what waits: for commands, which end before anyone else does.
pub async fn flush(services: &Services) {
    write(services).await;
}

async fn write(services: &Services) {
    let (notes, dropped) = services.notes.take();
    if dropped > 0 {
        tracing::warn!(dropped, "too much happened at once: that much is not in the audit log");
    }
    for (tenant, links) in notes {
        let count = links.len();
        if let Err(error) = append(services, &tenant, links).await {
            tracing::error!(%error, count, "the audit log could not be written");
        }
    }
}

async fn append(services: &Services, tenant: &Tenant, links: Vec<Link>) -> Result<()> {
    let tx = services.begin(&Caller::system(tenant.clone(), "audit")).await?;
    store::append(&*tx, tenant, links).await?;
    tx.commit().await?;
    Ok(())
}
