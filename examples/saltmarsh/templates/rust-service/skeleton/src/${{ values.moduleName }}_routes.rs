//! The routes of ${{ values.name }}.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;

use crate::settings::Settings;

/// What `/` tells about the service.
#[derive(Serialize)]
struct About {
    name: &'static str,
    version: &'static str,
    owner: &'static str,
    description: &'static str,
}

pub fn router(settings: Settings) -> Router {
    Router::new()
        .route("/", get(about))
        .route("/livez", get(async || "ok"))
        .route("/readyz", get(ready))
        .with_state(settings)
}

async fn about() -> Json<About> {
    Json(About {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        owner: "${{ values.ownerName }}",
        description: env!("CARGO_PKG_DESCRIPTION"),
    })
}
{% if values.storage == "none" %}
/// Ready as soon as it runs: it needs nothing else.
async fn ready(State(_settings): State<Settings>) -> (StatusCode, &'static str) {
    (StatusCode::OK, "ready")
}
{%- else %}
/// Ready when the {% if values.storage == "postgres" %}database{% else %}cache{% endif %} takes connections.
async fn ready(State(settings): State<Settings>) -> (StatusCode, &'static str) {
    use std::time::Duration;
    use tokio::{net::TcpStream, time::timeout};

    let Some(address) = settings.storage_address else {
        return (StatusCode::OK, "ready");
    };
    match timeout(Duration::from_secs(2), TcpStream::connect(address)).await {
        Ok(Ok(_)) => (StatusCode::OK, "ready"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "storage does not answer"),
    }
}
{%- endif %}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    /// Starts the service on a free port and asks it for one path.
    async fn ask(path: &str{% if values.storage != "none" %}, storage_address: Option<String>{% endif %}) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
{%- if values.storage == "none" %}
        let settings = Settings { address };
{%- else %}
        let settings = Settings {
            address,
            storage_address,
        };
{%- endif %}
        tokio::spawn(axum::serve(listener, router(settings)).into_future());

        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    #[tokio::test]
    async fn says_what_it_is() {
        let answer = ask("/"{% if values.storage != "none" %}, None{% endif %}).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains(env!("CARGO_PKG_NAME")), "{answer}");
    }

    #[tokio::test]
    async fn is_alive_and_ready() {
        for path in ["/livez", "/readyz"] {
            let answer = ask(path{% if values.storage != "none" %}, None{% endif %}).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        }
    }
{%- if values.storage != "none" %}

    #[tokio::test]
    async fn is_not_ready_without_storage() {
        // Port 1 is reserved; nothing listens there.
        let answer = ask("/readyz", Some("127.0.0.1:1".to_owned())).await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
{%- endif %}
}
