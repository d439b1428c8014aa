//! Questions whose answers are documents as they are served, handed through without being parsed: for clients that take
//! them whole.

use std::borrow::Cow;

use bytes::Bytes;
use domain::{
    catalog::{EntityRef, Filter, Order, PageKey, Predicate, Start, TextFilter},
    identity::{Caller, Permission, Target},
};
use sea_orm::prelude::Uuid;

use super::index::View;
use crate::{Error, Result, Services, identity};

/// A question about many documents.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Which entities are meant.
    pub filter: &'a Filter,
    /// A text they contain.
    pub text: Option<&'a TextFilter>,
    /// What else holds for them.
    pub predicate: Option<&'a Predicate>,
    /// How they are sorted; by reference where nothing else decides.
    pub order: &'a [Order],
    /// Where the page begins or ends.
    pub start: &'a Start,
    /// At most so many; `None` means all.
    pub limit: Option<u32>,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, Default)]
pub struct DocumentPage {
    /// The documents, as JSON.
    pub documents: Vec<Bytes>,
    /// How many there are in all.
    pub total: u32,
    /// The place of the first, if something comes before it.
    pub before: Option<PageKey>,
    /// The place of the last, if something comes after it.
    pub after: Option<PageKey>,
}

/// One document, by the name of its entity.
pub async fn document(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Bytes> {
    let key = reference.to_string();
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let question = |contents: &View<'_>| (vec![contents.find(&key)], ());
    one(services, caller, question, || format!("no entity `{reference}` is in the catalog")).await
}

/// One document, by the id that the server gave its entity.
pub async fn document_by_uid(services: &Services, caller: &Caller, uid: Uuid) -> Result<Bytes> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let question = |contents: &View<'_>| (vec![contents.find_uid(uid)], ());
    one(services, caller, question, || format!("no entity with the uid `{uid}` is in the catalog")).await
}

async fn one(
    services: &Services,
    caller: &Caller,
    question: impl FnOnce(&View<'_>) -> (Vec<Option<u32>>, ()),
    missing: impl FnOnce() -> String,
) -> Result<Bytes> {
    let (documents, ()) = services.catalog.documents(services, caller, question).await?;
    documents.into_iter().next().flatten().ok_or_else(|| Error::NotFound(missing()))
}

/// Several documents, by references that are [written out](EntityRef::written_out), in the order asked for; `None` for one
/// that is not in the catalog, or not meant by the filter and the predicate, or where no reference is given.
pub async fn documents(
    services: &Services,
    caller: &Caller,
    references: &[Option<Cow<'_, str>>],
    filter: &Filter,
    predicate: Option<&Predicate>,
) -> Result<Vec<Option<Bytes>>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let question = |contents: &View<'_>| {
        let mut ids = contents.find_all(references);
        if !filter.alternatives.is_empty() || predicate.is_some() {
            let meant = contents.select_all(filter, None, predicate);
            for id in &mut ids {
                *id = id.filter(|&id| meant.contains(id));
            }
        }
        (ids, ())
    };
    let (documents, ()) = services.catalog.documents(services, caller, question).await?;
    Ok(documents)
}

/// A page of documents.
pub async fn document_page(services: &Services, caller: &Caller, question: Question<'_>) -> Result<DocumentPage> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let Question { filter, text, predicate, order, start, limit } = question;
    let ask = |contents: &View<'_>| {
        let selection = contents.select_all(filter, text, predicate);
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);
        // One more than is wanted tells whether there are more.
        let mut ids = contents.page(&selection, order, start, limit.saturating_add(usize::from(limit > 0)));
        let has_more = ids.len() > limit;
        let is_backwards = matches!(start, Start::Before(_));
        if has_more {
            ids.remove(if is_backwards { 0 } else { ids.len() - 1 });
        }
        let has_before = if is_backwards { has_more } else { *start != Start::Offset(0) };
        let key = |id: Option<&u32>| id.and_then(|&id| contents.key(id, order));
        let page = DocumentPage {
            documents: Vec::new(),
            total: u32::try_from(selection.len()).unwrap_or(u32::MAX),
            before: key(ids.first()).filter(|_| has_before),
            after: key(ids.last()).filter(|_| is_backwards || has_more),
        };
        (ids.into_iter().map(Some).collect(), page)
    };
    let (documents, page) = services.catalog.documents(services, caller, ask).await?;
    // One that left in between is left out.
    Ok(DocumentPage { documents: documents.into_iter().flatten().collect(), ..page })
}
