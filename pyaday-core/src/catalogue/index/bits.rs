//! Sets of packages as bit maps.

use std::ops::Range;

#[cfg(test)]
mod tests;

/// A set of packages. A package is a number: its place in the order of the names.
///
/// Most sets have few packages, and an operation looks only at the blocks that have some.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits {
    words: Box<[u64]>,
    /// A bit for each block of words. It is set if the block may have packages.
    used: Box<[u64]>,
}

/// Adds packages to a set, in order.
///
/// To mark the block of each package, as [`Bits::add`] does, takes most of its time, because each mark
/// waits for the one before. Here a block is marked once.
pub(super) struct Adding<'a> {
    set: &'a mut Bits,
    block: usize,
}

impl Adding<'_> {
    #[inline]
    pub(super) fn add(&mut self, package: u32) {
        let at = package as usize / 64;
        self.set.words[at] |= 1 << (package % 64);
        if at / BLOCK != self.block {
            self.block = at / BLOCK;
            self.set.used[self.block / 64] |= 1 << (self.block % 64);
        }
    }
}

/// Four words.
pub(super) type Four = [u64; 4];

/// The number of words in a block. A block is two cache lines, so a set of a few hundred packages
/// out of a million touches a tenth of its words.
const BLOCK: usize = 16;

impl Bits {
    /// The empty set, for this number of packages.
    pub(super) fn none(len: usize) -> Self {
        let blocks = len.div_ceil(64 * BLOCK);
        Self { words: vec![0; blocks * BLOCK].into(), used: vec![0; blocks.div_ceil(64)].into() }
    }

    #[inline]
    pub(super) fn add(&mut self, package: u32) {
        let at = package as usize;
        self.words[at / 64] |= 1 << (at % 64);
        self.used[at / (64 * 64 * BLOCK)] |= 1 << (at / (64 * BLOCK) % 64);
    }

