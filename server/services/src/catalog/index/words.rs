//! The words that are said about entities, for search: in names, titles, descriptions, tags, owners, types, kinds and e-mail addresses.
//!
//! A word is what stands between spaces, in lower case; names and titles are also cut into their parts
//! (`ticket-api`, `ticket`, `api`; `TicketApi` likewise), and words with accents are noted in their plain spelling too, by itself. A text without spaces occurs in what is said about an entity exactly if it occurs in
//! one of its words, so a search looks through the distinct words, found by three letters in a row, and never through the
//! texts themselves.

mod fold;
mod parts;

use std::{collections::HashMap, hash::BuildHasher as _};

use domain::catalog::Entity;
use hashbrown::{DefaultHashBuilder, HashTable};
use memchr::memmem::Finder;
use roaring::RoaringBitmap;

use self::fold::{PLAIN, humps};
pub(super) use self::{
    fold::{add_plain, folded},
    parts::WordParts,
};
use super::set::{Set, Union};

/// Of a longer text only the beginning is searched, and of a longer word.
const LONGEST_TEXT: usize = 16 * 1024;
const LONGEST_WORD: usize = 1024;

/// A word and who it is said about.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: Box<str>,
    pub(super) docs: Set,
    /// Whether it is part of a name or a title.
    pub(super) is_name: bool,
    /// Which letters and digits are in it.
    pub(super) letters: u64,
}

impl Word {
    /// The word without the mark of a plain spelling.
    pub(super) fn spelt(&self) -> &str {
        self.text.strip_prefix(PLAIN).unwrap_or(&self.text)
    }

    /// Whether it is nothing that is said, but how that is written without accents.
    fn is_plain(&self) -> bool {
        self.text.starts_with(PLAIN)
    }
}

/// All words.
#[derive(Debug, Default)]
pub(super) struct Words {
    hasher: DefaultHashBuilder,
    every: Vec<Option<Word>>,
    free: Vec<u32>,
    by_text: HashTable<u32>,
    grams: HashMap<[u8; 3], RoaringBitmap, DefaultHashBuilder>,
}

/// A bit for each letter, each digit, and one for everything else.
pub(super) fn letters(text: &str) -> u64 {
    text.bytes().fold(0, |all, byte| {
        all | match byte {
            b'a'..=b'z' => 1 << (byte - b'a'),
            b'0'..=b'9' => 1 << (26 + byte - b'0'),
            _ => 1 << 36,
        }
    })
}

/// The parts of a name.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty())
}

fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn grams(text: &str) -> impl Iterator<Item = [u8; 3]> {
    text.as_bytes().windows(3).map(|gram| [gram[0], gram[1], gram[2]])
}

impl Words {
    /// Notes what is said about an entity; returns the words, sorted.
    pub(super) fn enter(&mut self, id: u32, entity: &Entity) -> Vec<u32> {
        let mut said = Vec::with_capacity(32);
        let profile = entity.text("/spec/profile/displayName");
        for name in [Some(entity.name()), entity.text("/metadata/title"), profile].into_iter().flatten() {
            let written = cut(name, LONGEST_WORD);
            let name = written.to_lowercase();
            for word in name.split_whitespace().chain(parts(&name)) {
                self.enter_spellings(id, word, true, &mut said);
            }
            for word in parts(written).flat_map(humps) {
                self.enter_spellings(id, &word.to_lowercase(), true, &mut said);
            }
        }
        let kind = entity.reference.kind();
        let owner = entity.owner();
        let owner = owner.as_ref().map(domain::catalog::EntityRef::name);
        let address = entity.text("/spec/profile/email");
        let texts = [entity.text("/metadata/description"), entity.text("/spec/type"), owner, Some(kind), address];
        let tags = entity.document.pointer("/metadata/tags").and_then(serde_json::Value::as_array);
        let tags = tags.into_iter().flatten().filter_map(serde_json::Value::as_str);
        for text in texts.into_iter().flatten().chain(tags) {
            for word in cut(text, LONGEST_TEXT).to_lowercase().split_whitespace() {
                self.enter_spellings(id, cut(word, LONGEST_WORD), false, &mut said);
            }
        }
        said.sort_unstable();
        said.dedup();
        said
    }

    /// Notes a word, and how it is written without accents.
    fn enter_spellings(&mut self, id: u32, word: &str, is_name: bool, said: &mut Vec<u32>) {
        said.push(self.enter_word(id, word, is_name));
        let plain = folded(word);
        if plain != word {
            said.push(self.enter_word(id, &format!("{PLAIN}{plain}"), is_name));
        }
    }

