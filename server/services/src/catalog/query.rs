//! Questions about entities.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{
    catalog::{
        Edge, Entity, EntityRef, Facet, FacetValue, Filter, Graph, ListPage, ListQuery, Node, Page, PageKey, Predicate,
        Query, Start, TextFilter,
    },
    changes::ChangeKind,
    identity::{Caller, Permission, Target, Tenant},
};
use roaring::RoaringBitmap;
use sea_orm::prelude::Uuid;

use super::{
    documents::Question,
    index::{View, strip},
    spelling, store,
};
use crate::{
    Error, Result, Services, changes, identity,
    permission::{self, Traits},
};

/// How many entities a graph shows at most.
const GRAPH: usize = 200;

/// One entity, by its name.
pub async fn entity(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Entity> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let key = reference.to_string();
    let found = fetch(services, caller, std::slice::from_ref(&key)).await?.remove(&key);
    found.ok_or_else(|| Error::NotFound(format!("no entity `{reference}` is in the catalog")))
}

/// One entity, by the id that the server gave it.
pub async fn entity_by_uid(services: &Services, caller: &Caller, uid: Uuid) -> Result<Entity> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let found = match store::row_by_uid(&services.db, &caller.tenant, uid).await? {
        Some(row) => seen(services, caller, vec![row.try_into()?]).await?.pop(),
        None => None,
    };
    found.ok_or_else(|| Error::NotFound(format!("no entity with the uid `{uid}` is in the catalog")))
}

/// Several entities, in the order asked for; `None` for one that is not in the catalog.
pub async fn entities(services: &Services, caller: &Caller, references: &[EntityRef]) -> Result<Vec<Option<Entity>>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let keys: Vec<String> = references.iter().map(ToString::to_string).collect();
    let mut found = fetch(services, caller, &keys).await?;
    // The same one may be asked for twice.
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect::<Vec<_>>()).inspect(|_| found.clear())
}

async fn fetch(services: &Services, caller: &Caller, keys: &[String]) -> Result<HashMap<String, Entity>> {
    let mut distinct = keys.to_vec();
    distinct.sort();
    distinct.dedup();
    let rows = store::rows(&services.db, &caller.tenant, &distinct).await?;
    let entities = rows.into_iter().map(Entity::try_from).collect::<Result<Vec<_>>>()?;
    let entities = seen(services, caller, entities).await?;
    Ok(entities.into_iter().map(|entity| (entity.reference.to_string(), entity)).collect())
}

/// What the caller may see of these, without ties to what they may not.
async fn seen(services: &Services, caller: &Caller, entities: Vec<Entity>) -> Result<Vec<Entity>> {
    let look = |contents: &View<'_>| {
        if contents.is_whole() {
            return entities;
        }
        let seen = entities.into_iter().filter(|entity| contents.find(&entity.reference.to_string()).is_some());
        let stripped = seen.map(|mut entity| {
            strip(&mut entity.document, contents);
            entity
        });
        stripped.collect()
    };
    services.catalog.ask(services, caller, look).await
}

/// Which of these entities the caller sees, and which are not in the catalog.
pub(crate) async fn seen_and_gone(
    services: &Services,
    caller: &Caller,
    references: &[String],
) -> Result<(HashSet<String>, Vec<String>)> {
    let look = |contents: &View<'_>| {
        let (seen, rest): (Vec<&String>, Vec<&String>) =
            references.iter().partition(|reference| contents.find(reference).is_some());
        let gone = rest.into_iter().filter(|reference| contents.may_name(reference));
        (seen.into_iter().cloned().collect(), gone.cloned().collect())
    };
    services.catalog.ask(services, caller, look).await
}

/// Leaves out what is about entities that the caller does not see, or that are no longer there.
pub(crate) async fn retain_seen<T>(
    services: &Services,
    caller: &Caller,
    rows: Vec<T>,
    about: impl Fn(&T) -> String,
) -> Result<Vec<T>> {
    let look = |contents: &View<'_>| {
        if contents.is_whole() {
            return rows;
        }
        rows.into_iter().filter(|row| contents.find(&about(row)).is_some()).collect()
    };
    services.catalog.ask(services, caller, look).await
}

/// Whether the caller sees the whole catalog.
pub(crate) async fn sees_all(services: &Services, caller: &Caller) -> Result<bool> {
    Ok(permission::sight(services, caller).await?.is_none())
}

/// What policies may know of an entity; `None` if it is not in the catalog.
pub(crate) async fn traits(services: &Services, tenant: &Tenant, key: &str) -> Result<Option<Traits>> {
    services.catalog.traits(services, tenant, key).await
}

/// What policies may know of a source: its kind, its target, and who owns all that it declares.
pub(crate) async fn source_traits(
    services: &Services,
    tenant: &Tenant,
    id: Uuid,
) -> Result<Option<(String, String, Vec<String>)>> {
    let Some(source) = store::source(&services.db, tenant, id).await? else { return Ok(None) };
    let owners = services.catalog.owners_of_all(services, tenant, id).await?;
    Ok(Some((source.kind.to_string(), spelling::asked_of(source.kind, &source.target), owners)))
}

