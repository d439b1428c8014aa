//! What every document must be, and what the known kinds ask for beyond that.
//!
//! The rules are Backstage's (`packages/catalog-model/src/validation` and the kind schemas), stricter nowhere and more
//! lenient where it costs nothing: a namespace in upper case is lowered with a warning.

mod empty;
mod spec;
#[cfg(test)]
mod tests;

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

/// Makes right what can be: lowers the namespace, and takes away what only the server may say, and fields without a value.
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
    if let Some(Value::String(namespace)) = metadata.get_mut("namespace") {
        let lower = namespace.to_lowercase();
        if lower != *namespace {
            let message = format!("`{namespace}` was read as `{lower}`; write namespaces in lower case");
            warnings.push(Violation { field: FieldPath::of("metadata.namespace"), message });
            *namespace = lower;
        }
    }
    empty::remove(root, &mut warnings);
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
                self.text(
                    &field.key("icon"),
                    link.get("icon"),
                    |text| !text.trim().is_empty(),
                    |_| "is empty; name an icon or remove it".to_owned(),
                );
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
