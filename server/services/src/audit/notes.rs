//! What happens again and again, noted once in a while: nobody waits for it, and a flood of it writes little.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use domain::{
    audit::Happening,
    identity::{Caller, Subject, Tenant},
};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{LONGEST, chain::Link, store};
use crate::{Result, Services};

/// How many different things are kept in mind; what comes beyond is counted, and the count is an entry.
const MOST: usize = 20_000;
/// How many different things one caller can have noted within [`REFUSED_AGAIN`], so that nobody takes the room of all others.
const MOST_OF_ONE: u64 = 200;
/// How long one thing is not noted again.
const REFUSED_AGAIN: Duration = Duration::from_mins(1);
const USED_AGAIN: Duration = Duration::from_hours(1);
/// How long notes wait, so that many are written at once.
const GATHER: Duration = Duration::from_millis(200);
/// How long after a failure they are written again.
const RETRY: Duration = Duration::from_secs(1);

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
    /// How much of late was noted of each caller.
    shares: HashMap<(Tenant, String), Share>,
    waiting: Vec<(Tenant, Link)>,
    /// What there was no room for at all.
    dropped: HashMap<Tenant, u64>,
}

/// The tenant, what happened, by whom, about what, and what else is told of it: who is refused something else is told of anew.
type Key = (Tenant, &'static str, String, String, String);

struct Seen {
    at: Instant,
    more: u64,
    /// When it happened last since, and to whom; nothing where the count may wait for the next time.
    last: Option<Box<(Caller, DateTime<Utc>)>>,
}

impl Seen {
    fn at(now: Instant) -> Self {
        Self { at: now, more: 0, last: None }
    }
}

/// What one caller had noted since a moment.
struct Share {
    since: Instant,
    count: u64,
    /// How many things were too many, and what the first of them was.
    beyond: u64,
    /// When that was told last.
    told: Option<Instant>,
    caller: Caller,
    what: &'static str,
}

/// Whose share something is of: of those whom nobody knows, each address has one.
fn who(caller: &Caller) -> String {
    match (&caller.subject, caller.standing.address) {
        (Subject::Stranger, Some(address)) => format!("{} {address}", caller.subject),
        (subject, _) => subject.to_string(),
    }
}

impl Known {
    /// Whether the caller may have one more thing noted.
    fn has_room_for(&mut self, caller: &Caller, what: &'static str, now: Instant) -> bool {
        if self.shares.len() >= MOST {
            self.shares.retain(|_, share| share.beyond > 0 || now.duration_since(share.since) < REFUSED_AGAIN);
        }
        if self.seen.len() >= MOST {
            self.seen.retain(|_, seen| seen.last.is_some() || now.duration_since(seen.at) < REFUSED_AGAIN);
        }
        if self.seen.len() >= MOST || self.waiting.len() >= MOST || self.shares.len() >= MOST {
            *self.dropped.entry(caller.tenant.clone()).or_default() += 1;
            return false;
        }
        let share = self.shares.entry((caller.tenant.clone(), who(caller))).or_insert_with(|| Share {
            since: now,
            count: 0,
            beyond: 0,
            told: None,
            caller: caller.clone(),
            what,
        });
        if now.duration_since(share.since) >= REFUSED_AGAIN {
            (share.since, share.count) = (now, 0);
        }
        if share.count >= MOST_OF_ONE {
            if share.beyond == 0 {
                (share.caller, share.what) = (caller.clone(), what);
            }
            share.beyond += 1;
            return false;
        }
        share.count += 1;
        true
    }

    /// Entries for what was counted only, once the time is over in which it is not told again; at the end, for all of it.
    fn counted(&mut self, is_over: bool) -> Vec<(Tenant, Link)> {
        let mut links = Vec::new();
        for ((tenant, what, _, about, detail), seen) in &mut self.seen {
            let Some(last) = seen.last.take_if(|_| is_over || seen.at.elapsed() >= REFUSED_AGAIN) else { continue };
            let (caller, at) = *last;
            // The last of them is an entry of its own. It stands where it is written, so that whoever reads on from a moment meets it.
            let mut detail: Value = serde_json::from_str(detail).unwrap_or_default();
            detail["last"] = json!(at);
            let detail = told(&detail.to_string(), std::mem::take(&mut seen.more).saturating_sub(1));
            links.push((tenant.clone(), Link::new(&caller, Utc::now(), what, about, detail)));
        }
        let now = Utc::now();
        let is_due = |share: &&mut Share| share.beyond > 0 && share.told.is_none_or(|at| at.elapsed() >= REFUSED_AGAIN);
        for share in self.shares.values_mut().filter(is_due) {
            share.told = Some(Instant::now());
            let detail = json!({
                "count": std::mem::take(&mut share.beyond),
                "why": format!("more than {MOST_OF_ONE} different things within a minute: the rest is only counted"),
            });
            let link = Link::new(&share.caller, now, share.what, "many different things", detail.to_string());
            links.push((share.caller.tenant.clone(), link));
        }
        for (tenant, count) in std::mem::take(&mut self.dropped) {
            let caller = Caller::system(tenant.clone(), "audit");
            let detail = json!({ "count": count, "why": "too much happened at once: the rest is only counted" });
            links.push((tenant, Link::new(&caller, now, "not-noted", "many different things", detail.to_string())));
        }
        links
    }
}

/// What is told of something, with how often it happened besides.
fn told(detail: &str, more: u64) -> String {
    let mut detail: Value = serde_json::from_str(detail).unwrap_or_default();
    if more > 0 {
        detail["more"] = more.into();
    }
    detail.to_string()
}

impl Notes {
    /// Notes that something happened, unless it was noted a short while ago.
    pub(crate) fn add(&self, caller: &Caller, what: Happening, about: &str, detail: Value) {
        let again = if what == Happening::TokenUsed { USED_AGAIN } else { REFUSED_AGAIN };
        let about: String = about.chars().take(LONGEST).collect();
        let detail = if detail.is_object() { detail.to_string() } else { "{}".to_owned() };
        let key = (caller.tenant.clone(), what.as_str(), who(caller), about.clone(), detail.clone());
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut more = 0;
        if let Some(seen) = known.seen.get_mut(&key) {
            if now.duration_since(seen.at) < again {
                seen.more += 1;
                if what != Happening::TokenUsed {
                    seen.last = Some(Box::new((caller.clone(), Utc::now())));
                }
                return;
            }
            more = std::mem::replace(seen, Seen::at(now)).more;
        } else if known.has_room_for(caller, what.as_str(), now) {
            known.seen.insert(key, Seen::at(now));
        } else {
            drop(known);
            self.news.notify_one();
            return;
        }
        let link = Link::new(caller, Utc::now(), what.as_str(), &about, told(&detail, more));
        known.waiting.push((caller.tenant.clone(), link));
        drop(known);
        self.news.notify_one();
    }

    /// Keeps what happened once until it is written.
    pub(super) fn hold(&self, caller: &Caller, what: Happening, about: &str, detail: &Value) {
        let about: String = about.chars().take(LONGEST).collect();
        let link = Link::new(caller, Utc::now(), what.as_str(), &about, detail.to_string());
        self.keep(&caller.tenant, vec![link]);
        self.news.notify_one();
    }

    fn take(&self, is_over: bool) -> HashMap<Tenant, Vec<Link>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut by_tenant: HashMap<Tenant, Vec<Link>> = HashMap::new();
        let counted = known.counted(is_over);
        for (tenant, link) in std::mem::take(&mut known.waiting).into_iter().chain(counted) {
            by_tenant.entry(tenant).or_default().push(link);
        }
        by_tenant
    }

    /// Takes back what could not be written, as far as there is room, before what came meanwhile.
    fn keep(&self, tenant: &Tenant, mut links: Vec<Link>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(known.waiting.len());
        let lost = links.len().saturating_sub(room);
        links.truncate(room);
        if lost > 0 {
            *known.dropped.entry(tenant.clone()).or_default() += lost as u64;
        }
        known.waiting.splice(..0, links.into_iter().map(|link| (tenant.clone(), link)));
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
            () = tokio::time::sleep(REFUSED_AGAIN / 2) => false,
        };
        write(&services, is_over).await;
        if is_over {
            return;
        }
    }
}

