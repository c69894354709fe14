//! The changes that a store with tables must make to its rows.

use crate::daily::{Daily, Date, Pinned};
use crate::package::{NormalizedName, Package, Revision};

/// A change to one row of a store.
///
/// Each change affects a different row, so a store can save the changes in any order. There is one
/// exception: a store that keeps days and pins in one table removes pins first.
///
/// The enum is deliberately exhaustive. A store that ignored an unknown kind of change would lose a
/// write, so a new kind must be a breaking change of this crate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowChange<'a> {
    /// A package that has no row yet.
    Create {
        /// The normalised name, which identifies the row.
        name: &'a NormalizedName,
        /// The package.
        package: &'a Package,
        /// The revision of the write.
        revision: Revision,
    },
    /// A package that replaces the one in the row with the same normalised name.
    Replace {
        /// The normalised name, which identifies the row.
        name: &'a NormalizedName,
        /// The package. Its name may have another spelling than before.
        package: &'a Package,
        /// The revision of the write.
        revision: Revision,
    },
    /// A package whose row is removed.
    Delete(&'a NormalizedName),
    /// A day that has no row yet.
    Open(&'a Daily),
    /// A pin. It replaces an earlier pin of the same date.
    Pin(&'a Pinned),
    /// The date of a removed pin. The pin was removed by a caller, or its day was opened.
    Unpin(Date),
}
