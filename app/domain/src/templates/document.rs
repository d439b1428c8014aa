//! The document of a template, read once and checked.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The only version of templates that is read.
pub const API_VERSION: &str = "scaffolder.backstage.io/v1beta3";

/// A template: what it asks, what it does, what it gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.title`, or else the name.
    pub title: String,
    /// `metadata.description`.
    pub description: Option<String>,
    /// `metadata.tags`.
    pub tags: Vec<String>,
    /// `spec.type`: what it makes.
    pub type_: String,
    /// `spec.owner`, as written.
    pub owner: Option<String>,
    /// `spec.lifecycle`.
    pub lifecycle: Option<String>,
    /// The pages of its form.
    pub pages: Vec<Page>,
    /// What it does, in order.
    pub steps: Vec<Step>,
    /// What it gives in the end, not yet rendered: `links`, `text` and others.
    pub output: Value,
    /// The words on the buttons.
    pub labels: ButtonLabels,
    /// The JSON Schema of secrets that come with a run.
    pub secrets: Option<Value>,
}

/// One page of a template's form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Its heading.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// The JSON Schema of its answers, with the hints for the form in it.
    pub schema: Value,
}

/// One step of a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Names its output for later steps.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it does.
    pub action: String,
    /// What the action gets, not yet rendered.
    pub input: Value,
    /// It is left out unless this comes out true.
    #[serde(rename = "if")]
    pub condition: Option<Value>,
    /// It is done once for each item of this.
    pub each: Option<Value>,
}

/// What a template wants its buttons to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ButtonLabels {
    /// To the page before.
    pub back: Option<String>,
    /// To the plan.
    pub review: Option<String>,
    /// The start of the run.
    pub create: Option<String>,
}

/// One thing that is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistake {
    /// Where, as a path: `spec.steps[0].action`.
    pub path: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.path, self.message)
    }
}

/// Why a document is not a template: all that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotATemplate(pub Vec<Mistake>);

