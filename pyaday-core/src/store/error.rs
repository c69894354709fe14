//! Why a store could not do its work.

use std::error::Error;
use std::time::Duration;

/// Why a store could not do its work.
///
/// Its source is for the host's log; clients never see it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be used now. If this was a write, it surely did not happen.
    #[error("the store is unavailable; nothing was written")]
    Unavailable {
        /// When another try makes sense; clients are told in whole seconds, rounded up.
        retry_after: Duration,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The store met a fault of its own that no other try mends: a row that cannot be read, a
    /// schema that is too new. If this was a write, it surely did not happen.
    #[error("the store met an error of its own; nothing was written")]
    Internal {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The write may have happened, or may still happen: the store lost contact before it knew.
    ///
    /// The caller reads what is there, after a [`refresh`](crate::PackageStore::refresh), before it tries
    /// again; the same write on terms ([`Write::if_revision`](crate::Write::if_revision)) is refused if the first one happened.
    ///
    /// The store must not go on from what it had before the write: the database may be a revision
    /// ahead, and the next write would give the same revision to something else. It loads what the
    /// database has before it takes another write, as [`Catalogue`](crate::Catalogue) describes.
    #[error("the store lost contact during a write that may have happened")]
    OutcomeUnknown {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
}
