//! Entities of the software catalog: their names, documents, relations and queries.

mod reference;

pub use reference::{DEFAULT_NAMESPACE, EntityRef, NotAReference, ReferenceDefaults};
