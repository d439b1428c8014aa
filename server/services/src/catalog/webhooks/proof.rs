//! What shows that a delivery comes from someone who knows the secret.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use crate::secrets;

/// How old a signed time may be, and how far ahead a forge's clock may go, in seconds.
const TOLERANCE: i64 = 300;

/// The proof that a forge sends along.
#[derive(Clone)]
pub enum Proof {
    /// HMAC-SHA256 of the body, in hexadecimal: GitHub, Gitea, Forgejo.
    Signature(String),
    /// The secret itself: GitLab.
    Token(SecretString),
    /// HMAC-SHA256 of id, time and body, as Standard Webhooks has it: GitLab with a signing token.
    Signed {
        /// `webhook-id`
        id: String,
        /// `webhook-timestamp`
        timestamp: String,
        /// `webhook-signature`: several, with spaces between them.
        signatures: String,
    },
    /// None of these.
    Missing,
}

impl Proof {
    /// Checks the proof over the raw body, in a time that does not depend on how wrong it is.
    pub(super) fn check(&self, secret: &SecretString, body: &[u8], now: DateTime<Utc>) -> Result<(), &'static str> {
        let secret = secret.expose_secret();
        match self {
            Self::Signature(hex) => {
                let signature = unhex(hex).ok_or("the signature is not hexadecimal")?;
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                hmac::verify(&key, body, &signature).map_err(|_| "the signature is not that of this secret")
            }
            Self::Token(token) => {
                let is_same = secrets::is_same(token.expose_secret(), secret);
                is_same.then_some(()).ok_or("the token is not this secret")
            }
            Self::Signed { id, timestamp, signatures } => {
                let sent: i64 = timestamp.parse().map_err(|_| "the time of the signature is no number")?;
                if sent.abs_diff(now.timestamp()) > TOLERANCE.unsigned_abs() {
                    return Err("the signature is older than five minutes, or its clock is wrong");
                }
                let text = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
                let keys = keys(secret);
                let given = signatures.split_ascii_whitespace().filter_map(|one| one.strip_prefix("v1,")).take(8);
                let given: Vec<Vec<u8>> = given.filter_map(|one| STANDARD.decode(one).ok()).collect();
                let fits = |signature: &Vec<u8>| keys.iter().any(|key| hmac::verify(key, &text, signature).is_ok());
                given.iter().any(fits).then_some(()).ok_or("the signature is not that of this secret")
            }
            Self::Missing => Err("it carries no signature; enter the secret at the forge"),
        }
    }
}

/// The key that a secret means: what stands after `whsec_`, decoded; a secret that is no such text is the key itself.
fn keys(secret: &str) -> Vec<hmac::Key> {
    let decoded = secret.strip_prefix("whsec_").and_then(|rest| STANDARD.decode(rest).ok());
    let raw = Some(secret.as_bytes().to_vec());
    decoded.into_iter().chain(raw).map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key)).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_795_000_000;

    fn check(proof: &Proof, secret: &str, body: &str, now: i64) -> Result<(), &'static str> {
        proof.check(&SecretString::from(secret), body.as_bytes(), DateTime::from_timestamp(now, 0).unwrap())
    }

    #[test]
    fn the_example_of_github_is_verified() {
        // From "Validating webhook deliveries" of GitHub's documentation.
        let signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let proof = Proof::Signature(signature.into());
        let secret = "It's a Secret to Everybody";
        assert_eq!(check(&proof, secret, "Hello, World!", 0), Ok(()));
        assert!(check(&proof, secret, "Hello, World", 0).is_err());
        assert!(check(&proof, "It's no secret", "Hello, World!", 0).is_err());
        for wrong in ["", "757107", "zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"] {
            assert!(check(&Proof::Signature(wrong.into()), secret, "Hello, World!", 0).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_example_of_standard_webhooks_is_verified() {
        // From the specification's reference implementations.
        let proof = |timestamp: &str, signature: &str| Proof::Signed {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek".into(),
            timestamp: timestamp.into(),
            signatures: format!("v2,x v1,AAAA {signature}"),
        };
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = r#"{"test": 2432232314}"#;
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(check(&proof("1614265330", signature), secret, body, 1_614_265_330), Ok(()));
        assert!(check(&proof("1614265330", signature), secret, body, 1_614_265_330 + 301).is_err());
        assert!(check(&proof("1614265331", signature), secret, body, 1_614_265_330).is_err());
        assert!(check(&proof("1614265330", "v1,AAAA"), secret, body, 1_614_265_330).is_err());
        assert!(check(&proof("soon", signature), secret, body, 1_614_265_330).is_err());
    }

    #[test]
    fn a_token_is_the_secret_itself_and_nothing_is_no_proof() {
        assert_eq!(check(&Proof::Token("s3cret".to_owned().into()), "s3cret", "", AT), Ok(()));
        for wrong in ["", "s", "s3cre", "s3crets", "S3cret", "x3cret", "s3crex"] {
            assert!(check(&Proof::Token(wrong.to_owned().into()), "s3cret", "", AT).is_err(), "{wrong}");
        }
        assert!(check(&Proof::Missing, "s3cret", "", AT).is_err());
    }
}
