//! Where an entity comes from: the Locations that led to its file, up to the source.
//!
//! Clients know a source as a Location that the server made up for it. It is in no list, but can be asked for by its name.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
};

use domain::{
    catalog::{Condition, DEFAULT_NAMESPACE, EntityRef, Filter, Source, SourceKind},
    identity::{Caller, Permission, Target, Tenant},
};
use globset::Glob;
use sea_orm::{ConnectionTrait, prelude::Uuid};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::{
    index::{View, strip},
    ports::{is_glob, join},
    rows::entity,
    store,
};
use crate::{Error, Result, Services, identity};

/// How many entities an ancestry names at most; Locations lead to each other a few times only.
const MOST: usize = 200;

/// How many Locations of one source are looked through.
const MOST_LOCATIONS: usize = 5_000;

/// An entity, or a source, on the way to another entity.
#[derive(Debug, Clone)]
pub struct Ancestor {
    /// As it is served.
    pub document: Value,
    /// What declared it.
    pub parents: Vec<EntityRef>,
}

/// Where a document says that it is declared.
pub(super) fn location(document: &Value) -> Option<String> {
    let location = document.pointer("/metadata/annotations/backstage.io~1managed-by-location")?;
    location.as_str().map(str::to_owned)
}

/// Where these entities are declared: two sources that read one file declare one thing.
pub(super) async fn locations(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    references: &[String],
) -> Result<HashMap<String, String>> {
    let documents = store::documents(db, tenant, references).await?;
    let located =
        documents.into_iter().filter_map(|(key, text)| Some((key, location(&serde_json::from_str(&text).ok()?)?)));
    Ok(located.collect())
}

/// The Location that stands for a source.
pub fn origin_of(source: &Source) -> EntityRef {
    origin_of_target(source.kind, &source.target)
}

/// The Location that would stand for a source.
pub fn origin_of_target(kind: SourceKind, target: &str) -> EntityRef {
    let mut name = "generated-".to_owned();
    for byte in Sha1::digest(format!("{kind}:{target}")) {
        let _ = write!(name, "{byte:02x}");
    }
    EntityRef::new("location", DEFAULT_NAMESPACE, &name)
}

fn document_of(source: &Source) -> Value {
    let location = format!("{}:{}", source.kind, source.target);
    json!({
        "apiVersion": super::analyze::BACKSTAGE,
        "kind": "Location",
        "metadata": {
            "name": origin_of(source).name(),
            "namespace": DEFAULT_NAMESPACE,
            "uid": source.id,
            "annotations": {
                "backstage.io/managed-by-location": location,
                "backstage.io/managed-by-origin-location": location,
            },
        },
        "spec": { "type": source.kind, "target": source.target },
        "relations": [],
    })
}

/// The Location that stands for a source, by its name, if this is one.
pub async fn origin(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Option<Value>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    if reference.kind() != "location" || !reference.name().starts_with("generated-") {
        return Ok(None);
    }
    let sources = store::sources(&services.db, &caller.tenant).await?;
    Ok(sources.iter().find(|source| origin_of(source) == *reference).map(document_of))
}

/// An entity, what declared it, what declared that, and so on up to the source; nearest first.
pub async fn ancestry(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Vec<Ancestor>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let mut found = Vec::new();
    let mut origins: HashMap<Uuid, Source> = HashMap::new();
    let mut seen = HashSet::from([reference.to_string()]);
    let mut ring = vec![reference.to_string()];
    while !ring.is_empty() && found.len() < MOST {
        let rows = store::rows(&services.db, &caller.tenant, &ring).await?;
        ring.clear();
        for (row, parents) in with_parents(services, caller, rows, &mut origins).await? {
            for parent in &parents {
                let key = parent.to_string();
                if !seen.contains(&key) {
                    seen.insert(key.clone());
                    ring.push(key);
                }
            }
            found.push(Ancestor { document: row.document, parents });
        }
    }
    if found.is_empty() {
        return match origin(services, caller, reference).await? {
            Some(document) => Ok(vec![Ancestor { document, parents: Vec::new() }]),
            None => Err(Error::NotFound(format!("no entity `{reference}` is in the catalog"))),
        };
    }
    let mut found = services.catalog.ask(services, caller, |contents| as_seen(found, contents)).await?;
    let mut sources: Vec<&Source> = origins.values().collect();
    sources.sort_by_key(|source| source.id);
    found.extend(sources.into_iter().map(|source| Ancestor { document: document_of(source), parents: Vec::new() }));
    Ok(found)
}

