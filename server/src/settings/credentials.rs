//! `[credentials.NAME]`: what is shown to servers that ask who reads, by reference.

use std::collections::BTreeMap;

use domain::catalog::{CredentialKind, is_credential_name};
use serde::Deserialize;
use services::{
    catalog::credentials::{Configured, misfit},
    secrets::Reference,
};

use crate::cli::Problem;

/// One server, or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Places {
    One(String),
    Many(Vec<String>),
}

/// `[credentials.NAME]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credential {
    /// The servers, and paths there, that it is bound to.
    at: Places,
    /// The user, where the server wants one.
    user: Option<String>,
    /// Where the token is: `env:NAME` or `file:/PATH`.
    token: Option<String>,
    /// Where the user's password is.
    password: Option<String>,
    /// Where the private key is.
    ssh_key: Option<String>,
    /// Where the keys of the servers are, for SSH.
    known_hosts: Option<String>,
}

/// The credentials of the configuration, each of one kind, bound to something, and by reference.
pub(crate) fn configured(named: &BTreeMap<String, Credential>) -> Result<Vec<Configured>, Problem> {
    named
        .iter()
        .map(|(name, credential)| read(name, credential).map_err(|why| format!("`[credentials.{name}]`: {why}").into()))
        .collect()
}

fn read(name: &str, credential: &Credential) -> Result<Configured, String> {
    if !is_credential_name(name) {
        return Err("use up to 60 of a-z, 0-9, - and _ for its name".into());
    }
    let places = match &credential.at {
        Places::One(place) => std::slice::from_ref(place),
        Places::Many(places) => places.as_slice(),
    };
    if places.is_empty() {
        return Err("`at` names no server; write where it may be shown".into());
    }
    let at = places.iter().map(|place| place.parse().map_err(|error| format!("{error}"))).collect::<Result<_, _>>()?;
    let given = [
        (CredentialKind::Token, "token", &credential.token),
        (CredentialKind::Password, "password", &credential.password),
        (CredentialKind::Ssh, "ssh_key", &credential.ssh_key),
    ];
    let given: Vec<_> =
        given.into_iter().filter_map(|(kind, field, text)| Some((kind, field, text.as_ref()?))).collect();
    let [(kind, field, text)] = given[..] else {
        return Err("it has one of `token`, `password` and `ssh_key`, which says where the secret is".into());
    };
    // What does not name a secret may be one, so it is not repeated.
    let reference = |field: &str, text: &str| text.parse::<Reference>().map_err(|error| format!("`{field}`: {error}"));
    let user = credential.user.clone().filter(|user| !user.is_empty());
    if let Some(why) = misfit(kind, user.as_deref(), credential.known_hosts.is_some()) {
        return Err(why);
    }
    let known_hosts = credential.known_hosts.as_deref().map(|text| reference("known_hosts", text)).transpose()?;
    Ok(Configured { name: name.to_owned(), at, kind, user, secret: reference(field, text)?, known_hosts })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let named: BTreeMap<String, Credential> = match toml::from_str(text) {
            Ok(named) => named,
            Err(error) => return error.to_string(),
        };
        match configured(&named) {
            Ok(configured) => format!("{configured:?}"),
            Err(problem) => problem.to_string(),
        }
    }

    #[test]
    fn a_credential_is_one_secret_by_reference_bound_to_servers() {
        let good =
            told("[quay]\nat = [\"github.com/quay\", \"raw.githubusercontent.com/quay\"]\ntoken = \"env:QUAY\"\n");
        assert!(good.contains("Variable(\"QUAY\")"), "{good}");
        let good = told("[quay]\nat = \"git.internal\"\nssh_key = \"file:/k\"\nknown_hosts = \"file:/h\"\n");
        assert!(good.contains("Ssh"), "{good}");
        for (text, expected) in [
            ("[quay]\nat = \"github.com\"\ntoken = \"ghp_verysecret\"\n", "never the secret itself"),
            ("[quay]\nat = \"github.com\"\n", "one of `token`"),
            ("[quay]\nat = \"github.com\"\ntoken = \"env:A\"\npassword = \"env:B\"\n", "one of `token`"),
            ("[quay]\nat = \"*\"\ntoken = \"env:A\"\n", "is no server"),
            ("[quay]\nat = []\ntoken = \"env:A\"\n", "names no server"),
            ("[quay]\nat = \"a\"\npassword = \"env:A\"\n", "needs the user"),
            ("[quay]\nat = \"a\"\nssh_key = \"env:A\"\n", "known_hosts"),
            ("[Quay]\nat = \"a\"\ntoken = \"env:A\"\n", "for its name"),
            ("[quay]\nat = \"a\"\ntokn = \"env:A\"\n", "tokn"),
        ] {
            let problem = told(text);
            assert!(problem.contains(expected) && !problem.contains("verysecret"), "{text}: {problem}");
        }
    }
}
