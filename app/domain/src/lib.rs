//! The vocabulary of Causeway and its rules: pure types and functions, compiled for the server and the browser.
//!
//! Nothing here knows a framework, a database, a clock or the network; what depends on time takes it as an argument.

pub mod audit;
pub mod catalog;
pub mod changes;
pub mod home;
pub mod identity;
pub mod letters;
mod moment;
#[cfg(feature = "openapi")]
mod openapi;
pub mod runs;
pub mod scim;
pub mod scorecards;
pub mod templates;

pub use moment::read_moment;
