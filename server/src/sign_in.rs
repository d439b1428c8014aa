//! Who may come in: the local guest, or whoever knows the administrator's token.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use secrecy::{ExposeSecret, SecretString};
use services::identity::Subject;

use crate::{cli::Problem, settings::SignIn};

/// Shorter tokens can be guessed.
const SHORTEST_TOKEN: usize = 32;

/// How long a session in a browser lasts.
pub(crate) const SESSION: Duration = Duration::from_hours(12);

/// Decides who comes in, and as whom.
pub(crate) enum Access {
    /// Only this machine can reach the server, and its person is the administrator.
    Guest,
    /// The administrator's token is asked for.
    Token {
        /// The token's hash: comparing hashes takes the same time whatever was sent.
        token: blake3::Hash,
        /// Signs sessions; another token means another key, so changing the token ends every session.
        key: [u8; blake3::KEY_LEN],
    },
}

impl Access {
    /// What `settings` allow for a server that listens on `address`.
    ///
    /// # Errors
    /// When strangers could come in.
    pub(crate) fn new(address: IpAddr, settings: &SignIn) -> Result<Self, Problem> {
        match &settings.administrator_token {
            Some(token) => Self::token(token),
            None if address.is_loopback() => Ok(Self::Guest),
            None => Err(format!(
                "listening on {address} would let anyone on the network in: no sign-in is configured. Set \
                 `[sign_in] administrator_token` in causeway.toml (or CAUSEWAY_SIGN_IN__ADMINISTRATOR_TOKEN) to 32 or \
                 more secret characters, for example from `openssl rand -hex 32`; or listen on 127.0.0.1"
            )
            .into()),
        }
    }

    fn token(token: &SecretString) -> Result<Self, Problem> {
        let token = token.expose_secret();
        if token.len() < SHORTEST_TOKEN {
            return Err(format!(
                "`[sign_in] administrator_token` has {} characters; use {SHORTEST_TOKEN} or more, for example from \
                 `openssl rand -hex 32`",
                token.len()
            )
            .into());
        }
        let key = blake3::derive_key("causeway 2026-11 browser sessions", token.as_bytes());
        Ok(Self::Token { token: blake3::hash(token.as_bytes()), key })
    }

    /// Whether whoever reaches the server without credentials is the guest.
    pub(crate) fn has_guest(&self) -> bool {
        matches!(self, Self::Guest)
    }

    /// Who comes without credentials.
    pub(crate) fn nobody(&self) -> Subject {
        if self.has_guest() { Subject::Guest } else { Subject::Stranger }
    }

    /// Who comes with `token`.
    pub(crate) fn by_token(&self, token: &str) -> Option<Subject> {
        match self {
            Self::Guest => None,
            Self::Token { token: expected, .. } => {
                (blake3::hash(token.as_bytes()) == *expected).then_some(Subject::Administrator)
            }
        }
    }

    /// Who comes with `session`, a value of [`Access::session`].
    pub(crate) fn by_session(&self, session: &str) -> Option<Subject> {
        let Self::Token { key, .. } = self else { return None };
        let (expiry, signature) = session.split_once('.')?;
        let signature = blake3::Hash::from_hex(signature).ok()?;
        let is_ours = blake3::keyed_hash(key, expiry.as_bytes()) == signature;
        let is_alive = expiry.parse::<u64>().ok()? > now();
        (is_ours && is_alive).then_some(Subject::Administrator)
    }

    /// A new session for the one who signed in; `None` where there are no sessions.
    pub(crate) fn session(&self) -> Option<String> {
        let Self::Token { key, .. } = self else { return None };
        let expiry = (now() + SESSION.as_secs()).to_string();
        let signature = blake3::keyed_hash(key, expiry.as_bytes());
        Some(format!("{expiry}.{}", signature.to_hex()))
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn with(token: &str) -> Result<Access, Problem> {
        let settings = SignIn { administrator_token: Some(SecretString::from(token)) };
        Access::new(Ipv4Addr::UNSPECIFIED.into(), &settings)
    }

    #[test]
    fn a_session_is_believed_only_by_the_key_that_signed_it() {
        let access = with(&"a".repeat(32)).unwrap();
        let session = access.session().unwrap();
        assert_eq!(access.by_session(&session), Some(Subject::Administrator));
        assert_eq!(with(&"b".repeat(32)).unwrap().by_session(&session), None);
        let (expiry, signature) = session.split_once('.').unwrap();
        let later = expiry.parse::<u64>().unwrap() + 1;
        assert_eq!(access.by_session(&format!("{later}.{signature}")), None);
        for text in ["", ".", "1.", &format!("1.{signature}")] {
            assert_eq!(access.by_session(text), None, "{text}");
        }
    }

    #[test]
    fn a_short_token_is_refused_at_the_start() {
        assert!(with("short").err().unwrap().to_string().contains("32"));
    }

    #[test]
    fn only_the_token_itself_opens() {
        let access = with(&"a".repeat(32)).unwrap();
        assert_eq!(access.by_token(&"a".repeat(32)), Some(Subject::Administrator));
        assert_eq!(access.by_token(&"a".repeat(31)), None);
    }
}
