//! What was picked for days and is still to be written.

use super::date::Date;
use super::day::Daily;
use crate::package::{NormalizedName, Revision};

/// What was [picked](crate::daily) for some dates and is still to be written, or the dates alone: then it is
/// picked when it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    /// The dates to open.
    pub(crate) dates: (Date, Date),
    /// What is known of them, unless that is still to be found.
    pub(crate) made: Option<Made>,
}

/// What was picked, and what it depends on besides the packages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Made {
    pub(crate) basis: Basis,
    /// The newest write that it takes account of.
    pub(crate) seen: Revision,
    /// Of the dates that were not opened, the earliest first.
    pub(crate) choices: Vec<Choice>,
}

/// What a pick of an ordinary day depends on: a history, and which days of it were opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) history: u64,
    pub(crate) days: usize,
    pub(crate) newest: Option<Revision>,
}

/// What was picked for a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) date: Date,
    pub(crate) name: NormalizedName,
    pub(crate) cycle: u32,
    /// What the date was pinned to.
    pub(crate) pinned: Option<NormalizedName>,
}

impl Pick {
    /// Still to be picked.
    pub(crate) fn unmade(first: Date, last: Date) -> Self {
        Self { dates: (first, last), made: None }
    }

    /// The first and the last of the dates that are to be opened.
    #[must_use]
    pub fn dates(&self) -> (Date, Date) {
        self.dates
    }
}

/// What became of days to open.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// They are open.
    Open {
        /// What the dates show, in their order; nothing if there are no packages.
        days: Vec<Daily>,
        /// Those of them that were opened by this write.
        opened: Vec<Daily>,
    },
    /// The pick is of a catalogue that is another now; nothing was written.
    Stale,
}
