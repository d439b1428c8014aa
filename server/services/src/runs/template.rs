//! What a run needs of its template: the steps and the output, as the document says them.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::actions;
use crate::{Error, Result};

/// How many steps a run may have.
const STEPS: usize = 100;

/// One step as the template defines it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StepDefinition {
    pub id: String,
    pub name: String,
    pub action: String,
    /// `input`, `if` and `each`, not rendered.
    pub definition: Value,
}

/// Reads `spec.steps`, with ids and names made up where they are left out, and refuses what could not run.
pub(super) fn steps(document: &Value) -> Result<Vec<StepDefinition>> {
    let listed = document.pointer("/spec/steps").and_then(Value::as_array);
    let listed =
        listed.ok_or_else(|| Error::Rejected("the template has no `spec.steps`; give it at least one".into()))?;
    if listed.is_empty() || listed.len() > STEPS {
        return Err(Error::Rejected(format!("the template has {} steps; a run takes 1 to {STEPS}", listed.len())));
    }
    let mut ids = HashSet::new();
    let mut steps = Vec::with_capacity(listed.len());
    for (at, step) in listed.iter().enumerate() {
        let text = |name: &str| step.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let action = text("action")
            .ok_or_else(|| Error::Rejected(format!("step {} of the template has no `action`; name one", at + 1)))?;
        if !actions::known().iter().any(|known| known.id == action) {
            let Error::Rejected(why) = actions::unknown(action) else { unreachable!("`unknown` rejects") };
            return Err(Error::Rejected(format!("step {} of the template cannot run: {why}", at + 1)));
        }
        let id = text("id").map_or_else(|| format!("step-{}", at + 1), str::to_owned);
        if !ids.insert(id.clone()) {
            return Err(Error::Rejected(format!("two steps of the template have the id `{id}`; rename one")));
        }
        let mut definition = json!({});
        for part in ["input", "if", "each"] {
            if let Some(value) = step.get(part) {
                definition[part] = value.clone();
            }
        }
        let name = text("name").map_or_else(|| id.clone(), str::to_owned);
        steps.push(StepDefinition { id, name, action: action.to_owned(), definition });
    }
    Ok(steps)
}

/// What people call the run: what it makes, if an answer says so.
pub(super) fn title(template_title: &str, values: &Value) -> String {
    let name = ["name", "component_id", "componentId", "component", "repo"]
        .iter()
        .find_map(|key| values.get(*key).and_then(Value::as_str).filter(|name| !name.trim().is_empty()));
    let title = name.map_or_else(|| template_title.to_owned(), |name| format!("Create {name}"));
    title.chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_made_up_where_they_are_left_out() {
        let document = json!({ "spec": { "steps": [
            { "action": "debug:log", "input": { "message": "x" } },
            { "id": "publish", "name": "Publish", "action": "publish:git", "if": "${{ parameters.publish }}" },
        ] } });
        let found = steps(&document).unwrap();
        assert_eq!((found[0].id.as_str(), found[0].name.as_str()), ("step-1", "step-1"));
        assert_eq!(found[1].definition, json!({ "if": "${{ parameters.publish }}" }));
    }

    #[test]
    fn an_unknown_action_is_refused_before_anything_runs() {
        let document = json!({ "spec": { "steps": [{ "action": "publish:github" }] } });
        let refusal = steps(&document).unwrap_err().to_string();
        assert!(refusal.contains("`publish:github`") && refusal.contains("did you mean `publish:git`?"), "{refusal}");
    }

    #[test]
    fn a_run_is_named_after_what_it_makes() {
        assert_eq!(title("Rust service", &json!({ "name": "quay-signs" })), "Create quay-signs");
        assert_eq!(title("Rust service", &json!({})), "Rust service");
    }
}
