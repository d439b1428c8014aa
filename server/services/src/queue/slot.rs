//! The room that a job takes in this process while it works. It is given up while the job waits for another system, which costs
//! nothing here and may take long.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::futures::TaskLocalFuture,
};

tokio::task_local! {
    static SLOT: Arc<Slot>;
}

/// A place among the jobs that work.
pub(super) struct Slot {
    slots: Arc<Semaphore>,
    held: Mutex<Held>,
}

enum Held {
    Here {
        _permit: OwnedSemaphorePermit,
    },
    /// Given up while it waits.
    Aside,
    /// Given up for good.
    Lost,
}

impl Slot {
    /// Waits for a place.
    pub(super) async fn take(slots: &Arc<Semaphore>) -> Arc<Self> {
        // Never closed, so there always is one in the end.
        let held = slots.clone().acquire_owned().await.map_or(Held::Lost, |permit| Held::Here { _permit: permit });
        Arc::new(Self { slots: slots.clone(), held: Mutex::new(held) })
    }

    /// Gives the place up for good.
    pub(super) fn lose(&self) {
        self.put(Held::Lost);
    }

    /// Does `work` in this place.
    pub(super) fn hold<F: Future>(slot: Arc<Self>, work: F) -> TaskLocalFuture<Arc<Self>, F> {
        SLOT.scope(slot, work)
    }

    fn put(&self, held: Held) -> Held {
        std::mem::replace(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner), held)
    }

    fn step_aside(&self) {
        if matches!(self.put(Held::Aside), Held::Lost) {
            self.lose();
        }
    }

    async fn come_back(&self) {
        let permit = self.slots.clone().acquire_owned().await;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Held::Aside, Ok(permit)) = (&*held, permit) {
            *held = Held::Here { _permit: permit };
        }
    }
}

/// Waits for another system without a place among the jobs that work. What is no job just waits.
pub(crate) async fn aside<T>(work: impl Future<Output = T>) -> T {
    let Ok(slot) = SLOT.try_with(Arc::clone) else { return work.await };
    slot.step_aside();
    let done = work.await;
    slot.come_back().await;
    done
}
