//! Other systems, one module per plane, one file per system.

pub mod source;