impl fmt::Display for NotATemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.0.iter().enumerate() {
            write!(f, "{}{mistake}", if at > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for NotATemplate {}

/// Collects mistakes while a document is read, so that its author sees all of them at once.
struct Reader(Vec<Mistake>);

impl Reader {
    fn wrong(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Mistake { path: path.into(), message: message.into() });
    }

    fn required(&mut self, parent: &Value, path: &str, key: &str, remedy: &str) -> String {
        if parent.get(key).is_none_or(Value::is_null) {
            self.wrong(format!("{path}.{key}"), format!("is missing; {remedy}"));
        }
        self.text(parent, path, key).unwrap_or_default()
    }

    fn text(&mut self, parent: &Value, path: &str, key: &str) -> Option<String> {
        match parent.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => {
                self.wrong(format!("{path}.{key}"), format!("must be a text, not {}", kind(other)));
                None
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl Template {
    /// Reads the document of an entity of kind Template.
    ///
    /// # Errors
    /// [`NotATemplate`] lists all that is wrong.
    pub fn parse(document: &Value) -> Result<Self, NotATemplate> {
        let mut reader = Reader(Vec::new());
        let empty = json!({});
        match document.get("apiVersion").and_then(Value::as_str) {
            Some(API_VERSION) => {}
            Some(other) => {
                reader.wrong("apiVersion", format!("is `{other}`; only `{API_VERSION}` is read, so move it there"));
            }
            None => reader.wrong("apiVersion", format!("is missing; write `{API_VERSION}`")),
        }
        let metadata = document.get("metadata").unwrap_or(&empty);
        let spec = document.get("spec").unwrap_or(&empty);
        if !spec.is_object() {
            reader.wrong("spec", format!("must be an object, not {}", kind(spec)));
        }
        let name = reader.required(metadata, "metadata", "name", "give the template a name");
        let type_ = reader.required(spec, "spec", "type", "say what the template makes, for example `service`");
        let tags = metadata.get("tags").and_then(Value::as_array).into_iter().flatten();
        let labels = spec.pointer("/presentation/buttonLabels").unwrap_or(&empty);
        let mut label = |key: &str| reader.text(labels, "spec.presentation.buttonLabels", key);
        let labels = ButtonLabels {
            back: label("backButtonText"),
            review: label("reviewButtonText"),
            create: label("createButtonText"),
        };
        let output = match spec.get("output") {
            None | Some(Value::Null) => json!({}),
            Some(output @ Value::Object(_)) => output.clone(),
            Some(other) => {
                reader.wrong("spec.output", format!("must be an object, not {}", kind(other)));
                json!({})
            }
        };
        let template = Self {
            namespace: reader.text(metadata, "metadata", "namespace").unwrap_or_else(|| "default".to_owned()),
            title: reader.text(metadata, "metadata", "title").unwrap_or_else(|| name.clone()),
            description: reader.text(metadata, "metadata", "description"),
            tags: tags.filter_map(Value::as_str).map(str::to_owned).collect(),
            owner: reader.text(spec, "spec", "owner"),
            lifecycle: reader.text(spec, "spec", "lifecycle"),
            pages: pages(spec.get("parameters"), &mut reader),
            steps: steps(spec.get("steps"), &mut reader),
            secrets: spec.pointer("/secrets/schema").cloned(),
            name,
            type_,
            output,
            labels,
        };
        if reader.0.is_empty() { Ok(template) } else { Err(NotATemplate(reader.0)) }
    }

    /// The JSON Schema of all answers together.
    pub fn schema(&self) -> Value {
        let schemas: Vec<&Value> = self.pages.iter().map(|page| &page.schema).collect();
        json!({ "type": "object", "allOf": schemas })
    }
}

fn pages(parameters: Option<&Value>, reader: &mut Reader) -> Vec<Page> {
    let schemas: Vec<(String, &Value)> = match parameters {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(pages)) => {
            pages.iter().enumerate().map(|(at, page)| (format!("spec.parameters[{at}]"), page)).collect()
        }
        Some(page) => vec![("spec.parameters".to_owned(), page)],
    };
    let mut pages = Vec::new();
    for (path, schema) in schemas {
        let Value::Object(map) = schema else {
            reader.wrong(path, format!("must be a JSON Schema, so an object, not {}", kind(schema)));
            continue;
        };
        if map.get("properties").is_some_and(|properties| !properties.is_object()) {
            reader.wrong(format!("{path}.properties"), "must be an object from names to fields");
        }
        let mut seen = BTreeSet::new();
        for required in map.get("required").and_then(Value::as_array).into_iter().flatten() {
            match required.as_str() {
                Some(name) if seen.insert(name.to_owned()) => {}
                Some(name) => reader.wrong(format!("{path}.required"), format!("names `{name}` twice; remove one")),
                None => reader
                    .wrong(format!("{path}.required"), format!("must be a list of names, not of {}", kind(required))),
            }
        }
        pages.push(Page {
            title: reader.text(schema, &path, "title").unwrap_or_else(|| "Answers".to_owned()),
            description: reader.text(schema, &path, "description"),
            schema: schema.clone(),
        });
    }
    pages
}

fn steps(steps: Option<&Value>, reader: &mut Reader) -> Vec<Step> {
    let Some(Value::Array(list)) = steps else {
        let found =
            steps.map_or("is missing; list".to_owned(), |other| format!("must be a list, not {}: list", kind(other)));
        reader.wrong("spec.steps", format!("{found} what the template does"));
        return Vec::new();
    };
    let mut seen = BTreeSet::new();
    let mut steps = Vec::new();
    for (at, step) in list.iter().enumerate() {
        let path = format!("spec.steps[{at}]");
        if !step.is_object() {
            reader.wrong(path, format!("must be an object with an `action`, not {}", kind(step)));
            continue;
        }
        let Some(action) = reader.text(step, &path, "action").filter(|action| !action.is_empty()) else {
            reader.wrong(format!("{path}.action"), "is missing; name what the step does, for example `fetch:template`");
            continue;
        };
        let id = reader.text(step, &path, "id").unwrap_or_else(|| format!("step-{}", at + 1));
        if !seen.insert(id.clone()) {
            reader.wrong(format!("{path}.id"), format!("is `{id}`, and so is that of an earlier step; choose another"));
        }
        let input = match step.get("input") {
            None | Some(Value::Null) => Value::Object(Map::new()),
            Some(input @ Value::Object(_)) => input.clone(),
            Some(other) => {
                reader.wrong(format!("{path}.input"), format!("must be an object, not {}", kind(other)));
                continue;
            }
        };
        let name = reader.text(step, &path, "name").unwrap_or_else(|| action.clone());
        let part = |key: &str| step.get(key).filter(|value| !value.is_null()).cloned();
        steps.push(Step { id, name, action, input, condition: part("if"), each: part("each") });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_read_with_generated_names() {
        let template = Template::parse(&json!({
            "apiVersion": API_VERSION, "kind": "Template",
            "metadata": {"name": "rust-service", "tags": ["rust"]},
            "spec": {
                "type": "service", "owner": "group:platform",
                "parameters": {"properties": {"name": {"type": "string"}}},
                "presentation": {"buttonLabels": {"createButtonText": "Create it"}},
                "steps": [{"action": "debug:log"}, {"id": "x", "name": "Y", "action": "fetch:plain", "if": "${{ a }}", "input": {"url": "."}}],
            },
        }))
        .unwrap();
        assert_eq!((template.steps[0].id.as_str(), template.steps[0].name.as_str()), ("step-1", "debug:log"));
        assert_eq!(template.steps[1].condition, Some(json!("${{ a }}")));
        assert_eq!(template.pages.len(), 1);
        assert_eq!(template.labels.create.as_deref(), Some("Create it"));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let document = json!({
            "apiVersion": "backstage.io/v1beta2",
            "metadata": {"name": 3},
            "spec": {"parameters": [7, {"required": ["a", "a", 1]}], "steps": [{"id": "a"}, {"id": "b", "action": "x"}, {"id": "b", "action": "y", "input": []}], "output": []},
        });
        let NotATemplate(mistakes) = Template::parse(&document).unwrap_err();
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(told.join("\n"), @"
        `apiVersion` is `backstage.io/v1beta2`; only `scaffolder.backstage.io/v1beta3` is read, so move it there
        `metadata.name` must be a text, not a number
        `spec.type` is missing; say what the template makes, for example `service`
        `spec.output` must be an object, not a list
        `spec.parameters[0]` must be a JSON Schema, so an object, not a number
        `spec.parameters[1].required` names `a` twice; remove one
        `spec.parameters[1].required` must be a list of names, not of a number
        `spec.steps[0].action` is missing; name what the step does, for example `fetch:template`
        `spec.steps[2].id` is `b`, and so is that of an earlier step; choose another
        `spec.steps[2].input` must be an object, not a list
        ");
    }
}
