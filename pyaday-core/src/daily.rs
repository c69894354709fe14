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
//! 3. If there is none, a new cycle begins, of the next number. It is the one with the highest score of
//!    all packages but those that the day before and the day after show, if these were opened. If there
//!    is no other, the one that the day after shows is not left out; if there is still no other, none is.
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
use std::collections::HashSet;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use http::HeaderValue;
use rpds::RedBlackTreeMapSync;
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

/// What was [picked](self) for some dates and is still to be written, or the dates alone: then it is
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

/// All days that were opened, and those that are pinned. A clone shares them, and a write copies the
/// way to its place alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    days: RedBlackTreeMapSync<Date, Daily>,
    pins: RedBlackTreeMapSync<Date, Pinned>,
    /// Of the newest entry; 0 before the first.
    cycle: u32,
    /// The newest write that opened a day.
    newest: Option<Revision>,
}

impl Journal {
    pub(crate) fn get(&self, date: Date) -> Option<&Daily> {
        self.days.get(&date)
    }

    pub(crate) fn first(&self) -> Option<Date> {
        self.days.first().map(|(date, _)| *date)
    }

    /// The newest days up to a date, the newest first.
    pub(crate) fn recent(&self, until: Date, count: NonZeroUsize) -> impl Iterator<Item = &Daily> {
        self.days.range(..=until).rev().take(count.get()).map(|(_, daily)| daily)
    }

    pub(crate) fn pinned(&self, date: Date) -> Option<&Pinned> {
        self.pins.get(&date)
    }

    /// The pins of dates after this one, the earliest first.
    pub(crate) fn pins(&self, after: Date) -> impl Iterator<Item = &Pinned> {
        self.pins.range(after..).map(|(_, pinned)| pinned).filter(move |it| it.date > after)
    }

    /// Adds a day, which uses up its pin.
    pub(crate) fn open(&mut self, daily: Daily) {
        // A day that is put back may be older than what is known already.
        self.cycle = self.cycle.max(daily.cycle());
        self.newest = self.newest.max(Some(daily.revision()));
        self.unpin(daily.date());
        self.days.insert_mut(daily.date(), daily);
    }

    pub(crate) fn pin(&mut self, pinned: Pinned) {
        self.pins.insert_mut(pinned.date, pinned);
    }

    pub(crate) fn unpin(&mut self, date: Date) {
        self.pins.remove_mut(&date);
    }

    /// What a pick from this journal depends on, in a history.
    pub(crate) fn basis(&self, history: u64) -> Basis {
        Basis { history, days: self.days.size(), newest: self.newest }
    }

    /// How many days and how many pins there are.
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.days.size(), self.pins.size())
    }

    /// The pick of an ordinary day among these normalised names, given in parts, with its cycle.
    ///
    /// `picked` has the picks that come before it in the same write, of the current cycle of then.
    pub(crate) fn pick<'a, I: Iterator<Item = &'a str>>(
        &self,
        date: Date,
        picked: &[Choice],
        names: impl Fn(usize, usize) -> I + Sync,
    ) -> Option<(&'a str, u32)> {
        let current = self.cycle_after(picked);
        let of_cycle = self.days.values().filter(|daily| daily.cycle() == current);
        let of_cycle = of_cycle.map(|daily| daily.name().as_str());
        let picked_in_cycle = picked.iter().filter(|choice| choice.cycle == current);
        let picked_in_cycle = picked_in_cycle.map(|choice| choice.name.as_str());
        let shown: HashSet<_> = of_cycle.chain(picked_in_cycle).collect();
        if let Some(name) = highest(date, &names, |name| !shown.contains(name)) {
            return Some((name, current));
        }
        let shown_on = |date| {
            let picked = picked.iter().find(|choice| choice.date == date);
            let opened = self.get(date).map(|daily| daily.name().as_str());
            opened.or(picked.map(|choice| choice.name.as_str()))
        };
        let (before, after) = (shown_on(date.plus_days(-1)), shown_on(date.plus_days(1)));
        let other = |left_out: &[Option<&str>]| {
            highest(date, &names, |name| !left_out.contains(&Some(name)))
        };
        let name = other(&[before, after]).or_else(|| other(&[before])).or_else(|| other(&[]))?;
        Some((name, current + 1))
    }

    /// The cycle of the newest entry, or the first, once these picks were written.
    pub(crate) fn cycle_after(&self, picked: &[Choice]) -> u32 {
        picked.iter().map(|choice| choice.cycle).fold(self.cycle.max(1), u32::max)
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
