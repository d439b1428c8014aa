//! One tenant's index: which entities have which value at which path.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use domain::catalog::{Condition, Direction, Entity, Entry, Filter, MAX_VALUE, Order, TextFilter, flatten};
use roaring::RoaringBitmap;
use sea_orm::prelude::Uuid;

use super::set::Set;

/// The index of one tenant.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The last change that it knows.
    pub(super) seq: i64,
    ids: BTreeMap<Arc<str>, u32>,
    uids: HashMap<Uuid, u32>,
    docs: Vec<Option<Doc>>,
    free: Vec<u32>,
    alive: RoaringBitmap,
    path_numbers: HashMap<Arc<str>, u32>,
    paths: Vec<Path>,
}

#[derive(Debug)]
struct Doc {
    reference: Arc<str>,
    uid: Uuid,
    /// What a search without paths looks in, in lower case.
    text: Box<str>,
    /// Path and value, sorted by path; the value in lower case.
    entries: Box<[(u32, Option<Arc<str>>)]>,
}

/// An entity's values at the paths of an order, and its name.
type Keyed<'a> = (Vec<Option<Arc<str>>>, &'a Arc<str>);

#[derive(Debug, Default)]
struct Path {
    present: RoaringBitmap,
    values: BTreeMap<Arc<str>, Value>,
}

#[derive(Debug)]
struct Value {
    /// As written, where that is not in lower case.
    shown: Option<Box<str>>,
    set: Set,
}

impl Contents {
    /// An empty index that knows the changes up to `seq`.
    pub(super) fn at(seq: i64) -> Self {
        Self { seq, ..Self::default() }
    }

    pub(super) fn put(&mut self, entity: &Entity) {
        let reference: Arc<str> = entity.reference.to_string().into();
        self.remove(&reference);
        let id = self.free.pop().unwrap_or_else(|| {
            self.docs.push(None);
            u32::try_from(self.docs.len() - 1).expect("a catalog holds fewer than 2^32 entities")
        });
        let mut entries = Vec::new();
        for entry in flatten(&entity.document).into_iter().chain(extra(entity)) {
            entries.push(self.enter(id, entry));
        }
        entries.sort();
        entries.dedup();
        self.ids.insert(reference.clone(), id);
        self.uids.insert(entity.uid, id);
        self.alive.insert(id);
        let text = text(entity).into();
        self.docs[id as usize] = Some(Doc { reference, uid: entity.uid, text, entries: entries.into() });
    }

    fn enter(&mut self, id: u32, entry: Entry) -> (u32, Option<Arc<str>>) {
        let number = if let Some(&number) = self.path_numbers.get(entry.path.as_str()) {
            number
        } else {
            let number = u32::try_from(self.paths.len()).expect("a catalog has fewer than 2^32 paths");
            self.path_numbers.insert(entry.path.into(), number);
            self.paths.push(Path::default());
            number
        };
        let path = &mut self.paths[number as usize];
        path.present.insert(id);
        let Some(shown) = entry.value else { return (number, None) };
        let lower = shown.to_lowercase();
        if let Some((key, _)) = path.values.get_key_value(lower.as_str()) {
            let key = key.clone();
            if let Some(value) = path.values.get_mut(&key) {
                value.set.insert(id);
            }
            return (number, Some(key));
        }
        let key: Arc<str> = lower.into();
        let shown = (*key != *shown).then(|| shown.into());
        path.values.insert(key.clone(), Value { shown, set: Set::One(id) });
        (number, Some(key))
    }

    pub(super) fn remove(&mut self, reference: &str) {
        let Some(id) = self.ids.remove(reference) else { return };
        let Some(doc) = self.docs[id as usize].take() else { return };
        for (number, value) in doc.entries {
            let path = &mut self.paths[number as usize];
            path.present.remove(id);
            if let Some(value) = value
                && path.values.get_mut(&value).is_some_and(|found| found.set.remove(id))
            {
                path.values.remove(&value);
            }
        }
        self.uids.remove(&doc.uid);
        self.alive.remove(id);
        self.free.push(id);
    }

