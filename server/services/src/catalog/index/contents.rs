//! One tenant's index: which entities have which value at which path.

use std::{borrow::Cow, hash::BuildHasher as _, sync::OnceLock, thread};

use domain::catalog::{Direction, Entity, MAX_VALUE, flatten_with};
use hashbrown::{DefaultHashBuilder, HashTable};
use roaring::RoaringBitmap;
use sea_orm::prelude::Uuid;

use super::{
    classes::Classes,
    order::by_letters_if_any,
    terms::{Stand, Term, Terms},
    words::Words,
};

/// The index of one tenant. An entity is a number in it; numbers of those that left are given again.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Contents {
    /// The last change that it knows.
    pub(super) seq: i64,
    pub(super) docs: Vec<Option<Doc>>,
    free: Vec<u32>,
    pub(super) alive: RoaringBitmap,
    hasher: DefaultHashBuilder,
    by_reference: HashTable<u32>,
    pub(super) terms: Terms,
    pub(super) words: Words,
    /// By reference: made when first asked for, and kept right from then on.
    sorted: OnceLock<Vec<u32>>,
    /// The place of each in `sorted`.
    ranks: OnceLock<Vec<u32>>,
    /// What policies cannot tell apart: made when policies first hide something.
    pub(super) classes: Option<Classes>,
}

/// What the index knows of an entity.
#[derive(Debug)]
pub(super) struct Doc {
    pub(super) reference: Box<str>,
    /// By path, then by value.
    pub(super) terms: Box<[u32]>,
    pub(super) words: Box<[u32]>,
    /// The term of what people see and sort by.
    pub(super) title: u32,
}

impl Doc {
    /// The name, in lower case.
    pub(super) fn name(&self) -> &str {
        self.reference.rsplit_once('/').map_or(&self.reference, |(_, name)| name)
    }
}

impl Contents {
    /// An empty index that knows the changes up to `seq`.
    pub(super) fn at(seq: i64) -> Self {
        Self { seq, ..Self::default() }
    }

    /// An index of these entities, which have these terms and words.
    pub(super) fn of(seq: i64, docs: Vec<Option<Doc>>, terms: Terms, words: Words) -> Self {
        let mut contents = Self { seq, docs, terms, words, ..Self::default() };
        contents.by_reference = HashTable::with_capacity(contents.docs.len());
        for (id, doc) in (0..).zip(&contents.docs) {
            if doc.is_some() {
                contents.alive.insert(id);
            } else {
                contents.free.push(id);
            }
        }
        for id in contents.alive.clone() {
            contents.index(id);
        }
        contents
    }

    /// Lets an entity be found that has just been put in its place.
    fn index(&mut self, id: u32) {
        let (docs, hasher) = (&self.docs, &self.hasher);
        let hash = |id: u32| hasher.hash_one(docs[id as usize].as_ref().map_or("", |doc| &doc.reference));
        self.by_reference.insert_unique(hash(id), id, |&id| hash(id));
    }

    pub(super) fn doc(&self, id: u32) -> Option<&Doc> {
        self.docs.get(id as usize)?.as_ref()
    }

    /// The title, or else the name, in lower case.
    pub(super) fn title(&self, doc: &Doc) -> &str {
        self.terms.get(doc.title).value().unwrap_or_default()
    }

    /// The reference of an entity.
    pub(in crate::catalog) fn reference(&self, id: u32) -> Option<&str> {
        self.doc(id).map(|doc| &*doc.reference)
    }

    /// The number of an entity.
    pub(in crate::catalog) fn find(&self, reference: &str) -> Option<u32> {
        let is_it = |&id: &u32| self.doc(id).is_some_and(|doc| &*doc.reference == reference);
        self.by_reference.find(self.hasher.hash_one(reference), is_it).copied()
    }

