//! What a search has found in a segment.

use std::borrow::Cow;

use super::bits::Bits;
use super::postings::Postings;
use crate::search::{Place, Score};

/// What a search has found in a segment.
pub(super) enum Found<'a> {
    /// All packages that match, and where the words of the search were found.
    Matching(Bits, Vec<Hits<'a>>),
    /// The few packages that match, with their scores.
    Scored(Vec<(Score, u32)>),
}

/// Where a word of a search is found: the packages for each place, the best place first. A package
/// may be in several of them.
pub(super) struct Hits<'a> {
    pub(super) places: Vec<(Place, Cow<'a, Bits>)>,
}

impl<'a> Hits<'a> {
    pub(super) fn add(&mut self, place: Place, packages: Postings<'a>, all: usize) {
        if packages.len() == 0 {
            return;
        }
        match (self.places.iter_mut().find(|(own, _)| *own == place), packages) {
            (Some((_, set)), packages) => packages.add_to(set.to_mut()),
            (None, Postings::Bits(bits, _)) => self.places.push((place, Cow::Borrowed(bits))),
            (None, packages) => {
                let mut set = Bits::none(all);
                packages.add_to(&mut set);
                self.places.push((place, Cow::Owned(set)));
            }
        }
    }

    /// The best place of a package, in fifths of points. Zero if the word is not found in it.
    pub(super) fn fifths(&self, package: u32) -> u8 {
        let best = self.places.iter().find(|(_, set)| set.contains(package));
        best.map_or(0, |(place, _)| place.fifths())
    }
}

impl Found<'_> {
    /// The set of the packages, out of `all`.
    pub(super) fn into_set(self, all: usize) -> Bits {
        match self {
            Self::Matching(set, _) => set,
            Self::Scored(scored) => {
                let mut set = Bits::none(all);
                scored.iter().for_each(|(_, package)| set.add(*package));
                set
            }
        }
    }

    pub(super) fn count(&self) -> usize {
        match self {
            Self::Matching(set, _) => set.count(),
            Self::Scored(scored) => scored.len(),
        }
    }
}

/// The packages that have everything that was looked for so far.
pub(super) struct Candidates<'a> {
    pub(super) gone: &'a Bits,
    /// `None` if nothing was looked for yet.
    pub(super) set: Option<Bits>,
}

impl Candidates<'_> {
    pub(super) fn intersect(&mut self, mut other: Bits) {
        match &mut self.set {
            Some(set) => set.intersect(&other),
            None => {
                other.subtract(self.gone);
                self.set = Some(other);
            }
        }
    }

    pub(super) fn has_at_most(&self, count: usize) -> bool {
        self.set.as_ref().is_some_and(|set| !set.has_more_than(count))
    }

    /// The set of the packages, out of `all`.
    pub(super) fn into_set(self, all: usize) -> Bits {
        self.set.unwrap_or_else(|| Bits::complement(self.gone, all))
    }
}
