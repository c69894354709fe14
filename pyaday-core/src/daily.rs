//! The package of the day: what was shown when, what is to be shown, and how it is picked.
//!
//! # The pick
//!
//! Every implementation picks the same package from the same catalogue and journal:
//!
//! 1. If the date is pinned and the pinned package exists, it is that. The pin is used up either way.
//! 2. Of the packages whose normalised names no entry of the current cycle has, it is the one with
//!    the highest score. The current cycle is that of the entry which was written last; before the
//!    first entry, cycle 1.
//! 3. If there is none, a new cycle begins, of the next number: of all packages but the one shown the
//!    day before, it is the one with the highest score. If that is the only package, it is that.
//! 4. Of packages with one score, it is the one whose normalised name is the first in byte order.
//!
//! The **score** of a package on a date is the 64-bit SipHash-2-4 of its normalised name (ASCII, with
//! no terminator), compared as an unsigned number. The key's 16 bytes are the date as ISO 8601 has it
//! (ten ASCII bytes, `2026-11-23`) and six zero bytes; bytes 0 to 7 are `k0`, 8 to 15 `k1`, both
//! little-endian, as the reference implementation reads them.
//!
//! | date | normalised name | score |
//! |---|---|---|
//! | 2026-11-23 | flask | 0x836823c0ad8aa76b |
//! | 2026-11-23 | sanic | 0xfba34c91a43674af |
//! | 2026-11-23 | zope-interface | 0xc86183475bf73c7b |
//! | 2024-02-29 | flask | 0xaaba3e4ef56efac1 |
//!
//! So which package is picked tells nothing about the next day, adding one package in a hundred
//! changes one pick in a hundred, and nobody who adds packages without trying many names for one day
//! gets theirs picked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use http::HeaderValue;
use siphasher::sip::SipHasher24;

use crate::date::Date;
use crate::name::NormalizedName;
use crate::package::Package;
use crate::store::Revision;

/// How high a package scores on a date: the [pick](self) is the highest.
#[must_use]
pub fn score(date: Date, name: &NormalizedName) -> u64 {
    scores(date).hash(name.as_str().as_bytes())
}

fn scores(date: Date) -> SipHasher24 {
    let mut key = [0; 16];
    for (to, from) in key.iter_mut().zip(date.to_string().bytes()) {
        *to = from;
    }
    SipHasher24::new_with_key(&key)
}

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

/// What became of a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// The date will show the package.
    Pinned,
    /// The date has begun or was opened; nothing was written.
    Fixed,
    /// There is no such package; nothing was written.
    Absent,
}

/// What became of a pin to take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpin {
    /// It was taken back.
    Unpinned,
    /// The date has begun or was opened; nothing was written.
    Fixed,
    /// There was none.
    NotPinned,
}

/// A package that was [picked](self) for a date and is still to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    pub(crate) date: Date,
    pub(crate) name: NormalizedName,
    pub(crate) cycle: u32,
    /// The newest write that it takes account of.
    pub(crate) seen: Revision,
}

impl Pick {
    /// The date that is to show it.
    #[must_use]
    pub fn date(&self) -> Date {
        self.date
    }

    /// The package's normalised name.
    #[must_use]
    pub fn name(&self) -> &NormalizedName {
        &self.name
    }
}

/// What became of a day to open.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// It shows this from now on.
    Opened(Daily),
    /// It was opened before and shows this.
    Exists(Daily),
    /// The pick is of a catalogue that is another now; nothing was written.
    Stale,
}

/// All days that were opened, and those that are pinned. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    days: Arc<BTreeMap<Date, Daily>>,
    pins: Arc<BTreeMap<Date, NormalizedName>>,
    /// Of the newest entry; 0 before the first.
    cycle: u32,
    /// The newest write to it, if there was any.
    changed: Option<Revision>,
}

impl Journal {
    pub(crate) fn get(&self, date: Date) -> Option<&Daily> {
        self.days.get(&date)
    }

