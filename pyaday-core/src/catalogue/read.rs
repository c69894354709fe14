//! Reads of the packages in a catalogue.

use std::iter;
use std::num::NonZeroUsize;

use rand::rngs::SmallRng;
use rand::seq::index;
use rand::{RngExt, SeedableRng};

use super::search::Filter;
use super::snapshot::Catalogue;
use crate::package::{NormalizedName, Stored, Tag};
use crate::store::{Page, Query, Seed};

impl Catalogue {
    /// Returns the package of a name.
    #[must_use]
    pub fn get(&self, name: &NormalizedName) -> Option<Stored> {
        self.tree.get(name.as_str())
    }

    /// Returns one package; each is equally likely. Returns `None` if there are no packages.
    #[must_use]
    pub fn random(&self, seed: Seed) -> Option<Stored> {
        match self.len() {
            0 => None,
            len => Some(self.tree.nth(generator(seed).random_range(..len))),
        }
    }

    /// Returns `count` different packages in random order; each such sequence is equally likely.
    /// Returns all packages if there are fewer. If `tag` is given, only packages with this tag are
    /// drawn.
    #[must_use]
    pub fn sample(&self, count: NonZeroUsize, tag: Option<&Tag>, seed: Seed) -> Vec<Stored> {
        let draw = |len| index::sample(&mut generator(seed), len, count.get().min(len)).into_iter();
        let Some(tag) = tag else {
            return draw(self.len()).map(|rank| self.tree.nth(rank)).collect();
        };
        let filter = Filter::tagged(tag);
        let mut tagged = 0;
        let selections: Vec<_> = self
            .tree
            .leaves(None)
            .map(|(leaf, _)| (leaf, leaf.matching(&filter)))
            .filter(|(_, selected)| *selected != 0)
            .map(|(leaf, selected)| {
                let before = tagged;
                tagged += selected.count_ones() as usize;
                (before, leaf, selected)
            })
            .collect();
        let chosen = draw(tagged).filter_map(|rank| {
            let at = selections.partition_point(|(before, ..)| *before <= rank) - 1;
            let (before, leaf, selected) = selections[at];
            places(selected).nth(rank - before).map(|at| leaf.stored(at))
        });
        chosen.collect()
    }

    /// Returns a page of the packages that a query selects, in the order of their normalised names.
    #[must_use]
    pub fn list(&self, query: &Query) -> Page {
        let after = query.after.as_ref().map(NormalizedName::as_str);
        let filter = Filter::new(&query.words, &query.tags);
        let mut selected = filter.iter().flat_map(|filter| {
            self.tree.leaves(after).flat_map(move |(leaf, candidates)| {
                places(leaf.matching(filter) & candidates).map(move |at| (leaf, at))
            })
        });
        let items: Vec<_> = selected.by_ref().take(query.limit.get()).collect();
        let next = items.last().filter(|_| selected.next().is_some());
        Page {
            next: next.map(|(leaf, at)| NormalizedName::from_normal(leaf.name(*at))),
            items: items.into_iter().map(|(leaf, at)| leaf.stored(at)).collect(),
            revision: self.revision,
        }
    }
}

/// A fast generator, because a draw decides nothing that must stay secret.
fn generator(seed: Seed) -> SmallRng {
    let mut own = <SmallRng as SeedableRng>::Seed::default();
    for (to, from) in own.iter_mut().zip(seed.bits()) {
        *to = from;
    }
    SmallRng::from_seed(own)
}

/// The indices of the selected packages of a leaf.
fn places(selected: u64) -> impl Iterator<Item = usize> {
    let rest = |selected: u64| Some(selected).filter(|selected| *selected != 0);
    let without_lowest = move |selected: &u64| rest(selected & (selected - 1));
    iter::successors(rest(selected), without_lowest)
        .map(|selected| selected.trailing_zeros() as usize)
}
