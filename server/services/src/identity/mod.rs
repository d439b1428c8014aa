//! Who may do what. Every use case asks here before it acts.

mod accounts;
mod arrive;
pub(crate) mod claims;
mod doors;
mod footing;
mod known;
mod links;
mod pipelines;
pub mod ports;
mod renamed;
mod same;
pub mod scim;
mod sessions;
mod starter;
mod stay;
#[cfg(test)]
mod tests;
pub mod throttle;
mod tokens;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

pub use domain::identity::{
    Caller, Denied, Effect, Entry, Grantee, Permission, PolicyProblem, Reason, RoleName, Scopes, Standing, Subject,
    Target, Tenant, Thing, Verb, foregone,
};

use domain::audit::Happening;
use serde_json::{Value, json};

pub use self::{
    accounts::{InVain, Unmatched, block, end_sessions_of, in_vain, own_accounts, people},
    arrive::{Departure, NotIn, Return, SIGN_IN_MINUTES, Welcome, administrator, arrive, depart, key_of, redirect},
    doors::{DoorSettings, Doors, Found, MatchRule, PipelineSettings, ProviderSettings},
    links::{LINK_MINUTES, make_link, use_link},
    pipelines::is_signed as could_be_signed,
    sessions::{From, Left, Opened, by_session, end_other_sessions, end_session, leave, sessions},
    stay::over,
    tokens::{end_token, living_services, make_service_token, make_token, service_tokens, tokens},
};
pub(crate) use self::{
    accounts::{
        Own, bearer, bearers, groups_of, own,
        store::{persons, siblings},
    },
    doors::{CHANNEL as DOORS_CHANNEL, PEOPLE, forget as forget_all},
    known::{Person, Whose, everyone, has_come, machines, person, whose},
    pipelines::BETWEEN,
    renamed::{Around, Renamed, renamed, telling},
    starter::Starter,
    tokens::of_services,
};
use crate::{Result, Services, changes::Transaction};

/// Asks whether `caller` may do `permission` on `target`.
///
/// # Errors
/// [`crate::Error::Denied`] says who was refused what.
pub async fn may(services: &Services, caller: &Caller, permission: Permission, target: Target<'_>) -> Result<()> {
    let decided = match foregone(caller) {
        // Most requests: decided without looking at anything.
        Some(true) => return Ok(()),
        Some(false) => Err(Denied::new(caller, permission).into()),
        None => crate::permission::ask(services, caller, permission, target).await,
    };
    if let Err(error) = &decided {
        tracing::warn!(who = caller.label(), ?permission, %target, "refused");
        let detail = json!({ "permission": permission.name(), "why": error.to_string() });
        services.notes.add(caller, Happening::Refused, &target.to_string(), detail);
    }
    decided
}

