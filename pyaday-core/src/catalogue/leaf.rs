//! A leaf of the tree: some packages, stored contiguously in memory.

use std::cmp::Ordering;
use std::ops::Range;

use bytes::Bytes;
use memchr::memchr_iter;

use super::block;
use super::search::{self, Filter, Word};
use super::separator::Split;
use crate::package::{Stored, is_spelling_of, spelling};

/// Some packages in the order of their names, packed into one immutable block. A clone shares the
/// block.
///
/// Access to distant memory costs more time than all other work of a read. So everything that a
/// read needs is close together: the reference count of the block, the offsets of the texts, and
/// the texts. The content of a response is a slice of the block. It shares the reference count and
/// copies nothing.
///
/// ```text
/// number of packages            u16
/// fingerprints of their names   u8 each
/// starts of the versions        u16 each, and where the last ends
/// starts of the search texts    u16 each, and where the last ends
/// rendered versions
/// search texts                  a word is found in any of them in one pass
/// ```
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    block: Bytes,
}

/// One byte of the hash of a name.
pub(super) type Fingerprint = u8;

/// The offsets where the texts of a package begin, or where the texts of the previous package end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start {
    pub(super) text: usize,
    pub(super) search: usize,
}

impl Leaf {
    /// The maximum number of packages. A selection of them is a bit mask, whose lowest bit is for
    /// the first package.
    pub(super) const MAX_LEN: usize = u64::BITS as usize / 2;

    /// The maximum weight of a leaf, unless it has only one package. A write copies one or two
    /// leaves.
    pub(super) const MAX_WEIGHT: usize = 256 * Self::MAX_LEN;

    /// A leaf below this weight is merged with a neighbour when it is edited.
    const SMALL_WEIGHT: usize = Self::MAX_WEIGHT / 4;

    /// The offset of the fingerprints.
    const FINGERPRINTS: usize = 2;

    /// The weight of a package whose texts have these lengths. There is a minimum weight, so that
    /// the limit on the weight of a leaf also limits its number of packages.
    pub(super) fn weight(texts: Start) -> usize {
        (texts.text + texts.search).max(Self::MAX_WEIGHT / Self::MAX_LEN)
    }

    /// Makes a leaf of these packages. Their total weight must be within the limit. `ends` are the
    /// offsets where the texts of each package end.
    pub(super) fn new(
        fingerprints: &[Fingerprint],
        ends: impl Iterator<Item = Start> + Clone,
        texts: &[u8],
        search: &[u8],
    ) -> Self {
        let len = fingerprints.len();
        let head = Self::FINGERPRINTS + len + 4 * (len + 1);
        let mut bytes = Vec::with_capacity(head + texts.len() + search.len());
        // One package has at most 24 KiB, and several packages together have less. So every offset
        // is below 2^16.
        let mut push = |number: usize| bytes.extend((number as u16).to_le_bytes());
        push(len);
        bytes.extend_from_slice(fingerprints);
        let mut push = |number: usize| bytes.extend((number as u16).to_le_bytes());
        push(head);
        ends.clone().for_each(|end| push(head + end.text));
        push(head + texts.len());
        debug_assert!(head + texts.len() + search.len() < 1 << u16::BITS);
        ends.for_each(|end| push(head + texts.len() + end.search));
        bytes.extend_from_slice(texts);
        bytes.extend_from_slice(search);
        Self { block: block::of(&bytes) }
    }

    /// The number of packages.
    pub(super) fn len(&self) -> usize {
        self.number(0)
    }

    fn number(&self, at: usize) -> usize {
        match self.block.get(at..at + 2) {
            Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
            _ => 0,
        }
    }

    /// True if the leaf should be merged with a neighbour.
    pub(super) fn is_small(&self) -> bool {
        self.whole_weight() < Self::SMALL_WEIGHT
    }

    fn whole_weight(&self) -> usize {
        (0..self.len()).map(|at| Self::weight(self.lengths(at))).sum()
    }

    /// The lengths of the texts of a package.
    fn lengths(&self, at: usize) -> Start {
        Start { text: self.text_range(at..at + 1).len(), search: self.search(at..at + 1).len() }
    }

    /// The index of the package with this name.
    pub(super) fn find(&self, name: &str, split: Split<'_>) -> Option<usize> {
        let fingerprints = self.fingerprints(0..self.len());
        // The comparison uses the name in the version, which the response needs anyway, and not the
        // one in the search text.
        memchr_iter(fingerprint(split), fingerprints)
            .find(|at| is_spelling_of(spelling(&self.block[self.text_range(*at..at + 1)]), name))
    }

