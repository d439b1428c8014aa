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
            "AiResource" => self.variant(spec),
            "Group" | "User" => self.profile(spec),
            "System" | "Domain" => self.optional_texts(&FieldPath::of("spec"), spec, &["type"]),
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
                    // One of blanks alone is a text to Backstage: it is warned of.
                    Some(Value::String(text)) if !text.is_empty() => {}
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
        let variant = spec.get("type").and_then(Value::as_str).unwrap_or_default();
        for field in rules.relations_of(variant) {
            let at = FieldPath::of("spec").key(field.field);
            match spec.get(field.field) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if !text.is_empty() || needed(field.field) => {}
                Some(Value::String(_)) => self.say(&at, "is empty; name an entity or remove it"),
                Some(Value::Array(items)) => {
                    for (index, item) in items.iter().enumerate() {
                        if item.as_str().is_none_or(str::is_empty) {
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

    /// Fields that may be left out, and are texts otherwise.
    fn optional_texts(&mut self, at: &FieldPath, fields: &Map<String, Value>, keys: &[&str]) {
        for key in keys {
            match fields.get(*key) {
                None | Some(Value::Null | Value::String(_)) => {}
                Some(other) => {
                    self.say(&at.key(key), format!("must be a text, not {}; put it in quotes", name_of(other)));
                }
            }
        }
    }

    fn profile(&mut self, spec: &Map<String, Value>) {
        let at = FieldPath::of("spec.profile");
        match spec.get("profile") {
            None | Some(Value::Null) => {}
            Some(Value::Object(profile)) => self.optional_texts(&at, profile, &["displayName", "email", "picture"]),
            Some(other) => self.say(&at, format!("must be a mapping, not {}", name_of(other))),
        }
    }

    /// What a skill or a rule has beyond every other resource for assistants.
    fn variant(&mut self, spec: &Map<String, Value>) {
        let at = FieldPath::of("spec");
        let (needed, texts, lists): (&[&str], &[&str], &[&str]) = match spec.get("type").and_then(Value::as_str) {
            Some("skill") => {
                (&[], &["license", "compatibility"], &["disciplines", "categories", "agents", "allowedTools"])
            }
            Some("rule") => (&["category", "rationale"], &[], &["disciplines"]),
            Some("plugin") => return self.parts("plugin", "skills", spec),
            Some("marketplace") => return self.parts("marketplace", "plugins", spec),
            _ => return,
        };
        for key in needed {
            match spec.get(*key) {
                None | Some(Value::Null) => {
                    self.say(&at.key(key), "is missing; every AiResource of type `rule` has one");
                }
                Some(Value::String(text)) if text.trim().is_empty() => {
                    self.say(&at.key(key), "is empty; write a text");
                }
                Some(_) => self.optional_texts(&at, spec, &[*key]),
            }
        }
        self.optional_texts(&at, spec, texts);
        for key in lists {
            match spec.get(*key) {
                None | Some(Value::Null) => {}
                Some(Value::Array(items)) => {
                    for (index, item) in items.iter().enumerate() {
                        if item.as_str().is_none_or(|text| text.trim().is_empty()) {
                            self.say(&at.key(key).index(index), "must be a text that is not empty");
                        }
                    }
                }
                Some(other) => self.say(&at.key(key), format!("must be a list of texts, not {}", name_of(other))),
            }
        }
    }

    /// What a resource that is made of others must name.
    fn parts(&mut self, variant: &str, key: &str, spec: &Map<String, Value>) {
        let at = FieldPath::of("spec").key(key);
        match spec.get(key) {
            None | Some(Value::Null) => {
                self.say(
                    &at,
                    format!(
                        "is missing; every AiResource of type `{variant}` has a list, which may be empty: `{key}: []`"
                    ),
                );
            }
            Some(Value::Array(_)) => {}
            Some(other) => self.say(&at, format!("must be a list, not {}", name_of(other))),
        }
    }

    /// Where a server that speaks for itself answers, in place of a definition.
    fn remotes(&mut self, kind: &str, spec: &Map<String, Value>) {
        let at = FieldPath::of("spec.remotes");
        let remotes = match spec.get("remotes") {
            Some(Value::Array(remotes)) if !remotes.is_empty() => remotes,
            Some(Value::Array(_)) => {
                return self.say(&at, format!("is empty; an API of type `{kind}` lists at least one: `- type: streamable-http`, `url: https://…`"));
            }
            // Older readers know only definitions, so files that serve both carry one.
            None | Some(Value::Null) if spec.get("definition").is_some_and(Value::is_string) => return,
            None | Some(Value::Null) => {
                return self.say(&at, format!("is missing; an API of type `{kind}` lists its `remotes`"));
            }
            Some(other) => return self.say(&at, format!("must be a list, not {}", name_of(other))),
        };
        for (index, remote) in remotes.iter().enumerate() {
            let at = at.index(index);
            let Some(remote) = remote.as_object() else {
                self.say(&at, "must be a mapping with a `type` and a `url`");
                continue;
            };
            for (key, what) in [("type", "how it is spoken to, like `streamable-http`"), ("url", "where it answers")] {
                match remote.get(key) {
                    None | Some(Value::Null) => self.say(&at.key(key), format!("is missing; write {what}")),
                    Some(Value::String(text)) if text.trim().is_empty() => {
                        self.say(&at.key(key), format!("is empty; write {what}"));
                    }
                    Some(_) => self.optional_texts(&at, remote, &[key]),
                }
            }
        }
    }

    fn definition(&mut self, spec: &Map<String, Value>) {
        let at = FieldPath::of("spec.definition");
        if let Some(kind @ ("mcp-server" | "ai-model-server")) = spec.get("type").and_then(Value::as_str) {
            return self.remotes(kind, spec);
        }
        match spec.get("definition") {
            Some(Value::String(text)) if !text.is_empty() => {}
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