/// The same of one that was removed, as it was then.
pub(crate) async fn gone_source_traits(
    services: &Services,
    tenant: &Tenant,
    id: Uuid,
) -> Result<Option<(String, String, Vec<String>)>> {
    let kinds = [ChangeKind::SourceRemoved.as_str()];
    let removed = changes::about_in(&services.db, tenant, &[format!("source:{id}")], &kinds).await?.pop();
    let Some(before) = removed.and_then(|change| change.before) else { return Ok(None) };
    let text = |name: &str| before[name].as_str().map(str::to_owned);
    let (Some(kind), Some(target)) = (text("kind"), text("target")) else { return Ok(None) };
    let target = kind.parse().map_or_else(|_| target.clone(), |kind| spelling::asked_of(kind, &target));
    Ok(Some((kind, target, Vec::new())))
}

/// What policies may know of some entities, spread over the catalog.
pub(crate) async fn sample_traits(services: &Services, tenant: &Tenant, most: usize) -> Result<Vec<Traits>> {
    services.catalog.sample(services, tenant, most).await
}

/// What policies may know of sources, the oldest first: id, kind, target, and who owns all that each declares.
pub(crate) async fn sample_sources(
    services: &Services,
    tenant: &Tenant,
    most: usize,
) -> Result<Vec<(String, String, String, Vec<String>)>> {
    let mut told = Vec::new();
    for source in store::sources(&services.db, tenant).await?.into_iter().take(most) {
        let owners = services.catalog.owners_of_all(services, tenant, source.id).await?;
        let target = spelling::asked_of(source.kind, &source.target);
        told.push((source.id.to_string(), source.kind.to_string(), target, owners));
    }
    Ok(told)
}

/// A part of the entities that a question means.
pub async fn query(services: &Services, caller: &Caller, query: &Query) -> Result<Page<Entity>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let (references, total) = services
        .catalog
        .ask(services, caller, |contents| {
            let selection = contents.select(&query.filter, query.text.as_ref());
            let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
            let page = contents.page(&selection, &query.order, &Start::Offset(query.offset), limit);
            let references = page.into_iter().filter_map(|id| contents.reference(id).map(str::to_owned));
            (references.collect::<Vec<String>>(), selection.len())
        })
        .await?;
    let mut found = fetch(services, caller, &references).await?;
    // One that left in between is left out.
    let items = references.iter().filter_map(|key| found.remove(key)).collect();
    Ok(Page { items, total: count(total) })
}

/// A page of a list that stays right while it changes, forwards, and the place of its last entity if something comes after it.
pub async fn entity_page(
    services: &Services,
    caller: &Caller,
    question: Question<'_>,
) -> Result<(Vec<Entity>, Option<PageKey>)> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let Question { filter, text, predicate, order, start, limit } = question;
    let ask = |contents: &View<'_>| {
        let selection = contents.select_all(filter, text, predicate);
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);
        // One more than is wanted tells whether there are more.
        let mut ids = contents.page(&selection, order, start, limit.saturating_add(1));
        let has_more = ids.len() > limit;
        ids.truncate(limit);
        let after = ids.last().filter(|_| has_more).and_then(|&id| contents.key(id, order));
        let references = ids.into_iter().filter_map(|id| contents.reference(id).map(str::to_owned));
        (references.collect::<Vec<String>>(), after)
    };
    let (references, after) = services.catalog.ask(services, caller, ask).await?;
    let mut found = fetch(services, caller, &references).await?;
    // One that left in between is left out.
    Ok((references.iter().filter_map(|key| found.remove(key)).collect(), after))
}

/// Entities that fit a text, best first, at most `limit`: by name, by the beginning of a name or of its parts, by anything
/// that is said about them, and where that is little, by names with a letter or two mistyped.
pub async fn search(
    services: &Services,
    caller: &Caller,
    text: &str,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Entity>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let question = |contents: &View<'_>| {
        let best = contents.search(text, filter, limit as usize);
        best.into_iter().filter_map(|id| contents.reference(id).map(str::to_owned)).collect::<Vec<String>>()
    };
    let references = services.catalog.ask(services, caller, question).await?;
    let mut found = fetch(services, caller, &references).await?;
    Ok(references.iter().filter_map(|key| found.remove(key)).collect())
}

/// How often each value occurs at each of `paths` in the entities that are meant.
pub async fn facets(
    services: &Services,
    caller: &Caller,
    filter: &Filter,
    predicate: Option<&Predicate>,
    paths: &[String],
) -> Result<Vec<Facet>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let count_all = |contents: &View<'_>| {
        let selection = contents.select_all(filter, None, predicate);
        paths.iter().map(|path| contents.facet(path, &selection)).collect::<Vec<_>>()
    };
    let counted = services.catalog.ask(services, caller, count_all).await?;
    Ok(paths.iter().zip(counted).map(|(path, values)| facet(path, values)).collect())
}

