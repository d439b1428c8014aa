//! Other systems that sources are read from, each of which a few jobs ask at a time: one that does not answer must hold up neither
//! those that do, nor each of its own sources anew.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::slot::aside;
use crate::catalog::ports::ReadProblem;

/// How many jobs begin to ask one server at a time.
const AT_ONE: usize = 4;

/// How many jobs ask one server, and all servers together, of those that somebody waits for and again of those that are just due.
const OF_ONE: usize = 24;
const OF_ALL: usize = 64;

/// Who asks for longer lets the next one begin: what is large takes its time, and others of its server need not wait for it.
const BEGUN: Duration = Duration::from_millis(250);

/// Who fails after so long was not answered at all.
const SILENCE: Duration = Duration::from_secs(5);

/// The servers that are asked now.
#[derive(Debug)]
pub(crate) struct Servers {
    known: Mutex<HashMap<String, Arc<Server>>>,
    asked: Semaphore,
    due: Semaphore,
}

impl Default for Servers {
    fn default() -> Self {
        Self { known: Mutex::default(), asked: Semaphore::new(OF_ALL), due: Semaphore::new(OF_ALL) }
    }
}

/// Whether anybody waits for what comes of it: those never wait for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hurry {
    /// A push, or a person, asked.
    Asked,
    /// It is only time.
    Due,
}

#[derive(Debug, Default)]
struct Server {
    asked: Lane,
    due: Lane,
    /// When it last did not answer, and what was said of that.
    silent: Mutex<Option<(Instant, String)>>,
}

/// Those who ask a server in the same hurry.
#[derive(Debug)]
struct Lane {
    turns: Semaphore,
    room: Semaphore,
}

impl Default for Lane {
    fn default() -> Self {
        Self { turns: Semaphore::new(AT_ONE), room: Semaphore::new(OF_ONE) }
    }
}

impl Servers {
    /// Asks the server that is called so, when it is our turn. Who waits while others get no answer has none either.
    pub(crate) async fn ask<T>(
        &self,
        name: &str,
        hurry: Hurry,
        work: impl Future<Output = Result<T, ReadProblem>>,
    ) -> Result<T, ReadProblem> {
        let server = self.server(name);
        let (lane, all) = match hurry {
            Hurry::Asked => (&server.asked, &self.asked),
            Hurry::Due => (&server.due, &self.due),
        };
        aside(async {
            let since = Instant::now();
            // Never closed, so there always is a turn in the end.
            let _room = lane.room.acquire().await;
            let turn = lane.turns.acquire().await;
            if let Some((at, why)) = server.silent().clone().filter(|(at, _)| *at >= since) {
                let seconds = at.elapsed().as_secs();
                let why = format!("`{name}` did not answer another source {seconds} seconds ago: {why}");
                return Err(ReadProblem::Unreachable(why));
            }
            let _place = all.acquire().await;
            let begun = Instant::now();
            let mut work = pin!(work);
            let done = if let Ok(done) = timeout(BEGUN, &mut work).await {
                done
            } else {
                drop(turn);
                work.await
            };
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
        known.entry(name.to_owned()).or_default().clone()
    }
}

impl Server {
    fn silent(&self) -> std::sync::MutexGuard<'_, Option<(Instant, String)>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::{
        FutureExt,
        future::{join_all, pending, ready, select},
    };

    use super::*;

    #[tokio::test]
    async fn what_is_slow_holds_up_nobody_who_asks_its_server_later() {
        let servers = Servers::default();
        for (slow, quick) in [(Hurry::Due, Hurry::Asked), (Hurry::Asked, Hurry::Asked), (Hurry::Due, Hurry::Due)] {
            // The slow ones never come to an end.
            let endless = (0..12).map(|_| servers.ask("forge", slow, pending::<Result<(), ReadProblem>>()));
            let asked = servers.ask("forge", quick, ready(Ok::<_, ReadProblem>(1)));
            let done = select(join_all(endless).boxed_local(), asked.boxed_local()).await;
            assert!(matches!(done, futures::future::Either::Right((Ok(1), _))), "{slow:?} {quick:?}");
        }
    }

    #[tokio::test]
    async fn what_is_due_never_takes_the_room_of_what_somebody_waits_for() {
        let servers = Servers::default();
        let endless = (0..2 * OF_ALL).map(|number| {
            let name = format!("forge-{}", number % 3);
            let servers = &servers;
            async move { servers.ask(&name, Hurry::Due, pending::<Result<(), ReadProblem>>()).await }
        });
        let asked = servers.ask("forge-0", Hurry::Asked, ready(Ok::<_, ReadProblem>(1)));
        let done = select(join_all(endless).boxed_local(), asked.boxed_local()).await;
        assert!(matches!(done, futures::future::Either::Right((Ok(1), _))));
    }
}
