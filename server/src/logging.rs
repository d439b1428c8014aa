//! Structured logs on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::settings::{Log, LogFormat};

/// What the queue's library says of itself. All of it is said in our own words where somebody can do something about it: a worker
/// that found the database busy is started anew, and that is no error.
const SILENT: &str = "apalis_core=off,apalis_sqlite=off,apalis_postgres=off";

/// Starts logging; later calls change nothing.
pub(crate) fn start(settings: &Log) {
    // What the settings say of the same library comes later, and holds.
    let filter = EnvFilter::try_new(format!("{SILENT},{}", settings.level))
        .unwrap_or_else(|_| EnvFilter::new(format!("{SILENT},info")));
    let stderr = io::stderr();
    let is_read_as_it_is = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|said| said.is_empty());
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(is_read_as_it_is).with_writer(io::stderr);
    // A second start can only happen in a test; the first one stands.
    let _ = match settings.format {
        LogFormat::Text => logs.with_target(false).try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
}
