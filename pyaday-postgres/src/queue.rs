//! The writes that wait for the one task that carries them out.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyaday_core::{Date, NormalizedName, StoreError};
use tokio::sync::Notify;

use crate::draft::Draft;
use crate::error::Fault;

/// How many writes may wait.
pub(crate) const LENGTH: usize = 1024;

/// How long a write may wait until it is begun.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1_900);

/// A write that somebody waits for.
pub(crate) trait Write: Send {
    /// The packages that it looks at.
    fn names(&self) -> &[NormalizedName];

    /// The day that it looks at.
    fn date(&self) -> Option<Date>;

    /// Decides what becomes of it. It is called once more when the transaction was rolled back
    /// because of what others did.
    fn decide(&mut self, draft: &mut Draft);

    /// Tells whoever waits, once it is known whether the transaction was committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

pub(crate) type Job = Box<dyn Write>;

/// Writes in the order in which they came.
#[derive(Default)]
pub(crate) struct Queue {
    jobs: Mutex<Jobs>,
    changed: Notify,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<(Instant, Job)>,
    is_closed: bool,
}

impl Queue {
    /// Adds a write, if there is room.
    pub(crate) fn push(&self, job: Job) -> Result<(), StoreError> {
        let mut jobs = self.lock();
        if jobs.is_closed {
            return Err(Fault::Ended.refused());
        }
        if jobs.waiting.len() >= LENGTH {
            let source = format!("{LENGTH} writes wait already").into();
            return Err(StoreError::Unavailable { retry_after: Duration::from_secs(1), source });
        }
        jobs.waiting.push_back((Instant::now(), job));
        drop(jobs);
        self.changed.notify_one();
        Ok(())
    }

    /// Nothing is added any more.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// True if nothing waits and nothing will.
    pub(crate) fn has_ended(&self) -> bool {
        let jobs = self.lock();
        jobs.is_closed && jobs.waiting.is_empty()
    }

    /// Waits until there is a write, or the end.
    pub(crate) async fn changed(&self) {
        loop {
            let changed = self.changed.notified();
            {
                let jobs = self.lock();
                if jobs.is_closed || !jobs.waiting.is_empty() {
                    return;
                }
            }
            changed.await;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// Up to so many writes.
    pub(crate) fn take(&self, most: usize) -> Vec<Job> {
        let mut jobs = self.lock();
        let count = jobs.waiting.len().min(most);
        jobs.waiting.drain(..count).map(|(_, job)| job).collect()
    }

    /// Refuses the writes that have waited for too long.
    pub(crate) fn refuse_late(&self) {
        let late = {
            let mut jobs = self.lock();
            let is_late = |(since, _): &(Instant, Job)| since.elapsed() >= PATIENCE;
            let count = jobs.waiting.iter().take_while(|it| is_late(it)).count();
            jobs.waiting.drain(..count).collect::<Vec<_>>()
        };
        for (_, job) in late {
            job.answer(Err(Fault::Late(PATIENCE).refused()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
