//! The software catalog: sources, entities, relations, and questions about them.
//!
//! A source is walked ([`sync()`]), what it declares is claimed, related and recorded in one transaction, and questions are
//! answered from an index in memory ([`Index`]).

mod analyze;
mod begin;
mod begun;
mod check;
pub mod clusters;
pub mod credentials;
mod definition;
mod disputes;
mod documents;
mod explain;
mod files;
pub mod hosted;
mod inbox;
mod index;
pub mod keys;
mod kinds;
mod named;
mod names;
pub mod organisation;
mod origin;
mod orphans;
mod page_of_repository;
mod past;
pub mod ports;
mod preview;
mod pushes;
mod query;
mod removal;
mod respelt;
mod retarget;
mod rows;
mod schedule;
mod sources;
mod spelling;
mod store;
mod sync;
mod teams;
#[cfg(test)]
mod tests;
mod through;
mod trust;
mod unasked;
mod unseen;
mod untied;
mod validate;
mod waiting;
pub mod webhooks;
pub mod yaml;

pub use analyze::{Analysis, Existing, analyze, explain_given};
pub use check::check_paths;
pub use definition::{Definitions, ReadDefinition, definition};
pub use disputes::{disputes, disputes_about, disputes_of, hand_over};
pub use documents::{DocumentPage, Question, document, document_by_uid, document_page, documents};
pub use explain::{LONGEST_TEXT, explain, explain_text, look, look_at_text};
pub use files::{FolderFile, folder};
pub(crate) use files::{beside, hosted_beside};
pub use inbox::{inbox_sizes, kept_text, kept_texts, syncs, syncs_of, trouble_counts, troubles};
pub use index::{Index, follow};
pub use kinds::own_kinds;
pub(crate) use named::references;
pub(crate) use names::{Since, former_names, name_of, since};
pub use names::{Span, history, history_of, renamed_to};
pub use origin::{Ancestor, ancestry, origin, origin_of, origin_of_target};
pub use orphans::{orphan, orphans, orphans_due, remove_lapsed, settle_orphan, settle_orphans_of};
pub use past::{Farewell, Past, as_of, changes_around, farewell};
pub use ports::SourceReader;
pub use preview::{Explained, There};
pub use query::{entities, entity, entity_by_uid, entity_page, facets, list, neighbourhood, query, search, total};
pub(crate) use query::{
    gone_source_traits, retain_seen, sample_sources, sample_traits, seen_and_gone, sees_all, source_traits, traits,
};
pub(crate) use removal::give_up_removal;
pub use removal::{Entities, finish_removal, remove_source};
pub use respelt::respell;
pub use retarget::{SourceQuery, query_sources, retarget};
pub use schedule::schedule;
pub(crate) use sources::source_of;
pub use sources::{
    ensure, entities_of, find, first_sync, refresh, refresh_entity, register, register_and_sync, remove_entity,
    schedule_source, source, source_alone, sources,
};
pub use sync::{sync, sync_pushed, sync_soon};
pub(crate) use teams::{teams_above, vouched_above, vouched_everyone, vouched_teams};
pub use teams::{teams_below, teams_of};
pub use through::Progress;
pub use trust::set_trust;
pub(crate) use trust::{declared_in, vouched, vouched_user, vouched_users};
pub use unasked::{Unasked, tell_of_unasked, unasked, unasked_in};
pub(crate) use untied::{untied, without_empty};
pub use validate::check_entity;
