//! What every document must be, and what the known kinds ask for beyond that.
//!
//! The rules are Backstage's (`packages/catalog-model/src/validation` and the kind schemas), stricter nowhere and more
//! lenient where it costs nothing: a namespace in upper case is lowered with a warning.

mod spec;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    FieldPath,
    kinds::kind,
    syntax::{is_api_version, is_dns_label, is_kind, is_label_key, is_name, is_tag, is_url},
};

/// The version of documents that are Causeway's own.
pub const API_VERSION: &str = "causeway.dev/v1alpha1";

/// Annotations that say where an entity came from and what became of it: the catalog's own words, whoever writes them.
const RESERVED: &[&str] =
    &["backstage.io/managed-by-location", "backstage.io/managed-by-origin-location", "backstage.io/orphan"];

const NAME_RULE: &str = "use 1 to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";

/// A rule that a document breaks: where, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The offending field.
    pub field: FieldPath,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.0.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.field, self.message) }
    }
}

/// What was made right in a document without asking.
pub type Normalised = Vec<Violation>;

/// Makes right what can be: lowers the namespace, and takes away what only the server may say.
pub fn normalise(document: &mut Value) -> Normalised {
    let mut warnings = Vec::new();
    let Some(root) = document.as_object_mut() else { return warnings };
    let version = root.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let written = root.get("kind").and_then(Value::as_str).unwrap_or_default();
    if let Some(known) = kind(written, version).map(|known| known.name).filter(|known| *known != written) {
        let message = format!("`{written}` was read as `{known}`; other readers look at the case, so write `{known}`");
        warnings.push(Violation { field: FieldPath::of("kind"), message });
        root.insert("kind".into(), known.into());
    }
    for key in ["relations", "status"] {
        if root.shift_remove(key).is_some() {
            let message = format!("`{key}` is worked out by the catalog and was ignored; remove it");
            warnings.push(Violation { field: FieldPath::of(key), message });
        }
    }
    let Some(metadata) = root.get_mut("metadata").and_then(Value::as_object_mut) else { return warnings };
    for key in ["uid", "etag"] {
        metadata.shift_remove(key);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        for key in RESERVED {
            if annotations.shift_remove(*key).is_some() {
                let message = format!("`{key}` is set by the catalog and was ignored; remove it");
                warnings.push(Violation { field: FieldPath::of("metadata.annotations").key(key), message });
            }
        }
    }
    if metadata.get("namespace").is_some_and(Value::is_null) {
        metadata.shift_remove("namespace");
    }
    if let Some(Value::String(namespace)) = metadata.get_mut("namespace") {
        let lower = namespace.to_lowercase();
        if lower != *namespace {
            let message = format!("`{namespace}` was read as `{lower}`; write namespaces in lower case");
            warnings.push(Violation { field: FieldPath::of("metadata.namespace"), message });
            *namespace = lower;
        }
    }
    warnings
}

/// Every rule that a document breaks; none means that it may enter the catalog.
pub fn validate(document: &Value) -> Vec<Violation> {
    let mut check = Check::default();
    let Some(root) = document.as_object() else {
        check.say(&FieldPath::default(), "a document must be a mapping with `apiVersion`, `kind` and `metadata`");
        return check.0;
    };
    check.root(root);
    if let Some(metadata) = root.get("metadata").and_then(Value::as_object) {
        check.metadata(metadata);
    }
    check.spec(root);
    check.0
}

#[derive(Default)]
struct Check(Vec<Violation>);

impl Check {
    fn say(&mut self, field: &FieldPath, message: impl Into<String>) {
        self.0.push(Violation { field: field.clone(), message: message.into() });
    }

