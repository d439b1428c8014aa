//! The filter language of the catalog: `kind=component,spec.type=service`.
//!
//! Within one filter a comma means *and*; several filters mean *or*; the same path twice in one filter means any of the
//! values; `path` alone asks for its existence. Case never matters.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Entry;

/// One condition: a path that must exist, or have one of the values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Condition {
    /// In lower case.
    pub path: String,
    /// In lower case; `None` asks only that the path exists.
    pub values: Option<Vec<String>>,
}

/// Which entities are meant: any of the alternatives, each of which is a list of conditions that all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Filter {
    /// Empty means every entity.
    pub alternatives: Vec<Vec<Condition>>,
}

/// A text is not a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid filter, `{0}` is not a valid statement (expected a string on the form `a=b` or `a=` or `a`)")]
pub struct NotAFilter(pub String);

impl Condition {
    /// `path` has the value `value`.
    pub fn equals(path: &str, value: &str) -> Self {
        Self { path: path.to_lowercase(), values: Some(vec![value.to_lowercase()]) }
    }

    /// `path` has one of `values`.
    pub fn any_of<S: AsRef<str>>(path: &str, values: &[S]) -> Self {
        let values = values.iter().map(|value| value.as_ref().to_lowercase()).collect();
        Self { path: path.to_lowercase(), values: Some(values) }
    }

    /// `path` exists.
    pub fn exists(path: &str) -> Self {
        Self { path: path.to_lowercase(), values: None }
    }

    /// Whether it holds for a document, given as its entries.
    pub fn matches(&self, entries: &[Entry]) -> bool {
        entries.iter().filter(|entry| entry.path == self.path).any(|entry| match (&self.values, &entry.value) {
            (None, _) => true,
            (Some(wanted), Some(value)) => {
                let value = value.to_lowercase();
                wanted.contains(&value)
            }
            (Some(_), None) => false,
        })
    }
}

impl Filter {
    /// Every entity.
    pub fn everything() -> Self {
        Self::default()
    }

    /// Entities for which all `conditions` hold.
    pub fn all(conditions: Vec<Condition>) -> Self {
        if conditions.is_empty() { Self::default() } else { Self { alternatives: vec![conditions] } }
    }

    /// Reads the values of repeated `filter` parameters.
    ///
    /// # Errors
    /// [`NotAFilter`] names the statement that has no path.
    pub fn parse<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Result<Self, NotAFilter> {
        let mut alternatives = Vec::new();
        for text in texts {
            let conditions = conditions(text.as_ref())?;
            if !conditions.is_empty() {
                alternatives.push(conditions);
            }
        }
        Ok(Self { alternatives })
    }

    /// The same, narrowed by one more condition.
    #[must_use]
    pub fn and(mut self, condition: Condition) -> Self {
        if self.alternatives.is_empty() {
            self.alternatives.push(Vec::new());
        }
        for conditions in &mut self.alternatives {
            conditions.push(condition.clone());
        }
        self
    }

    /// Whether a document, given as its entries, is meant.
    pub fn matches(&self, entries: &[Entry]) -> bool {
        self.alternatives.is_empty()
            || self.alternatives.iter().any(|all| all.iter().all(|condition| condition.matches(entries)))
    }
}

fn conditions(text: &str) -> Result<Vec<Condition>, NotAFilter> {
    let mut conditions: Vec<Condition> = Vec::new();
    for statement in text.split(',').map(str::trim).filter(|statement| !statement.is_empty()) {
        let (path, value) = match statement.split_once('=') {
            Some((path, value)) => (path.trim().to_lowercase(), Some(value.trim().to_lowercase())),
            None => (statement.to_lowercase(), None),
        };
        if path.is_empty() {
            return Err(NotAFilter(statement.to_owned()));
        }
        match (conditions.iter_mut().find(|condition| condition.path == path), value) {
            (Some(Condition { values: Some(values), .. }), Some(value)) => values.push(value),
            // The path exists whenever it has a value: the stronger condition stands.
            (Some(condition @ Condition { values: None, .. }), Some(value)) => condition.values = Some(vec![value]),
            (Some(_), None) => {}
            (None, value) => conditions.push(Condition { path, values: value.map(|value| vec![value]) }),
        }
    }
    Ok(conditions)
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, conditions) in self.alternatives.iter().enumerate() {
            if at > 0 {
                f.write_str(" or ")?;
            }
            let mut first = true;
            for condition in conditions {
                for value in condition.values.iter().flatten() {
                    let comma = if first { "" } else { "," };
                    write!(f, "{comma}{}={value}", condition.path)?;
                    first = false;
                }
                if condition.values.is_none() {
                    let comma = if first { "" } else { "," };
                    write!(f, "{comma}{}", condition.path)?;
                    first = false;
                }
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
    use crate::catalog::flatten;

    fn meant(filters: &[&str]) -> bool {
        let document = json!({
            "kind": "Component",
            "metadata": {"name": "ticket-api", "tags": ["java", "c++"], "annotations": {"backstage.io/view-url": "https://x"}},
            "spec": {"type": "service", "nothing": null},
            "relations": [{"type": "ownedBy", "targetRef": "group:default/berths"}],
        });
        Filter::parse(filters).unwrap().matches(&flatten(&document))
    }

    #[test]
    fn a_comma_is_and_a_repetition_is_or() {
        assert!(meant(&[]));
        assert!(meant(&["kind=component,spec.type=SERVICE"]));
        assert!(!meant(&["kind=component,spec.type=website"]));
        assert!(meant(&["kind=api", "spec.type=service"]));
        assert!(meant(&["kind=api,kind=component"]));
        assert!(meant(&["metadata.tags.java=true,metadata.tags=c++"]));
        assert!(meant(&["metadata.annotations.backstage.io/view-url"]));
        assert!(meant(&["relations.ownedBy=group:default/berths"]));
        assert!(meant(&["spec.nothing"]));
        assert!(!meant(&["spec.nothing=null"]));
        assert!(!meant(&["spec.absent"]));
    }

    #[test]
    fn a_statement_without_a_path_is_named() {
        let problem = Filter::parse(["kind=api,=x"]).unwrap_err();
        insta::assert_snapshot!(problem, @"invalid filter, `=x` is not a valid statement (expected a string on the form `a=b` or `a=` or `a`)");
    }

    proptest! {
        #[test]
        fn a_further_condition_never_widens(first in "[a-c]{1,2}(=[a-c])?", second in "[a-c]{1,2}(=[a-c])?", keys in prop::collection::vec(("[a-c]{1,2}", "[a-c]"), 0..6)) {
            let document = serde_json::Value::Object(keys.into_iter().map(|(key, value)| (key, value.into())).collect());
            let entries = flatten(&document);
            let narrow = conditions(&second).unwrap().into_iter().fold(Filter::parse([&first]).unwrap(), Filter::and);
            if narrow.matches(&entries) {
                prop_assert!(Filter::parse([&first]).unwrap().matches(&entries));
            }
            // A further alternative never narrows.
            if Filter::parse([&first]).unwrap().matches(&entries) {
                let alternatives = Filter::parse([&first, &second]).unwrap();
                prop_assert!(alternatives.matches(&entries));
            }
        }

        #[test]
        fn case_does_not_matter(text in "[a-zA-Z.=,]{0,20}") {
            prop_assert_eq!(Filter::parse([&text]).ok(), Filter::parse([text.to_uppercase()]).ok());
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = Filter::parse([text]);
        }
    }
}
