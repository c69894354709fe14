//! Queries for lists of changes, and their pages.

use std::num::NonZeroUsize;

use super::change::Change;
use super::kind::ChangeKind;
use crate::package::{NormalizedName, Revision};

/// The query of a list of changes: which changes it selects, in which order, and how many fit on a
/// page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeQuery {
    /// Where the page begins, and the order of the changes.
    pub order: ChangeOrder,
    /// Only changes of this package.
    pub name: Option<NormalizedName>,
    /// Only changes that an actor with this name has made.
    pub by: Option<Box<str>>,
    /// Only changes of this kind.
    pub kind: Option<ChangeKind>,
    /// The maximum number of changes on the page.
    pub limit: NonZeroUsize,
}

/// Where a page of changes begins, and the order of the changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOrder {
    /// The newest change first.
    Newest {
        /// Only changes before this revision.
        before: Option<Revision>,
    },
    /// The changes after a position, the oldest first: the order for somebody who follows the
    /// changes.
    ///
    /// The position is 0, if the log has every change of the store. Or it is the revision after
    /// which the log begins, the revision of a change in the log, a later one at which a day was
    /// opened, or the newest revision. For any other position the answer is
    /// [`NoHistory::Forgotten`](super::NoHistory::Forgotten): if the store answered, the follower
    /// could miss changes without noticing it.
    After(Revision),
}

impl ChangeQuery {
    /// How many changes a store looks at for one page, at most.
    pub const SCAN: usize = 10_000;

    /// The query for the newest changes.
    #[must_use]
    pub fn new(limit: NonZeroUsize) -> Self {
        let order = ChangeOrder::Newest { before: None };
        Self { order, name: None, by: None, kind: None, limit }
    }

    /// True if the query selects this change, provided that the change is one of the package
    /// [`name`](Self::name) and at a place that [`order`](Self::order) admits.
    #[must_use]
    pub fn selects(&self, change: &Change) -> bool {
        self.by.as_ref().is_none_or(|by| change.by.as_ref() == Some(by))
            && self.kind.is_none_or(|kind| kind == change.kind)
    }

    /// Makes a page of the changes that `candidates` yields, in the order of the query. It reads no
    /// more of them than it needs, and at most [`SCAN`](Self::SCAN).
    ///
    /// # Errors
    /// The first error of a candidate.
    pub fn page<E>(
        &self,
        candidates: impl IntoIterator<Item = Result<Change, E>>,
    ) -> Result<ChangePage, E> {
        let mut page = ChangePage { items: Vec::new(), next: None };
        let mut last = None;
        for (looked_at, change) in candidates.into_iter().enumerate() {
            let change = change?;
            if looked_at == Self::SCAN || page.items.len() == self.limit.get() {
                page.next = last;
                break;
            }
            last = Some(change.revision);
            if self.selects(&change) {
                page.items.push(change);
            }
        }
        Ok(page)
    }
}

/// A page of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangePage {
    /// The changes, in the order of the query. There may be fewer than the query allows, even none,
    /// although more follow: a store looks at only so many changes for one page.
    pub items: Vec<Change>,
    /// Where the next page begins: the revision of the last change that the store looked at. `None`
    /// if this is the last page.
    pub next: Option<Revision>,
}