/// Whether `caller` may, without it being a refusal: for what is shown only to those who may. With what is hidden from someone they
/// may do nothing, as with what is not there.
pub async fn is_allowed(
    services: &Services,
    caller: &Caller,
    permission: Permission,
    target: Target<'_>,
) -> Result<bool> {
    let decided = match foregone(caller) {
        Some(is_allowed) => return Ok(is_allowed),
        None => crate::permission::would(services, caller, permission, target).await,
    };
    match decided {
        Ok(()) => Ok(true),
        Err(crate::Error::Denied(_) | crate::Error::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether someone may look after what they came in with, or can: their sessions and tokens. Whoever is signed in may, whatever the
/// policies say, or a person without a role could not even leave. A token is narrowed there as anywhere.
async fn may_leave(services: &Services, caller: &Caller, permission: Permission) -> Result<()> {
    match caller.standing.source {
        Entry::Session(_) => Ok(()),
        _ => may(services, caller, permission, Target::Own).await,
    }
}

/// How often what is over is removed.
const TIDY: Duration = Duration::from_mins(10);

/// The hash of a secret: what is kept of it, and what it is found by.
fn hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a token is good for.
#[derive(Debug, Clone)]
pub enum Bearer {
    /// Someone comes in with it.
    Known(Arc<Found>),
    /// Nobody does now, with one that was issued: it is no guess.
    Spent(Spent),
    /// Nobody does, and why.
    Refused {
        /// For whoever sent it.
        told: String,
        /// For those who run the installation.
        why: String,
    },
}

/// A token that somebody issued, and that opens nothing now.
#[derive(Debug, Clone)]
pub struct Spent {
    /// Why, for whoever has it.
    pub told: String,
    /// Why, for those who run the installation.
    pub why: String,
    /// Whose it is, where that is known.
    pub whose: Subject,
    /// Which it is, where that is known.
    pub about: Option<String>,
}

/// Who comes with a token: ours, or one that a trusted pipeline was given.
pub async fn by_bearer(services: &Services, tenant: &Tenant, token: &str, address: Option<&str>) -> Result<Bearer> {
    if tokens::is_token(token) {
        return tokens::by_token(services, tenant, token, address).await;
    }
    if pipelines::is_signed(token) {
        return pipelines::by_signature(services, tenant, token).await;
    }
    Ok(refused())
}

/// The same words whatever is wrong with a token: whoever guesses learns nothing of how near they came.
pub const NO_TOKEN: &str = "it has ended, or was never issued";

fn refused() -> Bearer {
    Bearer::Refused { told: NO_TOKEN.to_owned(), why: NO_TOKEN.to_owned() }
}

/// Someone who comes in, or tries to, and is no caller yet.
fn coming(tenant: &Tenant, who: Subject, from: &From) -> Caller {
    let address = from.address.as_deref().and_then(|address| address.parse().ok());
    let standing = Standing { address, ..Standing::default() };
    Caller { standing: Arc::new(standing), ..Caller::new(tenant.clone(), who) }
}

/// Tells the log, and with `tx` the audit log, what happened at the doors: who came, who went, what they made to come in with.
/// It is written with what it tells of, or neither is.
fn tell(tx: &mut Transaction, caller: &Caller, event: &'static str, about: &str, detail: Value) {
    tracing::info!(who = %caller.subject, event, about, "identity");
    tx.tell(event, about, if detail.is_object() { detail } else { json!({}) });
}

/// Notes that someone tried to come in and was not let in; what happens again and again, once in a while.
pub fn note_failure(services: &Services, tenant: &Tenant, from: &From, about: &str) {
    note_not_in(services, &coming(tenant, Subject::Stranger, from), about, Value::Null);
}

fn note_not_in(services: &Services, caller: &Caller, about: &str, detail: Value) {
    tracing::info!(who = %caller.subject, event = "sign-in-failed", about, %detail, "identity");
    services.notes.add(caller, Happening::SignInFailed, about, detail);
}

/// Notes that a token was shown which lets nobody in, once in a while for each address.
pub fn note_refused(services: &Services, tenant: &Tenant, from: &From, why: &str) {
    let about = some_token(from);
    let caller = coming(tenant, Subject::Stranger, from);
    services.notes.add(&caller, Happening::TokenRefused, &about, json!({ "why": why }));
}

/// Notes that a token was shown which opens nothing any more, once in a while for each.
pub fn note_spent(services: &Services, tenant: &Tenant, from: &From, spent: &Spent) {
    let about = spent.about.clone().unwrap_or_else(|| some_token(from));
    let caller = coming(tenant, spent.whose.clone(), from);
    services.notes.add(&caller, Happening::TokenRefused, &about, json!({ "why": spent.why }));
}

fn some_token(from: &From) -> String {
    format!("a token from {}", from.address.as_deref().unwrap_or("somewhere"))
}

/// Removes sessions, failures and links that are over, until the process is asked to stop.
pub async fn tidy(services: Services, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(TIDY)).await.is_some() {
        let done = async {
            sessions::tidy(&services).await?;
            throttle::tidy(&services).await?;
            accounts::tidy(&services).await?;
            scim::rematch(&services).await?;
            links::tidy(&services).await
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "what is over at the doors could not be removed; trying again later");
        }
    }
}
