//! Credentials by reference: named in the configuration, or sealed in the portal; bound to servers.

mod ring;
mod scope;

use std::sync::Arc;

use chrono::Utc;
use domain::{
    catalog::{Credential, CredentialKind, NewCredential, is_credential_name},
    changes::ChangeKind,
    identity::{Caller, Permission, Target},
};
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use self::ring::Installed;
pub use self::scope::{NotAScope, Scope};
use super::{
    hosted::Reads,
    keys::{Keys, Reader},
    ports::Pushed,
    store,
};
use crate::{Error, Result, Services, changes::NewChange, identity, queue::servers::Pace, secrets::Reference};

/// The longest secret: a private key with some room.
const LONGEST: usize = 16 * 1024;

/// How many credentials can be sealed.
const MOST: usize = 500;

/// A credential of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// What it is called.
    pub name: String,
    /// What it is bound to.
    pub at: Vec<Scope>,
    /// How it is shown.
    pub kind: CredentialKind,
    /// Whom it is shown as.
    pub user: Option<String>,
    /// Where its secret is.
    pub secret: Reference,
    /// For SSH: where the keys of servers are.
    pub known_hosts: Option<Reference>,
}

impl Services {
    /// Reads sources with the credentials of the caller's tenant.
    pub(crate) fn reader(&self, caller: &Caller) -> Reader {
        let ring = Installed::new(self, caller.tenant.clone());
        let reads = Reads { services: self.clone(), caller: caller.clone(), pace: Pace::default() };
        Reader {
            sources: self.ports.sources.clone(),
            keys: Keys::of(Arc::new(ring)),
            reads,
            pushed: Pushed::new(),
            moved: None,
        }
    }
}

/// Every credential: those of the configuration, then those of the portal.
pub async fn credentials(services: &Services, caller: &Caller) -> Result<Vec<Credential>> {
    identity::may(services, caller, Permission::ManageSources, Target::Platform).await?;
    let configured = services.settings.credentials.iter().map(|configured| Credential {
        name: configured.name.clone(),
        at: configured.at.iter().map(ToString::to_string).collect(),
        kind: configured.kind,
        user: configured.user.clone(),
        from: configured.secret.to_string(),
        problem: [Some(&configured.secret), configured.known_hosts.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|reference| reference.read().err()),
        sealed: None,
    });
    let sealed = store::credentials(&services.db, &caller.tenant).await?.into_iter().map(|row| {
        Ok(Credential {
            at: row.at.split(' ').map(str::to_owned).collect(),
            kind: row.kind.parse().map_err(|error| Error::Internal(format!("a credential: {error}")))?,
            user: row.user,
            from: "sealed in the portal".to_owned(),
            problem: services.secrets.unseal(&row.sealed, &place(&row.name)).err().map(|error| error.to_string()),
            sealed: Some((row.created_at, row.created_by)),
            name: row.name,
        })
    });
    configured.map(Ok).chain(sealed).collect()
}

/// The credential that a source is read with, in words; none if nothing covers its address.
pub async fn credential_for(services: &Services, caller: &Caller, target: &str) -> Result<Option<(String, String)>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let Ok(url) = Url::parse(target) else { return Ok(None) };
    Installed::new(services, caller.tenant.clone()).named(&url).await
}

