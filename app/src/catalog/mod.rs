//! The catalog's pages: the list, one entity, sources and their inboxes, search.

mod conflicts_page;
mod entity_history;
mod entity_overview;
mod entity_page;
mod entity_reader;
mod entity_relations;
mod entity_yaml;
mod file_page;
mod functions;
mod inbox_functions;
mod inbox_tabs;
pub(crate) mod inbox_views;
mod list_page;
mod listing;
mod orphans_page;
mod problems_page;
mod register_page;
mod search_page;
mod source_files;
mod source_page;
mod source_webhook;
mod sources_page;
mod sync_bars;
pub(crate) mod views;

pub(crate) use conflicts_page::ConflictsPage;
pub(crate) use entity_page::EntityPage;
pub(crate) use file_page::FilePage;
pub(crate) use functions::find_entities;
pub(crate) use list_page::ListPage;
pub(crate) use orphans_page::OrphansPage;
pub(crate) use problems_page::ProblemsPage;
pub(crate) use register_page::RegisterPage;
pub(crate) use search_page::SearchPage;
pub(crate) use source_page::SourcePage;
pub(crate) use sources_page::SourcesPage;