    fn root(&mut self, root: &Map<String, Value>) {
        for key in root.keys() {
            if !["apiVersion", "kind", "metadata", "spec", "relations", "status"].contains(&key.as_str()) {
                let message = format!("`{key}` does not belong here; move it into `metadata` or `spec`");
                self.say(&FieldPath::default().key(key), message);
            }
        }
        self.text(&FieldPath::of("apiVersion"), root.get("apiVersion"), is_api_version, |value| {
            format!("`{value}` is not a version; write it like `backstage.io/v1alpha1`")
        });
        self.text(&FieldPath::of("kind"), root.get("kind"), is_kind, |value| {
            format!("`{value}` is not a kind; use 1 to 63 letters and digits, beginning with a letter")
        });
        match root.get("metadata") {
            Some(Value::Object(_)) => {}
            Some(_) => self.say(&FieldPath::of("metadata"), "must be a mapping with a `name`"),
            None => self.say(&FieldPath::of("metadata"), "is missing; add `metadata` with a `name`"),
        }
        if root.get("spec").is_some_and(|spec| !spec.is_object() && !spec.is_null()) {
            self.say(&FieldPath::of("spec"), "must be a mapping");
        }
    }

    fn text(
        &mut self,
        field: &FieldPath,
        value: Option<&Value>,
        rule: fn(&str) -> bool,
        wrong: impl Fn(&str) -> String,
    ) {
        match value {
            None | Some(Value::Null) => self.say(field, "is missing; add it"),
            Some(Value::String(text)) if rule(text) => {}
            Some(Value::String(text)) => self.say(field, wrong(text)),
            Some(other) => self.say(field, format!("must be a text, not {}; put it in quotes", name_of(other))),
        }
    }

    fn metadata(&mut self, metadata: &Map<String, Value>) {
        let at = FieldPath::of("metadata");
        self.text(&at.key("name"), metadata.get("name"), is_name, |value| {
            format!("`{value}` is not a name; {NAME_RULE}")
        });
        if metadata.contains_key("namespace") {
            self.text(&at.key("namespace"), metadata.get("namespace"), is_dns_label, |value| {
                format!("`{value}` is not a namespace; use 1 to 63 lower-case letters, digits and inner hyphens")
            });
        }
        for key in ["title", "description"] {
            match metadata.get(key) {
                None | Some(Value::Null | Value::String(_)) => {}
                Some(other) => {
                    self.say(&at.key(key), format!("must be a text, not {}; put it in quotes", name_of(other)));
                }
            }
        }
        self.pairs(&at.key("labels"), metadata.get("labels"), |value| value.is_empty() || is_name(value));
        self.pairs(&at.key("annotations"), metadata.get("annotations"), |_| true);
        self.tags(&at.key("tags"), metadata.get("tags"));
        self.links(&at.key("links"), metadata.get("links"));
    }

    fn pairs(&mut self, at: &FieldPath, value: Option<&Value>, rule: fn(&str) -> bool) {
        let pairs = match value {
            None | Some(Value::Null) => return,
            Some(Value::Object(pairs)) => pairs,
            Some(other) => return self.say(at, format!("must be a mapping of texts, not {}", name_of(other))),
        };
        for (key, value) in pairs {
            let field = at.key(key);
            if !is_label_key(key) {
                let message =
                    format!("`{key}` is not a key; write `name` or `prefix/name`, the prefix a lower-case domain");
                self.say(&field, message);
            }
            match value {
                Value::String(text) if rule(text) => {}
                Value::String(text) => self.say(&field, format!("`{text}` is not a label value; {NAME_RULE}")),
                other => self.say(&field, format!("must be a text, not {}; put it in quotes", name_of(other))),
            }
        }
    }

    fn tags(&mut self, at: &FieldPath, value: Option<&Value>) {
        let tags = match value {
            None | Some(Value::Null) => return,
            Some(Value::Array(tags)) => tags,
            Some(other) => return self.say(at, format!("must be a list of texts, not {}", name_of(other))),
        };
        for (index, tag) in tags.iter().enumerate() {
            self.text(&at.index(index), Some(tag), is_tag, |value| {
                format!("`{value}` is not a tag; use lower-case letters, digits, `:`, `+` and `#`, separated by single `-`, at most 63")
            });
        }
    }

