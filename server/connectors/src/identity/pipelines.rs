//! Issuers that sign for pipelines: GitHub Actions, GitLab, and whatever else speaks `OpenID` Connect.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use openidconnect::IssuerUrl;
use services::identity::ports::{Claims, ProviderProblem, Signatures};

use super::{client::Web, issuer::Issuer};

/// The issuers that were asked so far. There are no more of them than the configuration names.
pub struct Issuers {
    web: Web,
    known: Mutex<HashMap<String, Arc<Issuer>>>,
}

impl Issuers {
    /// Asks over `web`.
    pub fn new(web: Web) -> Self {
        Self { web, known: Mutex::default() }
    }
}

#[async_trait]
impl Signatures for Issuers {
    async fn claims(&self, issuer: &str, audience: &str, token: &str) -> Result<Claims, ProviderProblem> {
        let url = IssuerUrl::new(issuer.to_owned())
            .map_err(|error| ProviderProblem::Refused(format!("`{issuer}` is no address: {error}")))?;
        let known = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Issuer::new(self.web.clone(), url));
            known.entry(issuer.to_owned()).or_insert_with(new).clone()
        };
        known.verified(token, audience, None, None).await
    }
}
