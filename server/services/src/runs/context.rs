//! What expressions of a step see, and what they come to.

use domain::runs::{OutputLink, OutputText, RunOutput};
use serde_json::{Map, Value, json};

use super::store::{run, step};
use crate::{
    Error, Result,
    templates::{
        expression::{self, Context},
        user,
    },
};

/// The answers, what earlier steps made, who asked, and the run itself.
pub(super) fn of(run: &run::Model, steps: &[step::Model]) -> Context {
    let mut made = Map::new();
    for step in steps {
        if let Some(output) = &step.output {
            made.insert(step.step_id.clone(), json!({ "output": output }));
        }
    }
    let mut context = Context::new(&run.answers);
    context.set("steps", &Value::Object(made));
    context.set("user", &user::seen(&run.starter()));
    context.set("context", &json!({ "task": { "id": run.id } }));
    context.set("environment", &json!({ "parameters": {}, "secrets": {} }));
    context.set("secrets", &json!({}));
    context
}

/// One round of a step.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Round {
    /// Its `if` does not hold.
    Skip,
    /// It runs with this input.
    Run(Value),
}

/// The rounds of a step: one, or one for each item of `each`.
pub(super) fn rounds(definition: &Value, context: &Context) -> Result<Vec<Round>> {
    let round = |context: &Context| {
        if let Some(condition) = definition.get("if") {
            let holds = match condition {
                Value::String(text) => evaluate("if", text, context)?,
                other => Some(other.clone()),
            };
            if !expression::is_true(holds.as_ref()) {
                return Ok(Round::Skip);
            }
        }
        let input = definition.get("input").cloned().unwrap_or_else(|| json!({}));
        Ok(Round::Run(render("input", &input, context)?.unwrap_or_else(|| json!({}))))
    };
    let Some(each) = definition.get("each") else { return Ok(vec![round(context)?]) };
    let items = render("each", each, context)?;
    let items: Vec<(Value, Value)> = match items {
        Some(Value::Array(items)) => items.into_iter().enumerate().map(|(at, item)| (json!(at), item)).collect(),
        Some(Value::Object(items)) => items.into_iter().map(|(key, item)| (Value::String(key), item)).collect(),
        None | Some(Value::Null) => Vec::new(),
        Some(other) => {
            return Err(Error::Rejected(format!("`each` needs a list or an object, and came to `{other}`")));
        }
    };
    if items.len() > 200 {
        return Err(Error::Rejected(format!("`each` has {} items; a step takes at most 200", items.len())));
    }
    items.iter().map(|(key, value)| round(&context.with_each(key, value))).collect()
}

/// What the template says that the run made. A part that cannot be rendered is left out and told of.
pub(super) fn output(document: &Value, context: &Context) -> (RunOutput, Vec<String>) {
    let mut problems = Vec::new();
    let mut output = RunOutput::default();
    let Some(Value::Object(parts)) = document.pointer("/spec/output") else { return (output, problems) };
    for (name, part) in parts {
        match name.as_str() {
            "links" => output.links = listed::<OutputLink>(part, context, &mut problems),
            "text" => output.text = listed::<OutputText>(part, context, &mut problems),
            _ => match render(name, part, context) {
                Ok(Some(value)) => {
                    output.values.insert(name.clone(), value);
                }
                Ok(None) => {}
                Err(error) => problems.push(error.to_string()),
            },
        }
    }
    (output, problems)
}

fn listed<T: serde::de::DeserializeOwned>(part: &Value, context: &Context, problems: &mut Vec<String>) -> Vec<T> {
    let mut items = Vec::new();
    for item in part.as_array().into_iter().flatten() {
        let rendered = match render("output", item, context) {
            Ok(Some(rendered)) => rendered,
            Ok(None) => continue,
            Err(error) => {
                problems.push(error.to_string());
                continue;
            }
        };
        if item.get("if").is_some() && !expression::is_true(rendered.get("if")) {
            continue;
        }
        match serde_json::from_value(rendered) {
            Ok(item) => items.push(item),
            Err(error) => problems.push(format!("output: {error}")),
        }
    }
    items
}

fn evaluate(place: &str, text: &str, context: &Context) -> Result<Option<Value>> {
    expression::evaluate(text, context).map_err(|error| Error::Rejected(format!("`{place}`: {error}")))
}

/// Unlike a dry run, a run does not go on with a text that could not be rendered.
fn render(place: &str, value: &Value, context: &Context) -> Result<Option<Value>> {
    let rendered = expression::render_value(value, context);
    match rendered.problems.first() {
        None => Ok(rendered.value),
        Some(problem) => {
            let pointer = problem.pointer.replace('/', ".");
            Err(Error::Rejected(format!("`{place}{pointer}` cannot be rendered: {}", problem.error)))
        }
    }
}
