//! A part of a selection, in order. Ties are broken by reference, so every order is total, and pages stay where they are.
//!
//! A page is found without sorting the selection: where many are selected, by walking along an order until the page is
//! full; where few are, by picking the first of them.

use std::cmp::Ordering;

use domain::catalog::{Direction, Order, PageKey, Start};
use roaring::RoaringBitmap;

use super::{
    contents::Contents,
    order::{by_letters, by_letters_if_any},
};

/// An order, as the index knows it.
struct Sorting<'a> {
    contents: &'a Contents,
    by: Vec<(Option<u32>, Direction)>,
    is_backwards: bool,
}

/// An entity's place in an order: its values there.
type Place<'a> = Vec<Option<&'a str>>;

fn directed(ordering: Ordering, is_reversed: bool) -> Ordering {
    if is_reversed { ordering.reverse() } else { ordering }
}

/// What has no value comes last, either way.
fn by_value(left: Option<&str>, right: Option<&str>, direction: Direction) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => directed(by_letters(left, right), direction == Direction::Desc),
        (left, right) => right.is_some().cmp(&left.is_some()),
    }
}

impl<'a> Sorting<'a> {
    fn place(&self, id: u32, from: usize) -> Place<'a> {
        let contents = self.contents;
        self.by[from..].iter().map(|(path, direction)| contents.outermost(id, (*path)?, *direction)).collect()
    }

    fn compare(&self, left: &[Option<&str>], right: &[Option<&str>], from: usize) -> Ordering {
        let pairs = left.iter().zip(right).zip(&self.by[from..]);
        let mut decided = pairs.map(|((left, right), (_, direction))| by_value(*left, *right, *direction));
        decided.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// Whether an entity comes after `key`, looking at the values from number `from` on.
    fn is_after(&self, id: u32, key: &PageKey, from: usize) -> bool {
        let values: Place<'_> = key.values.iter().skip(from).map(Option::as_deref).collect();
        let ordering = self.compare(&self.place(id, from), &values, from);
        let ordering = ordering.then_with(|| self.contents.reference(id).cmp(&Some(&*key.reference)));
        directed(ordering, self.is_backwards) == Ordering::Greater
    }

    /// The first `end` of `ids`, sorted by the values from number `from` on.
    fn first(&self, ids: Vec<u32>, from: usize, end: usize) -> Vec<u32> {
        let ranks = self.contents.ranks();
        let rank = |id: u32| ranks.get(id as usize).copied().unwrap_or(u32::MAX);
        if self.by.len() <= from {
            let compare = |left: &u32, right: &u32| directed(rank(*left).cmp(&rank(*right)), self.is_backwards);
            return least(ids, end, compare);
        }
        let placed: Vec<(Place<'_>, u32)> = ids.into_iter().map(|id| (self.place(id, from), id)).collect();
        let compare = |left: &(Place<'_>, u32), right: &(Place<'_>, u32)| {
            let ordering = self.compare(&left.0, &right.0, from).then_with(|| rank(left.1).cmp(&rank(right.1)));
            directed(ordering, self.is_backwards)
        };
        least(placed, end, compare).into_iter().map(|(_, id)| id).collect()
    }
}

/// The `end` least of `items`, sorted.
fn least<T>(mut items: Vec<T>, end: usize, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    if end < items.len() {
        items.select_nth_unstable_by(end, &compare);
        items.truncate(end);
    }
    items.sort_unstable_by(compare);
    items
}

/// A page that is being filled.
struct Filling<'a> {
    skip: usize,
    limit: usize,
    after: Option<&'a PageKey>,
    page: Vec<u32>,
}

impl Filling<'_> {
    /// Takes what comes next; says whether the page is full.
    fn take(&mut self, sorting: &Sorting<'_>, mut ids: Vec<u32>, from: usize) -> bool {
        if let Some(key) = self.after.take_if(|_| !ids.is_empty()) {
            ids.retain(|&id| sorting.is_after(id, key, 0));
            // The walk begins at the key, but the key's own entity may have gone.
            self.after = ids.is_empty().then_some(key);
        }
        if ids.len() <= self.skip {
            self.skip -= ids.len();
        } else {
            let end = self.skip.saturating_add(self.limit - self.page.len());
            let sorted = sorting.first(ids, from, end);
            self.page.extend(&sorted[self.skip..]);
            self.skip = 0;
        }
        self.page.len() >= self.limit
    }
}

