//! All packages that a query selects, at one moment.

use std::fmt;
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::task::{Context, Poll};

use super::error::StoreError;
use crate::package::{Revision, Stored};

/// All packages that a query selects, at one moment, page by page.
///
/// The pages are read when the caller asks for them, so the packages need not be in memory together.
/// Writes that happen meanwhile do not change what the pages have, and they do not wait. The old
/// versions that the rest of the pages has stay in memory until the value is dropped.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use pyaday_core::{MemoryStore, Package, PackageStore, Query, Write};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// store.create(Package::new("dynaconf", "The dynamic configurator.")?, Write::new()).await?;
/// let mut all = store.select(&Query::new(NonZeroUsize::MAX)).await?;
/// store.create(Package::new("flask", "A micro framework.")?, Write::new()).await?;
///
/// let mut names = Vec::new();
/// while let Some(page) = all.next_page().await {
///     names.extend(page?.iter().map(|stored| stored.package().name.to_string()));
/// }
/// assert_eq!(names, ["dynaconf"]);
/// # Ok(())
/// # }
/// ```
pub struct Selected {
    revision: Revision,
    total: Option<usize>,
    pages: Box<PollPage>,
}

type PollPage = dyn FnMut(&mut Context<'_>) -> Poll<Option<Result<Vec<Stored>, StoreError>>> + Send;

impl Selected {
    /// The maximum number of packages on a page of a [`Catalogue`](crate::Catalogue). A store with
    /// pages of its own should use a similar number, because its caller handles a page at once.
    pub const MAX_PAGE: NonZeroUsize = NonZeroUsize::new(256).unwrap();

    /// Makes the selection of a store that has no [`Catalogue`](crate::Catalogue). `revision` was
    /// the store's newest revision at the moment of the selection.
    ///
    /// `pages` is called for each page, like the function `poll_next` of a stream. It returns the
    /// packages in the order of their normalised names, and `None` after the last page. A page may
    /// be empty: a store that looks at many packages before it finds one returns such a page, so
    /// that its caller can let other tasks run.
    ///
    /// A store with a stream calls the stream's `poll_next`. A store with an iterator wraps it:
    ///
    /// ```
    /// use std::task::Poll;
    ///
    /// use pyaday_core::{Revision, Selected, Stored};
    ///
    /// fn select(revision: Revision, packages: Vec<Stored>) -> Selected {
    ///     let mut packages = packages.into_iter();
    ///     Selected::new(revision, move |_| {
    ///         let page: Vec<_> = packages.by_ref().take(Selected::MAX_PAGE.get()).collect();
    ///         Poll::Ready((!page.is_empty()).then_some(Ok(page)))
    ///     })
    /// }
    /// ```
    #[must_use]
    pub fn new(
        revision: Revision,
        pages: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Vec<Stored>, StoreError>>>
        + Send
        + 'static,
    ) -> Self {
        Self { revision, total: None, pages: Box::new(pages) }
    }

    /// Sets the number of packages on all pages together, for a store that knows it.
    #[must_use]
    pub fn with_total(self, total: usize) -> Self {
        Self { total: Some(total), ..self }
    }

    /// The store's newest revision at the moment of the selection. Every later write makes it
    /// greater.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The number of packages on all pages together, those that were taken already included. `None`
    /// if the store does not know it before it has read them.
    #[must_use]
    pub fn total(&self) -> Option<usize> {
        self.total
    }

    /// Returns the next page, or `None` after the last one. The packages are in the order of their
    /// normalised names. A page may be empty.
    ///
    /// After an error, there are no more pages.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    pub async fn next_page(&mut self) -> Option<Result<Vec<Stored>, StoreError>> {
        poll_fn(|context| self.poll_page(context)).await
    }

    /// Polls for the [next page](Self::next_page).
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    pub fn poll_page(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Vec<Stored>, StoreError>>> {
        let page = (self.pages)(context);
        if matches!(page, Poll::Ready(None | Some(Err(_)))) {
            // What the pages are made of is dropped immediately.
            self.pages = Box::new(|_| Poll::Ready(None));
        }
        page
    }
}

impl fmt::Debug for Selected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selected")
            .field("revision", &self.revision)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
