//! Runs: what a template does, step by step, durable.

mod ports;

pub use ports::{FirstCommit, Published, Repositories};
