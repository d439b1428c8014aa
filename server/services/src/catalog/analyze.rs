//! What stands at an address that is not registered yet: entities that its files declare, or else one to begin with.

use std::{collections::HashMap, path::Path, sync::Arc};

use async_trait::async_trait;
use domain::{
    catalog::{NewSource, Outcome, SourceKind},
    identity::{Caller, Permission, Target},
};
use serde_json::{Value, json};
use url::Url;

use super::{
    begun::Begun,
    explain::{explain_by, with_relations},
    keys::Granted,
    kinds,
    ports::{Begin, OpenSource, ReadProblem, SourceReader},
    preview::Explained,
    sources::checked,
    store,
    sync::gather::{Gathered, Limits, Terms, gather},
};
use crate::{Error, Result, Services, identity};

/// The name that catalog files usually have.
const USUAL: &str = "catalog-info.yaml";

/// The version of documents that every reader of such files knows.
pub(super) const BACKSTAGE: &str = "backstage.io/v1alpha1";

/// How many entities an answer names.
const MOST: usize = 500;

/// What stands at an address.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// What its files declare.
    pub existing: Vec<Existing>,
    /// A document to begin with, if they declare nothing.
    pub generated: Option<Value>,
}

/// An entity that a file declares.
#[derive(Debug, Clone)]
pub struct Existing {
    /// As it would be served.
    pub document: Value,
    /// Where the file is, such as `url:https://…`.
    pub location: String,
    /// Whether it is in the catalog from there.
    pub is_registered: bool,
}

/// Walks one text as a file that has no files beside it, and records nothing.
pub async fn explain_given(services: &Services, caller: &Caller, text: &str) -> Result<Explained> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let given = kinds::given(&services.db, &caller.tenant, None).await?;
    Ok(explain_by(text, Terms { given, ..Terms::default() }).await)
}

/// Looks at an address. `file_name` is how its catalog files are called, if not as usual.
pub async fn analyze(
    services: &Services,
    caller: &Caller,
    new: NewSource,
    file_name: Option<&str>,
) -> Result<Analysis> {
    let new = checked(services, caller, new).await?;
    let reader = &services.reader(caller);
    let given = kinds::given(&services.db, &caller.tenant, None).await?;
    let terms = Terms { given, ..Terms::default() };
    let gathered = match file_name.map(str::trim).filter(|name| ![USUAL, ""].contains(name)) {
        Some(name) if name.contains(['/', '\\', '\0']) || name.len() > 255 => {
            return Err(Error::Rejected(format!("`{name}` is not the name of a file; write it without folders")));
        }
        Some(name) => gather(&Called { reader, name }, new.kind, &new.target, Limits::default(), terms).await,
        None => gather(reader, new.kind, &new.target, Limits::default(), terms).await,
    };
    match gathered {
        Ok(gathered) => found(services, caller, &new, gathered).await,
        Err(ReadProblem::Missing(_)) => Ok(Analysis { generated: Some(generate(&new)), ..Analysis::default() }),
        Err(ReadProblem::Refused(why)) => Err(Error::Rejected(why)),
        Err(ReadProblem::Unreachable(why)) => Err(Error::Unavailable { system: new.target, why }),
    }
}

async fn found(services: &Services, caller: &Caller, new: &NewSource, gathered: Gathered) -> Result<Analysis> {
    if gathered.found.is_empty() {
        let is_yaml = |path: &str| {
            let end = Path::new(path).extension().unwrap_or_default();
            end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml")
        };
        let broken = gathered.files.iter().find(|file| file.outcome == Outcome::Rejected && is_yaml(&file.path));
        if let Some(problem) = broken.and_then(|file| Some((file, file.problems.first()?))) {
            return Err(Error::Rejected(format!("{}: {}", problem.0.path, problem.1)));
        }
        return Ok(Analysis { generated: Some(generate(new)), ..Analysis::default() });
    }
    let keys: Vec<String> = gathered.found.iter().take(MOST).map(|found| found.reference.to_string()).collect();
    let rows = store::rows(&services.db, &caller.tenant, &keys).await?;
    let known: HashMap<String, String> =
        rows.into_iter().map(|row| (row.reference, location_of(&row.document))).collect();
    let kinds = gathered.kinds;
    let existing = gathered.found.into_iter().take(MOST).map(|found| {
        let document = found.value();
        let location = location_of(&document);
        let is_registered = known.get(&found.reference.to_string()) == Some(&location);
        let document = with_relations(document, &found.declared(&kinds).relations);
        Existing { document, location, is_registered }
    });
    Ok(Analysis { existing: existing.collect(), generated: None })
}

