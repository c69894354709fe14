//! How much a transaction writes, and how long that may take.

use std::iter::Sum;
use std::ops::AddAssign;
use std::time::Duration;

use pyaday_core::{Change, Details, Package, PackageName, Replacement, Tag};

/// How much longer a transaction may take for each row, beyond its bytes: the server checks the row and
/// puts it into the indexes.
const ROW: Duration = Duration::from_micros(500);

/// How much longer it may take for each byte: a network of 10 megabits a second carries more than one
/// byte in a microsecond.
const BYTE: Duration = Duration::from_micros(1);

/// An amount of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) rows: usize,
    /// The length of the texts in them.
    pub(crate) bytes: usize,
}

impl Size {
    /// The most that several writes put into one transaction. A write that is larger than this by itself
    /// has a transaction for itself.
    pub(crate) const MOST: Self = Self { rows: 2_000, bytes: 1 << 20 };

    /// A row of which it is not known how long it is, or that is short.
    pub(crate) const ROW: Self = Self { rows: 1, bytes: 0 };

    /// One row of this package.
    pub(crate) fn of(package: &Package) -> Self {
        Self::of_parts(Some(&package.name), &package.details)
    }

    /// What a change writes: one row.
    pub(crate) fn of_change(change: &Change<'_>) -> Self {
        match change {
            Change::Create { package, .. } | Change::Replace { package, .. } => Self::of(package),
            Change::Open(daily) => {
                let bytes = daily.name().as_str().len() + daily.representation().len();
                Self { rows: 1, bytes }
            }
            Change::Pin(pinned) => Self { rows: 1, bytes: pinned.name.as_str().len() },
            Change::Delete(_) | Change::Unpin(_) => Self::ROW,
        }
    }

    /// One row of a package that becomes this.
    pub(crate) fn of_replacement(replacement: &Replacement) -> Self {
        Self::of_parts(replacement.spelling.as_ref(), &replacement.details)
    }

    fn of_parts(name: Option<&PackageName>, details: &Details) -> Self {
        // The row has the name twice.
        let name = 2 * name.map_or(0, |name| name.as_str().len());
        let tags: usize = details.tags.iter().map(Tag::as_str).map(str::len).sum();
        let short_desc = details.short_desc.as_str().len();
        let bytes = name + short_desc + tags + details.metadata.as_json().len();
        Self { rows: 1, bytes }
    }

    /// True if it is not too much for several writes.
    pub(crate) fn is_shareable(self) -> bool {
        self.rows <= Self::MOST.rows && self.bytes <= Self::MOST.bytes
    }

    /// How much longer than an empty transaction one of this size may take.
    pub(crate) fn time(self) -> Duration {
        let [rows, bytes] = [self.rows, self.bytes].map(|it| u32::try_from(it).unwrap_or(u32::MAX));
        ROW.saturating_mul(rows).saturating_add(BYTE.saturating_mul(bytes))
    }
}

impl Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::default(), |mut sum, size| {
            sum += size;
            sum
        })
    }
}

impl AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.bytes += other.bytes;
    }
}
