//! Gathers what the pages of an entity show.

use std::collections::HashMap;

use serde_json::Value;
use services::{
    Error, Result, Services, catalog,
    domain::catalog::{Dispute, Entity, EntityRef, KINDS, KnownAnnotation, Relation, TroubleFilter, well_known},
    home,
    identity::{self, Caller, Permission, Subject, Target},
    runs::{self, RunFilter},
    scorecards,
};

use super::{count, history, inbox, layout, past, reader, team};
use crate::catalog::entity_views::Link;
use crate::catalog::views::{Body, EntityView, Found, Head, Origin, Overview, OwnLook, Place, Side, Tie, at_moment};
use crate::ui::Moment;

/// How many changes the first side shows.
pub(super) const LATELY: u64 = 6;
/// How far a drawn graph goes at most.
const DEPTH: u32 = 3;

/// One side of an entity.
pub(crate) async fn view(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    side: Side,
    place: &Place,
) -> Result<EntityView> {
    if !place.as_of.is_empty() {
        return past::view(services, caller, reference, side, place).await;
    }
    let entity = catalog::entity(services, caller, reference).await?;
    if let Err(error) = home::visit(services, caller, reference).await {
        // The page is worth more than the memory of it.
        tracing::warn!(%error, "a visit could not be noted");
    }
    let me = home::me(services, caller).await?;
    let star =
        if me.keeps { home::starred(services, caller, std::slice::from_ref(reference)).await?.pop() } else { None };
    let relations = entity.relations();
    let badges = scorecards::levels(services, caller, std::slice::from_ref(reference)).await?.pop().unwrap_or_default();
    let orphan = if entity.orphaned_at.is_some() { catalog::orphan(services, caller, reference).await? } else { None };
    let orphan = inbox::kept_by(orphan.into_iter().collect()).await?.pop();
    let own = own_looks(services, caller, &[reference.kind()]).await?.pop();
    let head = Head {
        summary: entity.summary(),
        relations: count(relations.len()),
        has_docs: services::docs::are_declared(&entity),
        problems: unreadable(services, caller, &entity).await?.into_iter().chain(problems(&entity)).collect(),
        badges,
        orphan,
        disputes: inbox::settled_by(disputes(services, caller, &entity).await?).await?,
        troubles: troubles(services, caller, reference).await?,
        own,
        star,
        // Whoever signed in as a person does not say who they are.
        is_me: (me.keeps && reference.kind() == "user" && !matches!(caller.subject, Subject::Person(_)))
            .then(|| me.user.as_ref() == Some(reference)),
        could: could(services, caller, reference).await?,
        past: None,
    };
    let body = match side {
        Side::Overview => Body::Overview(Box::new(overview(services, caller, &entity, relations, place).await?)),
        Side::Relations => {
            let depth = place.depth.clamp(1, DEPTH);
            let graph = catalog::neighbourhood(services, caller, reference, depth).await?;
            let kinds = layout::kinds(&graph);
            let graph = layout::only(reference, graph, &place.kinds);
            let ties = ties(services, caller, relations).await?;
            let cut = graph.cut || graph.nodes.len() > layout::MOST;
            let drawn = layout::layered(reference, &graph);
            let chosen = place.kinds.clone();
            Body::Relations { graph: drawn, depth, cut, kinds, chosen, ties, edges: graph.edges }
        }
        Side::Scorecards => Body::Scorecards(scorecards::for_entity(services, caller, reference).await?),
        Side::Runs => {
            let entity = Some(reference.clone());
            let (template, entity) = if reference.kind() == "template" { (entity, None) } else { (None, entity) };
            let filter = RunFilter { template, entity, limit: 100, ..RunFilter::default() };
            Body::Runs(runs::list(services, caller, &filter).await?.0)
        }
        Side::Api => Body::Api(reader::definition::html(services, caller, &entity, place).await?),
        Side::Docs => Body::Docs(reader::docs::html(services, caller, &entity, place).await?),
        Side::Yaml => {
            let html = yaml(&entity, place).await?;
            Body::Yaml { html, origin: origin(services, caller, &entity).await? }
        }
        Side::History => Body::History(history::page(services, caller, reference, place, None).await?),
        Side::Nowhere => return Err(Error::NotFound("there is no such page".to_owned())),
    };
    Ok(EntityView { head, body })
}