    pub(crate) fn first(&self) -> Option<Date> {
        self.days.first_key_value().map(|(date, _)| *date)
    }

    /// The newest days up to a date, the newest first.
    pub(crate) fn recent(&self, until: Date, count: NonZeroUsize) -> impl Iterator<Item = &Daily> {
        self.days.range(..=until).rev().take(count.get()).map(|(_, daily)| daily)
    }

    pub(crate) fn pinned(&self, date: Date) -> Option<&NormalizedName> {
        self.pins.get(&date)
    }

    /// Adds a day, which uses up its pin.
    pub(crate) fn open(&mut self, daily: Daily) {
        self.cycle = self.cycle.max(daily.cycle());
        self.note(daily.revision());
        if self.pins.contains_key(&daily.date()) {
            Arc::make_mut(&mut self.pins).remove(&daily.date());
        }
        Arc::make_mut(&mut self.days).insert(daily.date(), daily);
    }

    pub(crate) fn pin(&mut self, date: Date, name: NormalizedName, revision: Revision) {
        self.note(revision);
        Arc::make_mut(&mut self.pins).insert(date, name);
    }

    pub(crate) fn unpin(&mut self, date: Date, revision: Revision) {
        self.note(revision);
        Arc::make_mut(&mut self.pins).remove(&date);
    }

    /// Notes a write to it. A day that is put back may be older than what is known already, and makes
    /// nothing of that undone.
    pub(crate) fn note(&mut self, revision: Revision) {
        self.changed = self.changed.max(Some(revision));
    }

    /// Whether anything was written behind this revision.
    pub(crate) fn has_changed_since(&self, seen: Revision) -> bool {
        self.changed > Some(seen)
    }

    /// How many days and how many pins there are.
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.days.len(), self.pins.len())
    }

    /// The pick of an ordinary day among these normalised names, given in parts, with its cycle.
    pub(crate) fn pick<'a, I: Iterator<Item = &'a str>>(
        &self,
        date: Date,
        names: impl Fn(usize, usize) -> I + Sync,
    ) -> Option<(&'a str, u32)> {
        let current = self.current_cycle();
        let of_cycle = self.days.values().filter(|daily| daily.cycle() == current);
        let shown: HashSet<_> = of_cycle.map(|daily| daily.name().as_str()).collect();
        let not_shown = highest(date, &names, |name| !shown.contains(name));
        if let Some(name) = not_shown {
            return Some((name, current));
        }
        let before = self.get(date.plus_days(-1)).map(|daily| daily.name().as_str());
        let new = highest(date, &names, |name| Some(name) != before);
        let name = new.or_else(|| names(0, 1).next())?;
        Some((name, current + 1))
    }

    /// That of the newest entry, or the first.
    pub(crate) fn current_cycle(&self) -> u32 {
        self.cycle.max(1)
    }
}

/// The eligible name with the highest score; of those with one score, the first in byte order.
fn highest<'a, I: Iterator<Item = &'a str>>(
    date: Date,
    names: &(impl Fn(usize, usize) -> I + Sync),
    is_eligible: impl Fn(&str) -> bool + Sync,
) -> Option<&'a str> {
    let scores = scores(date);
    let of_part = |part, parts| {
        let mut best: Option<(u64, Reverse<&str>)> = None;
        for name in names(part, parts) {
            let candidate = Some((scores.hash(name.as_bytes()), Reverse(name)));
            // Few names come so far that they are looked up.
            if candidate > best && is_eligible(name) {
                best = candidate;
            }
        }
        best
    };
    // Two threads take half the time; more would leave none to the requests of a small machine.
    let (one, other) = thread::scope(|scope| {
        let other = thread::Builder::new().spawn_scoped(scope, || of_part(1, 2));
        let one = of_part(0, 2);
        let other = match other {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => of_part(1, 2),
        };
        (one, other)
    });
    one.max(other).map(|(_, Reverse(name))| name)
}
