//! What a question about permission names, as text.

use uuid::Uuid;

use super::{Permission, Target};
use crate::catalog::EntityRef;

/// What a question about permission names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// Something of the catalog.
    Entity(EntityRef),
    /// A template.
    Template(EntityRef),
    /// A team.
    Team(EntityRef),
    /// A source.
    Source(Uuid),
    /// A run.
    Run(Uuid),
    /// The runs of a template, whoever starts them.
    RunsOf(EntityRef),
    /// A repository.
    Repository(String),
    /// An address, or a path of the server.
    Place(String),
    /// A policy document.
    Policy(String),
    /// The caller's own.
    Own,
    /// The installation.
    Platform,
}

/// A text names nothing that this can be asked about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAThing {
    /// It is written like none.
    #[error(
        "`{0}` is nothing that this can be asked about: write a reference like `component:default/quay`, or `source:ID`, \
         `run:ID`, `repository:OWNER/NAME`, `place:ADDRESS`, `policy:NAME`, `own`, `platform`"
    )]
    Unknown(String),
    /// It has no runs.
    #[error("`{0}` has no runs, since it is no template: write `template:default/NAME`, or `run:ID`")]
    NoTemplate(String),
}

impl Thing {
    /// What `text` names when it is asked about `permission`.
    ///
    /// # Errors
    /// [`NotAThing`] if it names nothing.
    pub fn read(permission: Permission, text: &str) -> Result<Self, NotAThing> {
        let text = text.trim();
        let not = || NotAThing::Unknown(text.chars().take(100).collect());
        let id = |id: &str| id.parse::<Uuid>().map_err(|_| not());
        match text {
            "" | "platform" => return Ok(Self::Platform),
            "own" => return Ok(Self::Own),
            _ if text.len() > 2_000 => return Err(not()),
            _ => {}
        }
        let (word, rest) = text.split_once(':').ok_or_else(not)?;
        Ok(match word {
            "source" => Self::Source(id(rest)?),
            "run" => Self::Run(id(rest)?),
            "repository" => Self::Repository(rest.to_owned()),
            "place" => Self::Place(rest.to_owned()),
            "policy" => Self::Policy(rest.to_owned()),
            _ => {
                let reference: EntityRef = text.parse().map_err(|_| not())?;
                match permission {
                    // Runs are of templates, and of nothing else.
                    Permission::StartRun | Permission::ReadRuns | Permission::SteerRun | Permission::ApproveRun
                        if reference.kind() != "template" =>
                    {
                        return Err(NotAThing::NoTemplate(reference.to_string()));
                    }
                    Permission::StartRun | Permission::ReadRuns => Self::Template(reference),
                    Permission::SteerRun | Permission::ApproveRun => Self::RunsOf(reference),
                    Permission::KeepTeamViews => Self::Team(reference),
                    _ => Self::Entity(reference),
                }
            }
        })
    }

    /// What a use case would act on.
    pub fn target(&self) -> Target<'_> {
        match self {
            Self::Entity(reference) => Target::Entity(reference),
            Self::Template(reference) => Target::Template(reference),
            Self::Team(reference) => Target::Team(reference),
            Self::Source(id) => Target::Source(*id),
            Self::Run(id) => Target::Run(*id),
            Self::RunsOf(reference) => Target::RunsOf(reference),
            Self::Repository(name) => Target::Repository(name),
            Self::Place(address) => Target::Place(address),
            Self::Policy(name) => Target::Policy(name),
            Self::Own => Target::Own,
            Self::Platform => Target::Platform,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_what_the_question_makes_of_it() {
        let read = |permission, text| Thing::read(permission, text).unwrap().target().to_string();
        assert_eq!(read(Permission::ReadCatalog, "Component:quay"), "component:default/quay");
        assert!(matches!(Thing::read(Permission::StartRun, "template:a"), Ok(Thing::Template(_))));
        assert!(matches!(Thing::read(Permission::ApproveRun, "template:a"), Ok(Thing::RunsOf(_))));
        assert_eq!(Thing::read(Permission::ReadAudit, ""), Ok(Thing::Platform));
        let none = Thing::read(Permission::SteerRun, "component:default/quay").unwrap_err().to_string();
        assert!(none.contains("`component:default/quay` has no runs"), "{none}");
        for text in ["quay", "source:1", "run:x", "component:"] {
            assert!(Thing::read(Permission::ReadCatalog, text).is_err(), "{text}");
        }
    }
}
