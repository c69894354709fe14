//! A leaf of the tree: some packages, stored contiguously in memory.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use bytes::Bytes;
use memchr::memchr_iter;

use super::block;
use super::separator::Split;
use crate::package::{NormalizedName, Stored, cmp_normal, is_spelling_of, normal_form, spelling};
use crate::search::Facets;

/// Some packages in the order of their names. A clone shares the texts.
///
/// Access to distant memory costs more time than all other work of a read. Everything that says where
/// a text is stands in the leaf itself, and the leaf stands in the array of its parent. So a read goes
/// from the parent to the leaf, and from the leaf to the text and to the reference count in front of
/// the block. When the offsets were in front of the block, a read waited for them before it could
/// read the text.
///
/// The alignment keeps a leaf in two neighbouring cache lines, which processors load together.
///
/// The content of a response is a slice of the block. It shares the reference count and copies
/// nothing. The block consists of:
///
/// ```text
/// rendered versions
/// ends of the facets of each package    u16 each, relative to the first facets
/// facets                                what a search needs besides; mostly empty
/// ```
#[derive(Clone, Debug)]
#[repr(align(128))]
pub(super) struct Leaf {
    block: Bytes,
    /// Where the version of each package ends in the block.
    ends: [u16; Self::MAX_LEN],
    /// The fingerprints of the names.
    fingerprints: [Fingerprint; Self::MAX_LEN],
    /// The number of packages.
    len: u8,
}

/// One byte of the hash of a name.
pub(super) type Fingerprint = u8;

/// The offsets where the texts of a package begin, or where the texts of the previous package end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start {
    pub(super) text: usize,
    pub(super) facets: usize,
}

impl Leaf {
    /// The maximum number of packages. With one more, a leaf would need a third cache line.
    pub(super) const MAX_LEN: usize = 31;

    /// The maximum weight of a leaf, unless it has only one package. A write copies one or two
    /// leaves.
    pub(super) const MAX_WEIGHT: usize = 256 * Self::MAX_LEN;

    /// A leaf below this weight is merged with a neighbour when it is edited.
    const SMALL_WEIGHT: usize = Self::MAX_WEIGHT / 4;

    /// The weight of a package whose texts have these lengths. There is a minimum weight, so that
    /// the limit on the weight of a leaf also limits its number of packages.
    pub(super) fn weight(texts: Start) -> usize {
        (texts.text + texts.facets).max(Self::MAX_WEIGHT / Self::MAX_LEN)
    }

    /// Makes a leaf of these packages. Their total weight must be within the limit. `ends` are the
    /// offsets where the texts of each package end.
    pub(super) fn new(
        fingerprints: &[Fingerprint],
        ends: impl Iterator<Item = Start> + Clone,
        texts: &[u8],
        facets: &[u8],
    ) -> Self {
        let len = fingerprints.len();
        let mut leaf = Self {
            block: Bytes::new(),
            ends: [0; Self::MAX_LEN],
            fingerprints: [0; Self::MAX_LEN],
            len: len as u8,
        };
        leaf.fingerprints[..len].copy_from_slice(fingerprints);
        let mut bytes = Vec::with_capacity(texts.len() + 2 * len + facets.len());
        bytes.extend_from_slice(texts);
        // One package has at most 56 KiB: a representation of 20 KiB, and keywords of 16 KiB, which
        // take at most twice as many bytes when they are folded. Several packages together have less.
        // So every offset is below 2^16.
        debug_assert!(texts.len() + facets.len() < 1 << u16::BITS);
        for (own, end) in leaf.ends.iter_mut().zip(ends) {
            *own = end.text as u16;
            bytes.extend((end.facets as u16).to_le_bytes());
        }
        bytes.extend_from_slice(facets);
        leaf.block = block::of(&bytes);
        leaf
    }

    /// The number of packages.
    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
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
        Start {
            text: self.text_range(at..at + 1).len(),
            facets: self.facet_bytes(at..at + 1).len(),
        }
    }

    /// The index of the package with this name.
    pub(super) fn find(&self, name: &str, split: Split<'_>) -> Option<usize> {
        memchr_iter(fingerprint(split), self.fingerprints(0..self.len()))
            .find(|at| is_spelling_of(self.spelling(*at), name))
    }

    /// The index of the package with this name, or the index where it would be inserted.
    pub(super) fn seek(&self, name: &str) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match cmp_normal(self.spelling(middle), name) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok(middle),
                Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    /// The spelling of the name of a package.
    fn spelling(&self, at: usize) -> &[u8] {
        spelling(self.version(at))
    }

    /// The normalised name of a package.
    pub(super) fn normalized_name(&self, at: usize) -> NormalizedName {
        NormalizedName::from_normal(&normal_form(self.spelling(at)))
    }

    /// All normalised names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        (0..self.len()).map(|at| normal_form(self.spelling(at)))
    }

    /// The rendered version of a package.
    pub(super) fn version(&self, at: usize) -> &[u8] {
        self.texts(at..at + 1)
    }

    /// What a search needs of a package besides its version.
    pub(super) fn facets(&self, at: usize) -> Facets<'_> {
        Facets::new(self.facet_bytes(at..at + 1))
    }

    pub(super) fn stored(&self, at: usize) -> Stored {
        Stored::within(&self.block, self.text_range(at..at + 1))
    }

    pub(super) fn fingerprints(&self, places: Range<usize>) -> &[Fingerprint] {
        &self.fingerprints[places]
    }

    /// The versions of these packages, concatenated.
    pub(super) fn texts(&self, places: Range<usize>) -> &[u8] {
        &self.block[self.text_range(places)]
    }

    /// The facets of these packages, concatenated.
    pub(super) fn facet_bytes(&self, places: Range<usize>) -> &[u8] {
        let first = self.text_start(self.len()) + 2 * self.len();
        &self.block[first + self.facets_start(places.start)..first + self.facets_start(places.end)]
    }

    fn text_range(&self, places: Range<usize>) -> Range<usize> {
        self.text_start(places.start)..self.text_start(places.end)
    }

    /// Where the texts of a package start, or where those of the previous package end.
    fn text_start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| usize::from(self.ends[before]))
    }

    /// Where the facets of a package start, relative to the first facets.
    fn facets_start(&self, at: usize) -> usize {
        let Some(before) = at.checked_sub(1) else { return 0 };
        let end = self.text_start(self.len()) + 2 * before;
        match self.block[end..] {
            [low, high, ..] => usize::from(u16::from_le_bytes([low, high])),
            _ => 0,
        }
    }

    /// The offsets where the texts of each package end, relative to the start of the first one.
    pub(super) fn ends(&self, places: Range<usize>) -> impl Iterator<Item = Start> {
        let start = |at| Start { text: self.text_start(at), facets: self.facets_start(at) };
        let first = start(places.start);
        places.map(move |at| start(at + 1)).map(move |end| Start {
            text: end.text - first.text,
            facets: end.facets - first.facets,
        })
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
            let name = self.normalized_name(at);
            let name = name.as_str();
            assert!(at == 0 || self.normalized_name(at - 1).as_str() < name);
            assert_eq!(self.find(name, super::separator::split(name.as_bytes())), Some(at));
            assert_eq!(self.seek(name), Ok(at));
            assert_eq!(self.stored(at).package().name.normalized().as_str(), name);
        }
    }
}
