//! The predicate language of the catalog: `{"kind": "Component", "metadata.tags": {"$contains": "java"}}`.
//!
//! An object is conditions that all hold, each a path and what stands there: a plain value, or one of `$exists`, `$in`,
//! `$hasPrefix`, `$contains`. `$all`, `$any` and `$not` combine objects. Paths and values are those of [`flatten`]: arrays
//! are looked into, and case never matters.
//!
//! [`flatten`]: super::flatten()

use serde_json::{Map, Value};

use super::{Condition, Entry, Filter};

/// How deep predicates may stand in each other.
const MAX_DEPTH: usize = 32;

/// How many conditions and values a predicate may have in all.
const MAX_PARTS: usize = 20_000;

/// Which entities are meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// All of them hold; holds if there are none.
    All(Vec<Predicate>),
    /// At least one of them holds.
    Any(Vec<Predicate>),
    /// It does not hold.
    Not(Box<Predicate>),
    /// A path exists, or has one of some values.
    Is(Condition),
    /// A path has a value that begins with a text.
    Begins {
        /// In lower case.
        path: String,
        /// In lower case.
        prefix: String,
    },
}

/// Why a value is not a predicate: where, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid query at `{at}`: {why}")]
pub struct NotAPredicate {
    /// The way through the keys, from `query`.
    pub at: String,
    /// What is wrong, and what stands there instead.
    pub why: String,
}

impl Predicate {
    /// Reads a predicate.
    ///
    /// # Errors
    /// [`NotAPredicate`] says where it breaks a rule or a bound.
    pub fn parse(value: &Value) -> Result<Self, NotAPredicate> {
        Reader { parts: 0 }.predicate(value, "query", 0)
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::All(vec![self, other])
    }

    /// Every path that it asks about, in lower case.
    pub fn paths(&self) -> Vec<&str> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::paths).collect(),
            Self::Not(part) => part.paths(),
            Self::Is(Condition { path, .. }) | Self::Begins { path, .. } => vec![path],
        }
    }

    /// Whether a document, given as its entries, is meant.
    pub fn matches(&self, entries: &[Entry]) -> bool {
        match self {
            Self::All(all) => all.iter().all(|part| part.matches(entries)),
            Self::Any(any) => any.iter().any(|part| part.matches(entries)),
            Self::Not(part) => !part.matches(entries),
            Self::Is(condition) => condition.matches(entries),
            Self::Begins { path, prefix } => entries.iter().filter(|entry| entry.path == *path).any(|entry| {
                entry.value.as_ref().is_some_and(|value| value.to_lowercase().starts_with(prefix.as_str()))
            }),
        }
    }
}

impl From<Filter> for Predicate {
    fn from(filter: Filter) -> Self {
        let all = |conditions: Vec<Condition>| Self::All(conditions.into_iter().map(Self::Is).collect());
        match filter.alternatives.len() {
            0 => Self::All(Vec::new()),
            _ => Self::Any(filter.alternatives.into_iter().map(all).collect()),
        }
    }
}

/// Counts what it reads.
struct Reader {
    parts: usize,
}

fn wrong<T>(at: &str, why: impl Into<String>) -> Result<T, NotAPredicate> {
    Err(NotAPredicate { at: at.to_owned(), why: why.into() })
}

