//! Terms taken apart, as a snapshot keeps them, and put together again.

use std::{hash::BuildHasher as _, sync::OnceLock};

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use super::{Path, Stand, Term, Terms, number};
use crate::catalog::index::set::{Set, inverted};

/// What cannot be told from the terms of the entities.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::catalog::index) struct TermParts<'a> {
    #[serde(borrow)]
    paths: Vec<PathPart<'a>>,
    #[serde(borrow)]
    terms: Vec<Option<TermPart<'a>>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PathPart<'a> {
    name: &'a str,
    has_several: bool,
    has_plain: bool,
    has_listed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct TermPart<'a> {
    path: u32,
    stand: Stand,
    lower: u16,
    text: &'a str,
}

impl<'a> From<&'a Path> for PathPart<'a> {
    fn from(path: &'a Path) -> Self {
        let Path { ref name, has_several, has_plain, has_listed, .. } = *path;
        Self { name, has_several, has_plain, has_listed }
    }
}

fn part(term: &Term, path: u32) -> TermPart<'_> {
    let Term { stand, lower, ref text, .. } = *term;
    TermPart { path, stand, lower, text }
}

impl Terms {
    pub(in crate::catalog::index) fn parts(&self) -> TermParts<'_> {
        TermParts {
            paths: self.paths.iter().map(PathPart::from).collect(),
            terms: self.every.iter().zip(&self.paths_of).map(|(one, path)| Some(part(one.as_ref()?, *path))).collect(),
        }
    }

    /// The terms, with the entities that have them; `None` if the parts do not fit each other.
    pub(in crate::catalog::index) fn of_parts<'a>(
        parts: &TermParts<'_>,
        entities: impl Iterator<Item = (u32, &'a [u32])> + Clone,
    ) -> Option<Self> {
        let mut terms = Self::default();
        let path_of = |term: u32| parts.terms.get(term as usize)?.as_ref().map(|term| term.path);
        let having = inverted(parts.terms.len(), |see| {
            entities.clone().try_for_each(|(id, terms)| terms.iter().try_for_each(|&term| see(id, term)))
        })?;
        let present = inverted(parts.paths.len(), |see| {
            entities.clone().try_for_each(|(id, terms)| {
                let mut last = None;
                // An entity's terms are sorted by path.
                terms.iter().try_for_each(|&term| {
                    let path = path_of(term)?;
                    if last.replace(path) == Some(path) { Some(()) } else { see(id, path) }
                })
            })
        })?;
        for (at, PathPart { name, has_several, has_plain, has_listed }) in (0..).zip(&parts.paths) {
            terms.paths.push(Path {
                name: (*name).into(),
                present: Set::of_sorted(present.of(at)),
                terms: Vec::new(),
                sorted: OnceLock::new(),
                has_several: *has_several,
                has_plain: *has_plain,
                has_listed: *has_listed,
            });
        }
        terms.by_name = HashTable::with_capacity(parts.paths.len());
        for (at, path) in (0..).zip(&terms.paths) {
            terms.by_name.insert_unique(terms.hasher.hash_one(&*path.name), at, |&other| {
                terms.hasher.hash_one(&*terms.paths[other as usize].name)
            });
        }
        terms.every.reserve_exact(parts.terms.len());
        terms.paths_of = parts.terms.iter().map(|part| part.as_ref().map_or(0, |part| part.path)).collect();
        terms.by_value = HashTable::with_capacity(parts.terms.len());
        for (at, part) in (0..).zip(&parts.terms) {
            let Some(TermPart { path, stand, lower, text }) = part else {
                terms.free.push(at);
                terms.every.push(None);
                continue;
            };
            let of_path = &mut terms.paths.get_mut(*path as usize)?.terms;
            let value = text.get(..usize::from(*lower))?;
            let hash = terms.hasher.hash_one((*path, *stand, value));
            terms.every.push(Some(Term {
                at: number(of_path.len()),
                stand: *stand,
                lower: *lower,
                text: (*text).into(),
                docs: Set::of_sorted(having.of(at))?,
            }));
            of_path.push(at);
            let (every, paths_of, hasher) = (&terms.every, &terms.paths_of, &terms.hasher);
            terms.by_value.insert_unique(hash, at, |&number| {
                let term = every[number as usize].as_ref().expect("only terms in use are listed");
                hasher.hash_one((paths_of[number as usize], term.stand, term.lower()))
            });
        }
        Some(terms)
    }
}
