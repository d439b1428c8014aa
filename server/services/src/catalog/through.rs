//! What is begun is done, whether or not somebody still waits for it.

use std::{future::Future, time::Duration};

use tokio::{sync::oneshot, time::timeout};

use crate::{Error, Result};

/// How long somebody is kept waiting: a request that takes longer than half a minute is given up, with all that it does.
const PATIENCE: Duration = Duration::from_secs(20);

/// How far something was when who asked for it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<T = ()> {
    /// It is done.
    Done(T),
    /// It takes long, and goes on by itself.
    GoesOn,
}

/// Does `work` to its end. Who asked for it waits a while, and is told that it goes on by itself.
///
/// # Errors
/// Its own, where they come while somebody waits.
pub(super) async fn through<T: Send + 'static>(
    what: &str,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<Progress<T>> {
    within(PATIENCE, what, work).await
}

async fn within<T: Send + 'static>(
    patience: Duration,
    what: &str,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<Progress<T>> {
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        if let Err(Err(error)) = tell.send(work.await) {
            tracing::error!(%error, "what nobody waited for any longer was not done");
        }
    });
    let Ok(told) = timeout(patience, told).await else { return Ok(Progress::GoesOn) };
    told.unwrap_or_else(|_| Err(Error::Internal(format!("{what} ended in a panic")))).map(Progress::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_too_long_is_told_and_the_work_goes_on() {
        let (begin, begins) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let work = async {
            begins.await.unwrap();
            done.send("done").unwrap();
            Ok(())
        };
        assert_eq!(within(Duration::ZERO, "removing it", work).await.unwrap(), Progress::GoesOn);
        begin.send(()).unwrap();
        assert_eq!(is_done.await.unwrap(), "done");
    }

    #[tokio::test]
    async fn what_ends_in_time_is_handed_on() {
        assert_eq!(through("it", async { Ok(7) }).await.unwrap(), Progress::Done(7));
        let gone = through("it", async { Err::<(), _>(Error::NotFound("it is gone".to_owned())) }).await;
        assert!(matches!(gone, Err(Error::NotFound(_))));
        let panics = through::<()>("it", async { panic!("as it should") }).await;
        assert!(matches!(panics, Err(Error::Internal(_))));
    }
}
