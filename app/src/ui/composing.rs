//! Signs that are composed of several keys, as in Chinese, Japanese and Korean, or of an accent and a letter.

use std::{
    cell::RefCell,
    future::poll_fn,
    task::{Poll, Waker},
};

#[derive(Default)]
struct Composing {
    is_under_way: bool,
    waiting: Vec<Waker>,
}

thread_local! {
    static COMPOSING: RefCell<Composing> = RefCell::default();
}

/// Notes that a sign is being composed, or that it is there.
pub(super) fn note(is_under_way: bool) {
    let waiting = COMPOSING.with_borrow_mut(|composing| {
        composing.is_under_way = is_under_way;
        if is_under_way { Vec::new() } else { std::mem::take(&mut composing.waiting) }
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
            if !composing.is_under_way {
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
    fn what_is_drawn_waits_until_the_sign_is_there() {
        let mut context = Context::from_waker(Waker::noop());
        assert!(pin!(done()).poll(&mut context).is_ready());
        note(true);
        let mut waits = pin!(done());
        assert!(is_under_way() && waits.as_mut().poll(&mut context).is_pending());
        note(false);
        assert!(!is_under_way() && waits.as_mut().poll(&mut context).is_ready());
    }
}
