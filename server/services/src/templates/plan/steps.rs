//! What each action would do.

use domain::templates::{Effect, PlannedStep, Step, Verdict};
use serde_json::{Map, Value, json};

use super::Maker;
use crate::{
    Error, Result,
    templates::{
        expression::{InputProblem, is_true, render_value},
        skeleton,
    },
};

/// How many items of `each` a plan takes.
const MOST_ROUNDS: usize = 200;

/// One action's part of a plan.
pub(super) struct Done {
    pub(super) verb: &'static str,
    pub(super) object: String,
    pub(super) detail: String,
    pub(super) place: &'static str,
    pub(super) effect: Effect,
    pub(super) output: Value,
    pub(super) warnings: Vec<String>,
}

impl Done {
    pub(super) fn new(verb: &'static str, object: impl Into<String>, place: &'static str) -> Self {
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

pub(super) fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

pub(super) fn flag(input: &Value, name: &str) -> bool {
    input.get(name).and_then(Value::as_bool).unwrap_or(false)
}

pub(super) fn count(number: usize, what: &str) -> String {
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
}