/// Where it is answered what a person could do, for those who may ask.
async fn could(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Option<String>> {
    let asks = reference.kind() == "user"
        && identity::is_allowed(services, caller, Permission::ManagePolicies, Target::Platform).await?;
    Ok(asks.then(|| format!("/may?who={reference}")))
}

/// The document as a page to read.
pub(super) async fn yaml(entity: &Entity, place: &Place) -> Result<String> {
    let text = serde_saphyr::to_string(&entity.document)
        .map_err(|error| Error::Internal(format!("the document cannot be written as YAML: {error}")))?;
    let then = at_moment("", &place.as_of);
    let joint = if then.is_empty() { "?" } else { "&" };
    let (from, more) = (place.from, format!("{}/yaml{then}{joint}from=", entity.reference.path()));
    let label = "As served: with what Causeway added";
    let html = tokio::task::spawn_blocking(move || reader::source::html(&text, "yaml", label, from, &more)).await;
    html.map_err(|error| Error::Internal(format!("drawing a document failed: {error}")))
}

/// Who else declares it: only what says so of itself needs to be asked.
async fn disputes(services: &Services, caller: &Caller, entity: &Entity) -> Result<Vec<Dispute>> {
    let items = entity.document.pointer("/status/items").and_then(Value::as_array);
    let is_disputed =
        |item: &Value| item.pointer("/error/name").and_then(Value::as_str).is_some_and(|name| name == "ConflictError");
    if items.is_some_and(|items| items.iter().any(is_disputed)) {
        catalog::disputes_about(services, caller, &entity.reference).await
    } else {
        Ok(Vec::new())
    }
}

/// How many documents of a team or a person should be mended.
async fn troubles(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<u32> {
    if !matches!(reference.kind(), "group" | "user") {
        return Ok(0);
    }
    let filter = TroubleFilter { owner: reference.to_string(), ..TroubleFilter::default() };
    Ok(catalog::troubles(services, caller, &filter).await?.total)
}

async fn overview(
    services: &Services,
    caller: &Caller,
    entity: &Entity,
    relations: Vec<Relation>,
    place: &Place,
) -> Result<Overview> {
    let graph = catalog::neighbourhood(services, caller, &entity.reference, 1).await?;
    let (around, left_out) = layout::around(&entity.reference, &graph);
    let known = well_known(&entity.document, &services.settings.tools);
    Ok(Overview {
        left_out: count(layout::beyond(&entity.reference, &relations, &around, left_out)),
        around,
        ties: ties(services, caller, relations).await?,
        team: if matches!(entity.reference.kind(), "group" | "user") {
            Some(team::view(services, caller, &entity.reference, place.alone).await?)
        } else {
            None
        },
        mail: mail(entity),
        links: links(entity).into_iter().chain(known.iter().filter_map(tool)).collect(),
        facts: known.into_iter().filter(|known| known.url.is_none()).map(|known| (known.title, known.value)).collect(),
        reports: scorecards::for_entity(services, caller, &entity.reference).await?,
        origin: origin(services, caller, entity).await?,
        changes: history::all(catalog::history(services, caller, &entity.reference, LATELY).await?).await?,
    })
}

/// The address that a person or a team gives in its profile.
pub(super) fn mail(entity: &Entity) -> String {
    let is_one = matches!(entity.reference.kind(), "group" | "user");
    entity.text("/spec/profile/email").filter(|_| is_one).unwrap_or_default().trim().to_owned()
}

/// Relations with what the things at their other ends are called.
pub(super) async fn ties(services: &Services, caller: &Caller, relations: Vec<Relation>) -> Result<Vec<Tie>> {
    let targets: Vec<EntityRef> = relations.iter().map(|relation| relation.target.clone()).collect();
    let found: HashMap<EntityRef, (String, String)> = catalog::entities(services, caller, &targets)
        .await?
        .into_iter()
        .flatten()
        .map(|entity| {
            let title = entity.summary().shown().to_owned();
            let kind_type = entity.text("/spec/type").unwrap_or_default().to_owned();
            (entity.reference, (title, kind_type))
        })
        .collect();
    Ok(relations
        .into_iter()
        .map(|relation| match found.get(&relation.target) {
            Some((title, kind_type)) => Tie { title: Some(title.clone()), kind_type: kind_type.clone(), relation },
            None => Tie { title: None, kind_type: String::new(), relation },
        })
        .collect())
}

pub(super) fn links(entity: &Entity) -> Vec<Link> {
    let list = entity.document.pointer("/metadata/links").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|item| {
            let url = item.get("url")?.as_str().filter(|url| domain::catalog::is_shown(url))?.to_owned();
            let title = item.get("title").and_then(Value::as_str).unwrap_or(&url).to_owned();
            Some(Link { url, title })
        })
        .collect()
}

/// What an annotation leads to.
pub(super) fn tool(known: &KnownAnnotation) -> Option<Link> {
    let url = known.url.clone()?;
    // A value that is an address says nothing that the link does not.
    let title =
        if known.value.contains("://") { known.title.clone() } else { format!("{}: {}", known.title, known.value) };
    Some(Link { url, title })
}

/// How an organisation's own kinds among these are shown.
pub(crate) async fn own_looks(services: &Services, caller: &Caller, kinds: &[&str]) -> Result<Vec<OwnLook>> {
    let is_own = |kind: &&&str| !KINDS.iter().any(|known| known.name.eq_ignore_ascii_case(kind));
    if !kinds.iter().any(|kind| is_own(&kind)) {
        return Ok(Vec::new());
    }
    let own = catalog::own_kinds(services, caller).await?;
    let looks = own.iter().filter(|kind| kinds.iter().any(|asked| asked.eq_ignore_ascii_case(&kind.name)));
    Ok(looks
        .map(|kind| OwnLook { kind: kind.name.to_lowercase(), plural: kind.plural.clone(), icon: kind.icon.clone() })
        .collect())
}

/// Addresses come from documents that anyone may write: never a script.
pub(crate) fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// That its source cannot be read, so that this may be old.
async fn unreadable(services: &Services, caller: &Caller, entity: &Entity) -> Result<Option<String>> {
    let source = match entity.source {
        Some(id) => catalog::source_alone(services, caller, id).await?,
        None => None,
    };
    Ok(source.and_then(|source| {
        let (problem, since) = (source.problem?, Moment::from(source.synced_at?).exact());
        Some(format!("Its source cannot be read: {problem}. What you see is from {since}, when it was read last."))
    }))
}

pub(super) fn problems(entity: &Entity) -> Vec<String> {
    let list = entity.document.pointer("/status/items").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|item| item.get("error").and_then(|error| error.get("message")).or(item.get("message"))?.as_str())
        .map(str::to_owned)
        .collect()
}

