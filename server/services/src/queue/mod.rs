//! Work that happens after a commit: a job is written in the same transaction as what it follows from (`outbox`), then
//! handed to the queue, which delivers it at least once. Every job is safe to repeat.

pub(crate) mod store;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

/// A piece of work, small enough to be a message: it names what to do, and the worker reads the state itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "job")]
pub enum Job {
    /// Fetch a source and bring the catalog in line with it.
    SyncSource {
        /// The source.
        source: Uuid,
    },
    /// Bring scorecard results in line with the changes up to now.
    EvaluateScorecards,
    /// Take the next step of a run.
    AdvanceRun {
        /// The run.
        run: Uuid,
    },
}

/// The way to the workers.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    work: Arc<Notify>,
}

impl Queue {
    /// Says that the outbox holds new work.
    pub fn wake(&self) {
        self.work.notify_one();
    }
}
