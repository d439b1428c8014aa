//! What would become of a target, before anything is done.

use domain::catalog::{Entity, SourceFile};
use sea_orm::prelude::Uuid;

/// What would become of a target.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Every file.
    pub files: Vec<SourceFile>,
    /// Every entity that would enter the catalog, as far as its own document says.
    pub entities: Vec<Entity>,
    /// What of that the catalog has already.
    pub there: There,
}

/// What the catalog has of a target before anything is done.
#[derive(Debug, Clone, Default)]
pub struct There {
    /// The source that reads it.
    pub source: Option<Uuid>,
    /// How many of the entities stand because of it, or because another source reads the very same files.
    pub same: usize,
    /// How many of the entities other files declare, which stand.
    pub others: usize,
}
