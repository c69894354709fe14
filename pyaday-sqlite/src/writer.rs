//! The thread that writes: it commits as one all that queued while it wrote.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use pyaday_core::{Draft, Published, StoreError};

use crate::error::Failed;
use crate::file::File;

/// How many writes may wait.
pub(crate) const QUEUE: usize = 1024;

/// A write on its way to the thread: it decides what becomes of it.
pub(crate) type Job = Box<dyn FnOnce(&mut Draft) -> Answer + Send>;

/// What is left of a write: to answer once it is known whether its transaction was committed.
pub(crate) type Answer = Box<dyn FnOnce(Result<(), StoreError>)>;

/// Carries out jobs until nobody can send any.
pub(crate) fn run(mut file: File, current: &Published, jobs: &Receiver<Job>) {
    let mut unusable = None;
    while let Ok(job) = jobs.recv() {
        let mut draft = Draft::new(current.catalogue());
        let mut answers = vec![job(&mut draft)];
        // One by one when nothing can be written: what would change nothing is answered still.
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
            answer(result.as_ref().copied().map_err(Failure::tell));
        }
        // Nobody waits while the log is moved.
        if is_written && result.is_ok() {
            result = file.shorten_log().map_err(Failure::of_log);
        }
        unusable = unusable.or(result.err().and_then(Failure::into_final));
    }
    if unusable.is_some() {
        file.leave();
    }
}

/// Why a transaction was not committed.
enum Failure {
    Failed(Failed, Arc<rusqlite::Error>),
    Unusable(Arc<rusqlite::Error>),
}

impl Failure {
    fn new((failed, error): (Failed, rusqlite::Error)) -> Self {
        Self::Failed(failed, Arc::new(error))
    }

    /// Of moving the log, which is not part of any write.
    fn of_log(error: rusqlite::Error) -> Self {
        Self::new((Failed::before_commit(&error), error))
    }

    /// The cause, if nothing can be written any more.
    fn into_final(self) -> Option<Arc<rusqlite::Error>> {
        match self {
            Self::Failed(failed, error) => failed.is_final().then_some(error),
            Self::Unusable(error) => Some(error),
        }
    }

    /// What a caller is told.
    fn tell(&self) -> StoreError {
        /// When a write should come again that the disk had no room for.
        const RETRY_FULL: Duration = Duration::from_secs(10);
        /// When a write should come again that waits for somebody to open the file anew.
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

/// Why nothing can be written any more.
#[derive(Debug, thiserror::Error)]
#[error("nothing can be written until the file is opened anew")]
struct Unusable(#[source] Arc<rusqlite::Error>);