    fn links(&mut self, at: &FieldPath, value: Option<&Value>) {
        let links = match value {
            None | Some(Value::Null) => return,
            Some(Value::Array(links)) => links,
            Some(other) => return self.say(at, format!("must be a list of links, not {}", name_of(other))),
        };
        for (index, link) in links.iter().enumerate() {
            let field = at.index(index);
            if !link.is_object() {
                self.say(&field, "must be a mapping with a `url`");
                continue;
            }
            self.text(&field.key("url"), link.get("url"), is_url, |value| {
                format!("`{value}` is not an address; write it in full, like `https://example.com`")
            });
            if link.get("title").is_some() {
                self.text(
                    &field.key("title"),
                    link.get("title"),
                    |text| !text.trim().is_empty(),
                    |_| "is empty; write a title or remove it".to_owned(),
                );
            }
            if link.get("icon").is_some() {
                self.text(&field.key("icon"), link.get("icon"), is_name, |value| {
                    format!("`{value}` is not the name of an icon; {NAME_RULE}")
                });
            }
        }
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn said(document: &Value) -> String {
        validate(document).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_plain_component_breaks_no_rule() {
        let document = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
            "metadata": {
                "name": "ticket-api", "namespace": "default", "labels": {"example.com/tier": "1", "empty": ""},
                "annotations": {"backstage.io/techdocs-ref": "dir:."}, "tags": ["java", "c++", "team:a"],
                "links": [{"url": "https://x.example", "title": "X", "icon": "dashboard", "type": "t"}],
            },
            "spec": {"type": "service", "lifecycle": "production", "owner": "berths"},
        });
        assert_eq!(said(&document), "");
    }

