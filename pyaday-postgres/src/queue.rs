//! The writes that wait for the one task that carries them out.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyaday_core::{Draft, StoreError};
use tokio::sync::Notify;

use crate::error::Fault;
use crate::size::Size;

/// How many writes may wait.
pub(crate) const LENGTH: usize = 1024;

/// How long a write may wait before a transaction takes it.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1_900);

/// How much longer a write may wait for its next transaction, if the previous one took too long.
const PATIENCE_AGAIN: Duration = Duration::from_secs(3);

/// How long writes wait in addition while a transaction is carried out that is too large to share. A
/// transaction of the most packages that a request can import takes a few seconds.
const PATIENCE_WITH_LARGE: Duration = Duration::from_secs(30);

/// A write whose caller waits for the outcome.
pub(crate) trait Write: Send {
    /// The most that it may write, as far as that is known before it is decided.
    fn size(&self) -> Size;

    /// Decides the outcome of the write. It is called again if the transaction was rolled back, because it
    /// collided with another one or took too long.
    fn decide(&mut self, draft: &mut Draft);

    /// Reports the outcome to the caller, after it is known whether the transaction was committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A write that waits, or is being carried out.
pub(crate) struct Job {
    pub(crate) write: Box<dyn Write>,
    since: Instant,
    patience: Duration,
    /// How long it has waited for large transactions that have ended.
    for_large: Duration,
}

impl Job {
    /// True if it has waited for longer than it may. `large` is since when a large transaction is carried
    /// out.
    fn is_late(&self, large: Option<Instant>) -> bool {
        self.waits_longer_than(self.patience, large)
    }

    /// True if it has waited for so long, besides its waits for large transactions.
    fn waits_longer_than(&self, time: Duration, large: Option<Instant>) -> bool {
        let for_large = self.for_large + self.waits_for(large);
        self.since.elapsed() >= time + for_large.min(PATIENCE_WITH_LARGE)
    }

    /// How long it has waited for a transaction that began then.
    fn waits_for(&self, large: Option<Instant>) -> Duration {
        large.map_or(Duration::ZERO, |begin| begin.elapsed().min(self.since.elapsed()))
    }
}

/// Writes in the order in which they came.
#[derive(Default)]
pub(crate) struct Queue {
    jobs: Mutex<Jobs>,
    changed: Notify,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    is_closed: bool,
    /// Since when a large transaction is carried out, here or in another process.
    large: Option<Instant>,
}

impl Queue {
    /// Adds a write, if there is room.
    pub(crate) fn push(&self, write: Box<dyn Write>) -> Result<(), StoreError> {
        let mut jobs = self.lock();
        if jobs.is_closed {
            return Err(Fault::Ended.refused());
        }
        if jobs.waiting.len() >= LENGTH {
            let source = format!("{LENGTH} writes wait already").into();
            return Err(StoreError::Unavailable { retry_after: Duration::from_secs(1), source });
        }
        let for_large = Duration::ZERO;
        let job = Job { write, since: Instant::now(), patience: PATIENCE, for_large };
        jobs.waiting.push_back(job);
        drop(jobs);
        self.changed.notify_one();
        Ok(())
    }

    /// Closes the queue: later writes are refused.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// True if no write waits and the queue is closed.
    pub(crate) fn has_ended(&self) -> bool {
        let jobs = self.lock();
        jobs.is_closed && jobs.waiting.is_empty()
    }

    /// Waits until a write waits, or the queue is closed.
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

    /// Adds waiting writes to a transaction, up to `most` in all, and no more than [`Size::MOST`] allows.
    pub(crate) fn fill(&self, transaction: &mut Vec<Job>, most: usize) {
        let mut size = Size::default();
        for job in &*transaction {
            size += job.write.size();
        }
        let mut jobs = self.lock();
        while let Some(next) = jobs.waiting.front() {
            size += next.write.size();
            let fits = transaction.is_empty() || (transaction.len() < most && size.is_shareable());
            if !fits {
                return;
            }
            transaction.extend(jobs.waiting.pop_front());
        }
    }

    /// Notes that a large transaction is carried out since then, here or in another process. The writes that
    /// wait have more time until it [ends](Self::end).
    pub(crate) fn wait_for_large(&self, since: Instant) {
        self.lock().large.get_or_insert(since);
    }

    /// Ends a wait for a large transaction. A write has as much time after it as it would have had without
    /// it: those that still wait, and those that this transaction has taken.
    pub(crate) fn end(&self, transaction: &mut [Job]) {
        let mut jobs = self.lock();
        let large = jobs.large.take();
        for job in jobs.waiting.iter_mut().chain(transaction) {
            job.for_large += job.waits_for(large);
        }
    }

