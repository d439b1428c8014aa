//! What sign-in needs from outside: providers of identities, and the keys that pipelines sign with.

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Map, Value};

/// What came with an identity, by name.
pub type Claims = Map<String, Value>;

/// What binds one sign-in to the browser that began it.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Comes back with the browser.
    pub state: String,
    /// Comes back in the signed token.
    pub nonce: String,
    /// Proves, when the code is redeemed, that it was asked for here (PKCE).
    pub verifier: String,
    /// Where the provider sends the browser.
    pub redirect: String,
}

/// How many addresses of one person are looked for.
pub const MOST_EMAILS: usize = 20;

/// Who came, as the provider says.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// What the provider calls the person, for ever.
    pub subject: String,
    /// Everything it says of them.
    pub claims: Claims,
    /// All addresses that it says are verified, where it knows several.
    pub emails: Vec<String>,
    /// The signed token, which some providers want back at sign-out.
    pub id_token: Option<SecretString>,
    /// Asks later whether the person still may.
    pub refresh: Option<SecretString>,
}

/// Why a provider did not say who someone is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderProblem {
    /// It did not answer, or not as it should; another time it may.
    #[error("{0}")]
    Down(String),
    /// What it said is not to be believed, or not allowed.
    #[error("{0}")]
    Refused(String),
    /// It does not accept this installation as it is set up: a wrong secret, say. That tells nothing about anybody.
    #[error("{0}")]
    Client(String),
    /// It knows the person, and does not show of them what it was asked for.
    #[error("{0}")]
    Withheld(String),
    /// Its clock and ours differ.
    #[error("{0}")]
    Clock(String),
    /// It signed this for somebody else.
    #[error("{0}")]
    Elsewhere(String),
    /// It no longer stands by the person.
    #[error("{0}")]
    Over(String),
}

/// A system that knows people.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The address that a browser is sent to.
    async fn begin(&self, ask: &Ask) -> Result<String, ProviderProblem>;

    /// Who came with `code`.
    async fn finish(&self, code: &str, ask: &Ask) -> Result<Arrival, ProviderProblem>;

    /// The person as they are now; `None` if the provider cannot say without them.
    async fn refresh(&self, subject: &str, refresh: &SecretString) -> Result<Option<Arrival>, ProviderProblem>;

    /// The address at which a browser signs out there and comes back to `back`; `None` if there is none.
    async fn leave(&self, id_token: Option<&SecretString>, back: &str) -> Option<String>;
}

/// Believes what issuers of tokens for pipelines say, after a look at their signature.
#[async_trait]
pub trait Signatures: Send + Sync {
    /// The claims of a token that `issuer` signed for `audience` and that holds now.
    async fn claims(&self, issuer: &str, audience: &str, token: &str) -> Result<Claims, ProviderProblem>;
}

/// Believes nobody.
#[derive(Debug)]
pub struct NoSignatures;

#[async_trait]
impl Signatures for NoSignatures {
    async fn claims(&self, issuer: &str, _audience: &str, _token: &str) -> Result<Claims, ProviderProblem> {
        Err(ProviderProblem::Refused(format!("`{issuer}` is not trusted here")))
    }
}
