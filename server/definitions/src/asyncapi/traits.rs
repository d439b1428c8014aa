//! What is said of an operation or a message in several places: by itself, and by its traits.

use serde_json::Value;

use crate::document::{flag, list, resolved, text};

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

    /// What is bound to each protocol, by all places together.
    pub(super) fn bindings(&self) -> Vec<(&'a String, Vec<(&'a String, &'a Value)>)> {
        let mut all: Vec<(&String, Vec<(&String, &Value)>)> = Vec::new();
        for value in self.all("bindings") {
            for (protocol, binding) in resolved(self.document, value).as_object().into_iter().flatten() {
                let at = all.iter().position(|(known, _)| *known == protocol).unwrap_or_else(|| {
                    all.push((protocol, Vec::new()));
                    all.len() - 1
                });
                let known = &mut all[at].1;
                for said in resolved(self.document, binding).as_object().into_iter().flatten() {
                    if !known.iter().any(|(key, _)| *key == said.0) {
                        known.push(said);
                    }
                }
            }
        }
        all
    }

    /// The names of what it is filed under.
    pub(super) fn tags(&self) -> String {
        let names = self.list("tags").iter().take(20).map(|tag| text(resolved(self.document, tag), "name"));
        names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
    }
}
