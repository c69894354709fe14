//! The size of a transaction, and how long a transaction of that size may take.

use std::iter::Sum;
use std::ops::AddAssign;
use std::time::Duration;

use pyaday_core::{Batch, Details, LoggedChange, Package, PackageName, Replacement, RowChange};
use tokio::task::yield_now;

/// The time that each row adds, besides its bytes: the server checks the row and updates the indexes.
const ROW: Duration = Duration::from_micros(500);

/// The time that each byte adds. A network of 10 megabits a second carries more than one byte in a
/// microsecond.
const BYTE: Duration = Duration::from_micros(1);

/// An amount of data to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) rows: usize,
    /// The total length of the texts in the rows.
    pub(crate) bytes: usize,
}

impl Size {
    /// The most that several writes may put into one transaction. A single larger write has its own
    /// transaction.
    pub(crate) const MOST: Self = Self { rows: 2_000, bytes: 1 << 20 };

    /// A row that is short, or whose length is not known.
    pub(crate) const ROW: Self = Self { rows: 1, bytes: 0 };

    /// The size of the row of this package.
    pub(crate) fn of(package: &Package) -> Self {
        Self::of_parts(Some(&package.name), &package.details)
    }

    /// The size of the row that a change writes.
    pub(crate) fn of_change(change: &RowChange<'_>) -> Self {
        match change {
            RowChange::Create { package, .. } | RowChange::Replace { package, .. } => {
                Self::of(package)
            }
            RowChange::Open(daily) => {
                let bytes = daily.name().as_str().len() + daily.representation().len();
                Self { rows: 1, bytes }
            }
            RowChange::Pin(pinned) => Self { rows: 1, bytes: pinned.name.as_str().len() },
            RowChange::Delete(_) | RowChange::Unpin(_) => Self::ROW,
        }
    }

    /// The size of the rows that the log has of a change.
    pub(crate) fn of_logged(entry: &LoggedChange) -> Self {
        let versions = entry.replaced.iter().map(|(name, version)| {
            let length = version.as_ref().map(|version| version.representation().len());
            let rows = usize::from(length.is_some());
            Self { rows, bytes: 2 * name.as_str().len() + length.unwrap_or(0) }
        });
        versions.chain([Self::ROW]).sum()
    }

    /// The size of the rows that a batch writes, or compares. Other tasks of the thread run while a large
    /// batch is looked at.
    pub(crate) async fn of_batch(batch: &Batch) -> Self {
        let packages =
            batch.packages().map(|(_, swap)| swap.after.as_deref().map_or(Self::ROW, Self::of));
        let others = batch.required().map(|_| Self::ROW).chain(batch.pins().map(|_| Self::ROW));
        Self::sum_up(packages.chain(others)).await
    }

    /// The size of the rows of many packages. Other tasks of the thread run meanwhile.
    pub(crate) async fn of_many(packages: &[Package]) -> Self {
        Self::sum_up(packages.iter().map(Self::of)).await
    }

    async fn sum_up(sizes: impl Iterator<Item = Self>) -> Self {
        /// How many packages are looked at without a pause.
        const PART: usize = 200;

        let mut sum = Self::default();
        for (at, size) in sizes.enumerate() {
            sum += size;
            if at % PART == PART - 1 {
                yield_now().await;
            }
        }
        sum
    }

    /// The size of the row of a package after this replacement.
    pub(crate) fn of_replacement(replacement: &Replacement) -> Self {
        Self::of_parts(replacement.spelling.as_ref(), &replacement.details)
    }

    fn of_parts(name: Option<&PackageName>, details: &Details) -> Self {
        // The row holds the name and its normal form.
        let name = 2 * name.map_or(0, |name| name.as_str().len());
        let fields: usize = details.columns().map(|text| text.len()).sum();
        Self { rows: 1, bytes: name + fields }
    }

    /// True if several writes of this total size may share a transaction.
    pub(crate) fn is_shareable(self) -> bool {
        self.rows <= Self::MOST.rows && self.bytes <= Self::MOST.bytes
    }

    /// The time that this size adds to the deadline of a transaction.
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