    /// Puts the writes of a transaction that was rolled back at the front of the queue again. Returns those
    /// that have waited for too long.
    pub(crate) fn put_back(&self, transaction: Vec<Job>) -> Vec<Job> {
        let patience = PATIENCE + PATIENCE_AGAIN;
        let transaction = transaction.into_iter().map(|job| Job { patience, ..job });
        let mut jobs = self.lock();
        let large = jobs.large;
        let (late, again): (Vec<_>, Vec<_>) = transaction.partition(|job| job.is_late(large));
        for job in again.into_iter().rev() {
            jobs.waiting.push_front(job);
        }
        late
    }

    /// Takes all writes that wait.
    pub(crate) fn drain(&self) -> Vec<Job> {
        self.lock().waiting.drain(..).collect()
    }

    /// Takes the writes that have waited for so long, besides their waits for large transactions.
    pub(crate) fn take_waited(&self, time: Duration) -> VecDeque<Job> {
        self.take_if(|job, large| job.waits_longer_than(time, large))
    }

    fn take_if(&self, is_taken: impl Fn(&Job, Option<Instant>) -> bool) -> VecDeque<Job> {
        let mut jobs = self.lock();
        let large = jobs.large;
        let (taken, waiting) = jobs.waiting.drain(..).partition(|job| is_taken(job, large));
        jobs.waiting = waiting;
        taken
    }

    /// Refuses the writes that have waited for too long.
    pub(crate) fn refuse_late(&self) {
        let late = self.take_if(Job::is_late);
        for Job { write, since, .. } in late {
            write.answer(Err(Fault::Late(since.elapsed()).refused()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts the writes that are refused.
    struct Counted(Arc<AtomicUsize>);

    impl Write for Counted {
        fn size(&self) -> Size {
            Size::ROW
        }

        fn decide(&mut self, _: &mut Draft) {}

        fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
            self.0.fetch_add(usize::from(committed.is_err()), Ordering::Relaxed);
        }
    }

    /// As if the writes that wait had come, and the large transaction had begun, so much earlier.
    fn wait(queue: &Queue, time: Duration) {
        let mut jobs = queue.lock();
        let earlier = |moment: Instant| moment.checked_sub(time).unwrap();
        jobs.waiting.iter_mut().for_each(|job| job.since = earlier(job.since));
        jobs.large = jobs.large.map(earlier);
    }

    #[test]
    fn a_write_whose_transaction_is_tried_again_has_not_used_its_time_for_a_large_one() {
        // The control is a wait for something else.
        for is_large in [true, false] {
            let (queue, mut transaction) = (Queue::default(), Vec::new());
            queue.push(Box::new(Counted(Arc::default()))).unwrap();
            if is_large {
                queue.wait_for_large(Instant::now());
            }
            wait(&queue, PATIENCE_WITH_LARGE / 2);
            queue.fill(&mut transaction, 1);
            queue.end(&mut transaction);
            let late = queue.put_back(transaction);
            assert_eq!(late.is_empty(), is_large);
            assert_eq!(queue.is_empty(), !is_large);
        }
    }

    #[test]
    fn a_write_that_waits_for_a_large_transaction_is_not_refused() {
        let most = PATIENCE + PATIENCE_WITH_LARGE;
        let second = Duration::from_secs(1);
        // The control is a wait for something else.
        for (is_large, during, after, refused) in [
            (true, 20 * second, second, 0),
            (true, 20 * second, 2 * second, 2),
            (true, most, Duration::ZERO, 2),
            (false, second, Duration::ZERO, 0),
            (false, 2 * second, Duration::ZERO, 2),
        ] {
            let (queue, count) = (Queue::default(), Arc::new(AtomicUsize::new(0)));
            queue.push(Box::new(Counted(Arc::clone(&count)))).unwrap();
            if is_large {
                queue.wait_for_large(Instant::now());
            }
            queue.push(Box::new(Counted(Arc::clone(&count)))).unwrap();
            // A wait for another process is noted again and again.
            for _ in 0..2 {
                wait(&queue, during / 2);
                queue.refuse_late();
                queue.end(&mut []);
                if is_large {
                    queue.wait_for_large(Instant::now());
                }
            }
            queue.end(&mut []);
            wait(&queue, after);
            queue.refuse_late();
            assert_eq!(count.load(Ordering::Relaxed), refused, "{is_large} {during:?} {after:?}");
        }
    }
}
