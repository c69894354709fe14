//! The results of writes.

use crate::package::{Revision, Stored};

/// The result of creating a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Create {
    /// The package was added.
    Created(Stored),
    /// A package of this name exists already. Nothing was written.
    Exists(Stored),
    /// The write does not admit the store's newest revision, which this variant holds. Nothing was
    /// written.
    Stale(Revision),
}

impl Create {
    /// Returns the version that the store now has under the name. Returns `None` if the store
    /// refused the write before it looked up the name.
    #[must_use]
    pub fn stored(&self) -> Option<&Stored> {
        match self {
            Self::Created(stored) | Self::Exists(stored) => Some(stored),
            Self::Stale(_) => None,
        }
    }
}

/// The result of updating a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// The package was replaced.
    Updated(Stored),
    /// The stored package was already the same. Nothing was written.
    Unchanged(Stored),
    /// The write does not admit the package's current revision, which this variant holds. Nothing
    /// was written.
    Stale(Stored),
    /// No package has this name.
    Absent,
}

/// The result of deleting a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delete {
    /// The package was removed.
    Deleted,
    /// The write does not admit the package's current revision, which this variant holds. Nothing
    /// was written.
    Stale(Stored),
    /// No package has this name.
    Absent,
}
