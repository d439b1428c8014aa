//! The audit log, sent to a webhook as it is written: in order, at least once, by one replica at a time.
//!
//! How far it got stands in the database, so that a restart goes on where it was. Nothing that happens to the stream is itself
//! an entry of the log: a receiver that fails would otherwise make ever more of them.

mod store;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    audit::AuditEntry,
    identity::{Caller, Permission, Target, Tenant},
};
use ring::hmac;
use sea_orm::DatabaseConnection;
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

pub use self::store::StreamState;
use super::store as entries;
use crate::{Result, Services, identity, secrets::Reference};

/// How many entries one delivery has at most, and how many bytes, unless a single entry has more.
const MOST: u64 = 500;
const WEIGHT: usize = 1024 * 1024;
/// How often it is looked for new entries.
const LOOK: Duration = Duration::from_secs(1);
/// How long a turn lasts without being renewed: longer than a delivery may take.
const TURN: TimeDelta = TimeDelta::seconds(40);
/// The longest wait after failures.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(5);
/// How much of a problem is kept, in letters.
const TOLD: usize = 400;

/// Takes deliveries away.
#[async_trait]
pub trait Receiver: Send + Sync {
    /// Hands a delivery over; well only if the other side said so.
    ///
    /// # Errors
    /// What went wrong, in words.
    async fn deliver(&self, delivery: &Delivery) -> std::result::Result<(), String>;
}

/// One delivery: lines of JSON, signed as Standard Webhooks has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Names it by what it holds: `audit_TENANT_FIRST_LAST`.
    pub id: String,
    /// When it is sent, in seconds.
    pub timestamp: i64,
    /// `v1,` and the HMAC-SHA256 of id, time and body.
    pub signature: String,
    /// An entry on each line.
    pub body: String,
}

/// Where the log is sent.
#[derive(Clone)]
pub struct Outlet {
    /// The address, as people may see it.
    pub target: String,
    /// Where the secret that signs is.
    pub secret: Reference,
    /// The way there.
    pub receiver: Arc<dyn Receiver>,
}

/// Base64 with what fills it up at its end, or without: secrets are written in both ways.
const EITHER: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Delivery {
    /// Signs a body.
    fn new(
        tenant: &Tenant,
        (first, last): (i64, i64),
        body: String,
        secret: &SecretString,
        now: DateTime<Utc>,
    ) -> Self {
        let id = format!("audit_{tenant}_{first}_{last}");
        let timestamp = now.timestamp();
        let secret = secret.expose_secret();
        // Secrets of Standard Webhooks are written in base64 behind this word; any other is taken as it is.
        let whole = secret.strip_prefix("whsec_").and_then(|rest| EITHER.decode(rest).ok());
        let key = hmac::Key::new(hmac::HMAC_SHA256, whole.as_deref().unwrap_or(secret.as_bytes()));
        let text = [id.as_bytes(), b".", timestamp.to_string().as_bytes(), b".", body.as_bytes()].concat();
        let signature = format!("v1,{}", STANDARD.encode(hmac::sign(&key, &text)));
        Self { id, timestamp, signature, body }
    }
}

/// How long is waited after so many failures in a row.
fn wait(failures: i64) -> TimeDelta {
    TimeDelta::seconds(1_i64 << (failures - 1).clamp(0, 10)).min(LONGEST_WAIT)
}

/// Sends what is written, until `shutdown`; where there is no outlet, notes that there is none.
pub async fn stream(services: Services, outlet: Option<Outlet>, shutdown: CancellationToken) {
    let target = outlet.as_ref().map(|outlet| outlet.target.clone());
    while let Err(error) = store::aim(&services.db, target.as_deref()).await {
        tracing::warn!(%error, "the stream of the audit log could not be begun; trying again");
        if shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
            return;
        }
    }
    let Some(outlet) = outlet else { return };
    // What a predecessor held that was killed is this process's own, and need not lapse.
    let holder = services.queue.holder(&services.settings.data);
    while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
        if let Err(error) = round(&services, &outlet, &holder, &shutdown).await {
            tracing::warn!(%error, "the stream of the audit log could not go on; trying again");
        }
    }
    // The next replica need not wait for the turn to lapse.
    if let Err(error) = store::let_go(&services.db, &holder).await {
        tracing::warn!(%error, "the turn to send the audit log could not be given back");
    }
}

