//! `[audit]`: where the audit log is sent.

use std::sync::Arc;

use connectors::outgoing::Webhook;
use serde::Deserialize;
use services::{audit::Outlet, secrets::Reference};

use crate::cli::Problem;

/// `[audit]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Audit {
    /// The address that takes each entry.
    webhook: Option<String>,
    /// Where the secret that signs deliveries is: `env:NAME` or `file:/PATH`.
    secret: Option<String>,
}

/// Where the log is sent, if anywhere.
pub(crate) fn outlet(settings: &Audit, allow: &[String]) -> Result<Option<Outlet>, Problem> {
    let Some(address) = &settings.webhook else {
        return match &settings.secret {
            Some(_) => Err("`[audit] secret` signs nothing without `webhook`; add it, or take the secret away".into()),
            None => Ok(None),
        };
    };
    // What does not name a secret may be one, so it is not repeated.
    let secret = settings.secret.as_ref().ok_or(
        "`[audit] secret` is missing: where the secret is that signs what is sent, such as `env:AUDIT_SECRET`",
    )?;
    let secret: Reference = secret.parse().map_err(|error| format!("`[audit] secret`: {error}"))?;
    let webhook = Webhook::new(address, allow).map_err(|why| format!("`[audit] webhook`: {why}"))?;
    Ok(Some(Outlet { target: webhook.shown(), secret, receiver: Arc::new(webhook) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_has_an_address_and_names_its_secret() {
        let read = |text: &str| {
            let settings: Audit = toml::from_str(text).unwrap();
            outlet(&settings, &[]).map(|outlet| outlet.map(|outlet| outlet.target)).map_err(|error| error.to_string())
        };
        assert_eq!(read(""), Ok(None));
        let whole = "webhook = \"https://siem.example.com/in?key=hunter2\"\nsecret = \"env:AUDIT_SECRET\"\n";
        assert_eq!(read(whole), Ok(Some("https://siem.example.com/in".to_owned())));
        for (text, word) in [
            ("webhook = \"https://siem.example.com\"\n", "secret"),
            ("secret = \"env:A\"\n", "webhook"),
            ("webhook = \"siem\"\nsecret = \"env:A\"\n", "no address"),
            ("webhook = \"https://siem.example.com\"\nsecret = \"hunter2\"\n", "never the secret itself"),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.contains(word) && !problem.contains("hunter2"), "{text}: {problem}");
        }
    }
}
