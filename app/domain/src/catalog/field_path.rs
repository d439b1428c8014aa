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
                Step::Key(key) if key.contains(['.', '/', ' ', '[', '"']) || key.is_empty() => write!(f, "[{key:?}]")?,
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_the_document() {
        let path = FieldPath::of("metadata.annotations").key("backstage.io/owner").index(2).key("x");
        assert_eq!(path.to_string(), "metadata.annotations[\"backstage.io/owner\"][2].x");
    }
}