/// Writes what waits: for commands, which end before anyone else does.
pub async fn flush(services: &Services) {
    write(services, true).await;
}

async fn write(services: &Services, is_over: bool) {
    for (tenant, links) in services.notes.take(is_over) {
        let count = links.len();
        if let Err(error) = append(services, &tenant, links.clone()).await {
            tracing::error!(%error, count, "the audit log could not be written; it is tried again");
            services.notes.keep(&tenant, links);
            // With what comes next, or after a while.
            services.notes.news.notify_one();
            tokio::time::sleep(RETRY).await;
        }
    }
}

async fn append(services: &Services, tenant: &Tenant, links: Vec<Link>) -> Result<()> {
    let tx = services.begin(&Caller::system(tenant.clone(), "audit")).await?;
    store::append(&*tx, tenant, links).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(notes: &Notes) -> Vec<(String, String, String)> {
        let links = notes.take(false).into_values().flatten();
        links.map(|link| (link.actor, link.kind, link.subject)).collect()
    }

    #[test]
    fn who_fills_their_share_takes_nobody_elses_and_is_counted() {
        let notes = Notes::default();
        let caller = |name: &str| Caller::new(Tenant::default(), Subject::Person(format!("user:default/{name}")));
        for number in 0..5_000 {
            notes.add(&caller("mallory"), Happening::Refused, &format!("template:default/x{number}"), Value::Null);
        }
        notes.add(&caller("ada"), Happening::Refused, "role:administrator", Value::Null);
        let told = kinds(&notes);
        assert!(told.contains(&("user:default/ada".into(), "refused".into(), "role:administrator".into())));
        let of_mallory = told.iter().filter(|(actor, ..)| actor == "user:default/mallory").count();
        assert_eq!(of_mallory as u64, MOST_OF_ONE + 1);
        assert!(told.iter().any(|(_, _, about)| about == "many different things"));
        // Counted again after a while only.
        notes.add(&caller("mallory"), Happening::Refused, "template:default/another", Value::Null);
        assert_eq!(kinds(&notes), []);
    }

    #[test]
    fn who_is_refused_something_else_is_told_of_anew_and_what_was_counted_is_told_at_the_end() {
        let notes = Notes::default();
        let ada = Caller::new(Tenant::default(), Subject::Person("user:default/ada".to_owned()));
        for permission in ["managePeople", "managePolicies", "managePeople", "managePeople"] {
            notes.add(&ada, Happening::Refused, "platform", json!({ "permission": permission }));
        }
        let details = |is_over| -> Vec<Value> {
            let links = notes.take(is_over).into_values().flatten();
            links.map(|link| serde_json::from_str(&link.detail).unwrap()).collect()
        };
        let once = |permission: &str| json!({ "permission": permission });
        assert_eq!(details(false), [once("managePeople"), once("managePolicies")]);
        assert!(details(false).is_empty(), "the rest is only counted");
        let told = details(true);
        assert_eq!((&told[0]["permission"], &told[0]["more"]), (&json!("managePeople"), &json!(1)), "{told:?}");
        assert!(told.len() == 1 && told[0]["last"].is_string(), "{told:?}");
        assert!(details(true).is_empty());
    }

    #[test]
    fn what_could_not_be_written_is_kept() {
        let notes = Notes::default();
        let ada = Caller::new(Tenant::default(), Subject::Person("user:default/ada".to_owned()));
        notes.add(&ada, Happening::Refused, "first", Value::Null);
        let (tenant, links) = notes.take(false).into_iter().next().unwrap();
        notes.add(&ada, Happening::Refused, "second", Value::Null);
        notes.keep(&tenant, links);
        let told: Vec<String> = kinds(&notes).into_iter().map(|(_, _, about)| about).collect();
        assert_eq!(told, ["first", "second"]);
    }
}
