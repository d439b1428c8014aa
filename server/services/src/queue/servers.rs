//! Other systems that sources are read from, each of which a few jobs ask at a time: one that does not answer must hold up neither
//! those that do, nor each of its own sources anew.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Semaphore, time::Instant};

use super::slot::aside;
use crate::catalog::ports::ReadProblem;

/// How many jobs ask one server at a time, and all servers together.
const AT_ONE: usize = 4;
const AT_ALL: usize = 64;

/// Who fails after so long was not answered at all.
const SILENCE: Duration = Duration::from_secs(5);

/// The servers that are asked now.
#[derive(Debug)]
pub(crate) struct Servers {
    known: Mutex<HashMap<String, Arc<Server>>>,
    all: Semaphore,
}

impl Default for Servers {
    fn default() -> Self {
        Self { known: Mutex::default(), all: Semaphore::new(AT_ALL) }
    }
}

#[derive(Debug)]
struct Server {
    turns: Semaphore,
    /// When it last did not answer, and what was said of that.
    silent: Mutex<Option<(Instant, String)>>,
}

impl Servers {
    /// Asks the server that is called so, when it is our turn. Who waits while others get no answer has none either.
    pub(crate) async fn ask<T>(
        &self,
        name: &str,
        work: impl Future<Output = Result<T, ReadProblem>>,
    ) -> Result<T, ReadProblem> {
        let server = self.server(name);
        aside(async {
            let since = Instant::now();
            // Never closed, so there always is a turn in the end.
            let _turn = server.turns.acquire().await;
            if let Some((at, why)) = server.silent().clone().filter(|(at, _)| *at >= since) {
                let seconds = at.elapsed().as_secs();
                let why = format!("`{name}` did not answer another source {seconds} seconds ago: {why}");
                return Err(ReadProblem::Unreachable(why));
            }
            let _room = self.all.acquire().await;
            let begun = Instant::now();
            let done = work.await;
            match &done {
                Err(ReadProblem::Unreachable(why)) if begun.elapsed() >= SILENCE => {
                    *server.silent() = Some((Instant::now(), why.clone()));
                }
                _ => *server.silent() = None,
            }
            done
        })
        .await
    }

    fn server(&self, name: &str) -> Arc<Server> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Those whom nobody asks are forgotten.
        known.retain(|_, server| Arc::strong_count(server) > 1);
        let new = || Arc::new(Server { turns: Semaphore::new(AT_ONE), silent: Mutex::default() });
        known.entry(name.to_owned()).or_insert_with(new).clone()
    }
}

impl Server {
    fn silent(&self) -> std::sync::MutexGuard<'_, Option<(Instant, String)>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
