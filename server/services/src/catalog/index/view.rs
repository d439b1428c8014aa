//! The catalog as one caller sees it: every question of a use case is asked of this, so that nothing is answered from what
//! the caller may not see.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use domain::catalog::{Condition, Filter, Order, PageKey, Predicate, Start, TextFilter};
use roaring::RoaringBitmap;
use sea_orm::prelude::Uuid;

use super::contents::Contents;

/// The catalog as one caller sees it.
pub(in crate::catalog) struct View<'a> {
    pub(super) contents: &'a Contents,
    /// What is seen; all of it if there is none.
    seen: Option<Arc<RoaringBitmap>>,
}

impl<'a> View<'a> {
    pub(super) fn new(contents: &'a Contents, seen: Option<Arc<RoaringBitmap>>) -> Self {
        Self { contents, seen }
    }

    fn narrow(&self, mut selection: RoaringBitmap) -> RoaringBitmap {
        if let Some(seen) = &self.seen {
            selection &= &**seen;
        }
        selection
    }

    fn sees(&self, id: u32) -> bool {
        self.seen.as_ref().is_none_or(|seen| seen.contains(id))
    }

    /// The entities that a filter and a text mean.
    pub(in crate::catalog) fn select(&self, filter: &Filter, text: Option<&TextFilter>) -> RoaringBitmap {
        if self.is_whole() {
            return self.contents.select(filter, text);
        }
        let filter = self.filter(filter);
        self.narrow(match text {
            Some(text) => self.saying(&filter, text),
            None => self.contents.select(&filter, None),
        })
    }

    /// The entities that a filter, a text and a predicate all mean.
    pub(in crate::catalog) fn select_all(
        &self,
        filter: &Filter,
        text: Option<&TextFilter>,
        predicate: Option<&Predicate>,
    ) -> RoaringBitmap {
        if self.is_whole() {
            return self.contents.select_all(filter, text, predicate);
        }
        let selection = self.select(filter, text);
        match predicate {
            Some(predicate) if !selection.is_empty() => {
                selection & self.contents.satisfying(&self.predicate(predicate))
            }
            _ => selection,
        }
    }

    /// A part of a selection of this view, in an order.
    pub(in crate::catalog) fn page(
        &self,
        selection: &RoaringBitmap,
        order: &[Order],
        start: &Start,
        limit: usize,
    ) -> Vec<u32> {
        self.contents.page(selection, &self.order(order), start, limit)
    }

    /// The place of an entity in an order.
    pub(in crate::catalog) fn key(&self, id: u32, order: &[Order]) -> Option<PageKey> {
        self.contents.key(id, &self.order(order))
    }

    /// The entities that fit a text and a filter, best first.
    pub(in crate::catalog) fn search(&self, text: &str, filter: &Filter, limit: usize) -> Vec<u32> {
        if self.is_whole() {
            return self.contents.search(text, filter, None, limit);
        }
        self.contents.search(text, &self.filter(filter), self.seen.as_deref(), limit)
    }

    /// The values at a path within a selection of this view, and how often each occurs.
    pub(in crate::catalog) fn facet(&self, path: &str, selection: &RoaringBitmap) -> Vec<(String, u64)> {
        let mut values = self.contents.facet(path, selection);
        // What is seen may be tied to what is not.
        if self.leads_on(path) {
            values.retain(|(value, _)| self.may_name(&value.to_lowercase()));
        }
        values
    }

    /// The name of an entity that this view gave the number of.
    pub(in crate::catalog) fn reference(&self, id: u32) -> Option<&str> {
        self.contents.reference(id).filter(|_| self.sees(id))
    }

    /// The number of an entity.
    pub(in crate::catalog) fn find(&self, reference: &str) -> Option<u32> {
        self.contents.find(reference).filter(|&id| self.sees(id))
    }

    /// The numbers of many entities.
    pub(in crate::catalog) fn find_all(&self, references: &[Option<Cow<'_, str>>]) -> Vec<Option<u32>> {
        let mut found = self.contents.find_all(references);
        for id in &mut found {
            *id = id.filter(|&id| self.sees(id));
        }
        found
    }

    /// The number of the entity with the id that the server gave it.
    pub(in crate::catalog) fn find_uid(&self, uid: Uuid) -> Option<u32> {
        self.contents.find_uid(uid).filter(|&id| self.sees(id))
    }

    /// How many entities there are.
    pub(in crate::catalog) fn len(&self) -> u64 {
        self.seen.as_ref().map_or_else(|| self.contents.len(), |seen| seen.len())
    }

    /// The names of what a source declares and this view does not show.
    pub(in crate::catalog) fn unseen_of(&self, source: Uuid) -> Vec<String> {
        let Some(seen) = &self.seen else { return Vec::new() };
        let of_source = Filter::all(vec![Condition::equals("source", &source.to_string())]);
        let unseen = self.contents.select(&of_source, None) - &**seen;
        unseen.iter().filter_map(|id| self.contents.reference(id).map(str::to_owned)).collect()
    }

    /// How much of what each source declares this view does not show.
    pub(in crate::catalog) fn unseen_by_source(&self) -> HashMap<String, u64> {
        let Some(seen) = &self.seen else { return HashMap::new() };
        let unseen = self.contents.select(&Filter::everything(), None) - &**seen;
        self.contents.facet("source", &unseen).into_iter().collect()
    }

    /// Whether everything is seen.
    pub(in crate::catalog) fn is_whole(&self) -> bool {
        self.seen.is_none()
    }

    /// Whether an entity may be told of by name: it is seen, or it is not in the catalog at all.
    pub(in crate::catalog) fn may_name(&self, reference: &str) -> bool {
        self.contents.find(reference).is_none_or(|id| self.sees(id))
    }

    /// The relations of an entity: what they mean, and to whom; `None` if it is not in the catalog.
    pub(in crate::catalog) fn relations(&self, reference: &str) -> Option<Vec<(String, String)>> {
        self.find(reference)?;
        let mut relations = self.contents.relations(reference)?;
        if !self.is_whole() {
            relations.retain(|(_, to)| self.may_name(to));
        }
        Some(relations)
    }
}
