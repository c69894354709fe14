//! Packages that are pinned to days to come.

use super::date::Date;
use crate::package::{NormalizedName, Revision};

/// A package that is pinned to a day to come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pinned {
    /// The day.
    pub date: Date,
    /// The package's normalised name.
    pub name: NormalizedName,
    /// The write that made the pin.
    pub revision: Revision,
}

impl Pinned {
    /// A pin that this write made.
    #[must_use]
    pub fn new(date: Date, name: NormalizedName, revision: Revision) -> Self {
        Self { date, name, revision }
    }

    /// Appends what a client gets: `{"date":…,"name":…}`.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        // Neither a date nor a normalised name has a character that JSON would escape.
        let Self { date, name, .. } = self;
        out.extend(format!("{{\"date\":\"{date}\",\"name\":\"{name}\"}}").bytes());
    }
}

/// What became of a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// The date will show the package.
    Pinned(Pinned),
    /// The date was pinned to this package already; nothing was written.
    Unchanged(Pinned),
    /// The date has begun or was opened; nothing was written.
    Fixed,
    /// The write does not admit the pin that the date has, this one; nothing was written.
    Stale(Option<Pinned>),
    /// There is no such package; nothing was written.
    Absent,
}

/// What became of a pin to take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpin {
    /// It was taken back.
    Unpinned,
    /// The date has begun or was opened; nothing was written.
    Fixed,
    /// The write does not admit the pin that the date has, this one; nothing was written.
    Stale(Pinned),
    /// There was none.
    NotPinned,
}
