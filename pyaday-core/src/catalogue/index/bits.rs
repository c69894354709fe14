//! Sets of packages as bit maps.

use std::ops::Range;

/// A set of packages. A package is a number: its place in the order of the names.
///
/// Most sets have few packages, and an operation looks only at the blocks that have some.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits {
    words: Box<[u64]>,
    /// Whether each block of words may have packages.
    is_used: Box<[bool]>,
}

/// The number of words in a block.
const BLOCK: usize = 64;

impl Bits {
    /// The empty set, for this number of packages.
    pub(super) fn none(len: usize) -> Self {
        let blocks = len.div_ceil(64 * BLOCK);
        Self { words: vec![0; blocks * BLOCK].into(), is_used: vec![false; blocks].into() }
    }

    /// The set of all packages that are not in `other`, out of `len`.
    pub(super) fn complement(other: &Self, len: usize) -> Self {
        let mut set = other.clone();
        set.words.iter_mut().for_each(|word| *word = !*word);
        set.is_used.fill(true);
        (len..set.words.len() * 64).for_each(|package| set.remove(package as u32));
        set
    }

    #[inline]
    pub(super) fn add(&mut self, package: u32) {
        let at = package as usize;
        self.words[at / 64] |= 1 << (at % 64);
        self.is_used[at / (64 * BLOCK)] = true;
    }

    pub(super) fn add_range(&mut self, packages: Range<u32>) {
        packages.for_each(|package| self.add(package));
    }

    pub(super) fn remove(&mut self, package: u32) {
        self.words[package as usize / 64] &= !(1 << (package % 64));
    }

    #[inline]
    pub(super) fn contains(&self, package: u32) -> bool {
        self.words[package as usize / 64] >> (package % 64) & 1 == 1
    }

    pub(super) fn union(&mut self, other: &Self) {
        self.merge(other, |_, other| other, |own, other| *own |= other);
    }

    pub(super) fn intersect(&mut self, other: &Self) {
        self.merge(other, |own, _| own, |own, other| *own &= other);
    }

    pub(super) fn subtract(&mut self, other: &Self) {
        self.merge(other, |own, other| own && other, |own, other| *own &= !other);
    }

    /// Merges the words of those blocks that `is_due` selects.
    #[inline]
    fn merge(
        &mut self,
        other: &Self,
        is_due: impl Fn(bool, bool) -> bool,
        merge: impl Fn(&mut u64, u64),
    ) {
        let own = self.words.chunks_exact_mut(BLOCK).zip(&mut self.is_used);
        let others = other.words.chunks_exact(BLOCK).zip(&other.is_used);
        for ((own, own_used), (other, other_used)) in own.zip(others) {
            if is_due(*own_used, *other_used) {
                own.iter_mut().zip(other).for_each(|(own, other)| merge(own, *other));
                *own_used |= other_used;
            }
        }
    }

    pub(super) fn clear(&mut self) {
        for (words, is_used) in self.words.chunks_exact_mut(BLOCK).zip(&mut self.is_used) {
            if *is_used {
                words.fill(0);
                *is_used = false;
            }
        }
    }

    /// The size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of_val(&*self.words) + size_of_val(&*self.is_used)
    }

    /// The blocks that may have packages, and the place of the first word of each.
    fn blocks(&self) -> impl Iterator<Item = (usize, &[u64])> {
        let blocks = self.words.chunks_exact(BLOCK).zip(&self.is_used).enumerate();
        let used = blocks.filter(|(_, (_, is_used))| **is_used);
        used.map(|(at, (words, _))| (at * BLOCK, words))
    }

    /// The number of packages in the set.
    pub(super) fn count(&self) -> usize {
        self.blocks().map(|(_, words)| count(words)).sum()
    }

    /// Whether the set has more packages than this.
    pub(super) fn has_more_than(&self, limit: usize) -> bool {
        let mut found = 0;
        self.blocks().any(|(_, words)| {
            found += count(words);
            found > limit
        })
    }

    /// The packages, from this one on, in order.
    pub(super) fn iter_from(&self, first: u32) -> Iter<'_> {
        let at = first as usize / 64;
        let word = self.words.get(at).map_or(0, |word| word & u64::MAX << (first % 64));
        Iter { set: self, at, word }
    }

    /// The packages in order.
    pub(super) fn iter(&self) -> Iter<'_> {
        self.iter_from(0)
    }

    /// The package that has `rank` packages of the set before it.
    pub(super) fn nth(&self, mut rank: usize) -> Option<u32> {
        for (start, words) in self.blocks() {
            let all = count(words);
            if rank < all {
                return self.iter_from((start * 64) as u32).nth(rank);
            }
            rank -= all;
        }
        None
    }
}

fn count(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

/// The packages of a set.
pub(super) struct Iter<'a> {
    set: &'a Bits,
    at: usize,
    /// The rest of the word at `at`.
    word: u64,
}

impl Iterator for Iter<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        while self.word == 0 {
            self.at += 1;
            if self.at.is_multiple_of(BLOCK) {
                let rest = self.set.is_used.get(self.at / BLOCK..)?;
                self.at += BLOCK * rest.iter().position(|is_used| *is_used)?;
            }
            self.word = *self.set.words.get(self.at)?;
        }
        let bit = self.word.trailing_zeros();
        self.word &= self.word - 1;
        Some((self.at * 64) as u32 + bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_added() {
        for len in [1, 64, 65, 200, 9_000] {
            let mut set = Bits::none(len);
            let odd: Vec<u32> = (0..len as u32).filter(|at| at % 3 == 0).collect();
            odd.iter().for_each(|at| set.add(*at));
            assert_eq!(set.iter().collect::<Vec<_>>(), odd);
            assert_eq!(set.count(), odd.len());
            let rest = Bits::complement(&set, len);
            assert!(rest.iter().eq((0..len as u32).filter(|at| at % 3 != 0)));
            for first in (0..len as u32).step_by(7) {
                assert!(set.iter_from(first).eq(odd.iter().copied().filter(|at| *at >= first)));
            }
            assert!((0..odd.len()).all(|rank| set.nth(rank) == Some(odd[rank])));
            assert_eq!(set.nth(odd.len()), None);
            set.remove(0);
            assert!(!set.contains(0) && set.count() == odd.len() - 1);
        }
    }
}