    /// The index of the package with this name, or the index where it would be inserted.
    pub(super) fn seek(&self, name: &str) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.name(middle).cmp(name) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok(middle),
                Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    /// Selects the packages whose names come after this one. Bits above the last package are set
    /// too.
    pub(super) fn after(&self, name: &str) -> u64 {
        let first = self.seek(name).map_or_else(|at| at, |at| at + 1);
        u64::MAX.checked_shl(first as u32).unwrap_or(0)
    }

    pub(super) fn name(&self, at: usize) -> &str {
        search::name(self.search(at..at + 1))
    }

    /// All names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.name(at))
    }

    pub(super) fn stored(&self, at: usize) -> Stored {
        Stored::within(&self.block, self.text_range(at..at + 1))
    }

    pub(super) fn fingerprints(&self, places: Range<usize>) -> &[Fingerprint] {
        &self.block[Self::FINGERPRINTS + places.start..Self::FINGERPRINTS + places.end]
    }

    /// The versions of these packages, concatenated.
    pub(super) fn texts(&self, places: Range<usize>) -> &[u8] {
        &self.block[self.text_range(places)]
    }

    /// The search texts of these packages, concatenated.
    pub(super) fn search(&self, places: Range<usize>) -> &[u8] {
        &self.block[self.search_start(places.start)..self.search_start(places.end)]
    }

    fn text_range(&self, places: Range<usize>) -> Range<usize> {
        let starts = Self::FINGERPRINTS + self.len();
        self.number(starts + 2 * places.start)..self.number(starts + 2 * places.end)
    }

    fn search_start(&self, at: usize) -> usize {
        let len = self.len();
        self.number(Self::FINGERPRINTS + len + 2 * (len + 1) + 2 * at)
    }

    /// The offsets where the texts of each package end, relative to the start of the first one.
    pub(super) fn ends(&self, places: Range<usize>) -> impl Iterator<Item = Start> {
        let first = Start {
            text: self.text_range(places.start..places.start).start,
            search: self.search_start(places.start),
        };
        places.map(move |at| Start {
            text: self.text_range(at..at + 1).end - first.text,
            search: self.search_start(at + 1) - first.search,
        })
    }

    /// Selects the packages that a filter matches.
    pub(super) fn matching(&self, filter: &Filter) -> u64 {
        let (mut matching, mut at, len) = (0, 0, self.len());
        // If a package lacks a word, the search continues at the next package that has the word.
        // Most leaves have no such package.
        while at < len {
            match filter.words().try_fold(at, |at, word| self.next_with(word, at)) {
                None => break,
                Some(next) if next == at => {
                    matching |= 1 << at;
                    at += 1;
                }
                Some(next) => at = next,
            }
        }
        matching
    }

    /// The first package, from this one on, that contains a word.
    fn next_with(&self, word: &Word, mut at: usize) -> Option<usize> {
        loop {
            let start = self.search_start(at);
            let hit = start + word.find(&self.block[start..])?;
            while self.search_start(at + 1) <= hit {
                at += 1;
            }
            if word.counts_after(&self.block[self.search_start(at)..hit]) {
                return Some(at);
            }
            at += 1;
        }
    }
}

pub(super) fn fingerprint(name: Split<'_>) -> Fingerprint {
    let (head, tail) = name;
    let mix =
        |hash: u64, part: u64| (hash ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let head = mix(mix(0, head as u64), (head >> 64) as u64);
    let hash = tail.iter().fold(head, |hash, byte| mix(hash, u64::from(*byte)));
    (hash >> 8) as u8
}

#[cfg(test)]
impl Leaf {
    /// Checks that neither of two neighbours is small, unless they are too heavy for one leaf.
    pub(super) fn check_with_neighbour(&self, right: &Self) {
        let is_small = self.is_small() || right.is_small();
        assert!(!is_small || self.whole_weight() + right.whole_weight() > Self::MAX_WEIGHT);
    }

    pub(super) fn check(&self) {
        let len = self.len();
        assert!(len <= Self::MAX_LEN && (self.whole_weight() <= Self::MAX_WEIGHT || len == 1));
        for at in 0..len {
            let name = self.name(at);
            assert!(at == 0 || self.name(at - 1) < name);
            assert_eq!(self.find(name, super::separator::split(name.as_bytes())), Some(at));
            assert_eq!(self.seek(name), Ok(at));
            assert_eq!(self.stored(at).package().name.normalized().as_str(), name);
        }
    }
}