fn location_of(document: &Value) -> String {
    let location = &document["metadata"]["annotations"]["backstage.io/managed-by-location"];
    location.as_str().unwrap_or_default().to_owned()
}

/// A component that is named as the repository is.
fn generate(new: &NewSource) -> Value {
    let (slug, name) = repository(&new.target);
    let mut document = json!({
        "apiVersion": BACKSTAGE,
        "kind": "Component",
        "metadata": { "name": named(&name) },
        "spec": { "type": "other", "lifecycle": "unknown" },
    });
    if let Some((key, slug)) = slug {
        document["metadata"]["annotations"] = json!({ key: slug });
    }
    document
}

/// The annotation that tells tools which repository an address is in, and the repository's name.
fn repository(target: &str) -> (Option<(&'static str, String)>, String) {
    let last = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_owned();
    let Ok(url) = Url::parse(target) else { return (None, last(target)) };
    let segments: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let is_below = |segment: &&str| ["-", "blob", "tree", "edit", "raw", "src"].contains(segment);
    let end = segments.iter().skip(2).position(is_below).map_or(segments.len(), |at| at + 2);
    let Some((name, owner)) = segments[..end].split_last() else { return (None, last(url.path())) };
    let name = name.trim_end_matches(".git");
    let host = url.host_str().unwrap_or_default();
    let is_at = |forge: &str| host == forge || host.ends_with(&format!(".{forge}"));
    let key = if is_at("github.com") {
        Some("github.com/project-slug")
    } else if host.contains("gitlab") {
        Some("gitlab.com/project-slug")
    } else if is_at("bitbucket.org") {
        Some("bitbucket.org/project-slug")
    } else if is_at("dev.azure.com") {
        Some("dev.azure.com/project-slug")
    } else {
        None
    };
    let slug = (!owner.is_empty()).then(|| format!("{}/{name}", owner.join("/")));
    (key.zip(slug), name.to_owned())
}

/// A name that breaks no rule.
fn named(text: &str) -> String {
    let kept =
        |character: char| if character.is_ascii_alphanumeric() || "-_.".contains(character) { character } else { '-' };
    let name: String = text.chars().map(kept).take(63).collect();
    let name = name.trim_matches(['-', '_', '.']);
    if name.is_empty() { "unnamed".to_owned() } else { name.to_owned() }
}

/// A reader of sources whose catalog files have another name.
struct Called<'a> {
    reader: &'a dyn SourceReader,
    name: &'a str,
}

#[async_trait]
impl SourceReader for Called<'_> {
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        let source = self.reader.open(kind, target).await?;
        if matches!(source.begin(), Begin::Named(_)) {
            return Ok(source);
        }
        let files = source.list(&source.folder()).await?.into_iter().map(|file| file.path);
        let is_meant = |path: &String| path.rsplit('/').next() == Some(self.name);
        let begin = Begin::Found(files.filter(is_meant).collect());
        Ok(Arc::new(Begun { source, begin }))
    }

    async fn open_named(&self, granted: Granted, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.reader.open_named(granted, target).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_to_begin_with_is_named_as_its_repository() {
        let generated = |target: &str| {
            let document = generate(&NewSource::new(SourceKind::Url, target.to_owned()));
            let metadata = &document["metadata"];
            format!("{} {}", metadata["name"].as_str().unwrap(), metadata["annotations"])
        };
        let told = [
            "https://github.com/saltmarsh/tide-tables",
            "https://github.com/saltmarsh/tide-tables.git",
            "https://github.com/saltmarsh/tide-tables/blob/main/catalog-info.yaml",
            "https://gitlab.example/saltmarsh/ferries/tide-tables/-/tree/main/deep",
            "https://git.example/saltmarsh/%C3%BC%20x",
            "https://git.example/",
            "/srv/catalogs/tide tables/",
        ];
        insta::assert_snapshot!(told.map(generated).join("\n"), @r#"
        tide-tables {"github.com/project-slug":"saltmarsh/tide-tables"}
        tide-tables {"github.com/project-slug":"saltmarsh/tide-tables"}
        tide-tables {"github.com/project-slug":"saltmarsh/tide-tables"}
        tide-tables {"gitlab.com/project-slug":"saltmarsh/ferries/tide-tables"}
        C3-BC-20x null
        unnamed null
        tide-tables null
        "#);
    }
}