/// A plain value as filters see it: in lower case.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Reader {
    fn count(&mut self, at: &str, more: usize) -> Result<(), NotAPredicate> {
        self.parts = self.parts.saturating_add(more);
        if self.parts <= MAX_PARTS {
            return Ok(());
        }
        wrong(at, format!("it has more than {MAX_PARTS} conditions and values; ask in several queries"))
    }

    fn predicate(&mut self, value: &Value, at: &str, depth: usize) -> Result<Predicate, NotAPredicate> {
        let Value::Object(fields) = value else {
            let hint = if plain(value).is_some() {
                "; put a path before the value, like {\"kind\": \"Component\"}"
            } else {
                ""
            };
            return wrong(at, format!("expected an object of conditions{hint}"));
        };
        if depth >= MAX_DEPTH {
            return wrong(at, format!("more than {MAX_DEPTH} predicates stand in each other; write it flatter"));
        }
        self.count(at, 1)?;
        let Some(operator) = fields.keys().find(|key| key.starts_with('$')) else {
            let all = fields.iter().map(|(path, value)| self.condition(path, value, &format!("{at}.{path}")));
            let mut all = all.collect::<Result<Vec<_>, _>>()?;
            return Ok(if all.len() == 1 { all.remove(0) } else { Predicate::All(all) });
        };
        if !["$all", "$any", "$not"].contains(&operator.as_str()) {
            return wrong(at, format!("`{operator}` is not an operator here; use `$all`, `$any` or `$not`"));
        }
        if fields.len() > 1 {
            return wrong(at, format!("`{operator}` must be the only key; combine it with others inside `$all`"));
        }
        let (at, inner) = (format!("{at}.{operator}"), &fields[operator]);
        if operator == "$not" {
            return Ok(Predicate::Not(Box::new(self.predicate(inner, &at, depth + 1)?)));
        }
        let Value::Array(items) = inner else { return wrong(&at, "expected a list of predicates") };
        let parts =
            items.iter().enumerate().map(|(number, item)| self.predicate(item, &format!("{at}[{number}]"), depth + 1));
        let parts = parts.collect::<Result<_, _>>()?;
        Ok(if operator == "$all" { Predicate::All(parts) } else { Predicate::Any(parts) })
    }

    fn condition(&mut self, path: &str, value: &Value, at: &str) -> Result<Predicate, NotAPredicate> {
        self.count(at, 1)?;
        if let Some(value) = plain(value) {
            return Ok(Predicate::Is(Condition::equals(path, &value)));
        }
        let what = "expected a text, a number, true or false, or an object with one of `$exists`, `$in`, `$hasPrefix` and `$contains`";
        let Value::Object(fields) = value else { return wrong(at, what) };
        let mut fields = fields.iter();
        let (Some((operator, argument)), None) = (fields.next(), fields.next()) else { return wrong(at, what) };
        let at = format!("{at}.{operator}");
        match (operator.as_str(), argument) {
            ("$exists", Value::Bool(true)) => Ok(Predicate::Is(Condition::exists(path))),
            ("$exists", Value::Bool(false)) => Ok(Predicate::Not(Box::new(Predicate::Is(Condition::exists(path))))),
            ("$exists", _) => wrong(&at, "expected true or false"),
            ("$in", Value::Array(items)) => Ok(Predicate::Is(Condition::any_of(path, &self.values(items, &at)?))),
            ("$in", _) => wrong(&at, "expected a list of values"),
            ("$hasPrefix", Value::String(prefix)) => {
                Ok(Predicate::Begins { path: path.to_lowercase(), prefix: prefix.to_lowercase() })
            }
            ("$hasPrefix", _) => wrong(&at, "expected a text"),
            ("$contains", Value::Object(target)) if path.eq_ignore_ascii_case("relations") => self.related(target, &at),
            ("$contains", argument) => match plain(argument) {
                Some(value) => Ok(Predicate::Is(Condition::equals(path, &value))),
                None if argument.is_object() => wrong(
                    &at,
                    "an object is only looked for in `relations`, as {\"type\": \"ownedBy\", \"targetRef\": \"group:default/x\"}",
                ),
                None => wrong(&at, "expected a text, a number, true or false"),
            },
            _ => wrong(
                &at,
                format!("`{operator}` is not an operator; use `$exists`, `$in`, `$hasPrefix` or `$contains`"),
            ),
        }
    }

    fn values(&mut self, items: &[Value], at: &str) -> Result<Vec<String>, NotAPredicate> {
        self.count(at, items.len())?;
        let values = items.iter().enumerate().map(|(number, item)| match plain(item) {
            Some(value) => Ok(value),
            None => wrong(&format!("{at}[{number}]"), "expected a text, a number, true or false"),
        });
        values.collect()
    }

    /// A relation of a kind, to one of some entities or to any.
    fn related(&mut self, target: &Map<String, Value>, at: &str) -> Result<Predicate, NotAPredicate> {
        let (mut kind, mut targets) = (None, None);
        for (key, value) in target {
            match (key.to_lowercase().as_str(), value) {
                ("type", Value::String(text)) if kind.is_none() && !text.is_empty() => kind = Some(text),
                ("targetref", Value::String(text)) if targets.is_none() => targets = Some(vec![text.to_lowercase()]),
                ("targetref", Value::Object(inner)) if targets.is_none() && inner.len() == 1 => {
                    match inner.get("$in") {
                        Some(Value::Array(items)) if !items.is_empty() && items.iter().all(Value::is_string) => {
                            targets = Some(self.values(items, at)?);
                        }
                        _ => return wrong(at, "`targetRef` is a text, or {\"$in\": [texts]} with at least one"),
                    }
                }
                _ => {
                    return wrong(
                        at,
                        format!("`{key}` is not expected like this; write a text `type` and, if wanted, `targetRef`"),
                    );
                }
            }
        }
        let Some(kind) = kind else {
            return wrong(at, "`type` is missing: which relation is meant, such as `ownedBy`");
        };
        let path = format!("relations.{kind}");
        Ok(Predicate::Is(match targets {
            Some(targets) => Condition::any_of(&path, &targets),
            None => Condition::exists(&path),
        }))
    }
}

#[cfg(test)]
mod tests;
