//! What the pages of sources and their inboxes ask the server for, and what they have done.

use domain::catalog::{EntityRef, KeptText, OrphanDeed, Trust, WebhookDeed};
use leptos::prelude::*;

use super::inbox_views::{DisputesView, OrphansView, SourceView, SourcesView, TroublesView};
use crate::AppError;

/// Sources, those that need someone first: all, or those in whose address a text stands, or that need someone.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_sources(text: String, troubled: bool, page: u32) -> Result<SourcesView, AppError> {
    use crate::ssr::{caller, inbox, reply, services};

    reply(inbox::sources(&services(), &caller(), &text, troubled, page).await)
}

/// A source, its last syncs, and what became of each of its files; of those only whose path holds `find`.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_source(id: String, #[server(default)] find: String) -> Result<SourceView, AppError> {
    use crate::ssr::{caller, entity, inbox, reply, services};

    let id = reply(entity::source_id(&id))?;
    reply(inbox::source(&services(), &caller(), id, &find).await)
}

/// The kept text of a file.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_text(id: String, path: String) -> Result<KeptText, AppError> {
    use crate::ssr::{caller, entity, reply, services};

    let id = reply(entity::source_id(&id))?;
    reply(services::catalog::kept_text(&services(), &caller(), id, &path).await)
}

/// What should be mended: of one team or `nobody`, of one source, or all where these are empty.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_troubles(
    owner: String,
    source: String,
    rejected: bool,
    page: u32,
) -> Result<TroublesView, AppError> {
    use crate::ssr::{caller, inbox, reply, services};

    reply(inbox::troubles(&services(), &caller(), owner, &source, rejected, page).await)
}

/// Names that are declared twice.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_disputes(page: u32) -> Result<DisputesView, AppError> {
    use crate::ssr::{caller, inbox, reply, services};

    reply(inbox::disputes(&services(), &caller(), page).await)
}

/// What nothing declares any more; of one source, or all where it is empty.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_orphans(source: String, page: u32) -> Result<OrphansView, AppError> {
    use crate::ssr::{caller, inbox, reply, services};

    reply(inbox::orphans(&services(), &caller(), &source, page).await)
}

/// Keeps an orphan, or removes it now.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn settle_orphan(reference: EntityRef, deed: OrphanDeed) -> Result<(), AppError> {
    use crate::ssr::{caller, reply, services};

    reply(services::catalog::settle_orphan(&services(), &caller(), &reference, deed).await)
}

/// Keeps every orphan of a source, or removes them now.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn settle_orphans(source: String, deed: OrphanDeed) -> Result<(), AppError> {
    use crate::ssr::{caller, entity, reply, services};

    let source = reply(entity::source_id(&source))?;
    reply(services::catalog::settle_orphans_of(&services(), &caller(), source, deed).await)?;
    Ok(())
}

/// Lets another declaration of a name stand.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn hand_over(reference: EntityRef, source: String, path: String) -> Result<(), AppError> {
    use crate::ssr::{caller, entity, reply, services};

    let source = reply(entity::source_id(&source))?;
    reply(services::catalog::hand_over(&services(), &caller(), &reference, source, &path).await)
}

/// Has a source fetched again.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn sync_source(id: String) -> Result<(), AppError> {
    use crate::ssr::{caller, entity, reply, services};

    let uuid = reply(entity::source_id(&id))?;
    reply(services::catalog::refresh(&services(), &caller(), uuid).await)?;
    leptos_axum::redirect(&format!("/sources/{id}"));
    Ok(())
}

/// Sets how many minutes lie between two syncs of a source; the installation decides where it is empty.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn schedule_source(id: String, minutes: String) -> Result<(), AppError> {
    use crate::ssr::{caller, entity, reply, services};

    let uuid = reply(entity::source_id(&id))?;
    let minutes = match minutes.trim() {
        "" => None,
        minutes => {
            let why =
                || services::Error::Rejected(format!("`{minutes}` is not a number of minutes; write one from 0 on"));
            Some(reply(minutes.parse().map_err(|_| why()))?)
        }
    };
    reply(services::catalog::schedule_source(&services(), &caller(), uuid, minutes).await)?;
    leptos_axum::redirect(&format!("/sources/{id}"));
    Ok(())
}

/// Decides which people and teams of a source count for sign-in and permission.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn trust_source(id: String, trust: Trust) -> Result<(), AppError> {
    use crate::ssr::{caller, entity, reply, services};

    let uuid = reply(entity::source_id(&id))?;
    reply(services::catalog::set_trust(&services(), &caller(), uuid, trust).await)?;
    leptos_axum::redirect(&format!("/sources/{id}"));
    Ok(())
}

/// Makes the secret of a source's webhook, hides it, or takes the webhook away.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn change_webhook(id: String, deed: WebhookDeed) -> Result<(), AppError> {
    use crate::ssr::{caller, entity, reply, services};

    let uuid = reply(entity::source_id(&id))?;
    reply(services::catalog::webhooks::change_webhook(&services(), &caller(), uuid, deed).await)?;
    leptos_axum::redirect(&format!("/sources/{id}"));
    Ok(())
}

/// Takes a source away. What it declares is kept as orphans for a while, or removed with it.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn remove_source(id: String, deed: OrphanDeed) -> Result<(), AppError> {
    use services::catalog::Entities;

    use crate::ssr::{caller, entity, reply, services};

    let id = reply(entity::source_id(&id))?;
    let entities = match deed {
        OrphanDeed::Keep => Entities::Orphan,
        OrphanDeed::Remove => Entities::Remove,
    };
    // One that takes a while to go is shown there as what it is.
    reply(services::catalog::remove_source(&services(), &caller(), id, entities).await)?;
    leptos_axum::redirect("/sources");
    Ok(())
}
