//! A leaf of the tree: up to 64 packages side by side in memory.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr_iter;

use super::search::{self, Filter, Word};
use super::separator::Split;
use crate::store::Stored;

/// Some packages in the order of their names, packed; it never changes.
///
/// What a read looks at before the texts is in one piece: memory far from the processor costs more
/// than anything that is done with it.
#[derive(Debug)]
pub(super) struct Leaf {
    len: usize,
    /// A lookup reads these and then, mostly, one name.
    fingerprints: [Fingerprint; Leaf::MAX_LEN],
    starts: [Start; Leaf::MAX_LEN],
    /// The rendered versions, one behind the other: an answer is a slice, which copies nothing.
    texts: Bytes,
    /// The search texts, one behind the other: a word is found in any of them in one pass.
    search: Box<str>,
}

/// A byte of a name's hash.
pub(super) type Fingerprint = u8;

/// Where the texts of a package begin, or those of the packages before it end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start<N = u16> {
    pub(super) text: N,
    pub(super) search: N,
}

impl Leaf {
    /// The most packages: as many as bits in a selection of them, the lowest for the first.
    pub(super) const MAX_LEN: usize = u64::BITS as usize;

    /// The most that a leaf weighs, unless it is of one package. A write copies a leaf or two.
    ///
    /// No more than this fits in front of the last package's start.
    pub(super) const MAX_WEIGHT: usize = 1 << u16::BITS;

    /// A leaf below this weight is joined with a neighbour when it was edited.
    const SMALL_WEIGHT: usize = Self::MAX_WEIGHT / 4;

    /// What a package weighs whose texts have these lengths. There is a least weight, so that the
    /// limit on the weight limits the number too.
    pub(super) fn weight(texts: Start<usize>) -> usize {
        texts.text.max(texts.search).max(Self::MAX_WEIGHT / Self::MAX_LEN)
    }

    /// A leaf of these packages, which together are not too heavy.
    pub(super) fn new(
        fingerprints: &[Fingerprint],
        starts: impl Iterator<Item = Start<usize>>,
        texts: &[u8],
        search: &str,
    ) -> Arc<Self> {
        let mut leaf = Self {
            len: fingerprints.len(),
            fingerprints: [0; Self::MAX_LEN],
            starts: [Start::default(); Self::MAX_LEN],
            texts: Bytes::copy_from_slice(texts),
            search: search.into(),
        };
        leaf.fingerprints[..leaf.len].copy_from_slice(fingerprints);
        for (to, start) in leaf.starts.iter_mut().zip(starts) {
            *to = Start { text: start.text as u16, search: start.search as u16 };
        }
        // The first clone of a `Bytes` allocates what its clones share; here, not in a request.
        drop(leaf.texts.clone());
        Arc::new(leaf)
    }

    /// The number of packages.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// True if the leaf should be joined with a neighbour.
    pub(super) fn is_small(&self) -> bool {
        let lengths = (0..self.len).map(|at| {
            let (start, end) = (self.start(at), self.start(at + 1));
            Start { text: end.text - start.text, search: end.search - start.search }
        });
        lengths.map(Self::weight).sum::<usize>() < Self::SMALL_WEIGHT
    }

    /// The place of the package of this name.
    pub(super) fn find(&self, name: &str, split: Split<'_>) -> Option<usize> {
        memchr_iter(fingerprint(split), &self.fingerprints[..self.len])
            .find(|at| search::is_of(&self.search.as_bytes()[self.start(*at).search..], name))
    }

    /// The place of the package of this name, or where it would be.
    pub(super) fn seek(&self, name: &str) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len);
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

    /// The packages behind this name; bits above the last package are set too.
    pub(super) fn behind(&self, name: &str) -> u64 {
        let first = self.seek(name).map_or_else(|at| at, |at| at + 1);
        u64::MAX.checked_shl(first as u32).unwrap_or(0)
    }

    pub(super) fn name(&self, at: usize) -> &str {
        search::name(&self.search[self.start(at).search..])
    }

    /// All names in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let starts = self.starts[..self.len].iter();
        starts.map(|start| search::name(&self.search[usize::from(start.search)..]))
    }

    pub(super) fn stored(&self, at: usize) -> Stored {
        Stored::within(&self.texts, self.start(at).text..self.start(at + 1).text)
    }

    /// Where the texts of a package begin; behind the last, where they end.
    pub(super) fn start(&self, at: usize) -> Start<usize> {
        match self.starts[..self.len].get(at) {
            Some(start) => Start { text: start.text.into(), search: start.search.into() },
            None => Start { text: self.texts.len(), search: self.search.len() },
        }
    }

    pub(super) fn fingerprints(&self, places: Range<usize>) -> &[Fingerprint] {
        &self.fingerprints[places]
    }

    pub(super) fn texts(&self, places: Range<usize>) -> &[u8] {
        &self.texts[self.start(places.start).text..self.start(places.end).text]
    }

    pub(super) fn search(&self, places: Range<usize>) -> &str {
        &self.search[self.start(places.start).search..self.start(places.end).search]
    }

    /// The packages that a filter selects.
    pub(super) fn matching(&self, filter: &Filter) -> u64 {
        let mut matching = 0;
        let mut at = 0;
        // A word that a package lacks leads to the next package that has it; in most leaves none.
        while at < self.len {
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

    /// The first package from this one on that has a word.
    fn next_with(&self, word: &Word, mut at: usize) -> Option<usize> {
        let text = self.search.as_bytes();
        loop {
            let start = self.start(at).search;
            let hit = start + word.find(&text[start..])?;
            while self.start(at + 1).search <= hit {
                at += 1;
            }
            if word.counts_behind(&text[self.start(at).search..hit]) {
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
    pub(super) fn check(&self) {
        let weight: usize = (0..self.len)
            .map(|at| {
                let (start, end) = (self.start(at), self.start(at + 1));
                Self::weight(Start {
                    text: end.text - start.text,
                    search: end.search - start.search,
                })
            })
            .sum();
        assert!(self.len <= Self::MAX_LEN && (weight <= Self::MAX_WEIGHT || self.len == 1));
        for at in 0..self.len {
            let name = self.name(at);
            assert!(at == 0 || self.name(at - 1) < name);
            assert_eq!(self.find(name, super::separator::split(name.as_bytes())), Some(at));
            assert_eq!(self.seek(name), Ok(at));
            assert_eq!(self.stored(at).package().name.normalized().as_str(), name);
        }
    }
}
