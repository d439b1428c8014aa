//! The part of a document that a client asked for, and answers made of documents.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::{Map, Value};
use services::Result;

use super::{internal, rejected};

/// How many fields may be asked for.
const MOST: usize = 200;

/// Fields of a document, each a path whose keys are joined by dots; none means all of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<String>);

impl Fields {
    /// Reads lists of paths, separated by commas.
    pub(crate) fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let fields =
            texts.into_iter().flat_map(|text| text.split(',')).map(str::trim).filter(|field| !field.is_empty());
        let mut fields: Vec<String> = fields.map(str::to_owned).collect();
        fields.sort();
        fields.dedup();
        if let Some(field) = fields.iter().find(|field| field.contains('[')) {
            return Err(rejected(format!("Invalid field \"{field}\", array type fields are not supported")));
        }
        if fields.len() > MOST {
            return Err(rejected(format!("at most {MOST} fields may be asked for; leave `fields` out for all")));
        }
        Ok(Self(fields))
    }

    /// Appends a document, as far as it is wanted.
    pub(crate) fn write(&self, document: &Bytes, into: &mut Vec<u8>) -> Result<()> {
        if self.0.is_empty() {
            into.extend_from_slice(document);
            return Ok(());
        }
        let document: Value = serde_json::from_slice(document).map_err(internal)?;
        serde_json::to_writer(into, &self.pick(&document)).map_err(internal)
    }

    /// Appends a list of documents, with `null` where there is none.
    pub(crate) fn write_all(&self, documents: &[Option<Bytes>], into: &mut Vec<u8>) -> Result<()> {
        if self.0.is_empty() {
            // With commas, and `null` where there is none.
            let lengths = documents.iter().map(|document| document.as_ref().map_or(4, Bytes::len) + 1);
            into.reserve(lengths.sum::<usize>() + 3);
        }
        into.push(b'[');
        self.write_more(documents, into)?;
        into.push(b']');
        Ok(())
    }

    /// Appends documents with commas between them.
    pub(crate) fn write_more(&self, documents: &[Option<Bytes>], into: &mut Vec<u8>) -> Result<()> {
        for (at, document) in documents.iter().enumerate() {
            if at > 0 {
                into.push(b',');
            }
            match document {
                Some(document) => self.write(document, into)?,
                None => into.extend_from_slice(b"null"),
            }
        }
        Ok(())
    }

    fn pick(&self, document: &Value) -> Value {
        let mut picked = Map::new();
        for (path, value) in self.0.iter().filter_map(|field| find(document, field)) {
            place(&mut picked, &path, value);
        }
        Value::Object(picked)
    }
}

/// Puts a value where the keys lead.
fn place(into: &mut Map<String, Value>, keys: &[&str], value: &Value) {
    match keys {
        [] => {}
        [key] => {
            into.insert((*key).to_owned(), value.clone());
        }
        [key, below @ ..] => {
            let at = into.entry(*key).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(at) = at {
                place(at, below, value);
            }
        }
    }
}

/// The keys that lead to a field, and what stands there. A key may hold dots itself, as annotations do.
fn find<'a>(document: &'a Value, field: &'a str) -> Option<(Vec<&'a str>, &'a Value)> {
    let (mut keys, mut at, mut from) = (Vec::new(), document, 0);
    for end in field.match_indices('.').map(|(at, _)| at).chain([field.len()]) {
        if let Some(below) = at.as_object().and_then(|object| object.get(&field[from..end])) {
            keys.push(&field[from..end]);
            (at, from) = (below, end + 1);
        }
    }
    (from > field.len()).then_some((keys, at))
}

/// JSON that is written already.
pub(crate) struct Written(pub(crate) Vec<u8>);

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        ([(header::CONTENT_TYPE, json)], self.0).into_response()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn picked(document: &Value, fields: &[&str]) -> Value {
        let mut text = Vec::new();
        let fields = Fields::parse(fields.iter().copied()).unwrap();
        fields.write(&Bytes::from(document.to_string()), &mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    #[test]
    fn only_what_was_asked_for_is_left() {
        let document = json!({
            "kind": "Component",
            "metadata": {"name": "a", "tags": ["x"], "annotations": {"backstage.io/view-url": "u", "other": "o"}},
            "spec": {"type": "service", "nothing": null},
        });
        let asked = [
            "kind, metadata.name",
            "metadata.annotations.backstage.io/view-url",
            "spec.none",
            "none.at",
            "spec.nothing",
            "metadata.tags.0",
        ];
        let expected = json!({
            "kind": "Component",
            "metadata": {"name": "a", "annotations": {"backstage.io/view-url": "u"}},
            "spec": {"nothing": null},
        });
        assert_eq!(picked(&document, &asked), expected);
        assert_eq!(picked(&document, &[]), document);
        assert_eq!(picked(&document, &["metadata", "metadata.name"])["metadata"]["tags"], json!(["x"]));
        assert!(Fields::parse(["metadata.tags[0]"]).is_err());
    }
}
