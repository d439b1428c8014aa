//! `catalog:register`, `catalog:fetch`, `catalog:write`.

use std::fs;

use domain::{
    catalog::{EntityRef, NewSource, ReferenceDefaults, SourceKind, Trust},
    identity::Caller,
};
use serde_json::{Value, json};

use super::{Act, flag, text};
use crate::{Error, Result, catalog};

/// Registers a file and waits until what it declares stands in the catalog. Registering again finds what is there.
pub(super) async fn register(act: &Act<'_>, input: &Value) -> Result<Value> {
    let url = match (text(input, "catalogInfoUrl"), text(input, "repoContentsUrl")) {
        (Some(url), _) => url.to_owned(),
        (None, Some(contents)) => {
            let path = text(input, "catalogInfoPath").unwrap_or("/catalog-info.yaml");
            format!("{}/{}", contents.trim_end_matches('/'), path.trim_start_matches('/'))
        }
        (None, None) => {
            return Err(Error::Rejected("`catalog:register` needs `catalogInfoUrl` or `repoContentsUrl`".into()));
        }
    };
    // A template must not read the server's disk, whoever runs it.
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(Error::Rejected(format!("`catalog:register` needs a web address, and `{url}` is none")));
    }
    act.log.info(format!("registering {url}"));
    match registered(act, &url).await {
        Ok(entities) => {
            for entity in &entities {
                act.log.info(format!("{entity} stands in the catalog"));
            }
            let first = entities.iter().find(|entity| entity.kind() != "location").or_else(|| entities.first());
            Ok(json!({ "catalogInfoUrl": url, "entityRef": first.map(ToString::to_string) }))
        }
        Err(error) if flag(input, "optional") => {
            act.log.warn(format!("left out, because it is optional: {error}"));
            Ok(json!({ "catalogInfoUrl": url }))
        }
        Err(error) => Err(error),
    }
}

async fn registered(act: &Act<'_>, url: &str) -> Result<Vec<EntityRef>> {
    // Whoever started the run: what a template makes is not where people are told of.
    let new = NewSource { trust: Some(Trust::None), ..NewSource::new(SourceKind::Url, url) };
    let source = catalog::ensure(act.services, act.caller, new).await?;
    // Who may register has it synced, as from the portal.
    let worker = Caller::system(act.caller.tenant.clone(), "worker");
    catalog::sync(act.services, &worker, source.id).await?;
    let trace = catalog::source(act.services, &worker, source.id).await?;
    if let Some(problem) = trace.source.problem {
        return Err(Error::Unavailable { system: url.to_owned(), why: problem });
    }
    let entities = catalog::entities_of(act.services, &worker, source.id).await?;
    if entities.is_empty() {
        let why = trace
            .files
            .iter()
            .flat_map(|file| file.problems.iter().map(|problem| format!("{}: {problem}", file.path)))
            .next();
        let why = why.unwrap_or_else(|| "it declares no entity".to_owned());
        return Err(Error::Rejected(format!("`{url}` was read, but nothing of it is in the catalog: {why}")));
    }
    Ok(entities)
}

pub(super) async fn fetch(act: &Act<'_>, input: &Value) -> Result<Value> {
    let defaults = ReferenceDefaults {
        kind: text(input, "defaultKind"),
        namespace: text(input, "defaultNamespace").unwrap_or(domain::catalog::DEFAULT_NAMESPACE),
    };
    let parse = |text: &str| EntityRef::parse(text, defaults).map_err(|error| Error::Rejected(error.to_string()));
    let one = text(input, "entityRef").map(parse).transpose()?;
    let many = input.get("entityRefs").and_then(Value::as_array);
    let wanted: Vec<EntityRef> = match (&one, many) {
        (Some(one), _) => vec![one.clone()],
        (None, Some(many)) => many.iter().filter_map(Value::as_str).map(parse).collect::<Result<_>>()?,
        (None, None) => return Err(Error::Rejected("`catalog:fetch` needs `entityRef` or `entityRefs`".into())),
    };
    let found = catalog::entities(act.services, act.caller, &wanted).await?;
    let mut documents = Vec::with_capacity(found.len());
    for (reference, entity) in wanted.iter().zip(found) {
        match entity {
            Some(entity) => documents.push(entity.document),
            None if flag(input, "optional") => documents.push(Value::Null),
            None => {
                return Err(Error::Rejected(format!(
                    "`{reference}` is not in the catalog; set `optional: true` to go on without it"
                )));
            }
        }
    }
    act.log.info(format!("fetched {} entities", documents.iter().filter(|document| !document.is_null()).count()));
    Ok(if one.is_some() { json!({ "entity": documents.pop() }) } else { json!({ "entities": documents }) })
}

/// Writes YAML; every JSON document is YAML, so the entity is written as pretty JSON would be, one document per entity.
pub(super) fn write(act: &Act<'_>, input: &Value) -> Result<Value> {
    let name = text(input, "filePath").unwrap_or("catalog-info.yaml");
    let path = act.workspace.inside(name)?;
    let entity = input.get("entity").cloned().unwrap_or(Value::Null);
    let entities = if let Value::Array(entities) = entity { entities } else { vec![entity] };
    let mut documents = Vec::with_capacity(entities.len());
    for entity in &entities {
        let yaml = serde_saphyr::to_string(entity)
            .map_err(|error| Error::Rejected(format!("the entity is no YAML: {error}")))?;
        documents.push(yaml);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, documents.join("---\n"))?;
    act.log.info(format!("wrote {name}"));
    Ok(json!({}))
}
