//! What steps can do. Each action is safe to repeat under the same key: whoever died in the middle is followed by one who
//! does it again.

mod catalog;
mod debug;
mod fetch;
mod files;
mod publish;
mod schema;

use chrono::{DateTime, Utc};
use domain::identity::Caller;
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::schema::lint_step;
pub(super) use self::{
    fetch::put,
    schema::{check_input, known, nearest},
};
use super::{log::Log, store::run, workspace::Workspace};
use crate::{Error, Result, Services};

/// An action, described for people and editors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Action {
    /// What a template's step calls it.
    pub id: &'static str,
    /// What it does, in a sentence.
    pub description: &'static str,
    /// The JSON Schema of what it takes.
    pub input: Value,
    /// The JSON Schema of what it makes.
    pub output: Value,
    /// What a step that uses it looks like.
    pub example: &'static str,
    /// Whether it alters the run's files.
    #[serde(skip)]
    pub alters_files: bool,
    /// Whether it reads the run's files.
    #[serde(skip)]
    pub reads_files: bool,
}

/// One execution of an action.
pub(super) struct Act<'a> {
    pub services: &'a Services,
    /// Who started the run, with the rights that they have now.
    pub caller: &'a Caller,
    pub run: &'a run::Model,
    /// Stays the same over all attempts.
    pub key: String,
    pub workspace: &'a Workspace,
    pub log: &'a Log,
    /// When the step was first taken.
    pub started_at: DateTime<Utc>,
}

/// How an execution ended, if it did not fail.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// It is done, and this is what it made.
    Done(Value),
    /// It goes on at a known moment.
    Wait(DateTime<Utc>),
}

/// Does what `action` names.
pub(super) async fn perform(action: &str, act: &Act<'_>, input: &Value) -> Result<Outcome> {
    let output = match action {
        "fetch:template" => fetch::template(act, input).await?,
        "fetch:plain" => fetch::plain(act, input).await?,
        "publish:git" => publish::git(act, input).await?,
        "catalog:register" => catalog::register(act, input).await?,
        "catalog:fetch" => catalog::fetch(act, input).await?,
        "catalog:write" => catalog::write(act, input)?,
        "debug:log" => debug::log(act, input)?,
        "debug:wait" => return debug::wait(act, input, Utc::now()),
        "fs:delete" => files::delete(act, input)?,
        "fs:rename" => files::rename(act, input)?,
        "fs:readdir" => files::read_folder(act, input)?,
        _ => return Err(unknown(action)),
    };
    Ok(Outcome::Done(output))
}

/// The refusal of an action that does not exist, with the one that was probably meant.
pub(super) fn unknown(action: &str) -> Error {
    let hint = nearest(action).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Error::Rejected(format!(
        "there is no action `{action}`{hint} The actions there are: GET /api/scaffolder/v2/actions"
    ))
}

fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Value::as_str)
}

fn flag(input: &Value, name: &str) -> bool {
    input.get(name).and_then(Value::as_bool).unwrap_or(false)
}
