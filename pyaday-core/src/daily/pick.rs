//! The picks for days that are not written yet.

use super::date::Date;
use super::day::Daily;
use crate::package::{NormalizedName, Revision};

/// The packages that were [picked](crate::daily) for a range of dates, before they are written. It
/// may also hold the dates alone. Then [`Catalogue::open_daily`](crate::Catalogue::open_daily)
/// makes the pick during the write.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    /// The dates to open.
    pub(crate) dates: (Date, Date),
    /// The picks. `None` if the write is to make them.
    pub(crate) made: Option<Made>,
}

/// The picks, and the state of the journal on which they depend.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Made {
    pub(crate) basis: Basis,
    /// The newest revision when the pick was made.
    pub(crate) seen: Revision,
    /// The choices for the dates that were not open yet, the earliest first.
    pub(crate) choices: Vec<Choice>,
}

/// The state on which the pick of a day without a pin depends: the history, and its opened days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) history: u64,
    pub(crate) days: usize,
    pub(crate) newest: Option<Revision>,
}

/// The choice for one date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) date: Date,
    pub(crate) name: NormalizedName,
    pub(crate) cycle: u32,
    /// The package to which the date was pinned, if any.
    pub(crate) pinned: Option<NormalizedName>,
}

impl Pick {
    /// A pick that the write is to make.
    pub(crate) fn unmade(first: Date, last: Date) -> Self {
        Self { dates: (first, last), made: None }
    }

    /// The first and the last date to open.
    #[must_use]
    pub fn dates(&self) -> (Date, Date) {
        self.dates
    }
}

/// The result of opening days.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// The days are open.
    Open {
        /// What the dates show, in the order of the dates. Empty if there are no packages.
        days: Vec<Daily>,
        /// The days that this write has opened.
        opened: Vec<Daily>,
    },
    /// The catalogue has changed since the pick was made. Nothing was written.
    Stale,
}
