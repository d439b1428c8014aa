//! What is wrong with a scorecard's document, where, and how to mend it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ScorecardProblem))]
pub struct Problem {
    /// Where it stands: `spec.rules[2].expression`.
    pub path: String,
    /// What is wrong, and how to mend it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.path, self.message)
    }
}

/// Reads fields of a document and keeps what it stumbled over, so that one reading tells everything.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<Problem>,
}

/// An object of the document and its place.
pub(super) struct Place<'a> {
    pub(super) path: String,
    pub(super) fields: &'a Map<String, Value>,
}

impl Place<'_> {
    pub(super) fn at(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }
}

impl Reader {
    pub(super) fn tell(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem { path: path.into(), message: message.into() });
    }

    pub(super) fn object<'a>(&mut self, value: Option<&'a Value>, path: &str) -> Option<Place<'a>> {
        match value {
            Some(Value::Object(fields)) => Some(Place { path: path.to_owned(), fields }),
            Some(other) => {
                self.tell(path, format!("is {}; write an object with fields", named(other)));
                None
            }
            None => {
                self.tell(path, "is missing; add it");
                None
            }
        }
    }

    /// The elements of a list; an absent one is empty.
    pub(super) fn list<'a>(&mut self, place: &Place<'a>, field: &str) -> &'a [Value] {
        match place.fields.get(field) {
            Some(Value::Array(items)) => items,
            None | Some(Value::Null) => &[],
            Some(other) => {
                self.tell(place.at(field), format!("is {}; write a list", named(other)));
                &[]
            }
        }
    }

    /// A text that may be absent; an empty one counts as absent.
    pub(super) fn text(&mut self, place: &Place<'_>, field: &str, longest: usize) -> Option<String> {
        match place.fields.get(field) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.chars().count() > longest => {
                self.tell(place.at(field), format!("is longer than {longest} characters; shorten it"));
                None
            }
            Some(Value::String(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Some(other) => {
                self.tell(place.at(field), format!("is {}; write a text", named(other)));
                None
            }
        }
    }

    pub(super) fn required(&mut self, place: &Place<'_>, field: &str, longest: usize) -> Option<String> {
        let before = self.problems.len();
        let text = self.text(place, field, longest);
        if text.is_none() && self.problems.len() == before {
            self.tell(place.at(field), "is missing; add it");
        }
        text
    }

    pub(super) fn whole_number(&mut self, place: &Place<'_>, field: &str, absent: u32, largest: u32) -> u32 {
        match place.fields.get(field) {
            None | Some(Value::Null) => absent,
            Some(value) => {
                let number = value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= largest);
                if number.is_none() {
                    self.tell(place.at(field), format!("is not a whole number from 0 to {largest}"));
                }
                number.unwrap_or(absent)
            }
        }
    }

    pub(super) fn flag(&mut self, place: &Place<'_>, field: &str) -> bool {
        match place.fields.get(field) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                self.tell(place.at(field), format!("is {}; write `true` or `false`", named(other)));
                false
            }
        }
    }

    /// Tells of every field that the format does not have: a misspelt one must not be passed over.
    pub(super) fn only(&mut self, place: &Place<'_>, known: &[&str]) {
        for field in place.fields.keys().filter(|field| !known.contains(&field.as_str())) {
            self.tell(place.at(field), format!("is not a field of the format; use one of `{}`", known.join("`, `")));
        }
    }
}

/// What kind of value stands there, with its article.
pub(super) fn named(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
