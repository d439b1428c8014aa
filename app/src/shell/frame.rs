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
}

/// Says whose installation this is, who is here, and where work waits.
#[server(prefix = "/api/portal")]
pub(crate) async fn get_frame() -> Result<Frame, AppError> {
    use services::identity::Subject;

    use crate::ssr::{caller, reply, services};

    let (services, caller) = (services(), caller());
    let seq = reply(services::changes::last(&services, &caller).await)?;
    let (person, role) = match &caller.subject {
        Subject::Guest => ("Guest", "local administrator"),
        Subject::Administrator => ("Administrator", "signed in"),
        Subject::System(_) => ("Causeway", "system"),
        Subject::Stranger => ("Not signed in", ""),
    };
    Ok(Frame {
        organisation: services.settings.organisation.clone(),
        person: person.to_owned(),
        role: role.to_owned(),
        seq,
        troubled_sources: 0,
        active_runs: 0,
    })
}
