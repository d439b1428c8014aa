//! Providers that speak `OpenID` Connect: Keycloak, Entra ID, Okta, Google, GitLab and others.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, Scope, TokenResponse as _,
    core::{CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreTokenResponse},
    url::Url,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use services::{
    identity::ports::{Arrival, Ask, Claims, Provider, ProviderProblem},
    secrets::Reference,
};

use super::{
    client::{NoAnswer, Web},
    issuer::{About, Issuer, chain},
};

/// What an installation decided about a provider.
#[derive(Debug, Clone)]
pub struct OpenIdSettings {
    /// Its address, exactly as it calls itself.
    pub issuer: String,
    /// What it calls this installation.
    pub client_id: String,
    /// Where the secret is; none for a public client, which proves itself by PKCE alone.
    pub secret: Option<Reference>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// Sent along when a browser goes there, such as `prompt` or `domain_hint`.
    pub parameters: Vec<(String, String)>,
}

/// A provider that speaks `OpenID` Connect.
pub struct OpenId {
    web: Web,
    settings: OpenIdSettings,
    issuer: Issuer,
    /// Until when sessions are not renewed, since the provider did not answer: nobody waits for it meanwhile.
    pause: Mutex<Option<Instant>>,
}

/// How long sessions are not renewed once the provider did not answer.
const PAUSE: Duration = Duration::from_secs(30);

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

type TokenError = RequestTokenError<NoAnswer, openidconnect::StandardErrorResponse<CoreErrorResponseType>>;

impl OpenId {
    /// The provider that `settings` mean.
    ///
    /// # Errors
    /// What is wrong with its address.
    pub fn new(web: Web, settings: OpenIdSettings) -> Result<Self, String> {
        let url = IssuerUrl::new(settings.issuer.clone())
            .map_err(|error| format!("`issuer` is no address: {error}; write it as the provider calls itself"))?;
        Ok(Self { issuer: Issuer::new(web.clone(), url), web, settings, pause: Mutex::default() })
    }

    fn secret(&self) -> Result<Option<SecretString>, ProviderProblem> {
        // Read each time: a file that is replaced counts from then on.
        self.settings.secret.as_ref().map(Reference::read).transpose().map_err(ProviderProblem::Down)
    }

    async fn client(&self, redirect: Option<&str>) -> Result<(Client, std::sync::Arc<About>), ProviderProblem> {
        let about = self.issuer.about().await?;
        let secret = self.secret()?.map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let client = CoreClient::from_provider_metadata(
            (*about).clone(),
            ClientId::new(self.settings.client_id.clone()),
            secret,
        );
        let in_body = about.token_endpoint_auth_methods_supported().is_some_and(|methods| {
            use openidconnect::core::CoreClientAuthMethod as Method;
            !methods.contains(&Method::ClientSecretBasic) && methods.contains(&Method::ClientSecretPost)
        });
        let mut client = if in_body { client.set_auth_type(AuthType::RequestBody) } else { client };
        if let Some(redirect) = redirect {
            let redirect = RedirectUrl::new(redirect.to_owned())
                .map_err(|error| ProviderProblem::Refused(format!("`[server] base_url` is no address: {error}")))?;
            client = client.set_redirect_uri(redirect);
        }
        Ok((client, about))
    }

    /// What the signed token says, and what the provider adds when it is asked with the access token.
    async fn arrival(
        &self,
        tokens: &CoreTokenResponse,
        nonce: Option<&Nonce>,
    ) -> Result<Option<Arrival>, ProviderProblem> {
        let Some(signed) = tokens.id_token().map(ToString::to_string) else { return Ok(None) };
        let secret = self.secret()?;
        let secret = secret.as_ref().map(ExposeSecret::expose_secret);
        let mut claims = self.issuer.verified(&signed, &self.settings.client_id, secret, nonce).await?;
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        if subject.is_empty() || subject.len() > 500 {
            return Err(ProviderProblem::Refused("the provider does not say who came (`sub`)".to_owned()));
        }
        for (name, value) in self.more(tokens.access_token(), &subject).await? {
            // What is signed counts.
            claims.entry(name).or_insert(value);
        }
        let refresh = tokens.refresh_token().map(|token| SecretString::from(token.secret().clone()));
        Ok(Some(Arrival { subject, claims, emails: Vec::new(), id_token: Some(SecretString::from(signed)), refresh }))
    }

    /// What the provider says of the person when asked: groups and addresses are often only there.
    async fn more(&self, token: &AccessToken, subject: &str) -> Result<Claims, ProviderProblem> {
        let Some(address) = self.issuer.about().await?.userinfo_endpoint().cloned() else { return Ok(Claims::new()) };
        let request = http::Request::get(address.as_str())
            .header(http::header::AUTHORIZATION, format!("Bearer {}", token.secret()))
            .header(http::header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|error| ProviderProblem::Down(format!("the address for more about people: {error}")))?;
        let answer = self.web.send(request).await.map_err(|error| ProviderProblem::Down(error.to_string()))?;
        // Some providers have the address and answer nothing there, or a signed text; the token said enough then.
        let Ok(Value::Object(claims)) = serde_json::from_slice(answer.body()) else { return Ok(Claims::new()) };
        if !answer.status().is_success() {
            return Ok(Claims::new());
        }
        if claims.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(ProviderProblem::Refused("the provider says more of someone else than of who came".to_owned()));
        }
        Ok(claims)
    }
}

