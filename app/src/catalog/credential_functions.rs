//! What the page of credentials asks the server for, and what it has done.

use domain::catalog::{Credential, CredentialKind};
use leptos::prelude::*;

use crate::AppError;

/// Every credential, without its secret.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_credentials() -> Result<Vec<Credential>, AppError> {
    use crate::ssr::{caller, reply, services};

    reply(services::catalog::credentials::credentials(&services(), &caller()).await)
}

/// Why the one who looks may not seal or remove one, as HTML; empty for whoever may.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn why_not_seal() -> Result<String, AppError> {
    use services::identity::{Permission, Target};

    use crate::ssr::{may_not, reply};

    reply(may_not("seal credentials or remove them", Permission::ManageSources, Target::Platform).await)
}

/// Seals a credential, in place of one of the same name.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn seal_credential(
    name: String,
    at: String,
    kind: CredentialKind,
    user: String,
    secret: String,
    known_hosts: String,
) -> Result<(), AppError> {
    use domain::catalog::NewCredential;

    use crate::ssr::{caller, reply, services};

    let new = NewCredential { name, at, kind, user, secret, known_hosts };
    reply(services::catalog::credentials::seal_credential(&services(), &caller(), new).await)?;
    leptos_axum::redirect("/sources/credentials");
    Ok(())
}

/// Takes a credential away.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn remove_credential(name: String) -> Result<(), AppError> {
    use crate::ssr::{caller, reply, services};

    reply(services::catalog::credentials::remove_credential(&services(), &caller(), &name).await)?;
    leptos_axum::redirect("/sources/credentials");
    Ok(())
}
