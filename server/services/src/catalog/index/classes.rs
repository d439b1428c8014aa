//! Entities that policies cannot tell apart, put together: policies are asked once about each such class.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use roaring::RoaringBitmap;

use super::{contents::Contents, terms::Term};
use crate::permission::{Mentions, Sight, Traits};

/// Tells the classes of one index from those of the next.
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// The classes of a catalog, as far as some policies tell entities apart. Made when first asked for, and kept right from
/// then on.
#[derive(Debug)]
pub(super) struct Classes {
    number: u64,
    /// Raised whenever an entity comes, goes, or moves to another class.
    epoch: u64,
    mentions: Mentions,
    /// The numbers of the paths that matter, as far as any entity has them.
    next: u64,
    by_key: HashMap<Box<[u32]>, u64>,
    every: HashMap<u64, Class>,
    of: HashMap<u32, u64>,
}

#[derive(Debug)]
struct Class {
    key: Box<[u32]>,
    traits: Traits,
    entities: RoaringBitmap,
}

impl Classes {
    fn enter(&mut self, id: u32, key: Box<[u32]>, traits: impl FnOnce() -> Traits) {
        let class = *self.by_key.entry(key.clone()).or_insert_with(|| {
            // Never given again, so that what was decided about one is not taken for another.
            self.next += 1;
            self.next
        });
        if self.of.get(&id) == Some(&class) {
            return;
        }
        self.leave(id);
        self.epoch += 1;
        self.of.insert(id, class);
        let known = self.every.entry(class);
        known.or_insert_with(|| Class { key, traits: traits(), entities: RoaringBitmap::new() }).entities.insert(id);
    }

    pub(super) fn leave(&mut self, id: u32) {
        let Some(class) = self.of.remove(&id) else { return };
        self.epoch += 1;
        let Some(known) = self.every.get_mut(&class) else { return };
        known.entities.remove(id);
        if known.entities.is_empty() {
            let key = std::mem::take(&mut known.key);
            self.by_key.remove(&key);
            self.every.remove(&class);
        }
    }
}

impl Contents {
    /// What policies may know of an entity.
    pub(super) fn traits(&self, id: u32) -> Option<Traits> {
        let doc = self.doc(id)?;
        let values = |path: &str| -> Vec<String> {
            let number = self.terms.path_number(path);
            let terms = number.into_iter().flat_map(|number| self.terms_at(id, number));
            terms.filter_map(Term::value).map(str::to_owned).collect()
        };
        let first = |path: &str| values(path).into_iter().next();
        Some(Traits {
            reference: doc.reference.to_string(),
            type_: first("spec.type"),
            lifecycle: first("spec.lifecycle"),
            environment: first("spec.environment").or_else(|| first("metadata.labels.environment")),
            tags: values("metadata.tags"),
            owners: values("relations.ownedby"),
        })
    }

    /// What tells an entity from others by these mentions: its terms, in their order, and itself where single ones are named.
    fn class_key(&self, id: u32, mentions: &Mentions) -> Box<[u32]> {
        let paths = mentions.paths.iter().filter_map(|path| self.terms.path_number(path));
        let mut key: Vec<u32> = paths.flat_map(|path| self.term_numbers_at(id, path).iter().copied()).collect();
        if mentions.names {
            key.push(id);
        }
        key.into()
    }

    /// Whether the classes are there for these mentions.
    pub(super) fn has_classes(&self, mentions: &Mentions) -> bool {
        self.classes.as_ref().is_some_and(|classes| classes.mentions == *mentions)
    }

    /// Makes the classes for these mentions.
    pub(super) fn make_classes(&mut self, mentions: &Mentions) {
        let mut classes = Classes {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            epoch: 0,
            mentions: mentions.clone(),
            next: 0,
            by_key: HashMap::new(),
            every: HashMap::new(),
            of: HashMap::new(),
        };
        for id in &self.alive {
            classes.enter(id, self.class_key(id, mentions), || self.traits(id).unwrap_or_default());
        }
        self.classes = Some(classes);
    }

    /// Puts an entity that came or changed into its class.
    pub(super) fn classify(&mut self, id: u32) {
        let Some(mut classes) = self.classes.take() else { return };
        let key = self.class_key(id, &classes.mentions);
        classes.enter(id, key, || self.traits(id).unwrap_or_default());
        self.classes = Some(classes);
    }

    /// The entities that are seen.
    pub(super) fn seen(&self, sight: &Sight) -> std::sync::Arc<RoaringBitmap> {
        let Some(classes) = &self.classes else { return std::sync::Arc::default() };
        let every = classes.every.iter().map(|(&number, class)| (number, &class.entities));
        let decide = |number: u64| classes.every.get(&number).is_some_and(|class| sight.decide(&class.traits));
        sight.entities((classes.number, classes.epoch), every, decide)
    }
}
