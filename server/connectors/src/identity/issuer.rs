//! One issuer of signed tokens: what it says about itself, and its keys, kept until it uses others.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, ClientId, ClientSecret, DiscoveryError, IdToken, IdTokenVerifier,
    IssuerUrl, JsonWebKeySet, Nonce, ProviderMetadataWithLogout, SignatureVerificationError,
    core::{CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use services::identity::ports::{Claims, ProviderProblem};
use tokio::sync::Mutex;

use super::{
    SKEW,
    client::{NoAnswer, Web},
};

/// How long what an issuer says about itself stands.
const FRESH: Duration = Duration::from_hours(1);

/// How soon an issuer that did not answer is asked again: meanwhile nobody waits for it.
const PAUSE: Duration = Duration::from_secs(10);

/// How soon the keys may be fetched again because a token names one that is not among them.
const AGAIN: Duration = Duration::from_secs(10);

/// All claims that have no field of their own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Rest(Map<String, Value>);

impl AdditionalClaims for Rest {}

/// A signed token with all its claims.
pub(super) type Signed = IdToken<Rest, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// What an issuer says about itself.
pub(super) type About = ProviderMetadataWithLogout;

type Keys = JsonWebKeySet<CoreJsonWebKey>;

struct Known {
    at: Instant,
    about: Arc<About>,
    keys: Arc<Keys>,
    keys_at: Instant,
}

/// One issuer.
pub(super) struct Issuer {
    web: Web,
    url: IssuerUrl,
    known: Mutex<Option<Known>>,
    failed: Mutex<Option<(Instant, ProviderProblem)>>,
}

impl Issuer {
    pub(super) fn new(web: Web, url: IssuerUrl) -> Self {
        Self { web, url, known: Mutex::default(), failed: Mutex::default() }
    }

    /// What it says about itself. What is old stands while it does not answer.
    pub(super) async fn about(&self) -> Result<Arc<About>, ProviderProblem> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.at.elapsed() < FRESH) {
            return Ok(known.about.clone());
        }
        let mut failed = self.failed.lock().await;
        if let Some((at, problem)) = failed.as_ref()
            && at.elapsed() < PAUSE
        {
            return known.as_ref().map(|known| known.about.clone()).ok_or_else(|| problem.clone());
        }
        match About::discover_async(self.url.clone(), &self.web).await {
            Ok(about) => {
                let (about, now) = (Arc::new(about), Instant::now());
                let keys = Arc::new(about.jwks().clone());
                *known = Some(Known { at: now, about: about.clone(), keys, keys_at: now });
                *failed = None;
                Ok(about)
            }
            Err(error) => {
                let problem = undiscovered(&self.url, &error);
                *failed = Some((Instant::now(), problem.clone()));
                known.as_ref().map(|known| known.about.clone()).ok_or(problem)
            }
        }
    }

    /// Its keys; fetched again where `tried` are not enough, but not all the time.
    async fn keys(&self, tried: Option<&Arc<Keys>>) -> Result<Arc<Keys>, ProviderProblem> {
        let about = self.about().await?;
        let mut known = self.known.lock().await;
        let Some(known) = known.as_mut() else {
            return Err(ProviderProblem::Down(format!("`{}` is not known yet", self.url.as_str())));
        };
        let is_tried = tried.is_some_and(|tried| Arc::ptr_eq(tried, &known.keys));
        if is_tried && known.keys_at.elapsed() >= AGAIN {
            match Keys::fetch_async(about.jwks_uri(), &self.web).await {
                Ok(keys) => {
                    known.keys = Arc::new(keys);
                    known.keys_at = Instant::now();
                }
                Err(error) => return Err(undiscovered(&self.url, &error)),
            }
        }
        Ok(known.keys.clone())
    }

    /// What a token says, if this issuer signed it for `audience`, it holds now, and `nonce` is the one in it.
    pub(super) async fn verified(
        &self,
        token: &str,
        audience: &str,
        secret: Option<&str>,
        nonce: Option<&Nonce>,
    ) -> Result<Claims, ProviderProblem> {
        let token: Signed = serde_json::from_value(Value::String(token.to_owned()))
            .map_err(|_| ProviderProblem::Refused("what was signed is no token that can be read".to_owned()))?;
        let about = self.about().await?;
        let mut keys = self.keys(None).await?;
        loop {
            match self.verify(&token, (audience, true), secret, nonce, &about, &keys) {
                Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                    // It signs with another key than before.
                    let newer = self.keys(Some(&keys)).await?;
                    if Arc::ptr_eq(&newer, &keys) {
                        return Err(ProviderProblem::Refused(format!(
                            "the token is signed with a key that `{}` does not publish",
                            self.url.as_str()
                        )));
                    }
                    keys = newer;
                }
                // Whether it is signed at all tells a slip from a guess.
                Err(ClaimsVerificationError::InvalidAudience(why))
                    if self.verify(&token, (audience, false), secret, nonce, &about, &keys).is_ok() =>
                {
                    let issuer = self.url.as_str();
                    return Err(ProviderProblem::Elsewhere(format!(
                        "what `{issuer}` signed is for somebody else: {why}"
                    )));
                }
                Err(error) => return Err(self.unbelieved(error, &token)),
                Ok(claims) => return Ok(claims),
            }
        }
    }

    fn verify(
        &self,
        token: &Signed,
        (audience, must_be): (&str, bool),
        secret: Option<&str>,
        nonce: Option<&Nonce>,
        about: &About,
        keys: &Arc<Keys>,
    ) -> Result<Claims, ClaimsVerificationError> {
        let (client, keys) = (ClientId::new(audience.to_owned()), (**keys).clone());
        let verifier = match secret {
            Some(secret) => {
                let secret = ClientSecret::new(secret.to_owned());
                IdTokenVerifier::new_confidential_client(client, secret, self.url.clone(), keys)
            }
            None => IdTokenVerifier::new_public_client(client, self.url.clone(), keys),
        };
        let verifier = verifier
            .require_audience_match(must_be)
            .set_allowed_algs(
                about.id_token_signing_alg_values_supported().iter().filter(|alg| is_strong(alg)).cloned(),
            )
            .set_time_fn(|| Utc::now() - TimeDelta::seconds(SKEW))
            .set_issue_time_verifier_fn(|at: DateTime<Utc>| {
                let ahead = at - Utc::now();
                if ahead > TimeDelta::seconds(SKEW) { Err(format!("{CLOCK}{}", ahead.num_seconds())) } else { Ok(()) }
            });
        let is_meant = |given: Option<&Nonce>| match (nonce, given) {
            (None, _) => Ok(()),
            (Some(meant), Some(given)) if meant.secret() == given.secret() => Ok(()),
            (Some(_), Some(_)) => Err("another nonce than was sent".to_owned()),
            (Some(_), None) => Err("no nonce".to_owned()),
        };
        let claims = token.claims(&verifier, is_meant)?;
        match serde_json::to_value(claims) {
            // RFC 7519, 4.1.5; the library does not look at it.
            Ok(Value::Object(claims)) if claims.get("nbf").is_some_and(|begins| !begins.is_number()) => {
                Err(ClaimsVerificationError::Other("when it begins to hold (`nbf`) is no number".to_owned()))
            }
            Ok(Value::Object(claims)) if begins_in(&claims) > SKEW => {
                Err(ClaimsVerificationError::Other(format!("{BEGINS}{}", begins_in(&claims))))
            }
            Ok(Value::Object(claims)) => Ok(claims),
            _ => Err(ClaimsVerificationError::Other("the claims cannot be read".to_owned())),
        }
    }

    /// A refusal in words for the one who signs in, and for whoever mends it.
    fn unbelieved(&self, error: ClaimsVerificationError, token: &Signed) -> ProviderProblem {
        let issuer = self.url.as_str();
        if let Some((_, seconds)) = error.to_string().split_once(BEGINS) {
            let begins = seconds.parse().ok().and_then(TimeDelta::try_seconds);
            let begins = begins.and_then(|ahead| Utc::now().checked_add_signed(ahead));
            let begins = begins.map_or_else(
                || "never begins to hold".to_owned(),
                |at| format!("begins to hold in {seconds} seconds only, at {}", moment(at)),
            );
            return ProviderProblem::Clock(format!(
                "what `{issuer}` signed {begins}; it is {} here, and if it should hold now, its clock and this server's differ",
                moment(Utc::now())
            ));
        }
        if let Some((_, seconds)) = error.to_string().split_once(CLOCK) {
            return ProviderProblem::Clock(format!(
                "`{issuer}` signed in the future, by {seconds} seconds: its clock and this server's differ"
            ));
        }
        match error {
            // The library's own words have the clock with the leeway taken off, which whoever compares clocks must not be told.
            ClaimsVerificationError::Expired(_) => {
                let held = expiry(token).map_or_else(String::new, |at| format!(": it held until {}", moment(at)));
                ProviderProblem::Clock(format!(
                    "what `{issuer}` signed is over already{held}, and it is {} here; if it was signed just now, its clock and this \
                     server's differ",
                    moment(Utc::now())
                ))
            }
            ClaimsVerificationError::InvalidNonce(_) => ProviderProblem::Refused(format!(
                "what `{issuer}` signed belongs to another sign-in (the nonce is another one)"
            )),
            error => ProviderProblem::Refused(format!("what `{issuer}` signed is not believed: {}", chain(&error))),
        }
    }
}

