//! Why a store could not do its work.

use std::error::Error;
use std::time::Duration;

/// Why a store could not do its work.
///
/// The cause is for the host's log. Clients never see it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be used now. If the call was a write, nothing was written.
    #[error("the store is unavailable; nothing was written")]
    Unavailable {
        /// How long to wait before the next attempt. The response states it in whole seconds,
        /// rounded up.
        retry_after: Duration,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Too many costly calls run at once. Nothing was written. Another attempt may succeed.
    #[error("too many costly calls run at once")]
    Busy {
        /// How long to wait before the next attempt.
        retry_after: Duration,
    },
    /// The store met an error that another attempt does not fix: it cannot read a row, or the
    /// schema is too new. If the call was a write, nothing was written.
    #[error("the store failed because of an internal error; nothing was written")]
    Internal {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The write may have happened, or may still happen: the store lost contact before it knew the
    /// result.
    ///
    /// Before the caller tries again, it calls [`refresh`](crate::PackageStore::refresh) and reads
    /// the current state. If the write has the condition
    /// [`Write::if_revision`](crate::Write::if_revision) and the first attempt succeeded, the store
    /// refuses the second one.
    ///
    /// The store must not continue from the state that it had before the write. The database may be
    /// one revision ahead, and the next write would give the same revision to another change. The
    /// store first loads the current state of the database, as [`Catalogue`](crate::Catalogue)
    /// describes, and then accepts the next write.
    #[error("the store lost the connection during a write; the write may have happened")]
    OutcomeUnknown {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
}
