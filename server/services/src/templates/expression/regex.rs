//! Regular expressions as JavaScript writes them: `r/[^a-z]+/gi`. Matching takes linear time, so no pattern can hang.

use std::sync::Arc;

use minijinja::{
    Error, Value,
    value::{Object, ObjectRepr},
};

use super::filters::{bounded, refused};

#[derive(Debug)]
pub(super) struct Regex {
    regex: regex::Regex,
    all: bool,
}

impl Object for Regex {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

impl Regex {
    pub(super) fn compile(pattern: &str, flags: &str) -> Result<Value, Error> {
        let regex = regex::RegexBuilder::new(pattern)
            .case_insensitive(flags.contains('i'))
            .multi_line(flags.contains('m'))
            .size_limit(1 << 20)
            .build()
            .map_err(|error| {
                refused(format!(
                    "`r/{pattern}/{flags}` cannot be used: {error}; look-around and back-references are not supported"
                ))
            })?;
        Ok(Value::from_object(Self { regex, all: flags.contains('g') }))
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    pub(super) fn find(&self, text: &str) -> Option<usize> {
        self.regex.find(text).map(|found| found.start())
    }

    /// The matches: all of them with the flag `g`, else the first and its groups.
    pub(super) fn matches(&self, text: &str) -> Value {
        let found: Vec<Value> = if self.all {
            self.regex.find_iter(text).map(|found| Value::from(found.as_str())).collect()
        } else {
            let groups = self.regex.captures(text);
            groups
                .iter()
                .flat_map(regex::Captures::iter)
                .map(|group| group.map_or(Value::UNDEFINED, |group| Value::from(group.as_str())))
                .collect()
        };
        if found.is_empty() { Value::from(()) } else { Value::from(found) }
    }

    pub(super) fn split(&self, text: &str) -> Value {
        Value::from(self.regex.split(text).map(Value::from).collect::<Vec<_>>())
    }

    /// Replaces every match with the flag `g`, else the first.
    pub(super) fn replace(&self, text: &str, to: &str) -> Result<String, Error> {
        let matches = if self.all { self.regex.find_iter(text).count() } else { 1 };
        // A group in the replacement is at most the whole text, and each match has its own part of it.
        let groups = to.matches('$').count().saturating_mul(text.len());
        bounded(text.len().saturating_add(matches.saturating_mul(to.len())).saturating_add(groups))?;
        let to = replacement(to);
        Ok(self.regex.replacen(text, usize::from(!self.all), to.as_str()).into_owned())
    }
}

/// JavaScript's `$1` and `$&` in the notation of the engine, which reads `$1a` as a group named `1a`.
fn replacement(to: &str) -> String {
    let mut out = String::with_capacity(to.len());
    let mut characters = to.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek().copied()) {
            ('$', Some('&')) => {
                characters.next();
                out.push_str("${0}");
            }
            ('$', Some('$')) => {
                characters.next();
                out.push_str("$$");
            }
            ('$', Some(digit)) if digit.is_ascii_digit() => {
                characters.next();
                out.push_str("${");
                out.push(digit);
                out.push('}');
            }
            ('$', _) => out.push_str("$$"),
            (c, _) => out.push(c),
        }
    }
    out
}
