//! What the frame of the portal shows about the installation.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::AppError;

/// The installation, seen from the frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// Whose installation it is.
    pub(crate) organisation: String,
    /// Who is here.
    pub(crate) person: String,
    /// As what.
    pub(crate) role: String,
    /// The number of the last change that this page has seen.
    pub(crate) seq: i64,
    /// How many sources need someone.
    pub(crate) troubled_sources: u32,
    /// How many runs are under way.
    pub(crate) active_runs: u32,
    /// Whether they may ask who can do what.
    pub(crate) asks: bool,
    /// Whether they may see who comes in.
    pub(crate) manages_people: bool,
    /// Whether there is a session to sign out of.
    pub(crate) has_session: bool,
}

/// Says whose installation this is, who is here, and where work waits.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(crate) async fn get_frame() -> Result<Frame, AppError> {
    use services::identity::{Entry, Permission, Subject, Target, is_allowed};

    use crate::{
        catalog::views::is_troubled,
        ssr::{caller, count, services},
    };

    let (services, caller) = (services(), caller());
    let seq = services::changes::last(&services, &caller).await.unwrap_or_default();
    let (person, role) = match &caller.subject {
        Subject::Guest => ("Guest", "local administrator"),
        Subject::Administrator => ("Administrator", "signed in"),
        Subject::Person(reference) => (reference.rsplit('/').next().unwrap_or(reference), "signed in"),
        Subject::Machine(name) => (name.as_str(), "machine"),
        Subject::System(_) => ("Causeway", "system"),
        Subject::Stranger => ("Not signed in", ""),
    };
    // A frame stands around pages that say what is wrong: it never fails itself.
    let sources = services::catalog::sources(&services, &caller).await.unwrap_or_default();
    let runs = services::runs::counts(&services, &caller).await.unwrap_or_default();
    let active = runs.into_iter().filter(|(status, _)| !status.is_over()).map(|(_, number)| number).sum::<i64>();
    let active_runs = u32::try_from(active).unwrap_or_default();
    let may = async |what| is_allowed(&services, &caller, what, Target::Platform).await.unwrap_or_default();
    Ok(Frame {
        asks: may(Permission::ReadPolicies).await,
        manages_people: may(Permission::ManagePeople).await,
        has_session: matches!(caller.standing.source, Entry::Session(_)),
        organisation: services.settings.organisation.clone(),
        person: person.to_owned(),
        role: role.to_owned(),
        seq,
        troubled_sources: count(sources.iter().filter(|source| is_troubled(source)).count()),
        active_runs,
    })
}
