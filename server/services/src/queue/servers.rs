//! Other systems that sources are read from, each of which a few jobs ask at a time: one that does not answer must hold up neither
//! those that do, nor each of its own sources anew.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, watch},
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
    new: Semaphore,
    due: Semaphore,
}

impl Default for Servers {
    fn default() -> Self {
        let all = || Semaphore::new(OF_ALL);
        Self { known: Mutex::default(), asked: all(), new: all(), due: all() }
    }
}

/// Whether anybody waits for what comes of it: those never wait for the others.
#[derive(Debug, Clone, Copy)]
enum Hurry {
    /// A push, or a person, asked.
    Asked,
    /// Somebody registered it: some hundred may be at once, which hold up no push.
    New,
    /// It is only time.
    Due,
}

/// In which hurry a source is read; who only waits for a turn is hurried by whoever asks meanwhile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace(watch::Sender<Waiting>);

/// Who waits for a source.
#[derive(Debug, Clone, Copy, Default)]
struct Waiting {
    asked: u32,
    /// Whether it was never read before.
    is_new: bool,
}

impl Waiting {
    fn hurry(self) -> Hurry {
        match self {
            Self { asked: 0, .. } => Hurry::Due,
            Self { is_new: true, .. } => Hurry::New,
            Self { is_new: false, .. } => Hurry::Asked,
        }
    }
}

/// That somebody waits for a source, as long as it is held.
#[derive(Debug)]
pub(crate) struct Asked(Pace);

impl Pace {
    /// Hurries those who read at this pace.
    pub(crate) fn hurry(&self) -> Asked {
        self.0.send_modify(|waiting| waiting.asked += 1);
        Asked(self.clone())
    }

    /// Says whether the source was never read before.
    pub(crate) fn is_new(&self, is_new: bool) {
        self.0.send_modify(|waiting| waiting.is_new = is_new);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.0.send_modify(|waiting| waiting.asked -= 1);
    }
}

#[derive(Debug, Default)]
struct Server {
    asked: Lane,
    new: Lane,
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
        pace: &Pace,
        work: impl Future<Output = Result<T, ReadProblem>>,
    ) -> Result<T, ReadProblem> {
        let server = self.server(name);
        aside(async {
            let since = Instant::now();
            let enter = async |hurry: Hurry| {
                let (lane, all) = match hurry {
                    Hurry::Asked => (&server.asked, &self.asked),
                    Hurry::New => (&server.new, &self.new),
                    Hurry::Due => (&server.due, &self.due),
                };
                // Never closed, so there always is a turn in the end.
                let room = lane.room.acquire().await;
                let turn = lane.turns.acquire().await;
                if let Some((at, why)) = server.silent().clone().filter(|(at, _)| *at >= since) {
                    let seconds = at.elapsed().as_secs();
                    let why = format!("`{name}` did not answer another source {seconds} seconds ago: {why}");
                    return Err(ReadProblem::Unreachable(why));
                }
                Ok((room, turn, all.acquire().await))
            };
            let mut waiting = pace.0.subscribe();
            let hurry = waiting.borrow().hurry();
            let hurried = async { waiting.wait_for(|waiting| waiting.asked > 0).await.map(|waiting| waiting.hurry()) };
            let (_room, turn, _place) = if matches!(hurry, Hurry::Due) {
                tokio::select! {
                    entered = enter(Hurry::Due) => entered?,
                    hurry = hurried => enter(hurry.unwrap_or(Hurry::Asked)).await?,
                }
            } else {
                enter(hurry).await?
            };
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
        future::{Either, join_all, pending, ready, select},
        poll,
    };

    use super::*;

    #[tokio::test]
    async fn what_is_slow_holds_up_nobody_who_asks_its_server_later() {
        let servers = Servers::default();
        let (due, in_hurry) = (Pace::default(), Pace::default());
        let _asked = in_hurry.hurry();
        for (slow, quick) in [(&due, &in_hurry), (&in_hurry, &in_hurry), (&due, &due)] {
            // The slow ones never come to an end.
            let endless = (0..12).map(|_| servers.ask("forge", slow, pending::<Result<(), ReadProblem>>()));
            let asked = servers.ask("forge", quick, ready(Ok::<_, ReadProblem>(1)));
            let done = select(join_all(endless).boxed_local(), asked.boxed_local()).await;
            assert!(matches!(done, Either::Right((Ok(1), _))), "{slow:?} {quick:?}");
        }
    }

    #[tokio::test]
    async fn what_waits_for_its_turn_is_read_as_soon_as_somebody_asks_for_it() {
        let servers = Servers::default();
        let (others, pace) = (Pace::default(), Pace::default());
        let endless = (0..2 * OF_ONE).map(|_| servers.ask("forge", &others, pending::<Result<(), ReadProblem>>()));
        let mut endless = join_all(endless).boxed_local();
        let mut waits = servers.ask("forge", &pace, ready(Ok::<_, ReadProblem>(1))).boxed_local();
        // Those before it take all the room there is.
        assert!(poll!(&mut endless).is_pending() && poll!(&mut waits).is_pending());
        let _asked = pace.hurry();
        let done = select(endless, waits).await;
        assert!(matches!(done, Either::Right((Ok(1), _))));
    }

    #[tokio::test]
    async fn what_is_due_never_takes_the_room_of_what_somebody_waits_for() {
        let servers = Servers::default();
        let endless = (0..2 * OF_ALL).map(|number| {
            let name = format!("forge-{}", number % 3);
            let servers = &servers;
            async move { servers.ask(&name, &Pace::default(), pending::<Result<(), ReadProblem>>()).await }
        });
        let pace = Pace::default();
        let _asked = pace.hurry();
        let asked = servers.ask("forge-0", &pace, ready(Ok::<_, ReadProblem>(1)));
        let done = select(join_all(endless).boxed_local(), asked.boxed_local()).await;
        assert!(matches!(done, Either::Right((Ok(1), _))));
    }

    #[tokio::test]
    async fn what_is_registered_by_the_hundred_holds_up_no_push_nor_what_is_due_it() {
        let servers = Servers::default();
        let (push, new, due) = (Pace::default(), Pace::default(), Pace::default());
        new.is_new(true);
        let _asked = [push.hurry(), new.hurry()];
        let ask = |pace| servers.ask("forge", pace, ready(Ok::<_, ReadProblem>(1)));
        for (many, one) in [(&new, &push), (&due, &new)] {
            let endless = (0..2 * OF_ALL).map(|_| servers.ask("forge", many, pending::<Result<(), ReadProblem>>()));
            let done = select(join_all(endless).boxed_local(), ask(one).boxed_local()).await;
            assert!(matches!(done, Either::Right((Ok(1), _))), "{many:?} {one:?}");
        }
    }
}