    #[test]
    fn every_broken_rule_is_told_with_its_place_and_its_mending() {
        let document = json!({
            "apiVersion": "backstage.io/v1/alpha", "kind": "1Component", "owner": "me",
            "metadata": {
                "name": "ticket api", "namespace": "-quay", "title": 5, "labels": {"UPPER.com/x": "a b"},
                "annotations": {"a/b/c": "x", "n": 3}, "tags": ["Java", 5], "links": [{"title": ""}, "x"],
            },
            "spec": "no",
        });
        insta::assert_snapshot!(said(&document), @r#"
        owner: `owner` does not belong here; move it into `metadata` or `spec`
        apiVersion: `backstage.io/v1/alpha` is not a version; write it like `backstage.io/v1alpha1`
        kind: `1Component` is not a kind; use 1 to 63 letters and digits, beginning with a letter
        spec: must be a mapping
        metadata.name: `ticket api` is not a name; use 1 to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends
        metadata.namespace: `-quay` is not a namespace; use 1 to 63 lower-case letters, digits and inner hyphens
        metadata.title: must be a text, not a number; put it in quotes
        metadata.labels["UPPER.com/x"]: `UPPER.com/x` is not a key; write `name` or `prefix/name`, the prefix a lower-case domain
        metadata.labels["UPPER.com/x"]: `a b` is not a label value; use 1 to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends
        metadata.annotations["a/b/c"]: `a/b/c` is not a key; write `name` or `prefix/name`, the prefix a lower-case domain
        metadata.annotations.n: must be a text, not a number; put it in quotes
        metadata.tags[0]: `Java` is not a tag; use lower-case letters, digits, `:`, `+` and `#`, separated by single `-`, at most 63
        metadata.tags[1]: must be a text, not a number; put it in quotes
        metadata.links[0].url: is missing; add it
        metadata.links[0].title: is empty; write a title or remove it
        metadata.links[1]: must be a mapping with a `url`
        "#);
    }

    #[test]
    fn known_kinds_ask_for_their_fields_and_unknown_ones_do_not() {
        let of = |kind: &str, spec: Value| {
            said(&json!({"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}))
        };
        insta::assert_snapshot!(of("Component", json!({"type": "service", "owner": 5, "dependsOn": "component:a"})), @"
        spec.lifecycle: is missing; every Component has one
        spec.owner: must be a text, not a number; put it in quotes
        ");
        insta::assert_snapshot!(of("API", json!({"type": "openapi", "lifecycle": "x", "owner": "y", "definition": {"openapi": "3"}})), @"spec.definition: must be a text; write `definition: |` before an inline document, or `$text:` for a file");
        insta::assert_snapshot!(of("User", json!({})), @"spec.memberOf: is missing; every User has a list, which may be empty: `memberOf: []`");
        insta::assert_snapshot!(of("Location", json!({"targets": "x", "presence": "maybe"})), @"
        spec.targets: must be a list of paths or addresses
        spec.presence: must be `required` or `optional`
        ");
        assert_eq!(of("Vessel", Value::Null), "");
        let server = |remotes: Value| {
            of("API", json!({"type": "mcp-server", "lifecycle": "x", "owner": "y", "remotes": remotes}))
        };
        assert_eq!(server(json!([{"type": "streamable-http", "url": "https://x.example/mcp"}])), "");
        insta::assert_snapshot!(server(json!([])), @"spec.remotes: is empty; an API of type `mcp-server` lists at least one: `- type: streamable-http`, `url: https://…`");
        insta::assert_snapshot!(server(json!([{"url": ""}, "x"])), @"
        spec.remotes[0].type: is missing; write how it is spoken to, like `streamable-http`
        spec.remotes[0].url: is empty; write where it answers
        spec.remotes[1]: must be a mapping with a `type` and a `url`
        ");
        insta::assert_snapshot!(of("User", json!({"memberOf": [], "profile": {"email": 5}})), @"spec.profile.email: must be a text, not a number; put it in quotes");
    }

    #[test]
    fn resources_for_assistants_have_the_fields_of_their_variant() {
        let of = |spec: Value| {
            let version = "backstage.io/v1alpha1";
            said(&json!({"apiVersion": version, "kind": "AiResource", "metadata": {"name": "x"}, "spec": spec}))
        };
        let common = json!({"type": "guide", "lifecycle": "production", "owner": "berths"});
        let with = |type_: &str, more: Value| {
            let mut spec = common.clone();
            spec["type"] = type_.into();
            spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            of(spec)
        };
        assert_eq!(of(common.clone()), "");
        let skill = json!({
            "disciplines": ["web"], "agents": ["any"], "dependsOn": ["base"], "allowedTools": ["Read"], "license": "MIT",
        });
        assert_eq!(with("skill", skill), "");
        assert_eq!(with("rule", json!({"category": "security", "rationale": "No secret leaves"})), "");
        insta::assert_snapshot!(with("rule", json!({"disciplines": [""]})), @"
        spec.category: is missing; every AiResource of type `rule` has one
        spec.rationale: is missing; every AiResource of type `rule` has one
        spec.disciplines[0]: must be a text that is not empty
        ");
        insta::assert_snapshot!(with("skill", json!({"categories": "x", "license": 4})), @"
        spec.license: must be a text, not a number; put it in quotes
        spec.categories: must be a list of texts, not a text
        ");
    }

    #[test]
    fn what_can_be_made_right_is_made_right_and_told() {
        let mut document = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "component", "relations": [],
            "metadata": {
                "name": "x", "namespace": "Quay", "uid": "1", "annotations": {"backstage.io/orphan": "true", "a": "b"},
            },
        });
        let warnings = normalise(&mut document).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(warnings, @r#"
        kind: `component` was read as `Component`; other readers look at the case, so write `Component`
        relations: `relations` is worked out by the catalog and was ignored; remove it
        metadata.annotations["backstage.io/orphan"]: `backstage.io/orphan` is set by the catalog and was ignored; remove it
        metadata.namespace: `Quay` was read as `quay`; write namespaces in lower case
        "#);
        let expected = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
            "metadata": {"name": "x", "namespace": "quay", "annotations": {"a": "b"}},
        });
        assert_eq!(document, expected);
    }

    proptest! {
        #[test]
        fn a_name_that_passes_survives_in_a_reference(name in "[a-zA-Z0-9._-]{1,70}") {
            if is_name(&name) {
                let reference = format!("component:default/{name}").parse::<crate::catalog::EntityRef>().unwrap();
                prop_assert_eq!(reference.name(), name.to_lowercase());
            }
        }
    }
}