    fn path(&self, path: &str) -> Option<&Path> {
        self.path_numbers.get(path).map(|&number| &self.paths[number as usize])
    }

    fn meeting(&self, condition: &Condition) -> RoaringBitmap {
        let Some(path) = self.path(&condition.path) else { return RoaringBitmap::new() };
        let Some(values) = &condition.values else { return path.present.clone() };
        let mut all = RoaringBitmap::new();
        for value in values {
            if let Some(value) = path.values.get(value.as_str()) {
                value.set.add_to(&mut all);
            }
        }
        all
    }

    /// The entities that are meant.
    pub(super) fn select(&self, filter: &Filter, text: Option<&TextFilter>) -> RoaringBitmap {
        let mut selection = if filter.alternatives.is_empty() { self.alive.clone() } else { RoaringBitmap::new() };
        for conditions in &filter.alternatives {
            let mut sets: Vec<_> = conditions.iter().map(|condition| self.meeting(condition)).collect();
            sets.sort_by_key(RoaringBitmap::len);
            let mut sets = sets.into_iter();
            let first = sets.next().unwrap_or_else(|| self.alive.clone());
            selection |= sets.fold(first, |all, set| all & set);
        }
        match text {
            Some(text) if !text.term.trim().is_empty() => self.containing(selection, text),
            _ => selection,
        }
    }

    fn containing(&self, selection: RoaringBitmap, text: &TextFilter) -> RoaringBitmap {
        let term = text.term.trim().to_lowercase();
        if text.paths.is_empty() {
            let words: Vec<&str> = term.split_whitespace().collect();
            let contains = |id: &u32| {
                let doc = self.docs[*id as usize].as_ref();
                doc.is_some_and(|doc| words.iter().all(|word| doc.text.contains(word)))
            };
            return selection.into_iter().filter(contains).collect();
        }
        let mut found = RoaringBitmap::new();
        for path in text.paths.iter().filter_map(|path| self.path(&path.to_lowercase())) {
            for (value, entry) in &path.values {
                if value.contains(&term) {
                    entry.set.add_to(&mut found);
                }
            }
        }
        found & selection
    }

    /// A part of the selection, sorted; by reference where nothing else decides.
    pub(super) fn page(&self, selection: &RoaringBitmap, order: &[Order], offset: usize, limit: usize) -> Vec<String> {
        match order {
            [] => self
                .ids
                .iter()
                .filter(|(_, id)| selection.contains(**id))
                .skip(offset)
                .take(limit)
                .map(|(key, _)| key.to_string())
                .collect(),
            [order] if selection.len() > 4_000 => self.walk(selection, order, offset, limit),
            _ => self.sort(selection, order, offset, limit),
        }
    }

    /// Sorts what is selected: for small selections, and for several orders.
    fn sort(&self, selection: &RoaringBitmap, order: &[Order], offset: usize, limit: usize) -> Vec<String> {
        let numbers: Vec<_> =
            order.iter().map(|order| (self.path_numbers.get(order.path.as_str()), order.direction)).collect();
        let value = |doc: &Doc, number: u32| {
            let at = doc.entries.partition_point(|(path, _)| *path < number);
            doc.entries[at..].iter().take_while(|(path, _)| *path == number).find_map(|(_, value)| value.clone())
        };
        let mut keyed: Vec<Keyed<'_>> = selection
            .iter()
            .filter_map(|id| self.docs[id as usize].as_ref())
            .map(|doc| {
                let keys = numbers.iter().map(|(number, _)| number.and_then(|number| value(doc, *number))).collect();
                (keys, &doc.reference)
            })
            .collect();
        keyed.sort_by(|(left, left_ref), (right, right_ref)| {
            let pairs = left.iter().zip(right).zip(&numbers);
            let mut decided = pairs.map(|((left, right), (_, direction))| match (left, right) {
                (Some(left), Some(right)) => match direction {
                    Direction::Asc => left.cmp(right),
                    Direction::Desc => right.cmp(left),
                },
                // What has no value comes last, either way.
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => std::cmp::Ordering::Equal,
            });
            decided.find(|ordering| ordering.is_ne()).unwrap_or_else(|| left_ref.cmp(right_ref))
        });
        keyed.into_iter().skip(offset).take(limit).map(|(_, reference)| reference.to_string()).collect()
    }

