//! What each action would do.

use domain::{
    catalog::{EntityRef, ReferenceDefaults},
    runs::RepositoryName,
    templates::{Effect, PlannedFile, PlannedStep, Step, Verdict},
};
use serde_json::{Map, Value, json};

use super::Maker;
use crate::{
    Error, Result, catalog,
    templates::{
        expression::{InputProblem, is_true, render_value},
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
/// How many items of `each` a plan takes.
const MOST_ROUNDS: usize = 200;

/// One action's part of a plan.
struct Done {
    verb: &'static str,
    object: String,
    detail: String,
    place: &'static str,
    effect: Effect,
    output: Value,
    warnings: Vec<String>,
}

impl Done {
    fn new(verb: &'static str, object: impl Into<String>, place: &'static str) -> Self {
        Self {
            verb,
            object: object.into(),
            detail: String::new(),
            place,
            effect: Effect::Other,
            output: json!({}),
            warnings: Vec::new(),
        }
    }
}

fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn flag(input: &Value, name: &str) -> bool {
    input.get(name).and_then(Value::as_bool).unwrap_or(false)
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Where in the step a text could not be rendered.
fn told(part: &str, problem: &InputProblem) -> String {
    format!("`{part}{}` cannot be rendered: {}", problem.pointer.replace('/', "."), problem.error)
}

impl Maker<'_> {
    /// Takes one step.
    pub(super) async fn step(&mut self, step: &Step) -> Result<PlannedStep> {
        let mut planned = PlannedStep {
            id: step.id.clone(),
            name: step.name.clone(),
            action: step.action.clone(),
            verb: String::new(),
            object: step.name.clone(),
            detail: step.action.clone(),
            place: String::new(),
            skipped: None,
            effect: Effect::Other,
            warnings: Vec::new(),
        };
        let rounds = match self.rounds(step, &mut planned.warnings) {
            Ok(rounds) => rounds,
            Err(why) => {
                self.fails(step, &why);
                planned.warnings.push(why);
                return Ok(planned);
            }
        };
        let each = step.each.is_some();
        if rounds.is_empty() {
            planned.skipped = Some(if each { "its `each` is empty" } else { "its `if` does not hold" }.to_owned());
            self.remember(&step.id, if each { json!([]) } else { json!({}) });
            return Ok(planned);
        }
        let total = rounds.len();
        let mut outputs: Vec<Value> = Vec::with_capacity(total);
        for input in rounds {
            match self.act(&step.action, &input).await {
                Ok(done) => {
                    planned.verb = done.verb.to_owned();
                    planned.object = done.object;
                    planned.detail = done.detail;
                    done.place.clone_into(&mut planned.place);
                    planned.effect = done.effect;
                    planned.warnings.extend(done.warnings);
                    outputs.push(done.output);
                }
                Err(error @ (Error::Internal(_) | Error::Denied(_))) => return Err(error),
                Err(error) => {
                    self.fails(step, &error.to_string());
                    planned.warnings.push(error.to_string());
                    outputs.push(json!({}));
                }
            }
        }
        if each {
            planned.detail = format!("{} · {total} times", planned.detail);
            let mut lists = Map::new();
            for (key, value) in outputs.iter().filter_map(Value::as_object).flatten() {
                let list = lists.entry(key.clone()).or_insert_with(|| json!([]));
                list.as_array_mut().into_iter().for_each(|list| list.push(value.clone()));
            }
            self.remember(&step.id, Value::Object(lists));
        } else {
            self.remember(&step.id, outputs.pop().unwrap_or_default());
        }
        Ok(planned)
    }

    fn fails(&mut self, step: &Step, why: &str) {
        self.checks.add(Verdict::Bad, format!("Step “{}” would fail", step.name), Some(why.to_owned()));
    }

    /// The rendered input of each round whose `if` holds.
    fn rounds(&self, step: &Step, warnings: &mut Vec<String>) -> Result<Vec<Value>, String> {
        let contexts = match &step.each {
            None => vec![self.context.clone()],
            Some(each) => {
                let rendered = render_value(each, &self.context);
                warnings.extend(rendered.problems.iter().map(|problem| told("each", problem)));
                let items: Vec<(Value, Value)> = match rendered.value {
                    Some(Value::Array(items)) => {
                        items.into_iter().enumerate().map(|(at, item)| (json!(at), item)).collect()
                    }
                    Some(Value::Object(map)) => map.into_iter().map(|(key, item)| (json!(key), item)).collect(),
                    None | Some(Value::Null) => Vec::new(),
                    Some(other) => return Err(format!("`each` needs a list or an object, and came to `{other}`")),
                };
                if items.len() > MOST_ROUNDS {
                    return Err(format!("`each` has {} items; a step takes at most {MOST_ROUNDS}", items.len()));
                }
                items.iter().map(|(key, value)| self.context.with_each(key, value)).collect()
            }
        };
        let mut rounds = Vec::with_capacity(contexts.len());
        for context in contexts {
            if let Some(condition) = &step.condition {
                let rendered = render_value(condition, &context);
                if let Some(problem) = rendered.problems.first() {
                    return Err(told("if", problem));
                }
                if !is_true(rendered.value.as_ref()) {
                    continue;
                }
            }
            let rendered = render_value(&step.input, &context);
            if let Some(problem) = rendered.problems.first() {
                return Err(told("input", problem));
            }
            rounds.push(rendered.value.unwrap_or_else(|| json!({})));
        }
        Ok(rounds)
    }

    async fn act(&mut self, action: &str, input: &Value) -> Result<Done> {
        match action {
            "fetch:template" | "fetch:plain" => self.fetch(action, input).await,
            "publish:git" => self.publish(input).await,
            "catalog:register" => self.register(input).await,
            "catalog:fetch" => self.look_up(input).await,
            "catalog:write" => self.write(input),
            "fs:delete" => Ok(self.delete(input)),
            "fs:rename" => self.rename(input),
            "fs:readdir" => Ok(self.list(input)),
            "debug:log" => Ok(Done {
                detail: text(input, "message").unwrap_or_default().chars().take(200).collect(),
                ..Done::new("Write", "to the log", "log")
            }),
            "debug:wait" => Ok(Done::new("Wait", "a while", "log")),
            other => Err(Error::Rejected(format!(
                "the action `{other}` does not exist here; the actions there are: GET /api/scaffolder/v2/actions"
            ))),
        }
    }

    async fn fetch(&mut self, action: &str, input: &Value) -> Result<Done> {
        let url = text(input, "url")
            .ok_or_else(|| Error::Rejected(format!("`{action}` needs `url`, such as `./skeleton`")))?;
        let files = crate::templates::files(self.services, self.caller, self.reference, url).await?;
        let (given, is_template) = (input.clone(), action == "fetch:template");
        let work = move || {
            if is_template { skeleton::fetch_template(&files, &given) } else { skeleton::fetch_plain(&files, &given) }
        };
        let rendered = tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::Internal(format!("rendering: {error}")))??;
        let replace = !is_template || flag(input, "replace");
        let mut done = Done::new(if is_template { "Render" } else { "Copy" }, url, "workspace");
        let mut kept = 0;
        for file in &rendered {
            if replace || !self.files.contains_key(&file.path) {
                self.files.insert(file.path.clone(), file.clone());
            } else {
                kept += 1;
            }
        }
        done.detail = format!("{} into the workspace", count(rendered.len(), "file"));
        if kept > 0 {
            done.warnings.push(format!(
                "{} there already and stay; set `replace: true` to replace them",
                count(kept, "file is")
            ));
        }
        done.effect = Effect::Workspace { files: u32::try_from(rendered.len()).unwrap_or(u32::MAX) };
        done.output = json!({"files": rendered.len()});
        Ok(done)
    }

    async fn publish(&mut self, input: &Value) -> Result<Done> {
        let given = text(input, "repoUrl").unwrap_or_default();
        let name = repository(given)?;
        let branch = text(input, "defaultBranch").unwrap_or("main");
        let folder = text(input, "sourcePath").unwrap_or(".").trim_matches(['.', '/']).to_owned();
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let below = self.files.iter().filter_map(|(path, file)| {
            let path = path.strip_prefix(&prefix)?.to_owned();
            Some((path.clone(), File { path, ..file.clone() }))
        });
        let files: std::collections::BTreeMap<String, File> = below.collect();
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

    async fn register(&mut self, input: &Value) -> Result<Done> {
        let path = text(input, "catalogInfoPath").unwrap_or("/catalog-info.yaml").trim_start_matches('/').to_owned();
        let contents = text(input, "repoContentsUrl").map(|url| url.trim_end_matches('/').to_owned());
        let whole = text(input, "catalogInfoUrl");
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
        let url = whole.map_or_else(|| format!("{}/{path}", contents.clone().unwrap_or_default()), str::to_owned);
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

    async fn look_up(&mut self, input: &Value) -> Result<Done> {
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

    fn write(&mut self, input: &Value) -> Result<Done> {
        let path = skeleton::target(&json!({"targetPath": text(input, "filePath").unwrap_or("catalog-info.yaml")}))?;
        let entity = input.get("entity").cloned().unwrap_or(Value::Null);
        let entities = if let Value::Array(entities) = entity { entities } else { vec![entity] };
        let mut documents = Vec::with_capacity(entities.len());
        for entity in &entities {
            let yaml = serde_saphyr::to_string(entity);
            documents.push(yaml.map_err(|error| Error::Rejected(format!("the entity is no YAML: {error}")))?);
        }
        let file = File { path: path.clone(), content: documents.join("---\n").into(), executable: false };
        self.files.insert(path.clone(), file);
        Ok(Done { effect: Effect::Workspace { files: 1 }, ..Done::new("Write", path, "workspace") })
    }

    fn delete(&mut self, input: &Value) -> Done {
        let mut gone = 0;
        for name in input.get("files").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let name = name.trim_start_matches("./").trim_end_matches('/');
            let before = self.files.len();
            self.files.retain(|path, _| path != name && !path.starts_with(&format!("{name}/")));
            gone += before - self.files.len();
        }
        Done::new("Delete", count(gone, "file"), "workspace")
    }

    fn rename(&mut self, input: &Value) -> Result<Done> {
        let mut moved = 0;
        for file in input.get("files").and_then(Value::as_array).into_iter().flatten() {
            let (from, to) = (text(file, "from").unwrap_or_default(), text(file, "to").unwrap_or_default());
            let from = from.trim_start_matches("./").trim_end_matches('/');
            let to = skeleton::target(&json!({"targetPath": to}))?;
            let is_meant = |path: &String| path == from || path.starts_with(&format!("{from}/"));
            let paths: Vec<String> = self.files.keys().filter(|path| is_meant(path)).cloned().collect();
            if paths.is_empty() {
                return Err(Error::Rejected(format!("`fs:rename` finds no `{from}` in the workspace")));
            }
            for path in paths {
                let new = format!("{to}{}", &path[from.len()..]);
                if self.files.contains_key(&new) && !flag(file, "overwrite") {
                    return Err(Error::Rejected(format!(
                        "`fs:rename` finds `{new}` already there; set `overwrite: true`"
                    )));
                }
                if let Some(file) = self.files.remove(&path) {
                    self.files.insert(new.clone(), File { path: new, ..file });
                    moved += 1;
                }
            }
        }
        Ok(Done::new("Rename", count(moved, "file"), "workspace"))
    }

    fn list(&self, input: &Value) -> Done {
        let mut files = Vec::new();
        for name in input.get("paths").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let folder = name.trim_matches(['.', '/']);
            let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            let meant = self.files.keys().filter(|path| {
                path.strip_prefix(&prefix).is_some_and(|rest| flag(input, "recursive") || !rest.contains('/'))
            });
            files.extend(meant.map(|path| json!({"name": path.rsplit('/').next(), "path": path, "fullPath": path})));
        }
        Done { output: json!({"files": files, "folders": []}), ..Done::new("List", "files", "workspace") }
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
