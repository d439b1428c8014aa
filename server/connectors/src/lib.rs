//! Other systems, one module per plane, one file per system.

pub mod hosting;
pub mod identity;
pub mod outgoing;
pub mod source;