fn facet(path: &str, mut values: Vec<(String, u64)>) -> Facet {
    values.sort_by(|(left, left_count), (right, right_count)| right_count.cmp(left_count).then(left.cmp(right)));
    let values = values.into_iter().map(|(value, number)| FacetValue { value, count: count(number) }).collect();
    Facet { path: path.to_owned(), values }
}

async fn counted(
    services: &Services,
    caller: &Caller,
    asked: &[(String, Filter)],
    text: Option<&TextFilter>,
) -> Result<Vec<Facet>> {
    let count_all = |contents: &View<'_>| {
        let mut selections: HashMap<&Filter, RoaringBitmap> = HashMap::new();
        let counted = asked.iter().map(|(path, filter)| {
            let selection = selections.entry(filter).or_insert_with(|| contents.select(filter, text));
            contents.facet(path, selection)
        });
        counted.collect::<Vec<_>>()
    };
    let counted = services.catalog.ask(services, caller, count_all).await?;
    Ok(asked.iter().zip(counted).map(|((path, _), values)| facet(path, values)).collect())
}

/// A list page: its rows, its total, and what else could be picked.
pub async fn list(services: &Services, caller: &Caller, question: &ListQuery) -> Result<ListPage> {
    let text =
        (!question.text.trim().is_empty()).then(|| TextFilter { term: question.text.clone(), paths: Vec::new() });
    let asked = Query {
        filter: question.filter(None),
        text: text.clone(),
        order: vec![question.order.clone()],
        limit: Some(question.limit.min(500)),
        offset: question.offset,
    };
    let page = query(services, caller, &asked).await?;
    let facets: Vec<_> = question.facets.iter().map(|path| (path.clone(), question.filter(Some(path)))).collect();
    let facets = counted(services, caller, &facets, text.as_ref()).await?;
    let sources = store::sources(&services.db, &caller.tenant).await?;
    Ok(ListPage {
        items: page.items,
        total: page.total,
        facets,
        synced: sources.into_iter().filter_map(|source| source.synced_at).max(),
    })
}

/// The entities within `depth` relations of one, and the relations between them.
pub async fn neighbourhood(services: &Services, caller: &Caller, start: &EntityRef, depth: u32) -> Result<Graph> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(start)).await?;
    let mut distances: HashMap<String, u32> = HashMap::from([(start.to_string(), 0)]);
    let mut order = vec![start.to_string()];
    let mut edges = BTreeSet::new();
    let mut missing = HashSet::new();
    let (mut ring, mut cut) = (order.clone(), false);
    for distance in 0..=depth {
        let mut next = Vec::new();
        let relations = services.catalog.relations(services, caller, &ring).await?;
        for (from, relations) in ring.iter().zip(relations) {
            let Some(relations) = relations else {
                missing.insert(from.clone());
                continue;
            };
            for (kind, to) in relations {
                if !distances.contains_key(&to) && distance < depth {
                    if order.len() >= GRAPH {
                        cut = true;
                        continue;
                    }
                    distances.insert(to.clone(), distance + 1);
                    order.push(to.clone());
                    next.push(to.clone());
                }
                if distances.contains_key(&to) {
                    edges.insert((from.clone(), kind, to));
                }
            }
        }
        ring = next;
    }
    if missing.contains(&start.to_string()) {
        return Err(Error::NotFound(format!("no entity `{start}` is in the catalog")));
    }
    let documents = fetch(services, caller, &order).await?;
    let mut nodes = Vec::with_capacity(order.len());
    for key in &order {
        let reference = store::parse(key)?;
        nodes.push(match documents.get(key) {
            Some(entity) => Node {
                kind: entity.kind().to_owned(),
                title: entity.summary().shown().to_owned(),
                type_: entity.text("/spec/type").map(str::to_owned),
                distance: distances[key],
                missing: false,
                reference,
            },
            None => Node {
                kind: reference.kind().to_owned(),
                title: reference.short(),
                type_: None,
                distance: distances[key],
                missing: true,
                reference,
            },
        });
    }
    let own = super::kinds::all(&services.db, &caller.tenant).await?;
    let mut drawn = BTreeSet::new();
    for (from, kind, to) in edges {
        // Each relation stands in both ends; it is drawn once, forwards.
        let (from, kind, to) = match own.forward(&kind) {
            Some((forwards, false)) => (from, forwards, to),
            Some((forwards, true)) => (to, forwards, from),
            None => (from, kind, to),
        };
        drawn.insert(Edge { from: store::parse(&from)?, to: store::parse(&to)?, kind });
    }
    Ok(Graph { nodes, edges: drawn.into_iter().collect(), cut })
}

/// How many entities the catalog holds.
pub async fn total(services: &Services, caller: &Caller) -> Result<u32> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    services.catalog.ask(services, caller, |contents| count(contents.len())).await
}

fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
