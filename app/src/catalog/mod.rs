//! The catalog's pages: the list, one entity, sources, search.

mod entity_history;
mod entity_overview;
mod entity_page;
mod entity_reader;
mod entity_relations;
mod entity_yaml;
mod functions;
mod list_page;
mod listing;
mod register_page;
mod search_page;
mod source_page;
mod sources_page;
pub(crate) mod views;

pub(crate) use entity_page::EntityPage;
pub(crate) use functions::find_entities;
pub(crate) use list_page::ListPage;
pub(crate) use register_page::RegisterPage;
pub(crate) use search_page::SearchPage;
pub(crate) use source_page::SourcePage;
pub(crate) use sources_page::SourcesPage;