/// Ancestors as far as they are seen, without ties to what is not.
fn as_seen(found: Vec<Ancestor>, contents: &View<'_>) -> Vec<Ancestor> {
    if contents.is_whole() {
        return found;
    }
    let is_seen = |document: &Value| {
        EntityRef::of(document).is_some_and(|reference| contents.find(&reference.to_string()).is_some())
    };
    let seen = found.into_iter().filter(|ancestor| is_seen(&ancestor.document));
    let narrowed = seen.map(|mut ancestor| {
        strip(&mut ancestor.document, contents);
        ancestor.parents.retain(|parent| contents.may_name(&parent.to_string()));
        ancestor
    });
    narrowed.collect()
}

/// What declared each of these; notes the sources that were met.
async fn with_parents(
    services: &Services,
    caller: &Caller,
    rows: Vec<entity::Model>,
    origins: &mut HashMap<Uuid, Source>,
) -> Result<Vec<(entity::Model, Vec<EntityRef>)>> {
    let mut of_source: HashMap<Uuid, Vec<entity::Model>> = HashMap::new();
    for row in rows {
        of_source.entry(row.source_id).or_default().push(row);
    }
    let mut answer = Vec::new();
    for (id, rows) in of_source {
        let Some(source) = store::source(&services.db, &caller.tenant, id).await? else {
            answer.extend(rows.into_iter().map(|row| (row, Vec::new())));
            continue;
        };
        let paths: Vec<String> = rows.iter().map(|row| row.path.clone()).collect();
        let files = store::parents_of_files(&services.db, &caller.tenant, id, &paths).await?;
        let is_led_to = |row: &entity::Model| files.get(&row.path).is_some_and(Option::is_some);
        let locations = if rows.iter().any(is_led_to) { locations_of(services, caller, id).await? } else { Vec::new() };
        for row in rows {
            // Nothing declares it any more.
            if row.orphaned_at.is_some() {
                answer.push((row, Vec::new()));
                continue;
            }
            let led = files.get(&row.path).and_then(Option::as_ref);
            let mut parents = led.map_or_else(Vec::new, |from| leading(&locations, from, &row.path));
            if parents.is_empty() {
                parents.push(origin_of(&source));
                origins.insert(id, source.clone());
            }
            answer.push((row, parents));
        }
    }
    Ok(answer)
}

/// The Locations that a source declares.
async fn locations_of(services: &Services, caller: &Caller, source: Uuid) -> Result<Vec<entity::Model>> {
    let filter =
        Filter::all(vec![Condition::equals("kind", "location"), Condition::equals("source", &source.to_string())]);
    let question = |contents: &View<'_>| {
        let ids = contents.select(&filter, None).into_iter().take(MOST_LOCATIONS);
        ids.filter_map(|id| contents.reference(id).map(str::to_owned)).collect::<Vec<_>>()
    };
    let references = services.catalog.ask(services, caller, question).await?;
    store::rows(&services.db, &caller.tenant, &references).await
}

/// Which Locations in the file `from` lead to the file `to`: all of them, where none says so in plain words.
fn leading(locations: &[entity::Model], from: &str, to: &str) -> Vec<EntityRef> {
    let there: Vec<&entity::Model> = locations.iter().filter(|row| row.path == from).collect();
    let leads = |row: &&&entity::Model| targets(&row.document).any(|target| leads_to(from, target, to));
    let mut meant: Vec<&entity::Model> = there.iter().filter(leads).copied().collect();
    if meant.is_empty() {
        meant = there;
    }
    meant.into_iter().filter_map(|row| row.reference.parse().ok()).collect()
}

fn targets(document: &Value) -> impl Iterator<Item = &str> {
    let spec = &document["spec"];
    let many = spec.get("targets").and_then(Value::as_array).into_iter().flatten();
    spec.get("target").into_iter().chain(many).filter_map(Value::as_str)
}

fn leads_to(from: &str, target: &str, to: &str) -> bool {
    if target.contains("://") {
        return to.starts_with(target);
    }
    let Ok(path) = join(from, target) else { return false };
    if is_glob(target) { Glob::new(&path).is_ok_and(|glob| glob.compile_matcher().is_match(to)) } else { path == to }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_leads_to_the_files_that_it_means() {
        assert!(leads_to("a/all.yaml", "./b/c.yaml", "a/b/c.yaml"));
        assert!(leads_to("a/all.yaml", "../*/c.yaml", "b/c.yaml"));
        assert!(leads_to("all.yaml", "https://x/y", "https://x/y/c.yaml"));
        assert!(!leads_to("a/all.yaml", "./b/c.yaml", "b/c.yaml"));
        assert!(!leads_to("all.yaml", "../../c.yaml", "c.yaml"));
    }
}