fn unredeemed(error: &TokenError) -> ProviderProblem {
    match error {
        RequestTokenError::ServerResponse(said) => {
            let why = said.error_description().cloned().unwrap_or_else(|| said.error().to_string());
            match said.error() {
                CoreErrorResponseType::InvalidGrant => ProviderProblem::Over(format!("the provider refuses: {why}")),
                _ => ProviderProblem::Client(why),
            }
        }
        RequestTokenError::Request(why) => ProviderProblem::Down(why.to_string()),
        error => ProviderProblem::Down(format!("the provider answers something else than it should: {}", chain(error))),
    }
}

#[async_trait]
impl Provider for OpenId {
    async fn begin(&self, ask: &Ask) -> Result<String, ProviderProblem> {
        let (client, _) = self.client(Some(&ask.redirect)).await?;
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(ask.verifier.clone()));
        let (state, nonce) = (CsrfToken::new(ask.state.clone()), Nonce::new(ask.nonce.clone()));
        let request = client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce);
        let scopes = self.settings.scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new);
        let mut request = request.add_scopes(scopes).set_pkce_challenge(challenge);
        for (name, value) in &self.settings.parameters {
            request = request.add_extra_param(name.clone(), value.clone());
        }
        Ok(request.url().0.to_string())
    }

    async fn finish(&self, code: &str, ask: &Ask) -> Result<Arrival, ProviderProblem> {
        let (client, _) = self.client(Some(&ask.redirect)).await?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| ProviderProblem::Down(format!("the provider redeems no codes: {error}")))?
            .set_pkce_verifier(PkceCodeVerifier::new(ask.verifier.clone()));
        let tokens = request.request_async(&self.web).await.map_err(|error| unredeemed(&error))?;
        let nonce = Nonce::new(ask.nonce.clone());
        let arrival = self.arrival(&tokens, Some(&nonce)).await?;
        arrival.ok_or_else(|| {
            ProviderProblem::Refused(
                "the provider signs nothing (no `id_token`); is the scope `openid` allowed?".to_owned(),
            )
        })
    }

    async fn refresh(&self, subject: &str, refresh: &SecretString) -> Result<Option<Arrival>, ProviderProblem> {
        let pause = || self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if pause().is_some_and(|until| Instant::now() < until) {
            return Err(ProviderProblem::Down("it did not answer a moment ago".to_owned()));
        }
        let renewed = self.renew(subject, refresh).await;
        if matches!(renewed, Err(ProviderProblem::Down(_))) {
            *pause() = Some(Instant::now() + PAUSE);
        }
        renewed
    }

    async fn leave(&self, id_token: Option<&SecretString>, back: &str) -> Option<String> {
        let about = self.issuer.about().await.ok()?;
        let address = about.additional_metadata().end_session_endpoint.clone()?;
        let mut url = Url::parse(address.as_str()).ok()?;
        if let Some(token) = id_token {
            url.query_pairs_mut().append_pair("id_token_hint", token.expose_secret());
        }
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", back);
        Some(url.to_string())
    }
}

impl OpenId {
    async fn renew(&self, subject: &str, refresh: &SecretString) -> Result<Option<Arrival>, ProviderProblem> {
        let (client, _) = self.client(None).await?;
        let token = RefreshToken::new(refresh.expose_secret().to_owned());
        let request = client
            .exchange_refresh_token(&token)
            .map_err(|error| ProviderProblem::Down(format!("the provider renews nothing: {error}")))?;
        let tokens = request.request_async(&self.web).await.map_err(|error| match unredeemed(&error) {
            // A secret that was changed is no word about the person: sessions stand until it is mended.
            ProviderProblem::Refused(why) => ProviderProblem::Down(why),
            problem => problem,
        })?;
        let Some(arrival) = self.arrival(&tokens, None).await? else {
            // Nothing is signed anew: what the provider says when asked is as good, since it says whom it means.
            let claims = self.more(tokens.access_token(), subject).await?;
            let refresh = tokens.refresh_token().map(|token| SecretString::from(token.secret().clone()));
            return Ok((!claims.is_empty()).then(|| Arrival {
                subject: subject.to_owned(),
                claims,
                emails: Vec::new(),
                id_token: None,
                refresh,
            }));
        };
        if arrival.subject != subject {
            return Err(ProviderProblem::Refused("the provider renews the session of someone else".to_owned()));
        }
        Ok(Some(arrival))
    }
}
