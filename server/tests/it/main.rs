//! What the product promises, through HTTP, by the real binary, on both databases.
//!
//! `both!` writes each promise once and runs it on SQLite and on PostgreSQL (a cluster of its own, from the installed binaries).

#[macro_use]
mod portal;
mod postgres;

mod architecture;
mod catalog;
mod foundation;
mod sign_in;
