//! Lists of packages: which ones, and a page of them.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use crate::package::{NormalizedName, Revision, Stored, Tag};

/// Which packages to list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// Only names behind this one, whether or not it exists.
    pub after: Option<NormalizedName>,
    /// Only packages that carry all of these.
    pub tags: BTreeSet<Tag>,
    /// Only packages in whose normalised name or short description each of these occurs. They are
    /// compared in lower case ([`char::to_lowercase`]) on both sides.
    pub words: Vec<String>,
    /// The most packages on the page.
    pub limit: NonZeroUsize,
}

impl Query {
    /// The first `limit` packages of all.
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
    /// What [`Query::after`] must be for the page after this one: the normalised name of the last
    /// item; `None` if this is the last page.
    pub next: Option<NormalizedName>,
    /// The store's newest revision when the page was read: any write since makes it another.
    pub revision: Revision,
}

impl Page {
    /// A page of these packages, read when this was the store's newest revision. `next` is the name of
    /// the last of them if there are more.
    #[must_use]
    pub fn new(items: Vec<Stored>, next: Option<NormalizedName>, revision: Revision) -> Self {
        Self { items, next, revision }
    }
}
