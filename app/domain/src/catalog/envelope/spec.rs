//! What the known kinds ask for in `spec`.

use serde_json::{Map, Value};

use super::{Check, name_of};
use crate::catalog::{FieldPath, Kind, Need, kind};

impl Check {
    pub(super) fn spec(&mut self, root: &Map<String, Value>) {
        let text = |key: &str| root.get(key).and_then(Value::as_str).unwrap_or_default();
        let Some(rules) = kind(text("kind"), text("apiVersion")) else { return };
        let nothing = Map::new();
        let spec = match root.get("spec") {
            Some(Value::Object(spec)) => spec,
            // Said already.
            Some(other) if !other.is_null() => return,
            _ if rules.needs.is_empty() && rules.name != "Location" => &nothing,
            _ => {
                self.say(&FieldPath::of("spec"), format!("is missing; a {} needs it", rules.name));
                return;
            }
        };
        self.needs(rules, spec);
        self.references(rules, spec);
        match rules.name {
            "API" => self.definition(spec),
            "Location" => self.location(spec),
            _ => {}
        }
    }

    fn needs(&mut self, rules: &Kind, spec: &Map<String, Value>) {
        let at = FieldPath::of("spec");
        for need in rules.needs {
            match need {
                Need::Text(key) => match spec.get(*key) {
                    None | Some(Value::Null) => {
                        self.say(&at.key(key), format!("is missing; every {} has one", rules.name));
                    }
                    Some(Value::String(text)) if !text.trim().is_empty() => {}
                    Some(Value::String(_)) => self.say(&at.key(key), "is empty; write a text"),
                    Some(other) => {
                        self.say(&at.key(key), format!("must be a text, not {}; put it in quotes", name_of(other)));
                    }
                },
                Need::List(key) => match spec.get(*key) {
                    None | Some(Value::Null) => {
                        self.say(
                            &at.key(key),
                            format!("is missing; every {} has a list, which may be empty: `{key}: []`", rules.name),
                        );
                    }
                    Some(Value::Array(_)) => {}
                    Some(other) => self.say(&at.key(key), format!("must be a list, not {}", name_of(other))),
                },
            }
        }
    }

    fn references(&mut self, rules: &Kind, spec: &Map<String, Value>) {
        let needed = |key: &str| {
            rules.needs.iter().any(|need| matches!(need, Need::Text(name) | Need::List(name) if *name == key))
        };
        for field in rules.relations {
            let at = FieldPath::of("spec").key(field.field);
            match spec.get(field.field) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if !text.trim().is_empty() || needed(field.field) => {}
                Some(Value::String(_)) => self.say(&at, "is empty; name an entity or remove it"),
                Some(Value::Array(items)) => {
                    for (index, item) in items.iter().enumerate() {
                        if item.as_str().is_none_or(|text| text.trim().is_empty()) {
                            self.say(&at.index(index), "must be a reference to an entity: `[kind:][namespace/]name`");
                        }
                    }
                }
                Some(_) if needed(field.field) => {}
                Some(_) => {
                    self.say(&at, "must be a reference to an entity, or a list of them: `[kind:][namespace/]name`");
                }
            }
        }
    }

    fn definition(&mut self, spec: &Map<String, Value>) {
        let at = FieldPath::of("spec.definition");
        if spec.get("type").and_then(Value::as_str) == Some("mcp-server") {
            if !spec.get("remotes").is_some_and(Value::is_array) && !spec.contains_key("definition") {
                self.say(&FieldPath::of("spec.remotes"), "is missing; an API of type `mcp-server` lists its `remotes`");
            }
            return;
        }
        match spec.get("definition") {
            Some(Value::String(text)) if !text.trim().is_empty() => {}
            None | Some(Value::Null) => {
                self.say(&at, "is missing; write it as a text, or as `$text: ./openapi.yaml` to take it from a file");
            }
            Some(Value::String(_)) => self.say(&at, "is empty; write the definition of the API"),
            Some(_) => {
                self.say(
                    &at,
                    "must be a text; write `definition: |` before an inline document, or `$text:` for a file",
                );
            }
        }
    }

    fn location(&mut self, spec: &Map<String, Value>) {
        let at = FieldPath::of("spec");
        for key in ["type", "target"] {
            if spec.get(key).is_some_and(|value| value.as_str().is_none_or(str::is_empty)) {
                self.say(&at.key(key), "must be a text that is not empty");
            }
        }
        match spec.get("targets") {
            None => {}
            Some(Value::Array(targets)) => {
                for (index, target) in targets.iter().enumerate() {
                    if target.as_str().is_none_or(str::is_empty) {
                        self.say(&at.key("targets").index(index), "must be a path or an address");
                    }
                }
            }
            Some(_) => self.say(&at.key("targets"), "must be a list of paths or addresses"),
        }
        if let Some(presence) = spec.get("presence")
            && !presence.as_str().is_some_and(|text| ["required", "optional"].contains(&text))
        {
            self.say(&at.key("presence"), "must be `required` or `optional`");
        }
    }
}
