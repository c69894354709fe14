//! The packages that have a rank.

use std::mem;

use super::bits::Bits;
use super::names::NameFilter;

/// The packages that have a rank.
#[derive(Default)]
pub(super) struct Ranked {
    pub(super) set: Bits,
    pub(super) packages: Vec<u32>,
    /// The searched texts of the packages, for phrases.
    pub(super) texts: Vec<u8>,
    pub(super) ends: Vec<usize>,
    /// The hashes of the names, until the gathering has ended.
    pub(super) hashes: Vec<u64>,
    pub(super) names: NameFilter,
}

impl Ranked {
    /// The size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        self.set.size()
            + size_of_val(&*self.packages)
            + self.texts.len()
            + size_of_val(&*self.ends)
            + self.names.size()
    }

    /// Ends the gathering of packages.
    pub(super) fn finish(mut self) -> Self {
        self.names = NameFilter::new(&mem::take(&mut self.hashes), 64);
        self.packages.shrink_to_fit();
        self.texts.shrink_to_fit();
        self.ends.shrink_to_fit();
        self
    }

    pub(super) fn text(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start..self.ends[at]]
    }
}
