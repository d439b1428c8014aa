//! `POST /webhooks/{source}`: where Git forges say that something was pushed.
//!
//! A forge has no session and sends no form, so neither sign-in nor CSRF applies: the signature stands for both. Nothing of
//! a body is read before it was verified, and no body is taken in for a source without a webhook.

use std::time::Duration;

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use domain::catalog::DeliveryOutcome;
use secrecy::SecretString;
use serde_json::json;
use services::{
    Error, Services,
    catalog::webhooks::{self, Delivery, Proof},
    identity::Tenant,
};
use tower::limit::GlobalConcurrencyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::http::AppState;

/// The largest body: GitHub sends up to 25 MB of the commits of a push, which name each of their files.
const LARGEST: usize = 26 * 1024 * 1024;

/// How many deliveries are taken in at a time: each may hold a body.
const AT_ONCE: usize = 8;

/// How long a delivery may take, its body included; forges give up sooner.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/webhooks/{source}", post(receive))
        .layer(GlobalConcurrencyLimitLayer::new(AT_ONCE))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
}

async fn receive(
    State(services): State<Services>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let tenant = Tenant::default();
    let Ok(source) = source.parse() else {
        return told(StatusCode::NOT_FOUND, "unknown", &format!("`{source}` is not the id of a source"));
    };
    if let Err(error) = webhooks::expects(&services, &tenant, source).await {
        return refused(error);
    }
    let Some(delivery) = read(&headers) else {
        let message = "no forge sends such a request; GitHub, GitLab, Gitea and Forgejo are understood";
        return told(StatusCode::BAD_REQUEST, "unknown", message);
    };
    let Ok(body) = to_bytes(body, LARGEST).await else {
        let message = format!("the body is larger than {} MiB", LARGEST / 1024 / 1024);
        // What was not read is in the way of the next request.
        return ([(header::CONNECTION, "close")], told(StatusCode::PAYLOAD_TOO_LARGE, "refused", &message))
            .into_response();
    };
    match webhooks::receive(&services, &tenant, source, Delivery { body, ..delivery }).await {
        Ok(delivery) => {
            let status =
                if delivery.outcome == DeliveryOutcome::Queued { StatusCode::ACCEPTED } else { StatusCode::OK };
            told(status, delivery.outcome.as_str(), &delivery.detail)
        }
        Err(error) => refused(error),
    }
}

/// What the headers say; `None` for what no forge sends.
fn read(headers: &HeaderMap) -> Option<Delivery> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let owned = |name: &str| text(name).map(str::to_owned);
    let delivery =
        |forge, event: &str, id, proof| Delivery { forge, event: event.to_owned(), id, proof, body: "".into() };
    // Gitea and Forgejo send the headers of GitHub too, so theirs come first.
    for (forge, event, id, signature) in [
        ("Forgejo", "x-forgejo-event", "x-forgejo-delivery", "x-forgejo-signature"),
        ("Gitea", "x-gitea-event", "x-gitea-delivery", "x-gitea-signature"),
    ] {
        if let Some(event) = text(event) {
            let proof = owned(signature).map_or(Proof::Missing, Proof::Signature);
            return Some(delivery(forge, event, owned(id), proof));
        }
    }
    if let Some(event) = text("x-github-event") {
        let signature = text("x-hub-signature-256").map(|value| value.strip_prefix("sha256=").unwrap_or(value));
        let proof = signature.map_or(Proof::Missing, |signature| Proof::Signature(signature.to_owned()));
        return Some(delivery("GitHub", event, owned("x-github-delivery"), proof));
    }
    let event = text("x-gitlab-event")?;
    let signed = || {
        Some(Proof::Signed {
            id: owned("webhook-id")?,
            timestamp: owned("webhook-timestamp")?,
            signatures: owned("webhook-signature")?,
        })
    };
    let token = || Some(Proof::Token(SecretString::from(owned("x-gitlab-token")?)));
    // A signature says more than a token that anyone on the way may have read.
    let proof = signed().or_else(token).unwrap_or(Proof::Missing);
    let id = ["webhook-id", "idempotency-key", "x-gitlab-event-uuid"].into_iter().find_map(owned);
    Some(delivery("GitLab", event, id, proof))
}

fn refused(error: Error) -> Response {
    match error {
        Error::NotFound(why) => told(StatusCode::NOT_FOUND, "unknown", &why),
        Error::Denied(_) => {
            let message = "the delivery is not signed with the secret of this source; enter the secret from the page of \
                           the source at the forge, or make a new one";
            told(StatusCode::UNAUTHORIZED, "refused", message)
        }
        Error::Rejected(why) => told(StatusCode::UNPROCESSABLE_ENTITY, "refused", &why),
        Error::Conflict(why) => told(StatusCode::CONFLICT, "refused", &why),
        Error::Unavailable { .. } => told(StatusCode::SERVICE_UNAVAILABLE, "failed", &error.to_string()),
        Error::Internal(why) => {
            tracing::error!(why, "a webhook delivery failed");
            told(
                StatusCode::INTERNAL_SERVER_ERROR,
                "failed",
                "something went wrong on the server; its log has the details",
            )
        }
    }
}

fn told(status: StatusCode, outcome: &str, message: &str) -> Response {
    (status, Json(json!({ "outcome": outcome, "message": message }))).into_response()
}
