//! What keeps a template from doing its work, as far as its document shows: for its author, before anyone starts it.

use domain::{
    catalog::{FieldPath, Violation},
    runs::{APPROVAL, approval_mistake},
    templates::Template,
};
use serde_json::Value;

use super::expression;
use crate::runs;

/// How many mistakes of one template are told.
const TOLD: usize = 100;

/// How deep the inputs of a step are looked into.
const DEPTH: usize = 64;

/// Everything wrong with the form, the steps and the expressions of a template.
pub(crate) fn lint(document: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    let template = match Template::parse(document) {
        Ok(template) => template,
        Err(not) => {
            return not
                .0
                .into_iter()
                .map(|mistake| Violation { field: FieldPath::parse(&mistake.path), message: mistake.message })
                .collect();
        }
    };
    if let Some(message) = approval_mistake(document) {
        found.push(Violation { field: FieldPath::of("metadata").key("annotations").key(APPROVAL), message });
    }
    let spec = FieldPath::of("spec");
    let is_list = document.pointer("/spec/parameters").is_some_and(Value::is_array);
    for (at, page) in template.pages.iter().enumerate() {
        let place = if is_list { spec.key("parameters").index(at) } else { spec.key("parameters") };
        form(&place, &page.schema, &mut found);
    }
    for (at, step) in template.steps.iter().enumerate() {
        let place = spec.key("steps").index(at);
        for (key, message) in runs::lint_step(&step.action, &step.input) {
            let field = match key {
                Some(key) => place.key("input").key(&key),
                None => place.key("action"),
            };
            found.push(Violation { field, message });
        }
        expressions(&place.key("input"), &step.input, 0, &mut found);
        for (key, value) in [("if", &step.condition), ("each", &step.each)] {
            if let Some(value) = value {
                expressions(&place.key(key), value, 0, &mut found);
            }
        }
    }
    expressions(&spec.key("output"), &template.output, 0, &mut found);
    found.truncate(TOLD);
    found
}

/// A page of the form must be a JSON Schema.
fn form(place: &FieldPath, schema: &Value, found: &mut Vec<Violation>) {
    let built = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft7)
        .should_validate_formats(true)
        .offline()
        .build(schema);
    if let Err(error) = built {
        let inside = FieldPath::of_pointer(error.instance_path().as_str(), schema);
        let message = format!("is not a JSON Schema, so the form cannot be checked: {error}");
        found.push(Violation { field: place.join(&inside), message });
    }
}

/// Every text must be one that can be rendered.
fn expressions(place: &FieldPath, value: &Value, depth: usize, found: &mut Vec<Violation>) {
    if depth > DEPTH || found.len() >= TOLD {
        return;
    }
    match value {
        Value::String(text) => {
            if let Err(error) = expression::check(text) {
                let line = error.line.filter(|_| text.contains('\n')).map(|line| format!(" (line {line} of the text)"));
                let message = format!("{}{}", error.message, line.unwrap_or_default());
                found.push(Violation { field: place.clone(), message });
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                expressions(&place.index(index), item, depth + 1, found);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                expressions(&place.key(key), value, depth + 1, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(spec: Value) -> String {
        let document = json!({
            "apiVersion": "scaffolder.backstage.io/v1beta3", "kind": "Template", "metadata": {"name": "x"}, "spec": spec,
        });
        lint(&document).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_template_that_works_has_nothing_wrong_with_it() {
        assert_eq!(
            told(json!({
                "type": "service", "parameters": {"properties": {"name": {"type": "string", "ui:autofocus": true}}},
                "steps": [
                    {"action": "fetch:template", "if": "${{ parameters.name === 'x' or not true }}", "input": {"url": "./skeleton", "values": {"slug": "${{ parameters.name | lower | replace(' ', '-') }}"}}},
                    {"action": "debug:log", "input": {"message": "{% if parameters.name %}${{ parameters.name }}{% endif %}"}},
                ],
                "output": {"text": [{"content": "{% raw %}${{ secrets.x | y }}{% endraw %}"}]},
            })),
            ""
        );
    }

    #[test]
    fn every_mistake_is_told_at_its_place() {
        insta::assert_snapshot!(told(json!({
            "type": "service",
            "parameters": [{"title": "A"}, {"properties": {"name": {"type": "txt"}}}],
            "steps": [
                {"action": "fetch:templat", "input": {}},
                {"action": "fetch:template", "input": {"values": {"a": "${{ parameters.name | uppr }}", "b": ["${{ parameters. }}"]}}},
                {"action": "debug:log", "if": "${{ }}", "input": {"message": "ok\n{% if x %}"}},
            ],
            "output": {"links": [{"url": "${{ steps['a'] | }}"}]},
        })));
        insta::assert_snapshot!(told(json!({"type": "service", "steps": [{"id": "a"}]})), @"spec.steps[0].action: is missing; name what the step does, for example `fetch:template`");
    }
}
