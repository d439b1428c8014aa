//! Gathers the page of an entity as it was.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use services::{
    Error, Result, Services, catalog,
    domain::{
        self,
        catalog::{Edge, Entity, EntityRef, Graph, Node, Relation, forward, well_known},
    },
    identity::Caller,
};

use super::{
    count,
    entity::{links, mail, origin, own_looks, problems, ties, tool},
    history, layout, reader,
};
use crate::{
    catalog::views::{Body, EntityView, Head, Overview, PastView, Place, Side, at_moment},
    ui::GraphView,
};

/// The moment that an address names.
pub(crate) fn moment(text: &str) -> Result<DateTime<Utc>> {
    domain::read_moment(text).map_err(Error::Rejected)
}

/// One side of an entity, as it was.
pub(crate) async fn view(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    side: Side,
    place: &Place,
) -> Result<EntityView> {
    let past = catalog::as_of(services, caller, reference, moment(&place.as_of)?).await?;
    let entity = past.entity;
    let relations = entity.relations();
    let head = Head {
        summary: entity.summary(),
        relations: count(relations.len()),
        has_docs: services::docs::are_declared(&entity),
        problems: problems(&entity),
        own: own_looks(services, caller, &[reference.kind()]).await?.pop(),
        past: Some(PastView {
            asked: place.as_of.clone(),
            at: past.at.timestamp_millis(),
            begins: past.begins.map(|at| at.timestamp_millis()),
            is_other: past.is_other,
            now: reference.path(),
        }),
        badges: Vec::new(),
        orphan: None,
        disputes: Vec::new(),
        troubles: 0,
        star: None,
        is_me: None,
        could: None,
    };
    let body = match side {
        Side::Overview => {
            let graph = neighbours(services, caller, &entity, &relations).await?;
            let (around, left_out) = layout::around(&entity.reference, &graph);
            let around = then(around, place);
            let known = well_known(&entity.document, &services.settings.tools);
            let span = catalog::Span { before: None, until: Some(past.at) };
            let changes = catalog::history_of(services, caller, reference, span, super::entity::LATELY).await?;
            Body::Overview(Box::new(Overview {
                left_out: count(layout::beyond(&entity.reference, &relations, &around, left_out)),
                around,
                ties: ties(services, caller, relations).await?,
                mail: mail(&entity),
                links: links(&entity).into_iter().chain(known.iter().filter_map(tool)).collect(),
                facts: known
                    .into_iter()
                    .filter(|known| known.url.is_none())
                    .map(|fact| (fact.title, fact.value))
                    .collect(),
                origin: origin(services, caller, &entity).await?,
                changes: history::all(changes).await?,
                ..Overview::default()
            }))
        }
        Side::Relations => {
            let graph = neighbours(services, caller, &entity, &relations).await?;
            let ties = ties(services, caller, relations).await?;
            let cut = graph.nodes.len() > layout::MOST;
            let drawn = then(layout::layered(&entity.reference, &graph), place);
            Body::Relations {
                graph: drawn,
                depth: 1,
                cut,
                kinds: Vec::new(),
                chosen: Vec::new(),
                ties,
                edges: graph.edges,
            }
        }
        Side::Api => Body::Api(reader::definition::html(services, caller, &entity, place).await?),
        Side::Yaml => {
            let html = super::entity::yaml(&entity, place).await?;
            Body::Yaml { html, origin: origin(services, caller, &entity).await? }
        }
        Side::History => Body::History(history::page(services, caller, reference, place, Some(past.at)).await?),
        Side::Nowhere => return Err(Error::NotFound("there is no such page".to_owned())),
        side @ (Side::Scorecards | Side::Runs | Side::Docs) => Body::OnlyNow(side),
    };
    Ok(EntityView { head, body })
}

/// A drawing whose boxes lead to how things were at the moment that is shown.
fn then(mut drawn: GraphView, place: &Place) -> GraphView {
    for node in &mut drawn.nodes {
        node.href = at_moment(&node.href, &place.as_of);
    }
    drawn
}

/// What it was tied to, named as it is called now; what is gone is drawn as missing.
async fn neighbours(services: &Services, caller: &Caller, entity: &Entity, relations: &[Relation]) -> Result<Graph> {
    let targets: Vec<EntityRef> = relations.iter().map(|relation| relation.target.clone()).collect();
    let found: HashMap<EntityRef, Entity> = catalog::entities(services, caller, &targets)
        .await?
        .into_iter()
        .flatten()
        .map(|entity| (entity.reference.clone(), entity))
        .collect();
    let node = |reference: &EntityRef, entity: Option<&Entity>, distance: u32| Node {
        reference: reference.clone(),
        kind: entity.map_or_else(|| reference.kind().to_owned(), |entity| entity.kind().to_owned()),
        title: entity.map_or_else(|| reference.short(), |entity| entity.summary().shown().to_owned()),
        type_: entity.and_then(|entity| entity.text("/spec/type")).map(str::to_owned),
        distance,
        missing: entity.is_none(),
    };
    let mut graph = Graph { nodes: vec![node(&entity.reference, Some(entity), 0)], ..Graph::default() };
    let mut met = HashSet::from([entity.reference.clone()]);
    for target in &targets {
        if met.insert(target.clone()) {
            graph.nodes.push(node(target, found.get(target), 1));
        }
    }
    for relation in relations {
        let (this, other) = (entity.reference.clone(), relation.target.clone());
        let (kind, is_reverse) = forward(&relation.kind).map_or((relation.kind.as_str(), false), |found| found);
        let (from, to) = if is_reverse { (other, this) } else { (this, other) };
        graph.edges.push(Edge { from, to, kind: kind.to_owned() });
    }
    graph.edges.sort();
    graph.edges.dedup();
    Ok(graph)
}
