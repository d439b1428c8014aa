//! What the catalog's pages ask the server for.

use domain::catalog::{EntityRef, SourceKind};
use leptos::prelude::*;

use super::views::{EntityView, Explained, Found, ListView, Place, Preview, Side};
use crate::AppError;

/// The rows and facets of the list that the query of an address names; with what it says of a form that was refused.
#[server(prefix = "/api/portal", output = crate::wire::Json, input = server_fn::codec::Json)]
pub(super) async fn get_list(query: String, refused: String) -> Result<ListView, AppError> {
    use domain::catalog::Listing;
    use server_fn::error::ServerFnUrlError;

    use crate::ssr::{caller, list, reply, services};

    // Only what was just sent is told: anybody can write an address.
    let is_answer = use_context::<crate::ui::Resent>().is_some();
    let refused =
        (is_answer && !refused.is_empty()).then(|| ServerFnUrlError::<AppError>::decode_err(&refused).to_string());
    reply(list::view(&services(), &caller(), &Listing::of_query(&query), refused).await)
}

/// One side of an entity.
#[server(prefix = "/api/portal", output = crate::wire::Json, input = server_fn::codec::Json)]
pub(super) async fn get_entity(reference: EntityRef, side: Side, place: Place) -> Result<EntityView, AppError> {
    use crate::ssr::{caller, entity, reply, services};

    if side == Side::Nowhere {
        return reply(Err(services::Error::NotFound("there is no such page".to_owned())));
    }
    let (services, caller) = (services(), caller());
    let view = entity::view(&services, &caller, &reference, side, &place).await;
    if let Err(services::Error::NotFound(_)) = &view
        && let Some(to) = reply(services::catalog::renamed_to(&services, &caller, &reference).await)?
    {
        // Whoever follows an old link arrives; whoever reads this is told where it went.
        leptos_axum::redirect(&entity::side_path(&to, side));
        return Err(AppError::NotFound(format!("`{reference}` has another name now: `{to}`")));
    }
    if let Err(services::Error::NotFound(_)) = &view
        && place.as_of.is_empty()
        && let Some(gone) = reply(services::catalog::farewell(&services, &caller, &reference).await)?
    {
        return Err(crate::ssr::gone(gone));
    }
    reply(view)
}

/// Entities that fit a text, best first, those of a kind together; with `people`, only persons and teams.
#[server(prefix = "/api/portal", output = crate::wire::Json, input = server_fn::codec::Json)]
pub(crate) async fn find_entities(text: String, people: bool, limit: u32) -> Result<Vec<Found>, AppError> {
    use domain::catalog::{Condition, Filter, Query};

    use crate::ssr::{caller, entity, reply, services};

    let kinds = ["group", "user"].map(str::to_owned);
    let conditions = if people { vec![Condition::any_of("kind", &kinds)] } else { Vec::new() };
    let (filter, limit) = (Filter::all(conditions), limit.min(100));
    let mut found = if text.trim().is_empty() {
        let query = Query { filter, limit: Some(limit), ..Query::default() };
        reply(services::catalog::query(&services(), &caller(), &query).await)?.items
    } else {
        reply(services::catalog::search(&services(), &caller(), &text, &filter, limit).await)?
    };
    // The kind of the best comes first.
    let mut kinds: Vec<String> = Vec::new();
    found.sort_by_cached_key(|entity| {
        let kind = entity.reference.kind();
        kinds.iter().position(|known| known == kind).unwrap_or_else(|| {
            kinds.push(kind.to_owned());
            kinds.len() - 1
        })
    });
    Ok(found.iter().map(entity::found).collect())
}

/// Why the one who looks may not register any source, and why none that is on the server's disk, as HTML; both empty for whoever may.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn why_not_register() -> Result<(String, String), AppError> {
    use services::identity::{Permission, Target};

    use crate::ssr::{may_not, reply};

    let any = reply(may_not("register such a source", Permission::ManageSources, Target::Any).await)?;
    let on_disk = reply(may_not("register such a source", Permission::ReadServerFiles, Target::Any).await)?;
    Ok((any, on_disk))
}

/// Tells what would become of a source; nothing is recorded.
#[server(prefix = "/api/portal", output = crate::wire::Json, input = server_fn::codec::Json)]
pub(super) async fn preview_source(kind: SourceKind, target: String) -> Result<Preview, AppError> {
    use domain::catalog::NewSource;
    use services::identity::{Permission, Target, is_allowed};

    use crate::ssr::{caller, entity, reply, services};

    let (services, caller) = (services(), caller());
    let explained = reply(services::catalog::explain(&services, &caller, NewSource::new(kind, target)).await)?;
    let may_trust = reply(is_allowed(&services, &caller, Permission::ManagePeople, Target::Platform).await)?;
    let entities = explained.entities.iter().map(entity::found).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let services::catalog::There { source, same, others } = explained.there;
    let (source, same, others) = (source.map(|id| id.to_string()), count(same), count(others));
    Ok(Preview { files: explained.files, entities, source, same, others, may_trust })
}

/// Tells what would become of the text that came with the request, or else of what stands at an address; nothing is recorded.
#[server(prefix = "/api/portal", output = crate::wire::Json, input = server_fn::codec::Json)]
pub(super) async fn look_at(kind: SourceKind, target: String) -> Result<Explained, AppError> {
    use domain::catalog::{Look, NewSource};

    use crate::ssr::{Pasted, caller, reply, services};

    let (services, caller) = (services(), caller());
    if let Some(Pasted(text)) = use_context::<Pasted>() {
        let look = reply(services::catalog::look_at_text(&services, &caller, &text).await)?;
        return Ok(Explained { text: Some(text), look });
    }
    if target.is_empty() {
        return Ok(Explained { text: None, look: Look::default() });
    }
    let look = reply(services::catalog::look(&services, &caller, NewSource::new(kind, target)).await)?;
    Ok(Explained { text: None, look })
}

/// Adds a source and goes to its page. `trust` says which of its people and teams count, where that was asked.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn register_source(
    kind: SourceKind,
    target: String,
    #[server(default)] trust: String,
) -> Result<(), AppError> {
    use domain::catalog::{NewSource, NotTrust};

    use crate::ssr::{caller, reply, services};

    let asked = if trust.is_empty() { Ok(None) } else { trust.parse().map(Some) };
    let trust = reply(asked.map_err(|error: NotTrust| services::Error::Rejected(error.to_string())))?;
    let new = NewSource { trust, ..NewSource::new(kind, target) };
    let source = reply(services::catalog::register(&services(), &caller(), new).await)?;
    leptos_axum::redirect(&source.path());
    Ok(())
}
