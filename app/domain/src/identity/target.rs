//! What a use case acts on.

use std::fmt;

use uuid::Uuid;

use crate::catalog::EntityRef;

/// What a use case acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target<'a> {
    /// Whatever the caller may see: a list, which leaves out the rest.
    Any,
    /// An entity of the catalog.
    Entity(&'a EntityRef),
    /// A source that is registered.
    Source(Uuid),
    /// A place that may become a source: an address, or a path.
    Place(&'a str),
    /// A template.
    Template(&'a EntityRef),
    /// A run.
    Run(Uuid),
    /// Any run of a template that someone else started: what one asks before there is one.
    RunsOf(&'a EntityRef),
    /// A repository of the embedded Git hosting: `owner/name`.
    Repository(&'a str),
    /// A team, for what it keeps in common.
    Team(&'a EntityRef),
    /// A policy document, by its name.
    Policy(&'a str),
    /// The caller's own stars, views and tokens.
    Own,
    /// The installation as a whole: what belongs to nobody in particular.
    Platform,
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("anything"),
            Self::Entity(reference) | Self::Template(reference) | Self::RunsOf(reference) | Self::Team(reference) => {
                reference.fmt(f)
            }
            Self::Source(id) => write!(f, "source:{id}"),
            Self::Place(address) => write!(f, "place:{address}"),
            Self::Run(id) => write!(f, "run:{id}"),
            Self::Repository(name) => write!(f, "repository:{name}"),
            Self::Policy(name) => write!(f, "policy:{name}"),
            Self::Own => f.write_str("own"),
            Self::Platform => f.write_str("platform"),
        }
    }
}
