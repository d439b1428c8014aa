//! The place of a value in a document, in the words people write: `metadata.tags[0]`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One step down into a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Step {
    /// Into an array.
    Index(u32),
    /// Into an object.
    Key(String),
}

/// A way from the root of a document to a value in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldPath(pub Vec<Step>);

impl FieldPath {
    /// A path of keys written with dots, none of which stands inside a key: `spec.owner`.
    pub fn of(dotted: &str) -> Self {
        Self(dotted.split('.').filter(|key| !key.is_empty()).map(|key| Step::Key(key.to_owned())).collect())
    }

    /// Reads a path as it is written: `spec.steps[0].input["a.b"]`. What cannot be read ends the path.
    pub fn parse(text: &str) -> Self {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(quoted) = rest.strip_prefix("[\"") {
                let mut stream = serde_json::Deserializer::from_str(&rest[1..]).into_iter::<String>();
                let Some(Ok(key)) = stream.next() else { break };
                let Some(after) = rest[1 + stream.byte_offset()..].strip_prefix(']') else { break };
                debug_assert!(quoted.len() > after.len(), "it moves on");
                steps.push(Step::Key(key));
                rest = after;
            } else if let Some(number) = rest.strip_prefix('[') {
                let Some((index, after)) = number.split_once(']') else { break };
                let Ok(index) = index.parse() else { break };
                steps.push(Step::Index(index));
                rest = after;
            } else {
                let dotted = rest.strip_prefix('.').unwrap_or(rest);
                let end = dotted.find(['.', '[']).unwrap_or(dotted.len());
                if end == 0 {
                    break;
                }
                steps.push(Step::Key(dotted[..end].to_owned()));
                rest = &dotted[end..];
            }
        }
        Self(steps)
    }

    /// Reads a JSON pointer into `document`: a number leads into a list only where there is one.
    pub fn of_pointer(pointer: &str, document: &Value) -> Self {
        let mut steps = Vec::new();
        let mut at = Some(document);
        for part in pointer.split('/').skip(1) {
            let key = part.replace("~1", "/").replace("~0", "~");
            if let (Some(Value::Array(items)), Ok(index)) = (at, key.parse::<u32>()) {
                at = items.get(index as usize);
                steps.push(Step::Index(index));
            } else {
                at = at.and_then(|value| value.get(&key));
                steps.push(Step::Key(key));
            }
        }
        Self(steps)
    }

    /// This path, and `other` from there on.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }

    /// The path of the value under `key`.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.to_owned()));
        Self(steps)
    }

    /// The path of the item at `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(u32::try_from(index).unwrap_or(u32::MAX)));
        Self(steps)
    }

    /// The value at this path.
    pub fn find<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(document, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(*index as usize),
        })
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if key.contains(['.', '/', ' ', '[', ']', '"']) || key.is_empty() => {
                    write!(f, "[{key:?}]")?;
                }
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_leads_where_the_document_has_lists() {
        let document = json!({"a/b": [{"0": 1}]});
        assert_eq!(FieldPath::of_pointer("/a~1b/0/0", &document).to_string(), "[\"a/b\"][0].0");
        assert_eq!(FieldPath::of_pointer("", &document), FieldPath::default());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_itself(keys in prop::collection::vec("[a-z./ \"\\[\\]]{0,6}", 1..5), index in 0_u32..9) {
            let mut path = FieldPath(keys.into_iter().map(Step::Key).collect());
            path.0.push(Step::Index(index));
            prop_assert_eq!(FieldPath::parse(&path.to_string()), path);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a.\\[\\]\"0-9é]{0,20}") {
            let _ = FieldPath::parse(&text);
        }
    }

    #[test]
    fn a_path_reads_like_the_document() {
        let path = FieldPath::of("metadata.annotations").key("backstage.io/owner").index(2).key("x");
        assert_eq!(path.to_string(), "metadata.annotations[\"backstage.io/owner\"][2].x");
    }
}