    fn enter_word(&mut self, id: u32, text: &str, is_name: bool) -> u32 {
        let hash = self.hasher.hash_one(text);
        let found = self.by_text.find(hash, |&word| &*self.get(word).text == text).copied();
        if let Some(word) = found.and_then(|word| self.every[word as usize].as_mut()) {
            word.docs.insert(id);
            word.is_name |= is_name;
            return found.unwrap_or_default();
        }
        let new = Word { text: text.into(), docs: Set::One(id), is_name, letters: letters(text) };
        let word = self.free.pop().unwrap_or_else(|| {
            self.every.push(None);
            u32::try_from(self.every.len() - 1).expect("an index holds fewer than 2^32 words")
        });
        self.every[word as usize] = Some(new);
        for gram in grams(text) {
            self.grams.entry(gram).or_default().insert(word);
        }
        self.index(text, word);
        word
    }

    /// Lets a word be found that has just been put in its place.
    fn index(&mut self, text: &str, word: u32) {
        let (every, hasher) = (&self.every, &self.hasher);
        self.by_text.insert_unique(hasher.hash_one(text), word, |&word| {
            hasher.hash_one(every[word as usize].as_ref().map_or("", |word| &word.text))
        });
    }

    /// Notes that a word is no longer said about an entity.
    pub(super) fn leave(&mut self, id: u32, word: u32) {
        let Some(found) = self.every[word as usize].as_mut() else { return };
        if !found.docs.remove(id) {
            return;
        }
        let Some(gone) = self.every[word as usize].take() else { return };
        if let Ok(entry) = self.by_text.find_entry(self.hasher.hash_one(&*gone.text), |&other| other == word) {
            entry.remove();
        }
        for gram in grams(&gone.text) {
            if let Some(words) = self.grams.get_mut(&gram) {
                words.remove(word);
                if words.is_empty() {
                    self.grams.remove(&gram);
                }
            }
        }
        self.free.push(word);
    }

    fn get(&self, word: u32) -> &Word {
        self.every[word as usize].as_ref().expect("only words in use are listed")
    }

    /// All words.
    pub(super) fn all(&self) -> impl Iterator<Item = &Word> {
        self.every.iter().flatten()
    }

    /// The words that contain `text`, which is in lower case.
    fn containing(&self, text: &str) -> Vec<&Word> {
        let finder = Finder::new(text);
        let is_in = |word: &&Word| finder.find(word.text.as_bytes()).is_some();
        let text = cut(text, LONGEST_WORD);
        let mut rarest: Option<&RoaringBitmap> = None;
        for gram in grams(text) {
            let Some(words) = self.grams.get(&gram) else { return Vec::new() };
            if rarest.is_none_or(|rarest| words.len() < rarest.len()) {
                rarest = Some(words);
            }
        }
        match rarest {
            Some(words) => words.iter().map(|word| self.get(word)).filter(is_in).collect(),
            // Too short for three letters in a row.
            None => self.all().filter(is_in).collect(),
        }
    }

    /// The entities about which something is said that contains `text`, which is in lower case and has no spaces.
    pub(super) fn docs_containing(&self, text: &str) -> RoaringBitmap {
        let mut union = Union::default();
        for word in self.containing(text).into_iter().filter(|word| !word.is_plain()) {
            union.add(&word.docs);
        }
        union.done()
    }

    /// The entities about which something is said that contains `text`, however many of its accents are written.
    pub(super) fn docs_spelling(&self, text: &str) -> RoaringBitmap {
        let mut union = Union::default();
        let plain = folded(text);
        for word in self.containing(text).into_iter().chain(self.containing(&plain)) {
            union.add(&word.docs);
        }
        union.done()
    }

    /// The entities that have a part of their name or title that begins with `text`, and that of others too.
    pub(super) fn docs_beginning(&self, text: &str) -> RoaringBitmap {
        let mut union = Union::default();
        let plain = folded(text);
        let begins = |word: &&Word| word.is_name && (word.text.starts_with(text) || word.spelt().starts_with(&*plain));
        for word in self.all().filter(begins) {
            union.add(&word.docs);
        }
        union.done()
    }

    /// Whether nothing is said about any entity.
    #[cfg(test)]
    pub(super) fn is_clean(&self) -> bool {
        self.by_text.is_empty() && self.grams.is_empty() && self.every.iter().all(Option::is_none)
    }
}
