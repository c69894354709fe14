//! Queries for lists of packages, and their pages.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use crate::package::{NormalizedName, Revision, Stored, Tag};

/// The query of a list: which packages it selects, and how many fit on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// Only packages whose names come after this one. A package of this name need not exist.
    pub after: Option<NormalizedName>,
    /// Only packages that have all of these tags.
    pub tags: BTreeSet<Tag>,
    /// Only packages whose normalised name or short description contains each of these words. Both
    /// sides are compared in lower case ([`char::to_lowercase`]).
    pub words: Vec<String>,
    /// The maximum number of packages on the page.
    pub limit: NonZeroUsize,
}

impl Query {
    /// The query for the first `limit` packages of the whole store.
    #[must_use]
    pub fn new(limit: NonZeroUsize) -> Self {
        Self { after: None, tags: BTreeSet::new(), words: Vec::new(), limit }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The packages, in the order of their normalised names.
    pub items: Vec<Stored>,
    /// The value of [`Query::after`] for the next page: the normalised name of the last item.
    /// `None` if this is the last page.
    pub next: Option<NormalizedName>,
    /// The store's newest revision when the page was read. Every later write makes it greater.
    pub revision: Revision,
}

impl Page {
    /// Makes a page of these packages. `revision` was the store's newest revision when they were
    /// read. `next` is the name of the last of them if more packages follow.
    #[must_use]
    pub fn new(items: Vec<Stored>, next: Option<NormalizedName>, revision: Revision) -> Self {
        Self { items, next, revision }
    }
}