impl Contents {
    /// A part of the selection in order: at most `limit` from `start` on.
    pub(in crate::catalog) fn page(
        &self,
        selection: &RoaringBitmap,
        order: &[Order],
        start: &Start,
        limit: usize,
    ) -> Vec<u32> {
        if limit == 0 {
            return Vec::new();
        }
        let (skip, after, is_backwards) = match start {
            Start::Offset(offset) => (*offset as usize, None, false),
            Start::After(key) => (0, Some(key), false),
            Start::Before(key) => (0, Some(key), true),
        };
        let by = order.iter().map(|order| (self.terms.path_number(&order.path), order.direction)).collect();
        let sorting = Sorting { contents: self, by, is_backwards };
        let mut filling = Filling { skip, limit, after, page: Vec::new() };
        let count = usize::try_from(selection.len()).unwrap_or(usize::MAX);
        let all = match sorting.by.first() {
            None => self.docs.len(),
            Some((Some(path), _)) => self.terms.sorted(*path).len(),
            Some((None, _)) => 0,
        };
        // How far a walk gets before the page is full, if what is selected stands evenly along the order.
        let steps = skip.saturating_add(limit).saturating_mul(all / count.max(1) + 1).min(all);
        if steps > count.saturating_mul(4) {
            filling.take(&sorting, selection.iter().collect(), 0);
        } else if sorting.by.is_empty() {
            self.walk_references(&sorting, selection, &mut filling);
        } else {
            self.walk_values(&sorting, selection, &mut filling);
        }
        let mut page = filling.page;
        if is_backwards {
            page.reverse();
        }
        page
    }

    fn walk_references(&self, sorting: &Sorting<'_>, selection: &RoaringBitmap, filling: &mut Filling<'_>) {
        let sorted = self.sorted();
        let reference = |id: u32| self.reference(id).unwrap_or_default();
        let walked: Box<dyn Iterator<Item = &u32>> = match (filling.after, sorting.is_backwards) {
            (None, false) => Box::new(sorted.iter()),
            (None, true) => Box::new(sorted.iter().rev()),
            (Some(key), false) => {
                Box::new(sorted[sorted.partition_point(|&id| reference(id) <= &*key.reference)..].iter())
            }
            (Some(key), true) => {
                Box::new(sorted[..sorted.partition_point(|&id| reference(id) < &*key.reference)].iter().rev())
            }
        };
        let walked = walked.copied().filter(|&id| selection.contains(id));
        filling.page = walked.skip(filling.skip).take(filling.limit).collect();
    }

    fn walk_values(&self, sorting: &Sorting<'_>, selection: &RoaringBitmap, filling: &mut Filling<'_>) {
        let Some(&(path, direction)) = sorting.by.first() else { return };
        let terms = path.map_or(&[][..], |path| self.terms.sorted(path));
        let value = |at: usize| self.terms.get(terms[at]).value();
        let compared = |term: u32, key: &str| by_letters_if_any(self.terms.get(term).value(), Some(key));
        let key = filling.after.map(|key| key.values.first().and_then(Option::as_deref));
        // Those without a value stand behind all others, so a walk backwards meets them first.
        if sorting.is_backwards && key.is_none_or(|key| key.is_none()) && self.take_mute(sorting, selection, filling) {
            return;
        }
        if key != Some(None) || sorting.is_backwards {
            let goes_up = (direction == Direction::Asc) != sorting.is_backwards;
            let (mut from, mut to) = (0, terms.len());
            match key.flatten() {
                Some(key) if goes_up => from = terms.partition_point(|&term| compared(term, key).is_lt()),
                Some(key) => to = terms.partition_point(|&term| compared(term, key).is_le()),
                None => {}
            }
            while from < to {
                let first = if goes_up { from } else { to - 1 };
                let mut ids = Vec::new();
                // A value may have two terms.
                while from < to && value(if goes_up { from } else { to - 1 }) == value(first) {
                    let term = terms[if goes_up { from } else { to - 1 }];
                    self.terms.get(term).docs.within(selection, |id| ids.push(id));
                    (from, to) = if goes_up { (from + 1, to) } else { (from, to - 1) };
                }
                if path.is_some_and(|path| self.terms.has_several_at(path)) {
                    // An entity with several values stands at its outermost.
                    ids.retain(|&id| path.and_then(|path| self.outermost(id, path, direction)) == value(first));
                    ids.sort_unstable();
                    ids.dedup();
                }
                if !ids.is_empty() && filling.take(sorting, ids, 1) {
                    return;
                }
            }
        }
        if !sorting.is_backwards {
            self.take_mute(sorting, selection, filling);
        }
    }

    /// Those without a value at the first path of the order.
    fn take_mute(&self, sorting: &Sorting<'_>, selection: &RoaringBitmap, filling: &mut Filling<'_>) -> bool {
        let Some(&(path, direction)) = sorting.by.first() else { return true };
        let is_mute = |&id: &u32| path.and_then(|path| self.outermost(id, path, direction)).is_none();
        filling.take(sorting, selection.iter().filter(is_mute).collect(), 1)
    }

    /// Where an entity stands in an order: what a page after or before it begins with.
    pub(in crate::catalog) fn key(&self, id: u32, order: &[Order]) -> Option<PageKey> {
        let value = |order: &Order| {
            let path = self.terms.path_number(&order.path)?;
            self.outermost(id, path, order.direction).map(str::to_owned)
        };
        let values = order.iter().map(value).collect();
        Some(PageKey { values, reference: self.reference(id)?.to_owned() })
    }
}
