//! Finding the credential for an address.

use async_trait::async_trait;
use domain::{catalog::CredentialKind, identity::Tenant};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;
use url::Url;

use super::{Configured, Scope, place};
use crate::{
    Error, Result, Services,
    catalog::{
        keys::{Key, Proof, Ring},
        ports::ReadProblem,
        store::{self, CredentialRow},
    },
};

/// The credentials of an installation, those of the portal read once.
pub(super) struct Installed {
    services: Services,
    tenant: Tenant,
    sealed: OnceCell<Vec<CredentialRow>>,
}

/// One credential, wherever it comes from.
enum Found<'a> {
    Configured(&'a Configured),
    Sealed(&'a CredentialRow),
}

impl Installed {
    pub(super) fn new(services: &Services, tenant: Tenant) -> Self {
        Self { services: services.clone(), tenant, sealed: OnceCell::new() }
    }

    async fn narrowest(&self, url: &Url) -> Result<Option<Found<'_>>> {
        let wants_key = url.scheme() == "ssh";
        let fits = |kind: CredentialKind| (kind == CredentialKind::Ssh) == wants_key;
        let sealed =
            self.sealed.get_or_try_init(async || store::credentials(&self.services.db, &self.tenant).await).await?;
        let depth = |scopes: &[Scope]| scopes.iter().filter(|scope| scope.covers(url)).map(Scope::depth).max();
        let configured = self.services.settings.credentials.iter().filter(|configured| fits(configured.kind));
        let configured = configured.filter_map(|one| Some((depth(&one.at)?, Found::Configured(one))));
        let sealed = sealed.iter().filter(|row| row.kind.parse().is_ok_and(fits)).filter_map(|row| {
            let scopes: Vec<Scope> = row.at.split(' ').filter_map(|scope| scope.parse().ok()).collect();
            Some((depth(&scopes)?, Found::Sealed(row)))
        });
        // Of equals the first, and the configuration comes first.
        let best = configured.chain(sealed).reduce(|best, next| if next.0 > best.0 { next } else { best });
        Ok(best.map(|(_, found)| found))
    }

    /// The name of the credential for an address, and where its secret is.
    pub(super) async fn named(&self, url: &Url) -> Result<Option<(String, String)>> {
        Ok(self.narrowest(url).await?.map(|found| match found {
            Found::Configured(configured) => (configured.name.clone(), configured.secret.to_string()),
            Found::Sealed(row) => (row.name.clone(), "sealed in the portal".to_owned()),
        }))
    }

    fn key(&self, found: Found<'_>) -> Result<Key, String> {
        match found {
            Found::Configured(configured) => {
                let name = &configured.name;
                let told = |why: String| format!("the credential `{name}` cannot be shown: {why}");
                let secret = configured.secret.read().map_err(told)?;
                let known_hosts = match &configured.known_hosts {
                    Some(reference) => reference.read().map_err(told)?.expose_secret().to_owned(),
                    None => String::new(),
                };
                Ok(Key {
                    name: name.clone(),
                    shown: format!("`{name}` ({})", configured.secret),
                    mend: format!(
                        "see that it is valid and may read this, and correct {} or `[credentials.{name}]`",
                        configured.secret
                    ),
                    proof: proof(configured.kind, configured.user.clone(), secret, known_hosts),
                })
            }
            Found::Sealed(row) => {
                let name = &row.name;
                let secret = self
                    .services
                    .secrets
                    .unseal(&row.sealed, &place(name))
                    .map_err(|error| format!("the credential `{name}` cannot be shown: {error}"))?;
                let kind = row.kind.parse().map_err(|error| format!("the credential `{name}`: {error}"))?;
                Ok(Key {
                    name: name.clone(),
                    shown: format!("`{name}` (sealed in the portal)"),
                    mend: "see that it is valid and may read this, or seal it anew under Sources, Credentials".into(),
                    proof: proof(kind, row.user.clone(), secret, row.known_hosts.clone().unwrap_or_default()),
                })
            }
        }
    }
}

fn proof(kind: CredentialKind, user: Option<String>, secret: SecretString, known_hosts: String) -> Proof {
    match kind {
        CredentialKind::Token => Proof::Token { token: secret, user },
        CredentialKind::Password => Proof::Password { user: user.unwrap_or_default(), password: secret },
        CredentialKind::Ssh => Proof::Ssh { user, key: secret, known_hosts },
    }
}

#[async_trait]
impl Ring for Installed {
    async fn find(&self, url: &Url) -> Result<Option<Key>, ReadProblem> {
        let found = self.narrowest(url).await.map_err(|error: Error| {
            tracing::error!(%error, "credentials could not be looked up");
            ReadProblem::Unreachable("the credentials could not be looked up; see the server's log".into())
        })?;
        found.map(|found| self.key(found)).transpose().map_err(ReadProblem::Refused)
    }
}
