//! What is said of an operation or a message in several places: by itself, and by its traits.

use std::collections::HashSet;

use serde_json::Value;

use crate::document::{entries, flag, list, resolved, text};

/// How many traits of one thing count.
const MOST: usize = 20;

/// Everything that is said of one thing; of two that say the same key, the first counts.
#[derive(Debug, Clone)]
pub(super) struct Told<'a> {
    /// Where references lead.
    document: &'a Value,
    layers: Vec<&'a Value>,
}

impl<'a> Told<'a> {
    /// A thing, or what a reference to it leads to.
    pub(super) fn of(document: &'a Value, thing: &'a Value) -> Self {
        let thing = resolved(document, thing);
        let traits = list(thing, "traits").iter().take(MOST).map(|one| resolved(document, one));
        // The last trait is merged last.
        let mut layers: Vec<&Value> = traits.rev().collect();
        // In version 2 traits replace what the thing says, in version 3 they only add to it.
        let own = if text(document, "asyncapi").starts_with('2') { layers.len() } else { 0 };
        layers.insert(own, thing);
        Self { document, layers }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.all(key).next()
    }

    /// What each place says under a key.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &'a Value> {
        self.layers.iter().filter_map(move |layer| layer.get(key)).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, key: &str) -> &'a str {
        self.layers.iter().map(|layer| text(layer, key)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        self.layers.iter().any(|layer| flag(layer, key))
    }

    pub(super) fn list(&self, key: &str) -> &'a [Value] {
        self.layers.iter().map(|layer| list(layer, key)).find(|list| !list.is_empty()).unwrap_or_default()
    }

    /// What all places say together under a key that has names below it.
    pub(super) fn entries(&self, key: &str) -> Vec<(&'a String, &'a Value)> {
        let mut known = HashSet::new();
        let all = self.layers.iter().filter_map(|layer| Some((*layer, layer.get(key)?)));
        let all = all.flat_map(|(layer, value)| match resolved(self.document, value) {
            whole if value.get("$ref").is_some() => whole.as_object().into_iter().flatten().collect::<Vec<_>>(),
            _ => entries(layer, key).collect(),
        });
        all.filter(|(name, _)| known.insert(*name)).collect()
    }

    /// The names of what it is filed under.
    pub(super) fn tags(&self) -> String {
        let names = self.list("tags").iter().take(20).map(|tag| text(resolved(self.document, tag), "name"));
        names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
    }
}