    /// Begins to add packages in order.
    #[inline]
    pub(super) fn adding(&mut self) -> Adding<'_> {
        Adding { set: self, block: usize::MAX }
    }

    /// Adds a package. The set is the default one, or one for `len` packages.
    pub(super) fn add_within(&mut self, package: u32, len: usize) {
        if self.words.is_empty() {
            *self = Self::none(len);
        }
        self.add(package);
    }

    pub(super) fn add_range(&mut self, packages: Range<u32>) {
        let mut next = packages.start;
        while next < packages.end {
            let (at, first) = (next as usize / 64, next % 64);
            let end = packages.end.min(next - first + 64);
            self.words[at] |= u64::MAX >> (64 - (end - next)) << first;
            self.used[at / (64 * BLOCK)] |= 1 << (at / BLOCK % 64);
            next = end;
        }
    }

    pub(super) fn remove(&mut self, package: u32) {
        self.words[package as usize / 64] &= !(1 << (package % 64));
    }

    #[inline]
    pub(super) fn contains(&self, package: u32) -> bool {
        self.word(package as usize / 64) >> (package % 64) & 1 == 1
    }

    /// The packages from 64 × `at` on, as the bits of a number.
    #[inline]
    pub(super) fn word(&self, at: usize) -> u64 {
        self.words[at]
    }

    /// The packages from 256 × `at` on.
    #[inline]
    pub(super) fn four(&self, at: usize) -> Four {
        // The length of a set is a multiple of the length of a block, so the fallback is never used.
        self.words.as_chunks().0.get(at).copied().unwrap_or_default()
    }

    /// Adds packages from 256 × `at` on.
    #[inline]
    pub(super) fn add_four(&mut self, at: usize, packages: Four) {
        if packages != Four::default() {
            let own = &mut self.words[at * 4..(at + 1) * 4];
            own.iter_mut().zip(packages).for_each(|(own, other)| *own |= other);
            let block = at * 4 / BLOCK;
            self.used[block / 64] |= 1 << (block % 64);
        }
    }

    /// Adds those packages of another set of the same length that are in a third one too.
    pub(super) fn union_within(&mut self, other: &Self, within: &Self) {
        for block in within.used().filter(|block| other.uses(*block)) {
            let others = other.block(block).iter().zip(within.block(block));
            let own = self.block_mut(block).iter_mut();
            own.zip(others).for_each(|(own, (other, within))| *own |= other & within);
            self.used[block / 64] |= 1 << (block % 64);
        }
    }

    /// Adds the packages of another set of the same length, or of the default one, which is empty.
    pub(super) fn union(&mut self, other: &Self) {
        for block in other.used() {
            let others = other.block(block);
            self.block_mut(block).iter_mut().zip(others).for_each(|(own, other)| *own |= other);
        }
        self.used.iter_mut().zip(&other.used).for_each(|(own, other)| *own |= other);
    }

    /// Removes the packages of another set of the same length, or of the default one.
    pub(super) fn subtract(&mut self, other: &Self) {
        for block in other.used() {
            if self.uses(block) {
                let others = other.block(block);
                self.block_mut(block)
                    .iter_mut()
                    .zip(others)
                    .for_each(|(own, other)| *own &= !other);
            }
        }
    }

    pub(super) fn intersect(&mut self, other: &Self) {
        self.intersect_with_any(&[other]);
    }

    /// Keeps the packages that are in any of these sets of the same length.
    pub(super) fn intersect_with_any(&mut self, others: &[&Self]) {
        for at in 0..self.used.len() {
            let mut used = self.used[at];
            while used != 0 {
                let block = at * 64 + used.trailing_zeros() as usize;
                used &= used - 1;
                let mut any = [0; BLOCK];
                for other in others.iter().filter(|other| other.uses(block)) {
                    any.iter_mut().zip(other.block(block)).for_each(|(any, other)| *any |= other);
                }
                let mut left = 0;
                for (own, any) in self.block_mut(block).iter_mut().zip(any) {
                    *own &= any;
                    left |= *own;
                }
                if left == 0 {
                    self.used[at] &= !(1 << (block % 64));
                }
            }
        }
    }

    /// Moves the packages that are in both sets to `each`, in order.
    pub(super) fn take(&mut self, other: &Self, mut each: impl FnMut(u32)) {
        for block in other.used() {
            if !self.uses(block) {
                continue;
            }
            for at in block * BLOCK..(block + 1) * BLOCK {
                let both = self.words[at] & other.words[at];
                if both != 0 {
                    self.words[at] ^= both;
                    ones(both).for_each(|bit| each(at as u32 * 64 + bit));
                }
            }
        }
    }

    pub(super) fn clear(&mut self) {
        for at in 0..self.used.len() {
            let mut used = self.used[at];
            while used != 0 {
                self.block_mut(at * 64 + used.trailing_zeros() as usize).fill(0);
                used &= used - 1;
            }
            self.used[at] = 0;
        }
    }

    /// The size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of_val(&*self.words) + size_of_val(&*self.used)
    }

    #[inline]
    fn uses(&self, block: usize) -> bool {
        self.used[block / 64] >> (block % 64) & 1 == 1
    }

    /// The blocks that may have packages, in order.
    fn used(&self) -> impl Iterator<Item = usize> {
        let numbers = self.used.iter().enumerate();
        numbers.flat_map(|(at, used)| ones(*used).map(move |bit| at * 64 + bit as usize))
    }

    #[inline]
    fn block(&self, block: usize) -> &[u64; BLOCK] {
        // The length of the slice is right, so the fallback is never used.
        self.words[block * BLOCK..].first_chunk().unwrap_or(&[0; BLOCK])
    }

    #[inline]
    fn block_mut(&mut self, block: usize) -> &mut [u64] {
        &mut self.words[block * BLOCK..(block + 1) * BLOCK]
    }

    /// Those [words](Self::word) that have packages, and the places of them.
    pub(super) fn words(&self) -> impl Iterator<Item = (usize, u64)> {
        let words = self.used().flat_map(|block| {
            let words = self.block(block).iter().enumerate();
            words.map(move |(at, word)| (block * BLOCK + at, *word))
        });
        words.filter(|(_, word)| *word != 0)
    }

    /// The number of packages in the set.
    pub(super) fn count(&self) -> usize {
        self.used().map(|block| count(self.block(block))).sum()
    }

    /// Whether the set has more packages than this.
    pub(super) fn has_more_than(&self, limit: usize) -> bool {
        let mut found = 0;
        self.used().any(|block| {
            found += count(self.block(block));
            found > limit
        })
    }

    /// The packages in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.words().flat_map(|(at, word)| ones(word).map(move |bit| at as u32 * 64 + bit))
    }

    /// The packages, from this one on, in order.
    pub(super) fn iter_from(&self, first: u32) -> impl Iterator<Item = u32> {
        let start = first as usize / 64;
        let words = (start..self.words.len()).filter_map(move |at| {
            let word = match at == start {
                true => self.words[at] & u64::MAX << (first % 64),
                false => self.words[at],
            };
            (word != 0).then_some((at, word))
        });
        words.flat_map(|(at, word)| ones(word).map(move |bit| at as u32 * 64 + bit))
    }

    /// The package that has `rank` packages of the set before it.
    pub(super) fn nth(&self, mut rank: usize) -> Option<u32> {
        for block in self.used() {
            let all = count(self.block(block));
            if rank < all {
                return self.iter_from((block * BLOCK * 64) as u32).nth(rank);
            }
            rank -= all;
        }
        None
    }
}

fn count(words: &[u64; BLOCK]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

/// The places of the ones in a number.
#[inline]
pub(super) fn ones(mut number: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let at = (number != 0).then(|| number.trailing_zeros())?;
        number &= number - 1;
        Some(at)
    })
}
