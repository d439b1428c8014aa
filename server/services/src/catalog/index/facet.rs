//! How often each value occurs.

use std::collections::HashMap;

use roaring::RoaringBitmap;

use super::{
    contents::Contents,
    set::Union,
    terms::{Stand, Term},
};

impl Contents {
    /// The values at a path within a selection, and how often each occurs.
    pub(in crate::catalog) fn facet(&self, path: &str, selection: &RoaringBitmap) -> Vec<(String, u64)> {
        let path = path.to_lowercase();
        let mut counted: Vec<(String, u64)> = Vec::new();
        if let Some((number, known)) = self.terms.path_number(&path).zip(self.terms.path(&path)) {
            if selection.len().saturating_mul(8) < known.terms.len() as u64 {
                counted = self.by_entity(number, selection);
            } else {
                let terms = known.terms.iter().map(|&term| self.terms.get(term));
                counted.extend(terms.filter_map(|term| self.counted(number, term, selection)));
            }
        }
        let mut listed = Union::default();
        for term in self.terms.listed(&path) {
            listed.add(&self.terms.get(term).docs);
        }
        let listed = listed.done().intersection_len(selection);
        if listed > 0 {
            counted.push(("true".to_owned(), listed));
        }
        counted
    }

    /// A value at a path, and how many of the selection have it.
    fn counted(&self, path: u32, term: &Term, selection: &RoaringBitmap) -> Option<(String, u64)> {
        term.value()?;
        let count = match self.terms.twin(path, term) {
            None => term.docs.count_in(selection),
            // Counted with the other.
            Some(_) if term.stand == Stand::Listed => 0,
            Some(twin) => {
                let mut both = Union::default();
                both.add(&term.docs);
                both.add(&twin.docs);
                both.done().intersection_len(selection)
            }
        };
        (count > 0).then(|| (term.shown().to_owned(), count))
    }

    /// The same, for a selection that is small beside the number of values.
    fn by_entity(&self, path: u32, selection: &RoaringBitmap) -> Vec<(String, u64)> {
        let mut counts: HashMap<&str, (&str, u64)> = HashMap::new();
        for id in selection {
            let mut last = None;
            for term in self.terms_at(id, path) {
                // Plain and in an array, it is the same value.
                if let Some(value) = term.value().filter(|&value| last != Some(value)) {
                    counts.entry(value).or_insert((term.shown(), 0)).1 += 1;
                    last = Some(value);
                }
            }
        }
        counts.into_values().map(|(shown, count)| (shown.to_owned(), count)).collect()
    }
}
