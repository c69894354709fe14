//! Reads that take long.

use std::future::poll_fn;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use async_lock::{Semaphore, SemaphoreGuard};

use super::index::SMALL;
use super::snapshot::Catalogue;
use crate::store::StoreError;

/// Lets reads take long without harm to others.
///
/// A search by the index takes a few milliseconds at most. Half of the processors may search at the
/// same time, so the others are free for other requests, and other searches wait for their turn. A
/// read that looks at many packages one by one pauses after each part, and only a few of them run at
/// once.
#[derive(Debug)]
pub(super) struct Patience {
    searches: Semaphore,
    scans: Semaphore,
}

impl Patience {
    /// How many packages a read may look at without a pause.
    const PART: usize = SMALL;
    /// How many reads may look at more packages at once.
    const SCANS: usize = 2;
    /// How long clients that were refused should wait. The index takes a few seconds to build.
    const RETRY_AFTER: Duration = Duration::from_secs(1);

    pub(super) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self {
            searches: Semaphore::new((processors / 2).max(1)),
            scans: Semaphore::new(Self::SCANS),
        }
    }

    /// Whether a read that uses the index of this catalogue takes long.
    pub(super) fn is_tried_by(catalogue: &Catalogue) -> bool {
        catalogue.index.unknown(catalogue.len()) > Self::PART
    }

    /// Waits for the turn of a search. The turn ends when the result is dropped.
    pub(super) async fn turn(&self) -> SemaphoreGuard<'_> {
        match self.searches.try_acquire() {
            Some(turn) => turn,
            // Web frameworks move futures in memory. Boxing this rare case keeps the others small.
            None => Box::pin(self.searches.acquire()).await,
        }
    }

    /// Admits a read that takes long, unless too many run already. It ends when the result is dropped.
    pub(super) fn admit(&self) -> Result<SemaphoreGuard<'_>, StoreError> {
        let busy = StoreError::Busy { retry_after: Self::RETRY_AFTER };
        self.scans.try_acquire().ok_or(busy)
    }

    /// Calls `step` with a number of packages until it returns false, and lets other tasks run in
    /// between.
    pub(super) async fn finish(mut step: impl FnMut(usize) -> bool) {
        while step(Self::PART) {
            pause().await;
        }
    }
}

/// Lets other tasks of the executor run, whichever executor it is.
pub(crate) async fn pause() {
    let mut has_paused = false;
    poll_fn(|context| {
        if has_paused {
            return Poll::Ready(());
        }
        has_paused = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Divides long work that must stay in its task, such as calls of a store.
pub(crate) struct Pace {
    begin: Instant,
    /// How many steps were made since the clock was read.
    steps: usize,
}

impl Pace {
    /// How long the work goes on without a pause.
    const PART: Duration = Duration::from_micros(500);

    /// After how many steps the clock is read. To read it takes as long as a short step.
    const STEPS: usize = 8;

    pub(crate) fn new() -> Self {
        Self { begin: Instant::now(), steps: 0 }
    }

    /// Lets other tasks run, if the work has gone on for long enough. It is called after each step.
    pub(crate) async fn pause(&mut self) {
        self.steps += 1;
        if self.steps < Self::STEPS {
            return;
        }
        self.steps = 0;
        if self.begin.elapsed() >= Self::PART {
            pause().await;
            self.begin = Instant::now();
        }
    }
}
