//! Reads of the packages in a catalogue.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::Poll;

use rand::rngs::SmallRng;
use rand::seq::index;
use rand::{RngExt, SeedableRng};

use super::index::{Cursor, Gathering, Segments, Selection, Tagged};
use super::snapshot::Catalogue;
use crate::package::{NormalizedName, Stored, Tag};
use crate::store::{Page, Position, Query, Seed, Selected};

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
    ///
    /// Without an [index](Self::build_index), a draw with a tag looks at every package.
    #[must_use]
    pub fn sample(&self, count: NonZeroUsize, tag: Option<&Tag>, seed: Seed) -> Vec<Stored> {
        match tag {
            None => draw(self.len(), count, seed).map(|rank| self.tree.nth(rank)).collect(),
            Some(tag) => {
                let mut tagged = Tagged::new(self, tag);
                while tagged.step(usize::MAX) {}
                draw(tagged.len(), count, seed).filter_map(|rank| tagged.nth(rank)).collect()
            }
        }
    }

    /// Returns a page of the packages that a query selects.
    ///
    /// Without an [index](Self::build_index), a search looks at every package.
    #[must_use]
    pub fn list(&self, query: &Query) -> Page {
        if query.words().is_none() && query.tags.is_empty() {
            return self.list_all(query);
        }
        let mut selection = Selection::new(self, query);
        while selection.step(usize::MAX) {}
        selection.into_page()
    }

    fn list_all(&self, query: &Query) -> Page {
        let limit = query.limit.get();
        let after = query.after.as_ref().map(Position::parts);
        let first = after
            .map_or(0, |(_, name)| self.tree.rank(name.as_str()).map_or_else(|at| at, |at| at + 1));
        let end = self.len().min(first.saturating_add(limit));
        let mut items = Vec::with_capacity(end - first);
        while first + items.len() < end {
            let (leaf, at) = self.tree.leaf_of(first + items.len());
            let rest = leaf.len().min(at + end - first - items.len());
            items.extend((at..rest).map(|at| leaf.stored(at)));
        }
        let last = items.last().filter(|_| end < self.len()).and_then(Stored::name);
        let next = last.map(|name| Position::Name(name.normalized()));
        let mut page = Page::new(items, next, self.revision);
        page.total = after.is_none().then_some(self.len());
        page
    }

    /// Returns all packages that a query selects, in the order of their normalised names. Of the
    /// query, the tags and the search decide which packages are selected, and the limit is the
    /// maximum number on each page. A page has no more than [`Selected::MAX_PAGE`] either.
    ///
    /// The result is independent of the catalogue. It shares the packages with it, and has up to two
    /// bits of its own for each package of the catalogue.
    ///
    /// Without an [index](Self::build_index), a search looks at every package.
    #[must_use]
    pub fn select(&self, query: &Query) -> Selected {
        if query.words().is_none() && query.tags.is_empty() {
            return self.select_all(query);
        }
        let mut gathering = Gathering::new(self, query);
        while gathering.step(usize::MAX) {}
        self.pages(gathering.into_cursor(), query)
    }

    pub(super) fn select_all(&self, query: &Query) -> Selected {
        self.pages(Cursor::all(self.tree.clone()), query)
    }

    /// The pages of a cursor over packages of this catalogue.
    pub(super) fn pages(&self, mut cursor: Cursor, query: &Query) -> Selected {
        let (total, limit) = (cursor.len(), query.limit.min(Selected::MAX_PAGE).get());
        let selected = Selected::new(self.revision, move |_| {
            let page = cursor.take(limit);
            Poll::Ready((!page.is_empty()).then_some(Ok(page)))
        });
        selected.with_total(total)
    }

    /// Builds the index for searches and tags, which takes about 2 microseconds for each package.
    /// Searches give the same results without it, but they look at every package.
    ///
    /// [`Published`](crate::Published) builds the index in the background. A program calls this only
    /// if it has a catalogue that it does not publish.
    pub fn build_index(&mut self) {
        self.index.begin();
        let segments = Arc::new(self.build_segments());
        self.index.install(&segments);
    }

    /// The size of the index in memory, in bytes. `None` if there is no index.
    #[must_use]
    pub fn index_size(&self) -> Option<usize> {
        self.index.size()
    }

    pub(super) fn build_segments(&self) -> Segments {
        self.index.build(&self.tree)
    }

    /// Whether the index should be built, or built again.
    pub(super) fn is_index_due(&self) -> bool {
        self.index.is_due(self.len())
    }
}

/// Draws numbers below `len`, without repetition.
pub(super) fn draw(len: usize, count: NonZeroUsize, seed: Seed) -> impl Iterator<Item = usize> {
    index::sample(&mut generator(seed), len, count.get().min(len)).into_iter()
}

/// A fast generator, because a draw decides nothing that must stay secret.
fn generator(seed: Seed) -> SmallRng {
    let mut own = <SmallRng as SeedableRng>::Seed::default();
    for (to, from) in own.iter_mut().zip(seed.bits()) {
        *to = from;
    }
    SmallRng::from_seed(own)
}
