//! The packages that have a rank.

use std::mem;

use super::bits::Bits;
use super::names::NameFilter;

/// The packages that have a rank.
#[derive(Default)]
pub(super) struct Ranked {
    pub(super) set: Bits,
    /// For each 64 packages, the number of packages of the set before them.
    before: Box<[u32]>,
    popularity: Vec<u8>,
    /// The searched texts of the packages, for phrases.
    texts: Vec<u8>,
    ends: Vec<usize>,
    /// The hashes of the names, until the gathering has ended.
    hashes: Vec<u64>,
    pub(super) names: NameFilter,
}

impl Ranked {
    /// Begins to gather packages out of this number, in order.
    pub(super) fn new(packages: usize) -> Self {
        Self { set: Bits::none(packages), ..Self::default() }
    }

    pub(super) fn add(&mut self, package: u32, popularity: u8, text: &[u8], name_hash: u64) {
        self.set.add(package);
        self.popularity.push(popularity);
        self.texts.extend_from_slice(text);
        self.ends.push(self.texts.len());
        self.hashes.push(name_hash);
    }

    /// Ends the gathering of packages, out of this number.
    pub(super) fn finish(mut self, packages: usize) -> Self {
        let mut before = 0;
        let words = (0..packages.div_ceil(64)).map(|at| {
            let first = before;
            before += self.set.word(at).count_ones();
            first
        });
        self.before = words.collect();
        self.names = NameFilter::new(&mem::take(&mut self.hashes), 64);
        self.popularity.shrink_to_fit();
        self.texts.shrink_to_fit();
        self.ends.shrink_to_fit();
        self
    }

    /// The size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        self.set.size()
            + size_of_val(&*self.before)
            + self.popularity.len()
            + self.texts.len()
            + size_of_val(&*self.ends)
            + self.names.size()
    }

    /// The number of packages of the set before this one.
    fn place(&self, package: u32) -> usize {
        let at = package as usize / 64;
        let lower = self.set.word(at) & !(u64::MAX << (package % 64));
        (self.before[at] + lower.count_ones()) as usize
    }

    /// The popularity of a package of the set.
    pub(super) fn popularity(&self, package: u32) -> u8 {
        self.popularity[self.place(package)]
    }

    /// The searched text of a package of the set.
    pub(super) fn text(&self, package: u32) -> &[u8] {
        let at = self.place(package);
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start..self.ends[at]]
    }
}
