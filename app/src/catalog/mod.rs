//! The catalog's pages.
