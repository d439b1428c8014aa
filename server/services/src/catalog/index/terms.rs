//! Which values stand at which paths, each kept once, with the entities that have it.

mod parts;

use std::{hash::BuildHasher as _, sync::OnceLock};

use hashbrown::{DefaultHashBuilder, HashTable};
use serde::{Deserialize, Serialize};

pub(super) use self::parts::TermParts;
use super::{
    order::{self, by_letters},
    set::{Set, Union},
};

/// How a value stands at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Stand {
    /// A plain value.
    Plain,
    /// A text in an array: also a path, `path.text`, whose value is `true`.
    Listed,
    /// Null, or longer than what can be asked for: only the path is known.
    Mute,
}

/// A value at a path.
#[derive(Debug)]
pub(super) struct Term {
    /// Its place in `Path::terms`.
    at: u32,
    pub(super) stand: Stand,
    /// How many bytes of `text` are the value in lower case; what follows is the value as written, if that is another.
    lower: u16,
    text: Box<str>,
    pub(super) docs: Set,
}

impl Term {
    /// What it is compared and sorted by; `None` where only the path is known.
    pub(super) fn value(&self) -> Option<&str> {
        (self.stand != Stand::Mute).then(|| self.lower())
    }

    fn lower(&self) -> &str {
        &self.text[..self.lower.into()]
    }

    /// The value as it was first written.
    pub(super) fn shown(&self) -> &str {
        let written = &self.text[self.lower.into()..];
        if written.is_empty() { self.lower() } else { written }
    }
}

#[derive(Debug)]
pub(super) struct Path {
    name: Box<str>,
    present: Option<Set>,
    /// In no order.
    pub(super) terms: Vec<u32>,
    /// The terms that have a value, by value: made when first asked for, and kept right from then on.
    sorted: OnceLock<Vec<u32>>,
    /// Whether an entity ever had two values here.
    has_several: bool,
    /// Whether there were ever plain values, and listed ones: then one value may have two terms.
    has_plain: bool,
    has_listed: bool,
}

/// All paths and terms.
#[derive(Debug, Default)]
pub(super) struct Terms {
    hasher: DefaultHashBuilder,
    paths: Vec<Path>,
    by_name: HashTable<u32>,
    every: Vec<Option<Term>>,
    /// The path of each term. Not part of it: what an entity says at a path is looked for among the numbers of its terms,
    /// and those are near each other here.
    paths_of: Vec<u32>,
    free: Vec<u32>,
    by_value: HashTable<u32>,
    /// Kept between calls for its room.
    buffer: String,
}

fn number(length: usize) -> u32 {
    u32::try_from(length).expect("an index holds fewer than 2^32 of anything")
}

impl Terms {
    pub(super) fn get(&self, term: u32) -> &Term {
        self.every[term as usize].as_ref().expect("only terms in use are named")
    }

    pub(super) fn path_of(&self, term: u32) -> u32 {
        self.paths_of[term as usize]
    }

    pub(super) fn path(&self, name: &str) -> Option<&Path> {
        self.path_number(name).map(|path| &self.paths[path as usize])
    }

    pub(super) fn path_number(&self, name: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(name);
        self.by_name.find(hash, |&path| &*self.paths[path as usize].name == name).copied()
    }

    pub(super) fn name(&self, path: u32) -> &str {
        &self.paths[path as usize].name
    }

    fn hash(&self, path: u32, stand: Stand, lower: &str) -> u64 {
        self.hasher.hash_one((path, stand, lower))
    }

    /// The term of a value in lower case.
    pub(super) fn find(&self, path: u32, stand: Stand, lower: &str) -> Option<u32> {
        let is_it = |&number: &u32| {
            let term = self.get(number);
            self.path_of(number) == path && term.stand == stand && term.lower() == lower
        };
        self.by_value.find(self.hash(path, stand, lower), is_it).copied()
    }

