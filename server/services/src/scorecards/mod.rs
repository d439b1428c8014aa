//! Standards: levels and rules over entities, and how far each entity has come.
//!
//! [`evaluate()`] keeps the results in line with the catalog, [`follow()`] asks for it, and the questions read what it wrote.

mod affected;
mod evaluate;
mod expression;
mod facts;
mod follow;
mod judge;
mod meter;
mod overview;
mod questions;
mod record;
mod renames;
mod rows;
mod scope;
mod store;
mod survey;
mod teams;
#[cfg(test)]
mod tests;
mod trend;

pub use domain::scorecards::EntityFilter;
pub use evaluate::{evaluate, sweep};
pub use follow::follow;
pub(crate) use judge::lint;
pub use questions::{for_entity, levels, list, named, overview, results, rule};
pub use teams::{Owned, of_owners};