    /// The numbers of many entities.
    pub(super) fn find_all(&self, references: &[Option<Cow<'_, str>>]) -> Vec<Option<u32>> {
        // The hashes first: then the processor fetches what the next ones need while it waits for memory.
        let hashes: Vec<u64> =
            references.iter().map(|name| self.hasher.hash_one(name.as_deref().unwrap_or(""))).collect();
        let find = |(&hash, name): (&u64, &Option<Cow<'_, str>>)| {
            let name = name.as_deref()?;
            self.by_reference.find(hash, |&id| self.doc(id).is_some_and(|doc| &*doc.reference == name)).copied()
        };
        hashes.iter().zip(references).map(find).collect()
    }

    /// The number of the entity with the id that the server gave it.
    pub(in crate::catalog) fn find_uid(&self, uid: Uuid) -> Option<u32> {
        let path = self.terms.path_number("metadata.uid")?;
        let term = self.terms.find(path, Stand::Plain, &uid.to_string())?;
        self.terms.get(term).docs.first()
    }

    /// How many entities there are.
    pub(in crate::catalog) fn len(&self) -> u64 {
        self.alive.len()
    }

    /// Takes an entity in, or what it has become; returns its number.
    pub(super) fn put(&mut self, entity: &Entity) -> u32 {
        let reference = entity.reference.to_string();
        let (id, old) = match self.find(&reference) {
            Some(id) => (id, self.docs[id as usize].take()),
            None => (self.add(&reference), None),
        };
        let (entered, title) = self.terms.enter_all(id, entity);
        let words = self.words.enter(id, entity);
        if let Some(old) = old {
            self.leave(id, &old, &entered, &words);
        }
        let doc = Doc { reference: reference.into(), terms: entered.into(), words: words.into(), title };
        self.docs[id as usize] = Some(doc);
        self.classify(id);
        id
    }

    /// Takes in entities that are new, into an index that none ever left: what is said about them beside what they have.
    /// Returns their numbers.
    pub(super) fn fill(&mut self, entities: &[Entity]) -> Vec<u32> {
        let first = u32::try_from(self.docs.len()).expect("a catalog holds fewer than 2^32 entities");
        let (terms, words) = (&mut self.terms, &mut self.words);
        let (terms, words) = thread::scope(|scope| {
            let words = scope.spawn(move || {
                entities.iter().zip(first..).map(|(entity, id)| words.enter(id, entity)).collect::<Vec<_>>()
            });
            let terms: Vec<_> = entities.iter().zip(first..).map(|(entity, id)| terms.enter_all(id, entity)).collect();
            (terms, words.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let mut ids = Vec::with_capacity(entities.len());
        for ((entity, (terms, title)), words) in entities.iter().zip(terms).zip(words) {
            let reference = entity.reference.to_string();
            let id = self.add(&reference);
            let doc = Doc { reference: reference.into(), terms: terms.into(), words: words.into(), title };
            self.docs[id as usize] = Some(doc);
            ids.push(id);
        }
        ids
    }

    fn add(&mut self, reference: &str) -> u32 {
        let id = self.free.pop().unwrap_or_else(|| {
            self.docs.push(None);
            u32::try_from(self.docs.len() - 1).expect("a catalog holds fewer than 2^32 entities")
        });
        let (docs, hasher) = (&self.docs, &self.hasher);
        self.by_reference.insert_unique(hasher.hash_one(reference), id, |&id| {
            let known = docs[id as usize].as_ref().map_or(reference, |doc| &doc.reference);
            hasher.hash_one(known)
        });
        self.alive.insert(id);
        self.ranks.take();
        if let Some(mut sorted) = self.sorted.take() {
            let at = sorted.partition_point(|&other| self.reference(other).unwrap_or_default() < reference);
            sorted.insert(at, id);
            self.sorted = sorted.into();
        }
        id
    }

    /// Takes away what an entity no longer says.
    fn leave(&mut self, id: u32, old: &Doc, terms: &[u32], words: &[u32]) {
        let path = Terms::path_of;
        let mut paths: Vec<u32> = old.terms.iter().map(|&term| path(&self.terms, term)).collect();
        paths.dedup();
        for number in paths {
            if terms.binary_search_by_key(&number, |&term| path(&self.terms, term)).is_err() {
                self.terms.leave_path(id, number);
            }
        }
        for &term in &old.terms {
            // Few of an entity's terms are at one path, so this looks at few.
            let number = path(&self.terms, term);
            let from = terms.partition_point(|&other| path(&self.terms, other) < number);
            let mut same = terms[from..].iter().take_while(|&&other| path(&self.terms, other) == number);
            if !same.any(|&other| other == term) {
                self.terms.leave(id, term);
            }
        }
        for &word in &old.words {
            if words.binary_search(&word).is_err() {
                self.words.leave(id, word);
            }
        }
    }

    pub(super) fn remove(&mut self, reference: &str) -> Option<u32> {
        let id = self.find(reference)?;
        let hash = self.hasher.hash_one(reference);
        if let Ok(entry) = self.by_reference.find_entry(hash, |&other| other == id) {
            entry.remove();
        }
        self.ranks.take();
        if let Some(mut sorted) = self.sorted.take() {
            let at = sorted.partition_point(|&other| self.reference(other).unwrap_or_default() < reference);
            if sorted.get(at) == Some(&id) {
                sorted.remove(at);
            }
            self.sorted = sorted.into();
        }
        if let Some(doc) = self.docs[id as usize].take() {
            self.leave(id, &doc, &[], &[]);
        }
        self.alive.remove(id);
        if let Some(classes) = &mut self.classes {
            classes.leave(id);
        }
        self.free.push(id);
        Some(id)
    }

    /// Whether nothing is left of entities that were taken out.
    #[cfg(test)]
    pub(super) fn is_clean(&self) -> bool {
        self.alive.is_empty() && self.by_reference.is_empty() && self.terms.is_clean() && self.words.is_clean()
    }

    /// Before much changes at once: orders are made anew when they are asked for again.
    pub(super) fn forget_orders(&mut self) {
        self.sorted.take();
        self.terms.forget_orders();
    }

    /// Makes the orders that nearly every list asks for, so that nobody waits for them.
    pub(super) fn warm_up(&self) {
        self.ranks();
        for path in ["title", "metadata.name"].into_iter().filter_map(|path| self.terms.path_number(path)) {
            self.terms.sorted(path);
        }
    }

    /// All entities by reference.
    pub(super) fn sorted(&self) -> &[u32] {
        self.sorted.get_or_init(|| {
            let mut sorted: Vec<u32> = self.alive.iter().collect();
            sorted.sort_by_key(|&id| self.reference(id).unwrap_or_default());
            sorted
        })
    }

    /// The place of each entity among all by reference.
    pub(super) fn ranks(&self) -> &[u32] {
        self.ranks.get_or_init(|| {
            let mut ranks = vec![0; self.docs.len()];
            for (&id, rank) in self.sorted().iter().zip(0..) {
                ranks[id as usize] = rank;
            }
            ranks
        })
    }

    /// The smallest or the largest value of an entity at a path.
    pub(super) fn outermost(&self, id: u32, path: u32, direction: Direction) -> Option<&str> {
        let mut values = self.terms_at(id, path).filter_map(Term::value);
        match direction {
            Direction::Asc => values.next(),
            Direction::Desc => values.next_back(),
        }
    }

    /// The relations of an entity: what they mean, and to whom; `None` if it is not in the catalog.
    pub(super) fn relations(&self, reference: &str) -> Option<Vec<(String, String)>> {
        let doc = self.doc(self.find(reference)?)?;
        let relations = doc.terms.iter().filter_map(|&term| {
            let kind = self.terms.name(self.terms.path_of(term)).strip_prefix("relations.")?;
            Some((kind.to_owned(), self.terms.get(term).value()?.to_owned()))
        });
        // Paths are numbered as they came, which is another order in each process.
        let mut relations: Vec<_> = relations.collect();
        relations.sort_unstable();
        Some(relations)
    }
}

/// What lists ask for beyond the document; returns the term of the title.
fn extra(entity: &Entity, enter: &mut impl FnMut(&str, Option<&str>, bool) -> u32) -> u32 {
    enter("changed", Some(&entity.changed_at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()), false);
    if entity.document.get("status").is_some() {
        enter("problems", Some("true"), false);
    }
    if let Some(source) = entity.source {
        enter("source", Some(&source.to_string()), false);
    }
    // A title, or else the name: what people see and sort by.
    let title = entity.title();
    let title = title.char_indices().nth(MAX_VALUE).map_or(title, |(end, _)| &title[..end]);
    enter("title", Some(title), false)
}

impl Terms {
    /// Takes in all that an entity has; returns the terms, by path and by value, and that of the title.
    fn enter_all(&mut self, id: u32, entity: &Entity) -> (Vec<u32>, u32) {
        let mut entered: Vec<u64> = Vec::with_capacity(48);
        let mut enter = |path: &str, value: Option<&str>, is_listed: bool| {
            let term = self.enter(id, path, value, is_listed);
            entered.push(u64::from(self.path_of(term)) << 32 | u64::from(term));
            term
        };
        flatten_with(&entity.document, &mut |path, value, is_listed| {
            enter(path, value, is_listed);
        });
        let title = extra(entity, &mut enter);
        (self.by_value(entered), title)
    }

    /// Sorts an entity's terms, given with their paths.
    fn by_value(&mut self, mut entered: Vec<u64>) -> Vec<u32> {
        entered.sort_unstable();
        entered.dedup();
        for same in entered.chunk_by_mut(|left, right| left >> 32 == right >> 32) {
            if let [first, _, ..] = *same {
                #[expect(clippy::cast_possible_truncation, reason = "the lower half is the term, the upper the path")]
                same.sort_by(|left, right| {
                    by_letters_if_any(self.get(*left as u32).value(), self.get(*right as u32).value())
                });
                self.has_several((first >> 32) as u32);
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "the lower half, which is the term")]
        entered.into_iter().map(|both| both as u32).collect()
    }
}