pub(super) async fn origin(services: &Services, caller: &Caller, entity: &Entity) -> Result<Origin> {
    let source = match entity.source {
        Some(id) => catalog::source_alone(services, caller, id).await?.map(|source| (id.to_string(), source.target)),
        None => None,
    };
    let annotation = |key: &str| entity.annotation(key).map(str::to_owned);
    let address = |key: &str| annotation(key).filter(|url| is_web_address(url));
    Ok(Origin {
        source,
        location: annotation("backstage.io/managed-by-location"),
        view: address("backstage.io/view-url"),
        edit: address("backstage.io/edit-url"),
    })
}

/// The address of a side of an entity.
pub(crate) fn side_path(reference: &EntityRef, side: Side) -> String {
    let end = match side {
        Side::Overview => "",
        Side::Relations => "/relations",
        Side::Scorecards => "/scorecards",
        Side::Runs => "/runs",
        Side::Api => "/api",
        Side::Docs => "/docs",
        Side::Yaml => "/yaml",
        Side::History => "/history",
        Side::Nowhere => "/nowhere",
    };
    format!("{}{end}", reference.path())
}

/// The short form for search.
pub(crate) fn found(entity: &Entity) -> Found {
    let summary = entity.summary();
    Found {
        title: summary.shown().to_owned(),
        kind_type: summary.type_.unwrap_or_default(),
        description: summary.description.unwrap_or_default(),
        reference: summary.reference,
    }
}

/// The id in an address.
pub(crate) fn source_id(text: &str) -> Result<uuid::Uuid> {
    text.parse().map_err(|_| Error::NotFound(format!("there is no source `{text}`")))
}

/// The id of a view in a form.
pub(crate) fn view_id(text: &str) -> Result<uuid::Uuid> {
    text.parse().map_err(|_| Error::NotFound(format!("there is no view `{text}`")))
}
