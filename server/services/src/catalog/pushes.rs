//! Who reads what was pushed to an organisation: several at once, each a repository of its own, so that one that is slow holds up no
//! other. Who has to wait for a place takes along all who wait by then.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::watch;

/// How many read at once.
const AT_ONCE: usize = 8;

/// The pushes of one source.
#[derive(Debug, Clone, Default)]
pub(super) struct Pushes(watch::Sender<State>);

/// The repositories, by the tickets of those who ask for them.
#[derive(Debug, Default)]
struct State {
    last: u64,
    waiting: BTreeMap<u64, String>,
    in_hand: BTreeMap<u64, String>,
    reading: usize,
    /// Whether nobody shall begin.
    is_closed: bool,
}

/// What one who asks has come to.
enum Outcome {
    /// These are to be read.
    Turn(BTreeMap<u64, String>),
    /// Somebody else has read it.
    Done,
}

impl State {
    fn take(&mut self, ticket: u64, has_waited: bool) -> Option<Outcome> {
        let Some(repository) = self.waiting.get(&ticket) else {
            return (!self.in_hand.contains_key(&ticket)).then_some(Outcome::Done);
        };
        let in_hand: BTreeSet<&String> = self.in_hand.values().collect();
        if self.is_closed || self.reading >= AT_ONCE || in_hand.contains(repository) {
            return None;
        }
        let is_taken = |(one, name): &(&u64, &String)| **one == ticket || has_waited && !in_hand.contains(name);
        let taken: BTreeMap<u64, String> =
            self.waiting.iter().filter(is_taken).map(|(one, name)| (*one, name.clone())).collect();
        self.waiting.retain(|one, _| !taken.contains_key(one));
        self.in_hand.extend(taken.clone());
        self.reading += 1;
        Some(Outcome::Turn(taken))
    }
}

impl Pushes {
    /// Waits for a place to read a repository; nothing if that was done by another who came later than this.
    pub(super) async fn take(&self, repository: String) -> Option<Turn> {
        let mut news = self.0.subscribe();
        let mut ticket = Ticket { pushes: self.clone(), number: 0 };
        self.0.send_modify(|state| {
            state.last += 1;
            ticket.number = state.last;
            state.waiting.insert(state.last, repository);
        });
        news.mark_unchanged();
        let mut has_waited = false;
        loop {
            let mut outcome = None;
            self.0.send_if_modified(|state| {
                outcome = state.take(ticket.number, has_waited);
                matches!(outcome, Some(Outcome::Turn(_)))
            });
            match outcome {
                Some(Outcome::Turn(taken)) => return Some(Turn { taken, ticket }),
                Some(Outcome::Done) => return None,
                None => {}
            }
            has_waited = true;
            // The one who tells is held here, so there always is news in the end.
            let _ = news.changed().await;
        }
    }

    /// Waits until nobody reads, and lets nobody begin until what is returned is dropped.
    pub(super) async fn close(&self) -> Closed {
        self.0.send_modify(|state| state.is_closed = true);
        let closed = Closed(self.clone());
        let _ = self.0.subscribe().wait_for(|state| state.reading == 0).await;
        closed
    }
}

/// That somebody asks, as long as it is held.
#[derive(Debug)]
struct Ticket {
    pushes: Pushes,
    number: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.pushes.0.send_modify(|state| {
            state.waiting.remove(&self.number);
            state.in_hand.remove(&self.number);
        });
    }
}

/// A place among those who read. Where it is given up before all is read, those who were taken along wait again.
#[derive(Debug)]
pub(super) struct Turn {
    taken: BTreeMap<u64, String>,
    ticket: Ticket,
}

impl Turn {
    /// What is to be read.
    pub(super) fn repositories(&self) -> BTreeSet<String> {
        self.taken.values().cloned().collect()
    }

    /// Says that it was.
    pub(super) fn done(self) {
        self.ticket.pushes.0.send_modify(|state| state.in_hand.retain(|one, _| !self.taken.contains_key(one)));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.ticket.pushes.0.send_modify(|state| {
            state.reading -= 1;
            for ticket in self.taken.keys() {
                if let Some(repository) = state.in_hand.remove(ticket) {
                    state.waiting.insert(*ticket, repository);
                }
            }
        });
    }
}

/// That nobody reads what was pushed, as long as it is held.
#[derive(Debug)]
pub(super) struct Closed(Pushes);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.is_closed = false);
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::join_all, poll};

    use super::*;

    fn names(turn: &Turn) -> Vec<String> {
        turn.repositories().into_iter().collect()
    }

    #[tokio::test]
    async fn one_that_is_slow_holds_up_nobody_but_who_asks_for_it_again() {
        let pushes = Pushes::default();
        let slow = pushes.take("slow".into()).await.unwrap();
        let mut again = pushes.take("slow".into()).boxed();
        assert!(poll!(&mut again).is_pending());
        for name in ["quick", "quick", "other"] {
            let turn = pushes.take(name.into()).await.unwrap();
            assert_eq!(names(&turn), [name]);
            turn.done();
        }
        // Something was pushed since it was asked for.
        slow.done();
        assert_eq!(names(&again.await.unwrap()), ["slow"]);
    }

    #[tokio::test]
    async fn who_has_to_wait_takes_along_all_who_wait() {
        let pushes = Pushes::default();
        let mut first = join_all((0..AT_ONCE).map(|number| pushes.take(number.to_string()))).await;
        let mut late: Vec<_> = ["a", "b", "c", "0"].map(|name| pushes.take(name.into()).boxed()).into_iter().collect();
        for waits in &mut late {
            assert!(poll!(waits).is_pending());
        }
        // Neither "0", which is being read, nor more than one place.
        first.pop().flatten().unwrap().done();
        let turn = late.remove(0).await.unwrap();
        assert_eq!(names(&turn), ["a", "b", "c"]);
        assert!(poll!(&mut late[0]).is_pending());
        // It failed: the others read for themselves.
        drop(turn);
        let turn = late.remove(0).await.unwrap();
        assert_eq!(names(&turn), ["b", "c"]);
        turn.done();
        assert!(late.remove(0).await.is_none());
        drop(first);
        assert_eq!(names(&late.remove(0).await.unwrap()), ["0"]);
        assert_eq!(pushes.0.borrow().reading, 0);
        assert!(pushes.0.borrow().waiting.is_empty() && pushes.0.borrow().in_hand.is_empty());
    }

    #[tokio::test]
    async fn who_wants_to_be_alone_waits_for_those_who_read_and_holds_up_the_others() {
        let pushes = Pushes::default();
        let reads = pushes.take("a".into()).await.unwrap();
        let mut closing = pushes.close().boxed();
        assert!(poll!(&mut closing).is_pending());
        let mut late = pushes.take("b".into()).boxed();
        assert!(poll!(&mut late).is_pending());
        reads.done();
        let closed = closing.await;
        assert!(poll!(&mut late).is_pending());
        drop(closed);
        assert_eq!(names(&late.await.unwrap()), ["b"]);
    }
}
