//! A whole list as a table, a part at a time: as long as it may be, only one part is in memory.

use domain::{
    catalog::{Column, EntityRef, Listing, Order, Start, TextFilter},
    identity::Caller,
};

use super::{badge, badges, meant};
use crate::{Result, Services, catalog};

/// How many rows a part has.
const PART: u32 = 500;
/// How many letters a cell has at most: more than that, spreadsheets refuse.
const CELL: usize = 32_000;

/// A list on its way out. It stays right while entities come and go.
pub struct Export {
    services: Services,
    caller: Caller,
    listing: Listing,
    question: domain::catalog::ListQuery,
    start: Option<Start>,
}

impl Export {
    /// Begins with the list that an address names.
    pub async fn begin(services: &Services, caller: &Caller, listing: Listing) -> Result<Self> {
        let question = meant(services, caller, &listing).await?;
        let (services, caller) = (services.clone(), caller.clone());
        Ok(Self { services, caller, listing, question, start: Some(Start::default()) })
    }

    /// The names of the columns.
    pub fn heads(&self) -> Vec<String> {
        let chosen = self.listing.shown().iter().map(Column::key);
        ["entity", "name"].map(str::to_owned).into_iter().chain(chosen).collect()
    }

    /// The next rows; none when all are out.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<String>>>> {
        let Some(start) = self.start.take() else { return Ok(None) };
        let text = (!self.question.text.trim().is_empty())
            .then(|| TextFilter { term: self.question.text.clone(), paths: Vec::new() });
        let order: [Order; 1] = [self.question.order.clone()];
        let question = catalog::Question {
            filter: &self.question.filter(None),
            text: text.as_ref(),
            predicate: None,
            order: &order,
            start: &start,
            limit: Some(PART),
        };
        let (items, after) = catalog::entity_page(&self.services, &self.caller, question).await?;
        self.start = after.map(Start::After);
        let references: Vec<EntityRef> = items.iter().map(|item| item.reference.clone()).collect();
        let badges = badges(&self.services, &self.caller, &self.listing, &references).await?;
        let rows = items.iter().zip(badges).map(|(item, badges)| {
            let cell = |column: &Column| {
                if column.is_level() {
                    badge(column, &badges).map(|badge| badge.title.clone()).unwrap_or_default()
                } else {
                    column.text(item, CELL)
                }
            };
            let first = [item.reference.to_string(), item.summary().shown().to_owned()];
            first.into_iter().chain(self.listing.shown().iter().map(cell)).collect()
        });
        Ok(Some(rows.collect()))
    }
}
