//! What a definition says of itself beside its name.

use serde_json::Value;

use crate::{
    document::{list, resolved, short, text},
    model::Fact,
};

/// Whom to ask, what holds for its use, where more stands.
pub(crate) fn about(document: &Value, info: &Value) -> Vec<Fact> {
    let part = |of: &Value, key: &str| short(text(of, key), 300);
    let joined = |of: &Value, keys: &[&str]| {
        let mut parts: Vec<String> = keys.iter().map(|key| part(of, key)).filter(|part| !part.is_empty()).collect();
        // A licence is often called by its identifier.
        parts.dedup();
        parts.join(", ")
    };
    let object = |key: &str| info.get(key).unwrap_or(&Value::Null);
    // AsyncAPI 3 keeps them in `info`.
    let more = info.get("externalDocs").or(document.get("externalDocs")).unwrap_or(&Value::Null);
    let more = resolved(document, more);
    // Those of OpenAPI are groups of operations.
    let own = if document.get("asyncapi").is_some() { list(document, "tags") } else { &[] };
    let tags = list(info, "tags").iter().chain(own).take(20).map(|tag| part(resolved(document, tag), "name"));
    let facts = [
        ("Contact", joined(object("contact"), &["name", "email"])),
        ("Contact", part(object("contact"), "url")),
        ("Licence", joined(object("license"), &["name", "identifier"])),
        ("Licence", part(object("license"), "url")),
        ("Terms", part(info, "termsOfService")),
        ("More", part(more, "url")),
        ("More", part(more, "description")),
        ("Id", part(document, "id")),
        ("Tags", tags.filter(|tag| !tag.is_empty()).collect::<Vec<_>>().join(", ")),
    ];
    facts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(term, text)| Fact::new(term, text)).collect()
}
