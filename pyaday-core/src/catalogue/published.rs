//! The current catalogue of a store, for its readers.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::index::{Gathering, Selection, Tagged};
use super::indexing::Current;
use super::patience::Patience;
use super::read::draw;
use super::snapshot::Catalogue;
use crate::package::{Stored, Tag};
use crate::store::{Page, Query, Seed, Selected, StoreError};

/// Holds the current catalogue of a store. Readers look at it, and the writer replaces it.
///
/// Reads by name and draws never wait. Searches may wait for their turn, because they leave half of the
/// processors to other reads. Readers do none of the writer's work. In particular they do not free a
/// replaced catalogue, which takes milliseconds after a large batch. The writer frees it. If a
/// reader still looks at a replaced catalogue, the writer frees it at a later
/// [`publish`](Self::publish).
///
/// A thread in the background builds the index of the catalogue for searches, whenever enough
/// packages were written.
///
/// ```
/// use pyaday_core::{Catalogue, Package, Published, Revision, Write};
///
/// let published = Published::new(Catalogue::new(Revision::new(0)));
/// let mut next = published.catalogue();
/// next.create(&Package::new("dynaconf", "The dynamic configurator.")?, &Write::new());
/// assert_eq!(published.read(Catalogue::len), 0);
/// published.publish(next);
/// assert_eq!(published.read(Catalogue::len), 1);
/// # Ok::<(), pyaday_core::InvalidPackage>(())
/// ```
pub struct Published {
    current: Arc<Current>,
    patience: Patience,
}

impl Published {
    /// Publishes the first catalogue.
    #[must_use]
    pub fn new(catalogue: Catalogue) -> Self {
        Self { current: Current::new(catalogue), patience: Patience::new() }
    }

    /// Calls `look` with the current catalogue and returns its result.
    pub fn read<T>(&self, look: impl FnOnce(&Catalogue) -> T) -> T {
        self.current.read(look)
    }

    /// Returns the current catalogue: a clone that later writes do not change.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        self.read(Catalogue::clone)
    }

    /// Replaces the current catalogue.
    ///
    /// The writer must make sure that the new catalogue contains everything that was published
    /// before.
    pub fn publish(&self, catalogue: Catalogue) {
        self.current.publish(catalogue);
    }

    /// Returns a page of the packages that a query selects.
    ///
    /// This is [`Catalogue::list`], but searches leave half of the processors to other requests. If a
    /// call must look at many packages one by one, it lets other tasks run in between. Until the index
    /// is built, it looks at all packages.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if too many calls do this at once.
    pub async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        if query.words().is_none() && query.tags.is_empty() {
            return Ok(self.read(|catalogue| catalogue.list(query)));
        }
        let turn = match query.words() {
            Some(_) => Some(self.patience.turn().await),
            None => None,
        };
        let look = |catalogue: &Catalogue| match Patience::is_tried_by(catalogue) {
            false => Ok(catalogue.list(query)),
            true => Err(Box::new(catalogue.clone())),
        };
        match self.read(look) {
            Ok(page) => Ok(page),
            // The future of this rare case is large. Boxing it keeps the common one small.
            Err(catalogue) => {
                let _admitted = self.patience.admit()?;
                Box::pin(async {
                    let mut selection = Selection::new(&catalogue, query);
                    drop(turn);
                    Patience::finish(|count| selection.step(count)).await;
                    Ok(selection.into_page())
                })
                .await
            }
        }
    }

    /// Returns all packages that a query selects, at this moment.
    ///
    /// This is [`Catalogue::select`], and it takes turns like [`list`](Self::list). When it returns,
    /// the search is over: the pages only read packages that are known. So a client that takes them
    /// slowly does not keep a turn.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if too many calls must look at many packages one by one.
    pub async fn select(&self, query: &Query) -> Result<Selected, StoreError> {
        if query.words().is_none() && query.tags.is_empty() {
            return Ok(self.read(|catalogue| catalogue.select_all(query)));
        }
        // The future is large, and a selection is rare.
        Box::pin(async {
            let turn = match query.words() {
                Some(_) => Some(self.patience.turn().await),
                None => None,
            };
            let catalogue = self.catalogue();
            let _admitted = match Patience::is_tried_by(&catalogue) {
                true => Some(self.patience.admit()?),
                false => None,
            };
            let mut gathering = Gathering::new(&catalogue, query);
            drop(turn);
            Patience::finish(|count| gathering.step(count)).await;
            Ok(catalogue.pages(gathering.into_cursor(), query))
        })
        .await
    }

    /// Draws packages like [`Catalogue::sample`]. If it must look at many packages one by one, it
    /// lets other tasks run in between.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if too many calls do this at once.
    pub async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        let look = |catalogue: &Catalogue| match tag {
            Some(tag) if Patience::is_tried_by(catalogue) => {
                Err((Box::new(catalogue.clone()), tag))
            }
            _ => Ok(catalogue.sample(count, tag, seed)),
        };
        match self.read(look) {
            Ok(packages) => Ok(packages),
            Err((catalogue, tag)) => {
                let _admitted = self.patience.admit()?;
                Box::pin(async {
                    let mut tagged = Tagged::new(&catalogue, tag);
                    Patience::finish(|count| tagged.step(count)).await;
                    Ok(draw(tagged.len(), count, seed).filter_map(|at| tagged.nth(at)).collect())
                })
                .await
            }
        }
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read(|catalogue| f.debug_tuple("Published").field(catalogue).finish())
    }
}
