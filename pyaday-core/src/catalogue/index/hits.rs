//! What a search has found in a segment.

use std::ops::Deref;

use super::bits::Bits;
use super::postings::Postings;
use super::sets::{Lent, Sets};
use crate::search::{Place, Score};

/// What a search has found in a segment.
pub(super) enum Found<'a> {
    /// All packages that match, and where the words of the search were found.
    Matching(Lent<'a>, Vec<Hits<'a>>),
    /// The few packages that match, with their scores.
    Scored(Vec<(Score, u32)>),
}

/// Where a word of a search is found: the packages for each place, the best place first. A package
/// may be in several of them.
#[derive(Default)]
pub(super) struct Hits<'a> {
    places: [Option<Packages<'a>>; Place::BEST_FIRST.len()],
}

/// The packages of a place.
pub(super) enum Packages<'a> {
    /// The only postings.
    Stored(&'a Bits),
    /// The union of several postings.
    United(Lent<'a>),
}

impl<'a> Hits<'a> {
    /// Adds packages of a place. With `within`, those that are not in that set may be left out.
    pub(super) fn add(
        &mut self,
        place: Place,
        packages: Postings<'a>,
        sets: &'a Sets,
        within: Option<&Bits>,
    ) {
        if packages.len() == 0 {
            return;
        }
        let own = &mut self.places[place.order()];
        match (own, packages) {
            (Some(Packages::United(set)), packages) => packages.add_to(set, within),
            (own @ None, Postings::Bits(bits, _)) => *own = Some(Packages::Stored(bits)),
            (own, packages) => {
                let mut set = sets.lend();
                if let Some(Packages::Stored(bits)) = own {
                    set.union(bits);
                }
                packages.add_to(&mut set, within);
                *own = Some(Packages::United(set));
            }
        }
    }

    /// Adds packages that nothing else was added for.
    pub(super) fn add_set(&mut self, place: Place, packages: Lent<'a>) {
        self.places[place.order()] = Some(Packages::United(packages));
    }

    /// The packages of a place.
    pub(super) fn at(&self, place: Place) -> Option<&Bits> {
        self.places[place.order()].as_deref()
    }

    /// All places where the word is found, the best one first.
    pub(super) fn places(&self) -> impl Iterator<Item = (Place, &Bits)> {
        let places = Place::BEST_FIRST.into_iter().zip(&self.places);
        places.filter_map(|(place, packages)| Some((place, &**packages.as_ref()?)))
    }
}

impl Deref for Packages<'_> {
    type Target = Bits;

    fn deref(&self) -> &Bits {
        match self {
            Self::Stored(bits) => bits,
            Self::United(set) => set,
        }
    }
}

impl<'a> Found<'a> {
    /// The set of the packages.
    pub(super) fn into_set(self, sets: &'a Sets) -> Lent<'a> {
        match self {
            Self::Matching(set, _) => set,
            Self::Scored(scored) => {
                let mut set = sets.lend();
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
pub(super) struct Candidates<'a, 'b> {
    pub(super) sets: &'a Sets,
    pub(super) gone: &'b Bits,
    /// `None` if nothing was looked for yet.
    pub(super) set: Option<Lent<'a>>,
}

impl<'a> Candidates<'a, '_> {
    /// Keeps the packages that are in any of these sets.
    pub(super) fn intersect<'c>(&mut self, others: impl Iterator<Item = &'c Bits>) {
        match &mut self.set {
            Some(set) => set.intersect_with_any(&others.collect::<Vec<_>>()),
            None => {
                let mut set = self.sets.lend();
                others.for_each(|other| set.union(other));
                set.subtract(self.gone);
                self.set = Some(set);
            }
        }
    }

    pub(super) fn has_at_most(&self, count: usize) -> bool {
        self.set.as_ref().is_some_and(|set| !set.has_more_than(count))
    }

    /// The set of the packages, out of `all`.
    pub(super) fn into_set(self, all: usize) -> Lent<'a> {
        let Self { sets, gone, set } = self;
        set.unwrap_or_else(|| {
            let mut set = sets.lend();
            set.add_range(0..all as u32);
            set.subtract(gone);
            set
        })
    }
}
