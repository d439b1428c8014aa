//! What can be done to saved views.

use domain::catalog::ViewName;
use leptos::prelude::*;

use crate::AppError;

/// Keeps a list under a name: for the caller, or for everyone in a team.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn save_view(name: ViewName, team: String, query: String) -> Result<(), AppError> {
    use domain::catalog::EntityRef;

    use crate::ssr::{caller, list, reply, services};

    let team: Option<EntityRef> = match team.as_str() {
        "" => None,
        text => Some(reply(text.parse().map_err(|_| services::Error::Rejected(format!("`{text}` is not a team"))))?),
    };
    let view = reply(services::lists::save_view(&services(), &caller(), name, team, &query).await)?;
    leptos_axum::redirect(&list::opened(&view));
    Ok(())
}

/// Gives a view another name.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn rename_view(id: String, name: ViewName) -> Result<(), AppError> {
    use crate::ssr::{caller, entity, list, reply, services};

    let id = reply(entity::view_id(&id))?;
    let view = reply(services::lists::rename_view(&services(), &caller(), id, name).await)?;
    leptos_axum::redirect(&list::opened(&view));
    Ok(())
}

/// Lets a view mean the list as it is now.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn change_view(id: String, query: String) -> Result<(), AppError> {
    use crate::ssr::{caller, entity, list, reply, services};

    let id = reply(entity::view_id(&id))?;
    let view = reply(services::lists::change_view(&services(), &caller(), id, &query).await)?;
    leptos_axum::redirect(&list::opened(&view));
    Ok(())
}

/// Takes a view away; the list stays as it is.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn remove_view(id: String) -> Result<(), AppError> {
    use crate::ssr::{caller, entity, reply, services};

    let id = reply(entity::view_id(&id))?;
    let query = reply(services::lists::remove_view(&services(), &caller(), id).await)?;
    leptos_axum::redirect(&format!("/catalog?{query}"));
    Ok(())
}
