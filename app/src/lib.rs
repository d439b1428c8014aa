//! What people see: one module per capability, with its routes, pages, components and server functions.
//!
//! The crate is compiled twice, for the server (`ssr`) and for the browser (`hydrate`), and must render the same HTML in both.

#![recursion_limit = "512"]
#![expect(unreachable_pub, reason = "the `component` macro makes every component `pub`")]

mod access;
mod catalog;
mod error;
mod home;
mod identity;
mod parts;
mod routes;
mod runs;
mod scorecards;
mod shell;
#[cfg(feature = "ssr")]
mod ssr;
mod templates;
pub mod ui;
mod wire;

pub use error::AppError;
pub use parts::Opened;
#[cfg(feature = "hydrate")]
pub use parts::fetch as fetch_part;
pub use routes::App;
pub use shell::document::{Assets, document};
#[cfg(feature = "ssr")]
pub use ssr::{
    MintedToken, Pasted, RequestContext,
    access::{Sent, Tried},
    approval::Undecided,
    explained_at, problem_in, told,
};
