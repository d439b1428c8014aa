//! The ways in that need no database: the local guest, and the administrator's token.

use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};
use services::identity::{self, Subject};

use crate::{cli::Problem, settings::SignIn};

/// Shorter tokens can be guessed.
const SHORTEST_TOKEN: usize = 32;

/// Decides who comes in without anyone being asked.
pub(crate) struct Access {
    /// Whether whoever reaches the server without credentials is the administrator: only this machine can.
    has_guest: bool,
    /// The hash of the administrator's token: comparing hashes takes the same time whatever was sent.
    token: Option<blake3::Hash>,
    /// Whether the administrator's token looks like one that an issuer signed.
    is_like_signed: bool,
}

impl Access {
    /// What `settings` allow for a server that listens on `address`.
    ///
    /// # Errors
    /// When strangers could come in.
    pub(crate) fn new(address: IpAddr, settings: &SignIn) -> Result<Self, Problem> {
        if !settings.is_configured() && !address.is_loopback() {
            return Err(format!(
                "listening on {address} would let anyone on the network in: no sign-in is configured. Set \
                 `[sign_in] administrator_token` in causeway.toml (or CAUSEWAY_SIGN_IN__ADMINISTRATOR_TOKEN) to 32 or \
                 more secret characters, for example from `openssl rand -hex 32`; add a provider as \
                 `[[sign_in.providers]]`; or listen on 127.0.0.1"
            )
            .into());
        }
        let token = settings.administrator_token.as_ref().map(hash).transpose()?;
        let is_like_signed =
            settings.administrator_token.as_ref().is_some_and(|token| identity::could_be_signed(token.expose_secret()));
        Ok(Self { has_guest: has_guest(address, settings), token, is_like_signed })
    }

    /// Whether whoever reaches the server without credentials is the guest.
    pub(crate) fn has_guest(&self) -> bool {
        self.has_guest
    }

    /// Whether there is an administrator's token.
    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Whether a text could be the administrator's token, which people choose and others may guess: what is plainly a token of
    /// ours or of an issuer could not.
    pub(crate) fn could_be_token(&self, text: &str) -> bool {
        self.has_token() && !text.starts_with("cw_") && (self.is_like_signed || !identity::could_be_signed(text))
    }

    /// Who comes without credentials.
    pub(crate) fn nobody(&self) -> Subject {
        if self.has_guest { Subject::Guest } else { Subject::Stranger }
    }

    /// Whether this is the administrator's token.
    pub(crate) fn is_token(&self, token: &str) -> bool {
        self.token.is_some_and(|expected| blake3::hash(token.as_bytes()) == expected)
    }
}

/// Whether a server that listens on `address` has the local guest.
pub(crate) fn has_guest(address: IpAddr, settings: &SignIn) -> bool {
    address.is_loopback() && !settings.is_configured()
}

fn hash(token: &SecretString) -> Result<blake3::Hash, Problem> {
    let token = token.expose_secret();
    if token.len() < SHORTEST_TOKEN {
        return Err(format!(
            "`[sign_in] administrator_token` has {} characters; use {SHORTEST_TOKEN} or more, for example from \
             `openssl rand -hex 32`",
            token.len()
        )
        .into());
    }
    Ok(blake3::hash(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn with(token: &str) -> Result<Access, Problem> {
        Access::new(Ipv4Addr::UNSPECIFIED.into(), &SignIn::with_token(token))
    }

    #[test]
    fn nobody_is_let_in_from_elsewhere_without_sign_in() {
        let problem = Access::new(Ipv4Addr::UNSPECIFIED.into(), &SignIn::default()).err().unwrap().to_string();
        assert!(problem.contains("administrator_token") && problem.contains("providers"), "{problem}");
        assert!(Access::new(Ipv4Addr::LOCALHOST.into(), &SignIn::default()).unwrap().has_guest());
    }

    #[test]
    fn a_short_token_is_refused_at_the_start() {
        assert!(with("short").err().unwrap().to_string().contains("32"));
    }

    #[test]
    fn only_the_token_itself_opens() {
        let access = with(&"a".repeat(32)).unwrap();
        assert!(access.is_token(&"a".repeat(32)) && !access.has_guest());
        assert!(!access.is_token(&"a".repeat(31)) && !access.is_token(""));
    }
}
