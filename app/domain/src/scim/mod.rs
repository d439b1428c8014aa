//! SCIM 2.0 (RFC 7643, RFC 7644): how directories tell of people and groups, and how they ask for them.
//!
//! Real directories bend the rules: they send `"False"` for `false`, `Add` for `add`, names with dots as keys of a value, and lists
//! of what to remove. All of that is read here, once.

mod document;
mod element;
mod filter;
mod patch;
mod path;
mod schema;

use std::fmt;

pub use self::{
    document::{Projection, bounded, read},
    filter::{Filter, Literal, Test},
    patch::{GroupDeed, Operation, OperationKind, apply, group_deeds, members, operations},
    path::AttributePath,
    schema::{Attribute, ENTERPRISE, Kind, Schema},
};

/// The message that lists what was found.
pub const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The message that changes parts.
pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The message that says what was wrong.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The longest text of one attribute, in letters.
const LONGEST: usize = 2_000;
/// How many values one attribute of a person has at most.
const MOST_VALUES: usize = 100;
/// How large a person is at most, in bytes.
const LARGEST: usize = 64 * 1024;

/// What kind of thing is wrong, in the standard's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The filter cannot be read, or asks for what cannot be asked for.
    InvalidFilter,
    /// The message is not what it should be.
    InvalidSyntax,
    /// A path names nothing.
    InvalidPath,
    /// A path names nothing that is there.
    NoTarget,
    /// A value is missing, or is none of its kind.
    InvalidValue,
    /// What is asked for is not the client's to change.
    Mutability,
    /// Someone else has it.
    Uniqueness,
    /// It is too large.
    TooLarge,
}

impl Fault {
    /// The standard's word for it; none where the status says it all.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::InvalidFilter => Some("invalidFilter"),
            Self::InvalidSyntax => Some("invalidSyntax"),
            Self::InvalidPath => Some("invalidPath"),
            Self::NoTarget => Some("noTarget"),
            Self::InvalidValue => Some("invalidValue"),
            Self::Mutability => Some("mutability"),
            Self::Uniqueness => Some("uniqueness"),
            Self::TooLarge => None,
        }
    }
}

/// Why a request of a directory cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What kind of thing is wrong.
    pub fault: Fault,
    /// The same in words: what, where, and how to mend it.
    pub message: String,
}

impl Problem {
    /// Something is wrong.
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self { fault, message: message.into() }
    }
}

/// A text of a client, short enough to be repeated.
fn shown(text: impl fmt::Display) -> String {
    text.to_string().chars().take(80).collect()
}

/// The key that texts are compared by which mean the same in either case.
pub fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}
