//! What would be seen outside: a repository, entities in the catalog.

use std::collections::BTreeMap;

use domain::{
    catalog::{EntityRef, ReferenceDefaults},
    identity::{Permission, Target},
    runs::RepositoryName,
    templates::{Effect, PlannedFile, Verdict},
};
use serde_json::{Value, json};

use super::{
    Maker,
    steps::{Done, count, flag, text},
};
use crate::{
    Error, Result, catalog, permission,
    templates::{
        repo_url::RepoUrl,
        skeleton::{self, File},
    },
};

/// How many lines of a file a plan shows.
const PREVIEW: usize = 200;
/// How many bytes of a file a plan shows.
const PREVIEW_BYTES: usize = 8 << 10;
/// How many files a plan shows with their contents.
const MOST_PREVIEWS: usize = 40;
impl Maker<'_> {
    /// Notes what the one who plans may not have done, as the run would find out.
    async fn check_right(&mut self, permission: Permission, target: Target<'_>) -> Result<()> {
        let (is_allowed, why, reasons) = permission::why(self.services, self.caller, permission, target).await?;
        if !is_allowed {
            let on = target.to_string();
            self.checks.refused(format!("You may not {permission}, here `{on}`"), why, &reasons);
        }
        Ok(())
    }

    pub(super) async fn publish(&mut self, input: &Value) -> Result<Done> {
        let given = text(input, "repoUrl").unwrap_or_default();
        let name = repository(given)?;
        self.check_right(Permission::WriteRepository, Target::Repository(&name.to_string())).await?;
        let branch = text(input, "defaultBranch").unwrap_or("main");
        let folder = text(input, "sourcePath").unwrap_or(".").trim_matches(['.', '/']).to_owned();
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let below = self.files.iter().filter_map(|(path, file)| {
            let path = path.strip_prefix(&prefix)?.to_owned();
            Some((path.clone(), File { path, ..file.clone() }))
        });
        let files: BTreeMap<String, File> = below.collect();
        if files.is_empty() {
            return Err(Error::Rejected("there is nothing to publish; fetch a skeleton in an earlier step".into()));
        }
        let free = self.services.ports.repositories.exists(&name).await?.map(|exists| !exists);
        match free {
            Some(true) => self.checks.add(Verdict::Good, format!("Repository {name} is free"), None),
            Some(false) => self.checks.add(
                Verdict::Bad,
                format!("Repository {name} exists already"),
                Some("Go back and choose another name.".into()),
            ),
            None => {}
        }
        let base = format!("{}/git/{name}", self.services.settings.base_url);
        let contents = format!("{base}/blob/{branch}");
        let mut done = Done::new("Create repository", name.to_string(), "embedded Git");
        done.detail = format!("{} on branch {branch}", count(files.len(), "file"));
        done.effect = Effect::Repository {
            name: name.to_string(),
            free,
            files: files.values().enumerate().map(|(at, file)| shown(file, at)).collect(),
        };
        done.output = json!({"remoteUrl": format!("{base}.git"), "repoContentsUrl": contents, "commitHash": "0000000"});
        self.published.insert(contents, files);
        Ok(done)
    }

    pub(super) async fn register(&mut self, input: &Value) -> Result<Done> {
        let path = text(input, "catalogInfoPath").unwrap_or("/catalog-info.yaml").trim_start_matches('/').to_owned();
        let contents = text(input, "repoContentsUrl").map(|url| url.trim_end_matches('/').to_owned());
        let whole = text(input, "catalogInfoUrl");
        let url = whole.map_or_else(|| format!("{}/{path}", contents.clone().unwrap_or_default()), str::to_owned);
        self.check_right(Permission::ManageSources, Target::Place(&url)).await?;
        let found = match (&contents, whole) {
            (_, Some(url)) => self
                .published
                .iter()
                .find_map(|(base, files)| files.get(url.strip_prefix(base)?.trim_start_matches('/'))),
            (Some(contents), None) => self.published.get(contents).and_then(|files| files.get(&path)),
            (None, None) => {
                return Err(Error::Rejected("`catalog:register` needs `catalogInfoUrl` or `repoContentsUrl`".into()));
            }
        };
        let Some(file) = found else {
            if contents.as_ref().is_some_and(|contents| self.published.contains_key(contents))
                && !flag(input, "optional")
            {
                return Err(Error::Rejected(format!(
                    "the new repository holds no `{path}`; add it to the skeleton, or correct `catalogInfoPath`"
                )));
            }
            let mut done = Done::new("Register", url.clone(), "catalog");
            done.detail = "what stands at this address is read when the run comes to it".into();
            done.output = json!({"catalogInfoUrl": url});
            return Ok(done);
        };
        let text = String::from_utf8_lossy(&file.content).into_owned();
        let explained = catalog::explain_text(&text).await;
        let mut done = Done::new("Register", path.clone(), "catalog");
        for problem in explained.files.iter().flat_map(|file| &file.problems) {
            let line = format!("{path}: {problem}");
            if problem.severity == domain::catalog::Severity::Error {
                self.checks.add(
                    Verdict::Bad,
                    format!("{path} would be rejected by the catalog"),
                    Some(problem.to_string()),
                );
            }
            done.warnings.push(line);
        }
        let references: Vec<EntityRef> = explained.entities.iter().map(|entity| entity.reference.clone()).collect();
        self.check_entities(&references).await?;
        if let Some(first) = explained.entities.iter().find(|entity| entity.reference.kind() != "location") {
            done.object = format!("{}:{}", first.reference.kind(), first.reference.short());
            done.detail = self.describe(first).await?;
            done.output = json!({"catalogInfoUrl": url, "entityRef": first.reference.to_string()});
        } else {
            done.output = json!({"catalogInfoUrl": url});
        }
        done.effect = Effect::Entities { references: references.iter().map(ToString::to_string).collect() };
        Ok(done)
    }

    /// Whether the entities' names are free.
    async fn check_entities(&mut self, references: &[EntityRef]) -> Result<()> {
        let known = self.known(references).await?;
        for (reference, known) in references.iter().zip(known) {
            match known {
                None => self.checks.add(Verdict::Good, format!("{reference} is free in the catalog"), None),
                Some(_) => self.checks.add(
                    Verdict::Bad,
                    format!("{reference} is in the catalog already"),
                    Some("Go back and choose another name: the one that was first stands.".into()),
                ),
            }
        }
        Ok(())
    }

    /// Owner and system of an entity to be, each looked up.
    async fn describe(&mut self, entity: &domain::catalog::Entity) -> Result<String> {
        let mut words = Vec::new();
        let part = |pointer: &str, kind: &str| {
            let defaults = ReferenceDefaults { kind: Some(kind), namespace: entity.reference.namespace() };
            EntityRef::parse(entity.text(pointer)?, defaults).ok()
        };
        let tied = [("owner", part("/spec/owner", "group")), ("system", part("/spec/system", "system"))];
        let references: Vec<EntityRef> = tied.iter().filter_map(|(_, reference)| reference.clone()).collect();
        let mut known = self.known(&references).await?.into_iter();
        for (word, reference) in tied {
            let Some(reference) = reference else { continue };
            words.push(format!("{word} {}", reference.short()));
            if known.next().flatten().is_none() {
                let remedy = format!(
                    "It will stand in the catalog with a {word} that nobody can open. Go back and choose another."
                );
                self.checks.add(
                    Verdict::Warning,
                    format!("The {word} {reference} is not in the catalog"),
                    Some(remedy),
                );
            }
        }
        if let Some(lifecycle) = entity.text("/spec/lifecycle") {
            words.push(lifecycle.to_owned());
        }
        Ok(words.join(" · "))
    }

    pub(super) async fn look_up(&mut self, input: &Value) -> Result<Done> {
        let defaults = ReferenceDefaults {
            kind: text(input, "defaultKind"),
            namespace: text(input, "defaultNamespace").unwrap_or(domain::catalog::DEFAULT_NAMESPACE),
        };
        let parse = |text: &str| EntityRef::parse(text, defaults).map_err(|error| Error::Rejected(error.to_string()));
        let one = text(input, "entityRef").map(parse).transpose()?;
        let wanted = match &one {
            Some(one) => vec![one.clone()],
            None => input
                .get("entityRefs")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(parse)
                .collect::<Result<_>>()?,
        };
        let mut documents = Vec::new();
        for (reference, entity) in wanted.iter().zip(self.known(&wanted).await?) {
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
        let names: Vec<String> = wanted.iter().map(EntityRef::short).collect();
        let mut done = Done::new("Read", names.join(", "), "catalog");
        done.output = if one.is_some() { json!({"entity": documents.pop()}) } else { json!({"entities": documents}) };
        Ok(done)
    }
}

