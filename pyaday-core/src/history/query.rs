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

impl ChangeOrder {
    /// The revisions that a list in this order looks at: those after the first one, up to the second
    /// one. The log has all changes after `beginning`, up to `newest`.
    #[must_use]
    pub fn bounds(self, beginning: Revision, newest: Revision) -> (Revision, Revision) {
        match self {
            Self::Newest { before } => {
                let before = before.map_or(u64::MAX, Revision::get);
                (beginning, Revision::new(before.saturating_sub(1)).min(newest))
            }
            Self::After(position) => (position.max(beginning), newest),
        }
    }

    /// The same order, from the place after this revision.
    #[must_use]
    pub fn beyond(self, last: Revision) -> Self {
        match self {
            Self::Newest { .. } => Self::Newest { before: Some(last) },
            Self::After(_) => Self::After(last),
        }
    }
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

    /// Begins a page. A store lets it look at one change after another, in the order of the query.
    #[must_use]
    pub fn scan(&self) -> ChangeScan<'_> {
        let page = ChangePage { items: Vec::new(), next: None };
        ChangeScan { query: self, page, looked_at: 0, last: None }
    }
}

/// A page of changes that a store makes by looking at one change after another.
#[derive(Clone, Debug)]
pub struct ChangeScan<'a> {
    query: &'a ChangeQuery,
    page: ChangePage,
    looked_at: usize,
    last: Option<Revision>,
}

impl ChangeScan<'_> {
    /// Looks at the next change, which must be one of the package [`name`](ChangeQuery::name) and at
    /// a place that [`order`](ChangeQuery::order) admits. Returns false if the page is complete. Then
    /// the change is the first one after the page.
    pub fn look(&mut self, change: Change) -> bool {
        if self.wanted() == 0 {
            self.page.next = self.last;
            return false;
        }
        self.looked_at += 1;
        self.last = Some(change.revision);
        if self.query.selects(&change) {
            self.page.items.push(change);
        }
        true
    }

    /// How many more changes the page has room for if all of them are selected, but no more than a
    /// store may still look at.
    #[must_use]
    pub fn wanted(&self) -> usize {
        let room = self.query.limit.get() - self.page.items.len();
        room.min(ChangeQuery::SCAN - self.looked_at)
    }

    /// How many changes a store should read next: one more than the page has room for, so that it
    /// knows whether more follow. A query for one actor or kind may leave most of them out, so for it
    /// the number does not depend on the room.
    #[must_use]
    pub fn ahead(&self) -> usize {
        let has_filter = self.query.by.is_some() || self.query.kind.is_some();
        match has_filter {
            true => ChangeQuery::SCAN - self.looked_at + 1,
            false => self.wanted() + 1,
        }
    }

    /// The revision of the last change that was looked at.
    #[must_use]
    pub fn last(&self) -> Option<Revision> {
        self.last
    }

    /// Returns the page, after the last change or after a change that was not admitted.
    #[must_use]
    pub fn finish(self) -> ChangePage {
        self.page
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
