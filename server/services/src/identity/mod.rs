//! Who may do what. Every use case asks here before it acts.

mod accounts;
mod arrive;
pub(crate) mod claims;
mod doors;
mod footing;
mod links;
mod pipelines;
pub mod ports;
pub mod scim;
mod sessions;
mod starter;
mod stay;
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

pub(crate) use self::{accounts::groups_of, doors::CHANNEL as DOORS_CHANNEL, starter::Starter, tokens::token_roles};
pub use self::{
    accounts::{InVain, Unmatched, block, end_sessions_of, in_vain, own_accounts, people},
    arrive::{Departure, NotIn, Return, SIGN_IN_MINUTES, Welcome, administrator, arrive, depart, key_of, redirect},
    doors::{DoorSettings, Doors, Found, MatchRule, PipelineSettings, ProviderSettings},
    links::{LINK_MINUTES, make_link, use_link},
    pipelines::is_signed as could_be_signed,
    sessions::{From, Left, Opened, by_session, end_other_sessions, end_session, leave, sessions},
    stay::over,
    tokens::{end_token, make_service_token, make_token, service_tokens, tokens},
};
use crate::{Result, Services};

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

/// Whether `caller` may, without it being a refusal: for what is shown only to those who may.
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
        Err(crate::Error::Denied(_)) => Ok(false),
        Err(error) => Err(error),
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

/// Who comes with a token: ours, or one that a trusted pipeline was given; `None` if nobody is known by it.
pub async fn by_bearer(
    services: &Services,
    tenant: &Tenant,
    token: &str,
    address: Option<&str>,
) -> Result<Option<Arc<Found>>> {
    if tokens::is_token(token) {
        return tokens::by_token(services, tenant, token, address).await;
    }
    if pipelines::is_signed(token) {
        return pipelines::by_signature(services, tenant, token).await;
    }
    Ok(None)
}

/// Notes what happened at the doors: who came, who went, what they made to come in with.
fn note(services: &Services, caller: &Caller, event: &'static str, about: &str) {
    note_with(services, caller, event, about, &Value::Null);
}

/// The same, with what else there is to say.
fn note_with(services: &Services, caller: &Caller, event: &'static str, about: &str, detail: &Value) {
    tracing::info!(who = %caller.subject, event, about, "identity");
    services.notes.tell(caller, event, about, detail);
}

/// The same of someone who comes in, or tries to, and is no caller yet.
fn note_from(services: &Services, tenant: &Tenant, who: Subject, from: &From, event: &'static str, about: &str) {
    let address = from.address.as_deref().and_then(|address| address.parse().ok());
    let standing = Standing { address, ..Standing::default() };
    let caller = Caller { standing: Arc::new(standing), ..Caller::new(tenant.clone(), who) };
    note(services, &caller, event, about);
}

/// Notes that someone tried to come in and was not let in.
pub fn note_failure(services: &Services, tenant: &Tenant, from: &From, about: &str) {
    note_from(services, tenant, Subject::Stranger, from, "sign-in-failed", about);
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