async fn round(services: &Services, outlet: &Outlet, holder: &str, shutdown: &CancellationToken) -> Result<()> {
    for (tenant, head) in store::behind(&services.db).await? {
        store::begin(&services.db, &tenant, &outlet.target).await?;
        let now = Utc::now();
        let Some(mut seq) = store::take_turn(&services.db, &tenant, holder, now, now + TURN).await? else { continue };
        while seq < head && !shutdown.is_cancelled() {
            match send(services, outlet, &tenant, seq).await {
                Ok(None) => break,
                Ok(Some(last)) => {
                    let now = Utc::now();
                    // Whoever lost the turn meanwhile must not move the mark.
                    if !store::sent(&services.db, &tenant, holder, (seq, last), (now, now + TURN)).await? {
                        break;
                    }
                    seq = last;
                }
                Err(problem) => {
                    let problem: String = problem.chars().take(TOLD).collect();
                    let failures = store::failures(&services.db, &tenant).await? + 1;
                    let now = Utc::now();
                    tracing::warn!(%tenant, failures, problem, "the audit log could not be sent; trying again");
                    store::failed(&services.db, &tenant, holder, &problem, failures, (now, now + wait(failures)))
                        .await?;
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Sends what follows `seq`; says up to which entry, or `None` if there is none.
async fn send(
    services: &Services,
    outlet: &Outlet,
    tenant: &Tenant,
    seq: i64,
) -> std::result::Result<Option<i64>, String> {
    let secret = outlet.secret.read()?;
    let rows = entries::after(&services.db, tenant.as_str(), seq, MOST).await.map_err(|error| error.to_string())?;
    let (mut body, mut last) = (String::new(), None);
    for row in rows {
        let entry = AuditEntry::from(row);
        let line = serde_json::to_string(&entry).map_err(|error| error.to_string())?;
        if last.is_some() && body.len() + line.len() > WEIGHT {
            break;
        }
        last = Some(entry.seq);
        body += &line;
        body.push('\n');
    }
    let Some(last) = last else { return Ok(None) };
    let delivery = Delivery::new(tenant, (seq + 1, last), body, &secret, Utc::now());
    outlet.receiver.deliver(&delivery).await?;
    Ok(Some(last))
}

/// Where the caller's log is sent, and how far it got; `None` where it is sent nowhere.
pub async fn stream_state(services: &Services, caller: &Caller) -> Result<Option<StreamState>> {
    identity::may(services, caller, Permission::ReadAudit, Target::Platform).await?;
    store::state(&services.db, &caller.tenant).await
}

/// The same of every tenant, for whoever is at the server itself.
pub async fn stream_states(db: &DatabaseConnection) -> Result<Vec<StreamState>> {
    store::states(db).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_signed_as_standard_webhooks_has_it() {
        let sign = |secret: &str| {
            let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
            Delivery::new(&Tenant::default(), (1, 2), "{}\n".to_owned(), &SecretString::from(secret), at)
        };
        let delivery = sign("tide tables that nobody guesses");
        assert_eq!((delivery.id.as_str(), delivery.timestamp), ("audit_default_1_2", 1_700_000_000));
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"tide tables that nobody guesses");
        let given = STANDARD.decode(delivery.signature.strip_prefix("v1,").unwrap()).unwrap();
        hmac::verify(&key, b"audit_default_1_2.1700000000.{}\n", &given).unwrap();
        // The same secret in the standard's own notation signs the same.
        let noted = format!("whsec_{}", STANDARD.encode("tide tables that nobody guesses"));
        assert_eq!(sign(&noted).signature, delivery.signature);
        assert_eq!(sign(noted.trim_end_matches('=')).signature, delivery.signature, "{noted}");
        assert_ne!(sign("another").signature, delivery.signature);
    }

    #[test]
    fn each_failure_doubles_the_wait_up_to_five_minutes() {
        let seconds: Vec<i64> = [1, 2, 3, 8, 9, 10, 1_000_000].map(|failures| wait(failures).num_seconds()).to_vec();
        assert_eq!(seconds, [1, 2, 4, 128, 256, 300, 300]);
    }
}
