//! The package of a day.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;

use super::date::Date;
use crate::package::{NormalizedName, Package, Revision};

/// The package of a day, as it was when the day was opened.
///
/// A clone shares the text and does not copy it.
#[derive(Clone, PartialEq)]
pub struct Daily {
    entry: Arc<Entry>,
    gone: bool,
}

/// The permanent journal entry of a day.
#[derive(Debug, PartialEq)]
struct Entry {
    date: Date,
    cycle: u32,
    name: NormalizedName,
    package: Package,
    /// Seconds since 1970.
    picked_at: i64,
    revision: Revision,
    /// The text of the response, except for its end, which depends on whether the package still
    /// exists.
    body: Bytes,
    representation: Range<usize>,
}

impl Daily {
    /// Makes the entry of a date. `picked_at` is when the day was opened, in seconds since
    /// 1970-01-01T00:00:00Z, and `revision` is the write that opened it.
    #[must_use]
    pub fn new(
        date: Date,
        cycle: u32,
        package: Package,
        picked_at: i64,
        revision: Revision,
    ) -> Self {
        let mut body = format!("{{\"date\":\"{date}\",\"package\":").into_bytes();
        let start = body.len();
        package.write_json(&mut body);
        let representation = start..body.len();
        body.push(b'}');
        let name = package.name.normalized();
        let body = Bytes::from(body.into_boxed_slice());
        let entry = Entry { date, cycle, name, package, picked_at, revision, body, representation };
        Self { entry: Arc::new(entry), gone: false }
    }

    /// Makes the entry from the values that a database has stored: the texts of its date and its
    /// [representation](Self::representation), and the integer of its revision ([`Revision::to_i64`]).
    /// `None` if one of them is invalid.
    #[must_use]
    pub fn restore(
        date: &str,
        cycle: i64,
        representation: &str,
        picked_at: i64,
        revision: i64,
    ) -> Option<Self> {
        let package = Package::from_json(representation.as_bytes()).ok()?;
        let (date, cycle) = (date.parse().ok()?, u32::try_from(cycle).ok()?);
        Some(Self::new(date, cycle, package, picked_at, Revision::from_i64(revision)?))
    }

    /// Returns the same day. `gone` says whether the package is no longer in the catalogue.
    #[must_use]
    pub fn with_gone(self, gone: bool) -> Self {
        Self { gone, ..self }
    }

    /// The date.
    #[must_use]
    pub fn date(&self) -> Date {
        self.entry.date
    }

    /// The number of the cycle, counted from 1. The rule picks no package twice within a cycle.
    #[must_use]
    pub fn cycle(&self) -> u32 {
        self.entry.cycle
    }

    /// The package's normalised name.
    #[must_use]
    pub fn name(&self) -> &NormalizedName {
        &self.entry.name
    }

    /// When the day was opened, in seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn picked_at(&self) -> i64 {
        self.entry.picked_at
    }

    /// The revision of the write that opened the day.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.entry.revision
    }

    /// True if the package is no longer in the catalogue.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// The representation of the package when the day was opened, as compact JSON.
    #[must_use]
    pub fn representation(&self) -> Bytes {
        self.entry.body.slice(self.entry.representation.clone())
    }

    /// The package as it was when the day was opened.
    #[must_use]
    pub fn package(&self) -> &Package {
        &self.entry.package
    }

    /// The body of the response: `{"date":…,"package":…}`, with `"gone":true` if the package is
    /// gone.
    pub(crate) fn body(&self) -> Bytes {
        if !self.gone {
            return self.entry.body.clone();
        }
        let open = &self.entry.body[..self.entry.body.len() - 1];
        [open, b",\"gone\":true}"].concat().into()
    }

    /// The strong entity tag of [`body`](Self::body).
    pub(crate) fn entity_tag(&self) -> HeaderValue {
        if !self.gone {
            return self.entry.revision.entity_tag();
        }
        let tag = Bytes::from(format!("\"{}-gone\"", self.entry.revision));
        HeaderValue::from_maybe_shared(tag).unwrap_or(HeaderValue::from_static("\"gone\""))
    }
}

impl fmt::Debug for Daily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Daily")
            .field("cycle", &self.entry.cycle)
            .field("picked_at", &self.entry.picked_at)
            .field("revision", &self.entry.revision.get())
            .field("body", &String::from_utf8_lossy(&self.body()))
            .finish()
    }
}

/// The journal's entry for a date.
#[derive(Clone, Debug, PartialEq)]
pub enum Day {
    /// The date is open. It always shows this package.
    Shown(Daily),
    /// The date is not open yet.
    Unopened {
        /// The first date of the journal. `None` if the journal is empty.
        first: Option<Date>,
    },
}