    /// Walks along the values of a path until the page is full: for large selections.
    pub(super) fn walk(&self, selection: &RoaringBitmap, order: &Order, offset: usize, limit: usize) -> Vec<String> {
        let nothing = Path::default();
        let path = self.path(&order.path).unwrap_or(&nothing);
        let mut left = selection.clone();
        let (mut skip, mut page) = (offset, Vec::new());
        let mut take = |ids: Vec<u32>, left: &mut RoaringBitmap| {
            if ids.len() <= skip {
                skip -= ids.len();
                for id in ids {
                    left.remove(id);
                }
                return page.len() >= limit;
            }
            let mut references: Vec<&Arc<str>> = Vec::with_capacity(ids.len());
            for id in ids {
                left.remove(id);
                references.extend(self.docs[id as usize].as_ref().map(|doc| &doc.reference));
            }
            references.sort();
            for reference in references {
                if skip > 0 {
                    skip -= 1;
                } else if page.len() < limit {
                    page.push(reference.to_string());
                }
            }
            page.len() >= limit
        };
        let values: Box<dyn Iterator<Item = &Value>> = match order.direction {
            Direction::Asc => Box::new(path.values.values()),
            Direction::Desc => Box::new(path.values.values().rev()),
        };
        for value in values {
            // An entity with several values stands at the first that is met.
            let ids = value.set.within(&left);
            if !ids.is_empty() && take(ids, &mut left) {
                return page;
            }
        }
        let rest = left.iter().collect();
        take(rest, &mut left);
        page
    }

    /// The values at a path within a selection, and how often each occurs.
    pub(super) fn facet(&self, path: &str, selection: &RoaringBitmap) -> Vec<(String, u64)> {
        let Some(path) = self.path(&path.to_lowercase()) else { return Vec::new() };
        path.values
            .iter()
            .map(|(key, value)| (value.shown.as_deref().unwrap_or(key).to_owned(), value.set.count_in(selection)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// The relations of an entity: what they mean, and to whom; `None` if it is not in the catalog.
    pub(super) fn relations(&self, reference: &str) -> Option<Vec<(String, String)>> {
        let id = *self.ids.get(reference)?;
        let doc = self.docs[id as usize].as_ref()?;
        let names: HashMap<u32, &str> = self
            .path_numbers
            .iter()
            .filter_map(|(path, number)| Some((*number, path.strip_prefix("relations.")?)))
            .collect();
        let relations = doc
            .entries
            .iter()
            .filter_map(|(number, value)| Some(((*names.get(number)?).to_owned(), value.as_deref()?.to_owned())));
        Some(relations.collect())
    }

    pub(super) fn len(&self) -> u64 {
        self.alive.len()
    }
}

/// What lists ask for beyond the document.
fn extra(entity: &Entity) -> Vec<Entry> {
    let mut entries = vec![Entry {
        path: "changed".into(),
        value: Some(entity.changed_at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
    }];
    if entity.document.get("status").is_some() {
        entries.push(Entry { path: "problems".into(), value: Some("true".into()) });
    }
    if let Some(source) = entity.source {
        entries.push(Entry { path: "source".into(), value: Some(source.to_string()) });
    }
    // A title, or else the name: what people see and sort by.
    entries.push(Entry { path: "title".into(), value: Some(entity.title().chars().take(MAX_VALUE).collect()) });
    entries
}

fn text(entity: &Entity) -> String {
    let summary = entity.summary();
    let mut text = String::new();
    let parts = [
        Some(summary.name.as_str()),
        summary.title.as_deref(),
        summary.description.as_deref(),
        summary.type_.as_deref(),
    ];
    let owner = summary.owner.as_ref().map(domain::catalog::EntityRef::name);
    let parts = parts.into_iter().flatten().chain(owner).chain([summary.reference.kind()]);
    for part in parts.chain(summary.tags.iter().map(String::as_str)) {
        text.push_str(&part.to_lowercase());
        text.push('\n');
    }
    text
}
