//! A run of a template that need not be in any catalog, in a folder of its own, which leaves nothing behind.
//!
//! Files, logs and look-ups are real. What would be seen outside is left out, and given sample output made from the
//! action's schema, so that later steps have something to read.

use std::{fs, time::Duration};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, Target},
    runs::{RunOutput, StepStatus},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    NotStarted,
    actions::{self, Act, Action, Outcome},
    context::{self, Round},
    execute::{find, gather},
    log::Log,
    start::{check, rows},
    store::step,
    workspace::Workspace,
};
use crate::{
    Error, Result, Services,
    identity::{Starter, may},
    templates::skeleton::{self, File},
};

/// How long a dry run may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// A template to try.
#[derive(Debug, Clone)]
pub struct NewDryRun {
    /// The template's document.
    pub document: Value,
    /// The answers to its form.
    pub values: Map<String, Value>,
    /// The files beside the document.
    pub files: Vec<File>,
}

/// What a run would have done.
#[derive(Debug, Clone, Default)]
pub struct DryRun {
    /// What was said: the step, what it became with it, the words.
    pub log: Vec<(String, Option<StepStatus>, String)>,
    /// The template's own steps.
    pub steps: Vec<Value>,
    /// What the template says that it made.
    pub output: RunOutput,
    /// The files that would have been there in the end.
    pub files: Vec<File>,
}

/// Tries a template.
///
/// # Errors
/// As for [`super::start()`]; a step that fails is told with its name.
pub async fn dry_run(services: &Services, caller: &Caller, new: NewDryRun) -> Result<DryRun, NotStarted> {
    may(services, caller, Permission::StartRun, Target::Platform).await?;
    let values = check(services, caller, &new.document, &new.values).await?;
    let name = new.document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("dry-run");
    let template = EntityRef::new("template", domain::catalog::DEFAULT_NAMESPACE, name);
    // An identity that no run has, for a folder that no run has.
    let workspace = Workspace::of(&services.settings.data, &caller.tenant, Uuid::now_v7());
    workspace.reset()?;
    let trial = take_steps(services, caller, &template, &new, values, &workspace);
    let tried = tokio::time::timeout(DEADLINE, trial).await.unwrap_or_else(|_| {
        Err(Error::Rejected(format!("the dry run was stopped after {} seconds", DEADLINE.as_secs())))
    });
    workspace.remove()?;
    Ok(tried?)
}

async fn take_steps(
    services: &Services,
    caller: &Caller,
    template: &EntityRef,
    new: &NewDryRun,
    values: Value,
    workspace: &Workspace,
) -> Result<DryRun> {
    let (run, mut steps) = rows((caller, &Starter::of(caller)), template, String::new(), new.document.clone(), values)?;
    let mut tried = DryRun {
        steps: new.document.pointer("/spec/steps").and_then(Value::as_array).cloned().unwrap_or_default(),
        ..DryRun::default()
    };
    for at in 0..steps.len() {
        let step = steps[at].clone();
        let failed = |error: Error| match error {
            Error::Rejected(why) => Error::Rejected(format!("step {}: {why}", step.name)),
            other => other,
        };
        let mut say = |status: Option<StepStatus>, text: String| tried.log.push((step.step_id.clone(), status, text));
        say(Some(StepStatus::Processing), format!("Beginning step {}", step.name));
        let rounds = context::rounds(&step.definition, &context::of(&run, &steps)).map_err(failed)?;
        let is_each = step.definition.get("each").is_some();
        let action = find(&step.action)?;
        let mut made = Vec::new();
        for round in rounds {
            let Round::Run(input) = round else { continue };
            actions::check_input(action, &input).map_err(failed)?;
            let log = Log::new(&step.step_id);
            let act = Act {
                services,
                caller,
                run: &run,
                key: String::new(),
                workspace,
                log: &log,
                started_at: run.created_at,
            };
            made.push(perform(action, &act, &step, &input, &new.files).await.map_err(failed)?);
            for line in log.take() {
                say(None, line.text);
            }
        }
        if made.is_empty() && !is_each {
            say(Some(StepStatus::Skipped), format!("Skipped step {}: its `if` does not hold", step.name));
            continue;
        }
        say(Some(StepStatus::Completed), format!("Finished step {}", step.name));
        steps[at].output = Some(if is_each { gather(&made) } else { made.pop().unwrap_or_else(|| json!({})) });
    }
    let (output, problems) = context::output(&new.document, &context::of(&run, &steps));
    tried.output = output;
    tried.log.extend(problems.into_iter().map(|problem| (String::new(), None, problem)));
    let root = workspace.root();
    for path in workspace.files()? {
        let full = root.join(&path);
        if fs::symlink_metadata(&full)?.is_file() {
            let executable = super::workspace::is_executable(&fs::metadata(&full)?);
            let path = path.to_string_lossy().into_owned();
            tried.files.push(File { path, content: fs::read(&full)?.into(), executable });
        }
    }
    Ok(tried)
}

async fn perform(action: &Action, act: &Act<'_>, step: &step::Model, input: &Value, files: &[File]) -> Result<Value> {
    match action.id {
        "fetch:template" | "fetch:plain" => {
            let url = input.get("url").and_then(Value::as_str).unwrap_or_default();
            let found = beside(files, url)?;
            let is_plain = action.id == "fetch:plain";
            let files =
                if is_plain { skeleton::fetch_plain(&found, input)? } else { skeleton::fetch_template(&found, input)? };
            actions::put(act, &files, is_plain || input.get("replace").and_then(Value::as_bool).unwrap_or(false))?;
            Ok(json!({ "files": files.len() }))
        }
        "publish:git" | "catalog:register" | "debug:wait" => {
            act.log.info(format!("{} is left out of a dry run; step {} has sample output", action.id, step.name));
            Ok(sample(&action.output))
        }
        _ => match actions::perform(action.id, act, input).await? {
            Outcome::Done(output) => Ok(output),
            Outcome::Wait(_) => Ok(json!({})),
        },
    }
}

/// The files of the folder that `url` names, with paths that start there.
fn beside(files: &[File], url: &str) -> Result<Vec<File>> {
    let folder = url.trim_start_matches("./").trim_matches('/');
    if url.contains("://") || folder.split('/').any(|part| part == "..") {
        return Err(Error::Rejected(format!(
            "a dry run reads only the files it was given, and `{url}` is not among them"
        )));
    }
    let below = |file: &File| {
        let path = file.path.trim_start_matches("./");
        let rest = if matches!(folder, "" | ".") { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') };
        rest.map(|rest| File { path: rest.to_owned(), ..file.clone() })
    };
    let found: Vec<File> = files.iter().filter_map(below).collect();
    if found.is_empty() {
        return Err(Error::Rejected(format!("there are no files in `{url}`; give them as `directoryContents`")));
    }
    Ok(found)
}

/// A value that fits a schema, for those who only look.
fn sample(schema: &Value) -> Value {
    if let Some(example) = schema.get("examples").and_then(|examples| examples.get(0)) {
        return example.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => json!("<example>"),
        Some("number" | "integer") => json!(0),
        Some("boolean") => json!(false),
        Some("array") => json!([schema.get("items").map_or(json!("<unknown>"), sample)]),
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            Value::Object(properties.map(|(name, schema)| (name.clone(), sample(schema))).collect())
        }
        _ => json!("<unknown>"),
    }
}