    /// Notes that an entity has a value at a path; returns the term.
    pub(super) fn enter(&mut self, id: u32, name: &str, value: Option<&str>, is_listed: bool) -> u32 {
        let path = self.path_number(name).unwrap_or_else(|| self.add_path(name));
        match &mut self.paths[path as usize].present {
            Some(present) => present.insert(id),
            none => *none = Some(Set::One(id)),
        }
        let stand = match value {
            None => Stand::Mute,
            Some(_) if is_listed => Stand::Listed,
            Some(_) => Stand::Plain,
        };
        let shown = value.unwrap_or_default();
        let mut lower = std::mem::take(&mut self.buffer);
        lower.clear();
        if shown.is_ascii() {
            lower.extend(shown.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
        } else {
            lower.push_str(&shown.to_lowercase());
        }
        let term = match self.find(path, stand, &lower) {
            Some(term) => {
                self.every[term as usize].as_mut().expect("it was just found").docs.insert(id);
                term
            }
            None => self.add_term(path, stand, (&lower, shown), id),
        };
        self.buffer = lower;
        term
    }

    fn add_path(&mut self, name: &str) -> u32 {
        let path = number(self.paths.len());
        let (name, terms, sorted) = (name.into(), Vec::new(), OnceLock::new());
        self.paths.push(Path {
            name,
            present: None,
            terms,
            sorted,
            has_several: false,
            has_plain: false,
            has_listed: false,
        });
        let (paths, hasher) = (&self.paths, &self.hasher);
        let hash = |path: &u32| hasher.hash_one(&*paths[*path as usize].name);
        self.by_name.insert_unique(hash(&path), path, hash);
        path
    }

    fn add_term(&mut self, path: u32, stand: Stand, (lower, shown): (&str, &str), id: u32) -> u32 {
        let length = u16::try_from(lower.len()).expect("a value is at most 200 characters");
        let text = if lower == shown { lower.into() } else { [lower, shown].concat().into() };
        let Path { terms: list, has_plain, has_listed, .. } = &mut self.paths[path as usize];
        *has_plain |= stand == Stand::Plain;
        *has_listed |= stand == Stand::Listed;
        let new = Term { at: number(list.len()), stand, lower: length, text, docs: Set::One(id) };
        let term = self.free.pop().unwrap_or_else(|| {
            self.every.push(None);
            self.paths_of.push(path);
            number(self.every.len() - 1)
        });
        list.push(term);
        self.every[term as usize] = Some(new);
        self.paths_of[term as usize] = path;
        let hash = self.hash(path, stand, lower);
        let (every, paths_of, hasher) = (&self.every, &self.paths_of, &self.hasher);
        self.by_value.insert_unique(hash, term, |&number| {
            let term = every[number as usize].as_ref().expect("only terms in use are listed");
            hasher.hash_one((paths_of[number as usize], term.stand, term.lower()))
        });
        if stand != Stand::Mute
            && let Some(mut sorted) = self.paths[path as usize].sorted.take()
        {
            let at = sorted.partition_point(|&other| by_letters(self.get(other).lower(), lower).is_lt());
            sorted.insert(at, term);
            self.paths[path as usize].sorted = sorted.into();
        }
        term
    }

    /// Notes that an entity no longer has anything at a path.
    pub(super) fn leave_path(&mut self, id: u32, path: u32) {
        let present = &mut self.paths[path as usize].present;
        if present.as_mut().is_some_and(|present| present.remove(id)) {
            *present = None;
        }
    }

    /// Notes that an entity no longer has what `term` says.
    pub(super) fn leave(&mut self, id: u32, term: u32) {
        let Some(found) = self.every[term as usize].as_mut() else { return };
        if !found.docs.remove(id) {
            return;
        }
        let stand = found.stand;
        let number = self.path_of(term);
        let hash = self.hash(number, stand, self.get(term).lower());
        if let Ok(entry) = self.by_value.find_entry(hash, |&other| other == term) {
            entry.remove();
        }
        if let Some(mut sorted) = self.paths[number as usize].sorted.take() {
            let lower = self.get(term).lower();
            let from = sorted.partition_point(|&other| by_letters(self.get(other).lower(), lower).is_lt());
            // A value may stand here twice: plain, and in an array.
            if let Some(at) = sorted[from..].iter().take(2).position(|&other| other == term) {
                sorted.remove(from + at);
            }
            self.paths[number as usize].sorted = sorted.into();
        }
        let at = self.get(term).at;
        let list = &mut self.paths[number as usize].terms;
        list.swap_remove(at as usize);
        let moved = list.get(at as usize).copied();
        if let Some(moved) = moved.and_then(|moved| self.every[moved as usize].as_mut()) {
            moved.at = at;
        }
        self.every[term as usize] = None;
        self.free.push(term);
    }

    /// Whether an entity ever had more than one value at a path.
    pub(super) fn has_several_at(&self, path: u32) -> bool {
        self.paths[path as usize].has_several
    }

    /// Notes that an entity has more than one value at a path.
    pub(super) fn has_several(&mut self, path: u32) {
        self.paths[path as usize].has_several = true;
    }

    /// Before much changes at once: keeping orders right step by step would cost more than making them anew.
    pub(super) fn forget_orders(&mut self) {
        for path in &mut self.paths {
            path.sorted.take();
        }
    }

    /// The terms of a path that have a value, by value.
    pub(super) fn sorted(&self, path: u32) -> &[u32] {
        let path = &self.paths[path as usize];
        path.sorted.get_or_init(|| {
            let mut terms: Vec<u32> =
                path.terms.iter().copied().filter(|&term| self.get(term).stand != Stand::Mute).collect();
            if terms.iter().all(|&term| self.get(term).lower().is_ascii()) {
                terms.sort_by(|&left, &right| self.get(left).lower().cmp(self.get(right).lower()));
            } else {
                terms.sort_by_cached_key(|&term| order::key(self.get(term).lower()));
            }
            terms
        })
    }

    /// The other term of the same value at this path, if it stands there both plain and in arrays.
    pub(super) fn twin(&self, number: u32, term: &Term) -> Option<&Term> {
        let path = &self.paths[number as usize];
        let other = match term.stand {
            Stand::Plain => Stand::Listed,
            Stand::Listed => Stand::Plain,
            Stand::Mute => return None,
        };
        if !(path.has_plain && path.has_listed) {
            return None;
        }
        self.find(number, other, term.lower()).map(|twin| self.get(twin))
    }

    /// Adds the entities that have `lower` at the path `name`, as filters mean it.
    pub(super) fn add_having(&self, name: &str, lower: &str, union: &mut Union) {
        if let Some(path) = self.path_number(name) {
            for stand in [Stand::Plain, Stand::Listed] {
                if let Some(term) = self.find(path, stand, lower) {
                    union.add(&self.get(term).docs);
                }
            }
        }
        if lower == "true" {
            self.add_listed(name, union);
        }
    }

    /// Adds the entities that have anything at the path `name`, as filters mean it.
    pub(super) fn add_present(&self, name: &str, union: &mut Union) {
        if let Some(present) = self.path(name).and_then(|path| path.present.as_ref()) {
            union.add(present);
        }
        self.add_listed(name, union);
    }

    /// `name` may be the path of an array and a text in it.
    pub(super) fn listed<'a>(&'a self, name: &'a str) -> impl Iterator<Item = u32> {
        let ends = name.match_indices('.').map(|(at, _)| at);
        let ends = ends.filter(move |_| domain::catalog::can_be_asked_for(name));
        ends.filter_map(|end| self.find(self.path_number(&name[..end])?, Stand::Listed, &name[end + 1..]))
    }

    fn add_listed(&self, name: &str, union: &mut Union) {
        for term in self.listed(name) {
            union.add(&self.get(term).docs);
        }
    }

    /// Whether no entity has any value.
    #[cfg(test)]
    pub(super) fn is_clean(&self) -> bool {
        let is_empty = |path: &Path| {
            path.present.is_none() && path.terms.is_empty() && path.sorted.get().is_none_or(Vec::is_empty)
        };
        self.by_value.is_empty() && self.every.iter().all(Option::is_none) && self.paths.iter().all(is_empty)
    }
}
