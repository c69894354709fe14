//! The results of writes.

use crate::package::{Revision, Stored};

/// What became of a package to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Create {
    /// It was added.
    Created(Stored),
    /// A package of its name exists; nothing was written.
    Exists(Stored),
    /// The write does not admit the store's newest revision, this one; nothing was written.
    Stale(Revision),
}

impl Create {
    /// The version that the store has under the name now; `None` if the write was refused before
    /// that was looked up.
    #[must_use]
    pub fn stored(&self) -> Option<&Stored> {
        match self {
            Self::Created(stored) | Self::Exists(stored) => Some(stored),
            Self::Stale(_) => None,
        }
    }
}

/// What became of an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// The package was replaced.
    Updated(Stored),
    /// What is stored was the same already; nothing was written.
    Unchanged(Stored),
    /// The write does not admit the version that the package is in, this one; nothing was written.
    Stale(Stored),
    /// There is no such package.
    Absent,
}

/// What became of a package to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delete {
    /// It was removed.
    Deleted,
    /// The write does not admit the version that the package is in, this one; nothing was written.
    Stale(Stored),
    /// There is no such package.
    Absent,
}
