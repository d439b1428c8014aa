//! Signs that are composed of several keys, as in Chinese, Japanese and Korean, or of an accent and a letter.

use std::{
    cell::RefCell,
    future::poll_fn,
    task::{Poll, Waker},
    time::Duration,
};

/// How long after a sign the next one may still begin: a word has several, and each begins where the one before ended.
pub(super) const SETTLING: Duration = Duration::from_millis(300);

#[derive(Default)]
struct Composing {
    /// How many signs were begun.
    begun: u32,
    is_under_way: bool,
    is_settling: bool,
    waiting: Vec<Waker>,
}

thread_local! {
    static COMPOSING: RefCell<Composing> = RefCell::default();
}

/// Notes that a sign is begun.
pub(super) fn begin() {
    COMPOSING.with_borrow_mut(|composing| {
        composing.begun = composing.begun.wrapping_add(1);
        composing.is_under_way = true;
        composing.is_settling = false;
    });
}

/// Notes that it is there; what is returned is for [`settle`], after [`SETTLING`].
pub(super) fn end() -> u32 {
    COMPOSING.with_borrow_mut(|composing| {
        composing.is_settling = composing.is_under_way;
        composing.is_under_way = false;
        composing.begun
    })
}

/// Notes that no other one followed, unless one did.
pub(super) fn settle(begun: u32) {
    if COMPOSING.with_borrow(|composing| composing.begun == begun && !composing.is_under_way) {
        stop();
    }
}

/// Notes that nothing is composed, since the field is gone.
pub(super) fn stop() {
    let waiting = COMPOSING.with_borrow_mut(|composing| {
        (composing.is_under_way, composing.is_settling) = (false, false);
        std::mem::take(&mut composing.waiting)
    });
    waiting.into_iter().for_each(Waker::wake);
}

pub(super) fn is_under_way() -> bool {
    COMPOSING.with_borrow(|composing| composing.is_under_way)
}

/// Waits until no sign is being composed: a page that is drawn anew would end it where it is. On the server that is at once.
pub(super) async fn done() {
    poll_fn(|context| {
        COMPOSING.with_borrow_mut(|composing| {
            if !composing.is_under_way && !composing.is_settling {
                return Poll::Ready(());
            }
            composing.waiting.push(context.waker().clone());
            Poll::Pending
        })
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, task::Context};

    use super::*;

    #[test]
    fn what_is_drawn_waits_until_the_word_is_there() {
        let mut context = Context::from_waker(Waker::noop());
        let mut is_drawn = || pin!(done()).poll(&mut context).is_ready();
        assert!(is_drawn());
        begin();
        assert!(is_under_way() && !is_drawn());
        let first = end();
        assert!(!is_under_way() && !is_drawn(), "the next sign may follow");
        begin();
        settle(first);
        assert!(is_under_way() && !is_drawn(), "and did");
        settle(end());
        assert!(is_drawn());
        begin();
        stop();
        assert!(is_drawn());
        end();
        assert!(is_drawn(), "nothing was under way");
    }
}
