//! What stands around every page.

pub(crate) mod document;
