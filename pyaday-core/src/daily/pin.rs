//! Packages that are pinned to future days.

use super::date::Date;
use crate::package::{NormalizedName, Revision};

/// A package that is pinned to a future day.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pinned {
    /// The day.
    pub date: Date,
    /// The package's normalised name.
    pub name: NormalizedName,
    /// The revision of the write that made the pin.
    pub revision: Revision,
}

impl Pinned {
    /// Makes the pin that the write with this revision has made.
    #[must_use]
    pub fn new(date: Date, name: NormalizedName, revision: Revision) -> Self {
        Self { date, name, revision }
    }

    /// Makes the pin from the texts of its date and its normalised name, and the integer of its revision
    /// ([`Revision::to_i64`]), which a database has stored. `None` if one of them is invalid.
    #[must_use]
    pub fn restore(date: &str, name: &str, revision: i64) -> Option<Self> {
        let (date, name) = (date.parse().ok()?, name.parse().ok()?);
        Some(Self::new(date, name, Revision::from_i64(revision)?))
    }

    /// Appends the JSON of the pin: `{"date":…,"name":…}`.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        // No character of a date or a normalised name needs escaping in JSON.
        let Self { date, name, .. } = self;
        out.extend(format!("{{\"date\":\"{date}\",\"name\":\"{name}\"}}").bytes());
    }
}

/// The result of pinning a package to a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// The date is now pinned to the package.
    Pinned(Pinned),
    /// The date was already pinned to this package. Nothing was written.
    Unchanged(Pinned),
    /// The date has begun or is open. Nothing was written.
    Fixed,
    /// The write does not admit the date's current pin, which this variant holds. Nothing was
    /// written.
    Stale(Option<Pinned>),
    /// The package does not exist. Nothing was written.
    Absent,
}

/// The result of removing a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpin {
    /// The pin was removed.
    Unpinned,
    /// The date has begun or is open. Nothing was written.
    Fixed,
    /// The write does not admit the date's current pin, which this variant holds. Nothing was
    /// written.
    Stale(Pinned),
    /// The date has no pin.
    NotPinned,
}
