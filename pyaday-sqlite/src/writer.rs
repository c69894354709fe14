//! The thread that writes. It commits all writes that queued during its last commit as one
//! transaction. Between transactions it reads the log of changes, and shortens it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyaday_core::{Draft, Published, Retention, StoreError};

use crate::error::{Cause, Failed};
use crate::file::File;
use crate::history::History;

/// The maximum number of jobs in the queue.
pub(crate) const QUEUE: usize = 1024;

/// How long the thread waits for a job before it looks for changes that have become too old.
const TRIM_INTERVAL: Duration = Duration::from_secs(60);

/// How many turns there are between two attempts to shorten the log of changes while jobs wait.
const BUSY_TURNS: u32 = 16;

/// A job for the thread.
pub(crate) enum Job {
    Write(Write),
    Read(Read),
    /// Looks for changes that need not be kept.
    Trim,
}

/// A write in the queue. It is called with the draft and decides its result.
pub(crate) type Write = Box<dyn FnOnce(&mut Draft) -> Answer + Send>;

/// The rest of a write: it sends the result when the end of the transaction is known.
pub(crate) type Answer = Box<dyn FnOnce(Result<(), StoreError>)>;

/// A part of a read of the log of changes. It sends its own result.
pub(crate) type Read = Box<dyn FnOnce(&History<'_>) + Send>;

/// The state of the thread.
pub(crate) struct Writer {
    pub(crate) file: File,
    pub(crate) current: Arc<Published>,
    pub(crate) retention: Arc<Mutex<Retention>>,
    /// Why nothing can be written until the file is opened again.
    unusable: Option<Arc<Cause>>,
    /// The reads that wait. One of them is carried out in each turn.
    reads: VecDeque<Read>,
    /// True if the log of changes may have some that need not be kept.
    may_trim: bool,
    busy_turns: u32,
}

impl Writer {
    pub(crate) fn new(
        file: File,
        current: Arc<Published>,
        retention: Arc<Mutex<Retention>>,
    ) -> Self {
        let (unusable, reads) = (None, VecDeque::new());
        Self { file, current, retention, unusable, reads, may_trim: true, busy_turns: 0 }
    }

    /// Carries out jobs until all senders are dropped.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let has_work = !self.reads.is_empty() || self.may_trim;
            let job = match has_work {
                true => jobs.try_recv().map_err(|error| error == TryRecvError::Disconnected),
                false => {
                    let job = jobs.recv_timeout(TRIM_INTERVAL);
                    job.map_err(|error| error == RecvTimeoutError::Disconnected)
                }
            };
            let is_idle = job.is_err();
            match job {
                Ok(Job::Write(write)) => self.write(write, jobs),
                Ok(Job::Read(read)) => self.reads.push_back(read),
                Ok(Job::Trim) => self.may_trim = true,
                Err(is_disconnected) if is_disconnected => break,
                Err(_) => self.may_trim |= !has_work,
            }
            self.turn(is_idle);
        }
        // SQLite leaves the log as it is if the database is not at its path any more. If only the log is
        // not, moving it to the database saves what it has.
        if self.unusable.is_some_and(|cause| matches!(*cause, Cause::Sqlite(_))) {
            self.file.close_without_moving_log();
        }
    }

    /// Does a part of the work for which no write waits.
    fn turn(&mut self, is_idle: bool) {
        let has_reads = !self.reads.is_empty();
        self.busy_turns = match is_idle && !has_reads {
            true => 0,
            false => self.busy_turns.saturating_add(1),
        };
        // Reads that come again and again must not keep the log of changes from being shortened.
        if self.may_trim && (self.busy_turns == 0 || self.busy_turns >= BUSY_TURNS) {
            self.busy_turns = 0;
            self.trim();
        } else if let Some(read) = self.reads.pop_front() {
            self.current.read(|now| {
                let (connection, extent) = self.file.history();
                let history = History { connection, extent, now };
                // After a panic, the caller gets an error because the channel is closed.
                drop(catch_unwind(AssertUnwindSafe(|| read(&history))));
            });
        }
    }

    fn trim(&mut self) {
        let retention = *self.retention.lock().unwrap_or_else(PoisonError::into_inner);
        self.may_trim = false;
        if self.unusable.is_some() || retention == Retention::all() {
            return;
        }
        let trimmed = self.file.trim(retention).map_err(Failure::new);
        let moved = match &trimmed {
            Ok(_) => self.file.shorten_log(),
            Err(Failure::Failed(Failed::NotNow, _)) => self.file.reuse_log(),
            Err(_) => Ok(()),
        };
        self.may_trim = matches!(trimmed, Ok(true));
        let failures = [trimmed.err(), moved.map_err(Failure::of_log).err()];
        self.unusable = failures.into_iter().flatten().filter_map(Failure::into_final).next();
    }

    /// Carries out a write and those that have queued, as one transaction.
    fn write(&mut self, write: Write, jobs: &Receiver<Job>) {
        let mut draft = Draft::new(self.current.catalogue());
        let mut answers = vec![write(&mut draft)];
        // If the file is unusable, writes are carried out one by one, so that those that change
        // nothing still succeed.
        let more = if self.unusable.is_none() { QUEUE } else { 0 };
        for job in jobs.try_iter().take(more) {
            match job {
                Job::Write(write) => answers.push(write(&mut draft)),
                Job::Read(read) => self.reads.push_back(read),
                Job::Trim => self.may_trim = true,
            }
        }
        let is_written = !draft.is_empty();
        let result = match &self.unusable {
            _ if !is_written => Ok(()),
            None => self.file.commit(&draft).map_err(Failure::new),
            Some(cause) => Err(Failure::Unusable(Arc::clone(cause))),
        };
        if is_written && result.is_ok() {
            self.current.publish(draft.into_catalogue());
            self.may_trim = true;
        }
        for answer in answers {
            answer(result.as_ref().copied().map_err(Failure::to_store_error));
        }
        // No caller waits while the log is moved.
        let moved = match &result {
            Ok(()) if is_written => self.file.shorten_log(),
            Err(Failure::Failed(Failed::NotNow, _)) => self.file.reuse_log(),
            _ => Ok(()),
        };
        let moved = moved.map_err(Failure::of_log);
        let failures = [result.err(), moved.err()].into_iter().flatten();
        let failure = failures.filter_map(Failure::into_final).next();
        self.unusable = self.unusable.take().or(failure);
    }
}

