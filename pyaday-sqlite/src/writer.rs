//! The thread that writes. It commits all writes that queued during its last commit as one
//! transaction.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use pyaday_core::{Draft, Published, StoreError};

use crate::error::{Cause, Failed};
use crate::file::File;

/// The maximum number of writes in the queue.
pub(crate) const QUEUE: usize = 1024;

/// A write in the queue. It is called with the draft and decides its result.
pub(crate) type Job = Box<dyn FnOnce(&mut Draft) -> Answer + Send>;

/// The rest of a write: it sends the result when the end of the transaction is known.
pub(crate) type Answer = Box<dyn FnOnce(Result<(), StoreError>)>;

/// Carries out jobs until all senders are dropped.
pub(crate) fn run(mut file: File, current: &Published, jobs: &Receiver<Job>) {
    let mut unusable = None;
    while let Ok(job) = jobs.recv() {
        let mut draft = Draft::new(current.catalogue());
        let mut answers = vec![job(&mut draft)];
        // If the file is unusable, jobs are carried out one by one, so that writes that change
        // nothing still succeed.
        let more = if unusable.is_none() { QUEUE } else { 0 };
        answers.extend(jobs.try_iter().take(more).map(|job| job(&mut draft)));

        let is_written = !draft.is_empty();
        let mut result = match &unusable {
            _ if !is_written => Ok(()),
            None => file.commit(&draft).map_err(Failure::new),
            Some(cause) => Err(Failure::Unusable(Arc::clone(cause))),
        };
        if is_written && result.is_ok() {
            current.publish(draft.into_catalogue());
        }
        for answer in answers {
            answer(result.as_ref().copied().map_err(Failure::to_store_error));
        }
        // No caller waits while the log is moved.
        if is_written && result.is_ok() {
            result = file.shorten_log().map_err(Failure::of_log);
        }
        unusable = unusable.or(result.err().and_then(Failure::into_final));
    }
    // SQLite leaves the log as it is if the database is not at its path any more. If only the log is
    // not, moving it to the database saves what it has.
    if unusable.is_some_and(|cause| matches!(*cause, Cause::Sqlite(_))) {
        file.close_without_moving_log();
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
