//! What is sent to the outside as it happens: the audit log, to a webhook.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header;
use services::audit::{Delivery, Receiver};
use url::Url;

use crate::source::{Guard, client, unreachable};

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long it may take besides, until its name is resolved.
const BEFORE: Duration = Duration::from_secs(6);

/// An address that takes deliveries.
#[derive(Debug, Clone)]
pub struct Webhook {
    guard: Guard,
    url: Url,
}

impl Webhook {
    /// A webhook on the internet, or at one of the internal hosts in `allow`.
    ///
    /// # Errors
    /// What is wrong with the address, in words.
    pub fn new(address: &str, allow: &[String]) -> Result<Self, String> {
        let url = Url::parse(address).map_err(|error| format!("it is no address: {error}"))?;
        if !["https", "http"].contains(&url.scheme()) || url.host_str().is_none() {
            return Err("it must begin with https:// and name a host".to_owned());
        }
        Ok(Self { guard: Guard::new(allow), url })
    }

    /// The address without what may be secret in it.
    pub fn shown(&self) -> String {
        let mut shown = self.url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        // Of an address with a host, both can be taken away.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.to_string()
    }

    async fn send(&self, delivery: &Delivery) -> Result<(), String> {
        let url = &self.url;
        let addresses = self.guard.vet(url).await.map_err(|problem| problem.to_string())?;
        let request = client(url, &addresses)
            .map_err(|problem| problem.to_string())?
            .post(url.clone())
            .header(header::CONTENT_TYPE, "application/jsonl")
            .header("webhook-id", &delivery.id)
            .header("webhook-timestamp", delivery.timestamp)
            .header("webhook-signature", &delivery.signature)
            .timeout(PATIENCE)
            .body(delivery.body.clone());
        let answer = request.send().await.map_err(|error| {
            // Whatever stands in the address besides its host may be secret.
            let shown = Url::parse(&self.shown()).unwrap_or_else(|_| url.clone());
            unreachable(&shown, &error.without_url()).to_string()
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let hint = if status.is_redirection() { "; redirects are not followed, so name where it leads to" } else { "" };
        Err(format!("`{}` answered {status}{hint}", self.shown()))
    }
}

#[async_trait]
impl Receiver for Webhook {
    async fn deliver(&self, delivery: &Delivery) -> Result<(), String> {
        match tokio::time::timeout(PATIENCE + BEFORE, self.send(delivery)).await {
            Ok(done) => done,
            Err(_) => Err(format!("`{}` did not answer within {} seconds", self.shown(), PATIENCE.as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_in_an_address_is_not_shown() {
        let webhook = Webhook::new("https://me:hunter2@siem.example.com/in?key=hunter2#x", &[]).unwrap();
        assert_eq!(webhook.shown(), "https://siem.example.com/in");
        for wrong in ["", "siem.example.com", "ftp://siem.example.com", "file:///etc/passwd"] {
            assert!(Webhook::new(wrong, &[]).is_err(), "{wrong}");
        }
    }
}
