//! What a day shows.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;

use super::date::Date;
use crate::package::{NormalizedName, Package, Revision};

/// A day's package, as it was shown when its day was opened.
///
/// A clone shares the text.
#[derive(Clone, PartialEq)]
pub struct Daily {
    entry: Arc<Entry>,
    gone: bool,
}

/// What the journal keeps of a day, for good.
#[derive(Debug, PartialEq)]
struct Entry {
    date: Date,
    cycle: u32,
    name: NormalizedName,
    package: Package,
    /// Seconds since 1970.
    picked_at: i64,
    revision: Revision,
    /// What is answered, but for the end, which tells whether the package is gone.
    body: Bytes,
    representation: Range<usize>,
}

impl Daily {
    /// The package that a date shows: in which cycle, when that was decided (in seconds since
    /// 1970-01-01T00:00:00Z), and in which write.
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

    /// The same, with whether the package is in the catalogue no more.
    #[must_use]
    pub fn with_gone(self, gone: bool) -> Self {
        Self { gone, ..self }
    }

    /// The date.
    #[must_use]
    pub fn date(&self) -> Date {
        self.entry.date
    }

    /// The number of the cycle, from 1, in which nothing is picked a second time.
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

    /// The write that opened the day.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.entry.revision
    }

    /// True if the package is in the catalogue no more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// The representation of the package as it was shown, compact JSON.
    #[must_use]
    pub fn representation(&self) -> Bytes {
        self.entry.body.slice(self.entry.representation.clone())
    }

    /// The package as it was shown.
    #[must_use]
    pub fn package(&self) -> &Package {
        &self.entry.package
    }

    /// What a client gets: `{"date":…,"package":…}`, and `"gone":true` if it is.
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

/// What is known of a date.
#[derive(Clone, Debug, PartialEq)]
pub enum Day {
    /// It has been opened and shows this, for good.
    Shown(Daily),
    /// Nobody has opened it.
    Unopened {
        /// The first date of the journal.
        first: Option<Date>,
    },
}