/// Why a transaction was not committed.
enum Failure {
    Failed(Failed, Arc<Cause>),
    Unusable(Arc<Cause>),
}

impl Failure {
    fn new((failed, cause): (Failed, Cause)) -> Self {
        Self::Failed(failed, Arc::new(cause))
    }

    /// A failure of moving the log, which is not part of any write.
    fn of_log(error: rusqlite::Error) -> Self {
        Self::new((Failed::before_commit(&error), error.into()))
    }

    /// The cause, if nothing can be written until the file is opened again.
    fn into_final(self) -> Option<Arc<Cause>> {
        match self {
            Self::Failed(failed, error) => failed.is_final().then_some(error),
            Self::Unusable(error) => Some(error),
        }
    }

    /// The error for the caller of a write.
    fn to_store_error(&self) -> StoreError {
        /// When to repeat a write after the disk was full.
        const RETRY_FULL: Duration = Duration::from_secs(10);
        /// When to repeat a write to a file that somebody must first open again.
        const RETRY_UNUSABLE: Duration = Duration::from_secs(60);

        match self {
            Self::Failed(Failed::NotNow, error) => StoreError::Unavailable {
                retry_after: RETRY_FULL,
                source: Arc::clone(error).into(),
            },
            Self::Failed(Failed::Rejected, error) => {
                StoreError::Internal { source: Arc::clone(error).into() }
            }
            Self::Failed(Failed::Unknown, error) => {
                StoreError::OutcomeUnknown { source: Arc::clone(error).into() }
            }
            Self::Failed(Failed::ForGood, error) | Self::Unusable(error) => {
                StoreError::Unavailable {
                    retry_after: RETRY_UNUSABLE,
                    source: Unusable(Arc::clone(error)).into(),
                }
            }
        }
    }
}

/// Why nothing can be written until the file is opened again.
#[derive(Debug, thiserror::Error)]
#[error("nothing can be written until the file is opened anew")]
struct Unusable(#[source] Arc<Cause>);
