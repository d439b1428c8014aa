//! What is begun is done, whether or not somebody still waits for it.

use std::{future::Future, time::Duration};

use tokio::{sync::oneshot, time::timeout};

use crate::{Error, Result};

/// How long somebody is kept waiting: a request that takes longer than half a minute is given up, with all that it does.
const PATIENCE: Duration = Duration::from_secs(20);

/// Does `work` to its end. Who asked for it waits a while, and is told that it goes on by itself.
///
/// # Errors
/// Its own; [`Error::Unavailable`] where it takes longer, with `what` in front of that.
pub(super) async fn through<T: Send + 'static>(
    what: &str,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    within(PATIENCE, what, work).await
}

async fn within<T: Send + 'static>(
    patience: Duration,
    what: &str,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        if let Err(Err(error)) = tell.send(work.await) {
            tracing::error!(%error, "what nobody waited for any longer was not done");
        }
    });
    let Ok(told) = timeout(patience, told).await else {
        let why = format!("{what} takes long, and goes on by itself; look again in a minute");
        return Err(Error::Unavailable { system: "catalog".into(), why });
    };
    told.unwrap_or_else(|_| Err(Error::Internal(format!("{what} ended in a panic"))))
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
        let told = within(Duration::ZERO, "removing it", work).await.unwrap_err().to_string();
        assert!(told.contains("removing it takes long, and goes on by itself"), "{told}");
        begin.send(()).unwrap();
        assert_eq!(is_done.await.unwrap(), "done");
    }

    #[tokio::test]
    async fn what_ends_in_time_is_handed_on() {
        assert_eq!(through("it", async { Ok(7) }).await.unwrap(), 7);
        let gone = through("it", async { Err::<(), _>(Error::NotFound("it is gone".to_owned())) }).await;
        assert!(matches!(gone, Err(Error::NotFound(_))));
        let panics = through::<()>("it", async { panic!("as it should") }).await;
        assert!(matches!(panics, Err(Error::Internal(_))));
    }
}