/// In how many seconds a token begins to hold; less than none if it does, or says nothing.
fn begins_in(claims: &Claims) -> i64 {
    let begins = claims.get("nbf").and_then(Value::as_f64);
    #[expect(clippy::cast_possible_truncation, reason = "what is out of reach becomes the end of time")]
    begins.map_or(i64::MIN, |begins| (begins as i64).saturating_sub(Utc::now().timestamp()))
}

fn moment(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%Y-%m-%d %H:%M:%S UTC")
}

/// Until when a token holds, by its own words.
fn expiry(token: &Signed) -> Option<DateTime<Utc>> {
    let signed = token.to_string();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split('.').nth(1)?).ok()?).ok()?;
    let until = claims.get("exp")?.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is out of reach becomes the end of time, which is no moment"
    )]
    DateTime::from_timestamp(until as i64, 0)
}

/// Marks a text about a token that does not hold yet.
const BEGINS: &str = "begins in ";

/// Marks a text about a clock; it goes through an error of the library.
const CLOCK: &str = "ahead by ";

fn is_strong(alg: &CoreJwsSigningAlgorithm) -> bool {
    *alg != CoreJwsSigningAlgorithm::None
}

/// What happened, with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = next.source();
    }
    told.chars().take(600).collect()
}

fn undiscovered(url: &IssuerUrl, error: &DiscoveryError<NoAnswer>) -> ProviderProblem {
    let issuer = url.as_str();
    ProviderProblem::Down(match error {
        DiscoveryError::Request(why) => format!("`{issuer}` cannot be asked: {why}"),
        DiscoveryError::Response(status, ..) => {
            format!("`{issuer}` answers {status} where it should say what it is; is `issuer` its address?")
        }
        DiscoveryError::Validation(why) => format!("`{issuer}` says something else about itself: {why}"),
        error => format!("`{issuer}` does not say what it is: {}", chain(error)),
    })
}
