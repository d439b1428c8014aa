//! The same run from a terminal.

use domain::{
    catalog::{DEFAULT_NAMESPACE, EntityRef},
    templates::{Template, with_defaults},
};
use serde_json::{Map, Value};

/// The command line that starts a run with these answers; those that are defaults anyway are left out.
pub(super) fn command(template: &Template, reference: &EntityRef, values: &Map<String, Value>) -> String {
    let name =
        if reference.namespace() == DEFAULT_NAMESPACE { reference.name().to_owned() } else { reference.to_string() };
    let mut words = vec!["causeway run".to_owned(), quoted(&name)];
    for (name, value) in values.iter().filter(|(name, value)| default(template, values, name).as_ref() != Some(value)) {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        words.push(format!("--set {}", quoted(&format!("{name}={text}"))));
    }
    words.join(" ")
}

/// What a question is answered with by itself, given the other answers.
fn default(template: &Template, values: &Map<String, Value>, name: &str) -> Option<Value> {
    let mut others = values.clone();
    others.remove(name);
    template.pages.iter().fold(others, |answers, page| with_defaults(&page.schema, &answers)).remove(name)
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '=' | '@' | '+');
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("name=quay-signs"), "name=quay-signs");
        assert_eq!(quoted("a=it's $HOME"), r"'a=it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
