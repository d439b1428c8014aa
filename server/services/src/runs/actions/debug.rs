//! `debug:log` and `debug:wait`.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Act, Outcome, text};
use crate::{Error, Result};

/// The longest wait.
const LONGEST: TimeDelta = TimeDelta::minutes(10);

pub(super) fn log(act: &Act<'_>, input: &Value) -> Result<Value> {
    if let Some(message) = text(input, "message") {
        act.log.info(message);
    }
    if let Some(extra) = input.get("extra") {
        act.log.info(serde_json::to_string_pretty(extra)?);
    }
    if !matches!(input.get("listWorkspace"), None | Some(Value::Bool(false) | Value::Null)) {
        let files = act.workspace.files()?;
        act.log.info(format!("{} files in the workspace:", files.len()));
        for file in files {
            act.log.info(format!("  {}", file.display()));
        }
    }
    Ok(json!({}))
}

/// The end follows from when the step was first taken, so neither a restart nor a duplicate makes the wait longer.
pub(super) fn wait(act: &Act<'_>, input: &Value, now: DateTime<Utc>) -> Result<Outcome> {
    let part = |name: &str| input.get(name).and_then(Value::as_f64).unwrap_or(0.0);
    let seconds = part("minutes") * 60.0 + part("seconds") + part("milliseconds") / 1000.0;
    if !(0.0..=600.0).contains(&seconds) {
        return Err(Error::Rejected(format!(
            "`debug:wait` cannot wait for {seconds} seconds; the longest is {} minutes",
            LONGEST.num_minutes()
        )));
    }
    let until = act.started_at + TimeDelta::from_std(std::time::Duration::from_secs_f64(seconds)).unwrap_or(LONGEST);
    if now >= until {
        return Ok(Outcome::Done(json!({})));
    }
    act.log.info(format!("waiting until {}", until.format("%H:%M:%S UTC")));
    Ok(Outcome::Wait(until))
}