/// Seals a credential, in place of one of the same name.
///
/// # Errors
/// [`Error::Conflict`] if the configuration has one of that name.
pub async fn seal_credential(services: &Services, caller: &Caller, new: NewCredential) -> Result<()> {
    identity::may(services, caller, Permission::ManageSources, Target::Platform).await?;
    let NewCredential { name, at, kind, user, secret, known_hosts } = new;
    let name = name.trim().to_owned();
    let rejected = |why: String| Err(Error::Rejected(why));
    if !is_credential_name(&name) {
        return rejected(format!("`{name}` cannot name a credential; use up to 60 of a-z, 0-9, - and _"));
    }
    if services.settings.credentials.iter().any(|configured| configured.name == name) {
        return Err(Error::Conflict(format!("`{name}` is in the configuration already; choose another name")));
    }
    let scopes = at.split([' ', ',', '\n', '\r']).filter(|scope| !scope.is_empty()).map(str::parse::<Scope>);
    let scopes: Vec<Scope> =
        scopes.collect::<Result<_, _>>().map_err(|error: NotAScope| Error::Rejected(error.to_string()))?;
    if scopes.is_empty() || scopes.len() > 20 {
        return rejected("a credential is bound to a server, or up to 20; write where it may be shown".into());
    }
    let user = Some(user.trim().to_owned()).filter(|user| !user.is_empty());
    if let Some(why) = misfit(kind, user.as_deref(), !known_hosts.trim().is_empty()) {
        return rejected(why);
    }
    let secret = if kind == CredentialKind::Ssh {
        // A browser sends lines as CR LF, which OpenSSH does not read; and it wants the last one ended.
        format!("{}\n", secret.replace("\r\n", "\n").trim())
    } else {
        secret.trim().to_owned()
    };
    if secret.trim().is_empty() || secret.len() > LONGEST || known_hosts.len() > 4 * LONGEST {
        return rejected("the secret is empty, or too long; paste the token, the password or the private key".into());
    }
    if kind == CredentialKind::Ssh && !secret.contains("PRIVATE KEY-----") {
        return rejected(
            "this is no private key; paste the whole file, from its `-----BEGIN` to its `-----END`".into(),
        );
    }
    let tenant = &caller.tenant;
    let row = store::CredentialRow {
        tenant: tenant.to_string(),
        name: name.clone(),
        at: scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        kind: kind.as_str().to_owned(),
        user,
        sealed: services.secrets.seal(&SecretString::from(secret), &place(&name))?,
        known_hosts: (kind == CredentialKind::Ssh).then(|| known_hosts.replace("\r\n", "\n")),
        created_at: Utc::now(),
        created_by: caller.author().into_owned(),
    };
    let mut tx = services.begin(caller).await?;
    let known = store::credentials(&*tx, tenant).await?;
    if known.len() >= MOST {
        return rejected(format!("there are {MOST} credentials already; take one away first"));
    }
    let told = |row: &store::CredentialRow| json!({ "at": row.at, "kind": row.kind, "user": row.user });
    tx.record(NewChange {
        source: String::new(),
        subject: format!("credential:{name}"),
        kind: ChangeKind::CredentialSealed,
        before: known.iter().find(|row| row.name == name).map(told),
        after: Some(told(&row)),
    });
    store::put_credential(&*tx, tenant, row).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a sealed credential away.
pub async fn remove_credential(services: &Services, caller: &Caller, name: &str) -> Result<()> {
    identity::may(services, caller, Permission::ManageSources, Target::Platform).await?;
    if services.settings.credentials.iter().any(|configured| configured.name == name) {
        return Err(Error::Conflict(format!("`{name}` is in the configuration; take it out there")));
    }
    let tenant = &caller.tenant;
    let mut tx = services.begin(caller).await?;
    let known = store::credentials(&*tx, tenant).await?;
    let Some(row) = known.into_iter().find(|row| row.name == name) else {
        return Err(Error::NotFound(format!("there is no credential `{name}`; it may have been removed")));
    };
    store::drop_credential(&*tx, tenant, name).await?;
    tx.record(NewChange {
        source: String::new(),
        subject: format!("credential:{name}"),
        kind: ChangeKind::CredentialRemoved,
        before: Some(json!({ "at": row.at, "kind": row.kind, "user": row.user })),
        after: None,
    });
    tx.commit().await?;
    Ok(())
}

/// What a kind of credential must have, or must not have.
pub fn misfit(kind: CredentialKind, user: Option<&str>, has_known_hosts: bool) -> Option<String> {
    let is_name = |user: &str| user.bytes().all(|byte| byte.is_ascii_graphic() && !b":\"'\\".contains(&byte));
    match (kind, user) {
        (_, Some(user)) if !is_name(user) || user.starts_with('-') => {
            Some(format!("`{user}` cannot be shown as a user; leave out spaces, colons and quotes"))
        }
        (CredentialKind::Password, None) => Some("a password needs the user it belongs to".into()),
        (CredentialKind::Ssh, _) if !has_known_hosts => Some(
            "an SSH key needs the `known_hosts` lines of its servers: without them nobody knows whom it is shown to; \
             `ssh-keyscan HOST` prints them, compare them with what the server's owner publishes"
                .into(),
        ),
        _ => None,
    }
}

fn place(name: &str) -> String {
    format!("credential {name}")
}
