//! Which entities a filter and a text mean.

use domain::catalog::{Condition, Filter, TextFilter};
use memchr::memmem::Finder;
use roaring::RoaringBitmap;

use super::{contents::Contents, rank::reference, set::Union, terms::Term};

/// Paths whose values are all among the words that are said about an entity.
const SAID: [&str; 6] =
    ["kind", "metadata.name", "metadata.title", "metadata.description", "metadata.tags", "spec.profile.displayname"];

impl Contents {
    /// Every entity.
    pub(in crate::catalog) fn all(&self) -> &RoaringBitmap {
        &self.alive
    }

    /// The entities for which a condition holds.
    pub(in crate::catalog) fn meeting(&self, condition: &Condition) -> RoaringBitmap {
        let mut union = Union::default();
        match &condition.values {
            None => self.terms.add_present(&condition.path, &mut union),
            Some(values) => {
                for value in values {
                    self.terms.add_having(&condition.path, value, &mut union);
                }
            }
        }
        union.done()
    }

    /// The entities that have a value at `path` (in lower case) of which `is_meant` holds; it is given values in lower
    /// case. Looks at each distinct value once.
    pub(in crate::catalog) fn having(&self, path: &str, is_meant: impl Fn(&str) -> bool) -> RoaringBitmap {
        let mut union = Union::default();
        if let Some(path) = self.terms.path(path) {
            for term in path.terms.iter().map(|&term| self.terms.get(term)) {
                if term.value().is_some_and(&is_meant) {
                    union.add(&term.docs);
                }
            }
        }
        if is_meant("true") {
            for term in self.terms.listed(path) {
                union.add(&self.terms.get(term).docs);
            }
        }
        union.done()
    }

    /// The entities that are meant.
    pub(in crate::catalog) fn select(&self, filter: &Filter, text: Option<&TextFilter>) -> RoaringBitmap {
        let mut selection = if filter.alternatives.is_empty() { self.all().clone() } else { RoaringBitmap::new() };
        for conditions in &filter.alternatives {
            selection |= self.meeting_all(conditions);
        }
        match text {
            Some(text) if !text.term.trim().is_empty() => self.saying(selection, text),
            _ => selection,
        }
    }

    fn meeting_all(&self, conditions: &[Condition]) -> RoaringBitmap {
        let mut conditions = conditions.iter();
        let Some(first) = conditions.next() else { return self.alive.clone() };
        let mut selection = self.meeting(first);
        for condition in conditions {
            if selection.is_empty() {
                break;
            }
            selection &= self.meeting(condition);
        }
        selection
    }

    fn saying(&self, mut selection: RoaringBitmap, text: &TextFilter) -> RoaringBitmap {
        let term = text.term.trim().to_lowercase();
        let meant = selection.clone();
        let paths: Vec<String> = text.paths.iter().map(|path| path.to_lowercase()).collect();
        if paths.iter().all(|path| SAID.contains(&path.as_str())) {
            for word in term.split_whitespace() {
                if selection.is_empty() {
                    return selection;
                }
                // Where no field is named, it counts what is meant and not how it is written.
                let is_by_field = !paths.is_empty();
                selection &=
                    if is_by_field { self.words.docs_containing(word) } else { self.words.docs_spelling(word) };
            }
        }
        if paths.is_empty() {
            return self.or_referred(selection, meant, &term);
        }
        let finder = Finder::new(&term);
        let is_in = |value: &str| finder.find(value.as_bytes()).is_some();
        let numbers: Vec<u32> = paths.iter().filter_map(|path| self.terms.path_number(path)).collect();
        let distinct: usize = paths.iter().filter_map(|path| Some(self.terms.path(path)?.terms.len())).sum();
        // Whichever is fewer: what is left of the entities, or the values.
        if selection.len() < distinct as u64 && !is_in("true") {
            let says = |&id: &u32| numbers.iter().any(|&path| self.values(id, path).any(is_in));
            let kept: Vec<u32> = selection.iter().filter(says).collect();
            return RoaringBitmap::from_sorted_iter(kept).expect("a part of what is sorted");
        }
        let mut saying = RoaringBitmap::new();
        for path in &paths {
            saying |= self.having(path, is_in);
        }
        saying & selection
    }

    /// What was found, or, where nothing was, what the text refers to by kind, namespace and name.
    fn or_referred(&self, found: RoaringBitmap, meant: RoaringBitmap, term: &str) -> RoaringBitmap {
        match reference(term).filter(|_| found.is_empty()) {
            Some((within, name)) => meant & self.select(&within, None) & self.words.docs_spelling(name),
            None => found,
        }
    }

    /// The numbers of an entity's terms at a path, by value.
    pub(super) fn term_numbers_at(&self, id: u32, path: u32) -> &[u32] {
        let terms = self.doc(id).map_or(&[][..], |doc| &doc.terms);
        let from = terms.partition_point(|&term| self.terms.path_of(term) < path);
        let count = terms[from..].iter().take_while(|&&term| self.terms.path_of(term) == path).count();
        &terms[from..from + count]
    }

    /// An entity's terms at a path, by value.
    pub(super) fn terms_at(&self, id: u32, path: u32) -> impl DoubleEndedIterator<Item = &Term> {
        self.term_numbers_at(id, path).iter().map(|&term| self.terms.get(term))
    }

    /// An entity's values at a path, in lower case, smallest first.
    fn values(&self, id: u32, path: u32) -> impl Iterator<Item = &str> {
        self.terms_at(id, path).filter_map(Term::value)
    }
}