/// Reads `host?owner=o&repo=r` or `owner/repo`.
fn repository(given: &str) -> Result<RepositoryName> {
    let parse = |owner: &str, repo: &str| {
        RepositoryName::new(owner, repo).map_err(|error| Error::Rejected(format!("repoUrl: {error}")))
    };
    if let (false, Some((owner, repo))) = (given.contains('?'), given.split_once('/')) {
        return parse(owner, repo);
    }
    let url = RepoUrl::parse(given).map_err(|error| Error::Rejected(error.to_string()))?;
    parse(url.owner.as_deref().unwrap_or_default(), &url.repo)
}

/// A file as a plan shows it; only the first files with what they hold.
fn shown(file: &File, at: usize) -> PlannedFile {
    let text = skeleton::text_of(&file.content);
    let mut preview =
        text.filter(|_| at < MOST_PREVIEWS).map(|text| text.lines().take(PREVIEW).collect::<Vec<_>>().join("\n"));
    if let Some(preview) = &mut preview {
        let end = (0..=PREVIEW_BYTES.min(preview.len())).rev().find(|&at| preview.is_char_boundary(at)).unwrap_or(0);
        preview.truncate(end);
    }
    let lines = text.map(|text| text.lines().count());
    PlannedFile {
        path: file.path.clone(),
        bytes: file.content.len() as u64,
        complete: preview.as_ref().zip(text).is_some_and(|(preview, text)| preview.len() + 1 >= text.trim_end().len()),
        lines: lines.map(|lines| u32::try_from(lines).unwrap_or(u32::MAX)),
        preview,
        executable: file.executable,
    }
}
