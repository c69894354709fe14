//! Sets that are used again.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use super::bits::Bits;

/// Empty sets for the searches in a segment.
///
/// Most sets of a search have few packages. To fill a new set of a million packages with zeros takes
/// longer than everything else that a search does with it, so a used set is kept: only its used
/// blocks must be cleared.
#[derive(Default)]
pub(super) struct Sets {
    /// The number of packages.
    len: usize,
    unused: Mutex<Vec<Bits>>,
}

/// A set that goes back when it is dropped.
pub(super) struct Lent<'a> {
    set: Bits,
    sets: &'a Sets,
}

impl Sets {
    /// At most this number of sets is kept. Together they take about a byte for each package.
    const KEPT: usize = 10;

    pub(super) fn new(len: usize) -> Self {
        Self { len, unused: Mutex::default() }
    }

    /// Lends an empty set.
    pub(super) fn lend(&self) -> Lent<'_> {
        let unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Lent { set: unused.unwrap_or_else(|| Bits::none(self.len)), sets: self }
    }

    /// The size in memory, in bytes, when as many sets are kept as can be.
    pub(super) fn size(&self) -> usize {
        Self::KEPT * self.len / 8
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.set.clear();
        // A set that was lent to a panicking search is as good as any other.
        let mut unused = self.sets.unused.lock().unwrap_or_else(PoisonError::into_inner);
        if unused.len() < Sets::KEPT {
            unused.push(std::mem::take(&mut self.set));
        }
    }
}

impl Deref for Lent<'_> {
    type Target = Bits;

    fn deref(&self) -> &Bits {
        &self.set
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Bits {
        &mut self.set
    }
}
