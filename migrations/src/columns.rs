//! Columns as they mean the same on both databases.

use sea_orm_migration::prelude::ColumnDef;

/// A short text that is part of a key.
pub(crate) fn key(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text().not_null();
    column
}

/// A text of any length.
pub(crate) fn text(name: &'static str) -> ColumnDef {
    key(name)
}

/// A text that may be missing.
pub(crate) fn text_null(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text().null();
    column
}

/// A moment, in UTC.
pub(crate) fn time(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.timestamp_with_time_zone().not_null();
    column
}

/// A moment that may not have come.
pub(crate) fn time_null(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.timestamp_with_time_zone().null();
    column
}

/// A JSON document, kept as it was written (`jsonb` would reorder its keys).
pub(crate) fn json(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.json().not_null();
    column
}

/// A JSON document that may be missing.
pub(crate) fn json_null(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.json().null();
    column
}
