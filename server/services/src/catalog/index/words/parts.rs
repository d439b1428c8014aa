//! Words taken apart, as a snapshot keeps them, and put together again.

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use super::{Word, Words, grams, letters};
use crate::catalog::index::set::{Set, inverted};

/// What cannot be told from the words about the entities.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::catalog::index) struct WordParts<'a>(#[serde(borrow)] Vec<Option<(&'a str, bool)>>);

impl Words {
    pub(in crate::catalog::index) fn parts(&self) -> WordParts<'_> {
        WordParts(self.every.iter().map(|word| word.as_ref().map(|word| (&*word.text, word.is_name))).collect())
    }

    /// The words, with the entities that they are said about; `None` if the parts do not fit each other.
    pub(in crate::catalog::index) fn of_parts<'a>(
        WordParts(parts): &WordParts<'_>,
        entities: impl Iterator<Item = (u32, &'a [u32])> + Clone,
    ) -> Option<Self> {
        let mut words = Self { by_text: HashTable::with_capacity(parts.len()), ..Self::default() };
        let about = inverted(parts.len(), |see| {
            entities.clone().try_for_each(|(id, words)| words.iter().try_for_each(|&word| see(id, word)))
        })?;
        words.every.reserve_exact(parts.len());
        for (at, part) in (0..).zip(parts) {
            let Some((text, is_name)) = *part else {
                words.free.push(at);
                words.every.push(None);
                continue;
            };
            for gram in grams(text) {
                words.grams.entry(gram).or_default().insert(at);
            }
            let docs = Set::of_sorted(about.of(at))?;
            words.every.push(Some(Word { text: text.into(), docs, is_name, letters: letters(text) }));
            words.index(text, at);
        }
        Some(words)
    }
}
