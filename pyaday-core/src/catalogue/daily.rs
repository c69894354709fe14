//! The package of the day in a catalogue.

use std::borrow::Cow;
use std::iter;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::SystemTime;

use super::leaf::Leaf;
use super::snapshot::Catalogue;
use crate::daily::{Choice, Daily, Date, Day, Made, Opening, Pick, Pin, Pinned, Unpin, seconds};
use crate::package::{NormalizedName, Revision};
use crate::store::Write;

impl Catalogue {
    /// Returns the journal's entry for a date.
    #[must_use]
    pub fn daily(&self, date: Date) -> Day {
        match self.journal.get(date) {
            Some(daily) => Day::Shown(self.as_of_now(daily)),
            None => Day::Unopened { first: self.journal.first() },
        }
    }

    /// Returns at most `count` opened days, up to and including a date, the newest first.
    #[must_use]
    pub fn recent_daily(&self, until: Date, count: NonZeroUsize) -> Vec<Daily> {
        self.journal.recent(until, count).map(|daily| self.as_of_now(daily)).collect()
    }

    /// Picks packages for those of the dates that are not open yet, by the rule of
    /// [`daily`](crate::daily). The earliest date is picked first, and later picks depend on it.
    ///
    /// For each date it looks at every name, which takes about 40 nanoseconds per name, in two
    /// threads. A [`Picker`](crate::Picker) does this in a thread of its own.
    #[must_use]
    pub fn pick_daily(&self, dates: RangeInclusive<Date>) -> Pick {
        let dates = dates.into_inner();
        let basis = self.journal.basis(self.history);
        let made = Made { basis, seen: self.revision, choices: self.choose(dates) };
        Pick { dates, made: Some(made) }
    }

    fn choose(&self, (first, last): (Date, Date)) -> Vec<Choice> {
        let mut choices = Vec::new();
        for date in days(first, last).filter(|date| self.journal.get(*date).is_none()) {
            let pinned = self.journal.pinned(date).map(|pinned| &pinned.name);
            let (name, cycle) = match pinned.filter(|name| self.get(name).is_some()) {
                Some(name) => (name.clone(), self.journal.cycle_after(&choices)),
                None => {
                    let names = |part, parts| self.names(part, parts);
                    match self.journal.pick(date, &choices, names) {
                        Some((name, cycle)) => (NormalizedName::from_normal(&name), cycle),
                        // The catalogue has no packages.
                        None => break,
                    }
                }
            };
            choices.push(Choice { date, name, cycle, pinned: pinned.cloned() });
        }
        choices
    }

    /// Opens those of the dates that are not open yet, with the picked packages. The result is
    /// [`Opening::Stale`], and nothing changes, if the pick is no longer right. The pick is still
    /// right if no other day was opened since, the dates have the same pins, the picked packages
    /// exist, and no pinned package was created that did not exist then. Other writes do not
    /// matter.
    pub fn open_daily(&mut self, pick: &Pick, picked_at: SystemTime) -> Opening {
        let (first, last) = pick.dates;
        let is_open = days(first, last).all(|date| self.journal.get(date).is_some());
        let made = match &pick.made {
            _ if is_open => &[][..],
            Some(made) if self.is_right(made) && self.is_complete(pick, made) => &made.choices,
            Some(_) => return Opening::Stale,
            None => &self.choose(pick.dates),
        };
        let revision = self.next_revision();
        let opened = made.iter().filter_map(|choice| {
            let package = self.get(&choice.name)?.package();
            let picked_at = seconds(picked_at);
            Some(Daily::new(choice.date, choice.cycle, package, picked_at, revision))
        });
        let opened: Vec<_> = opened.collect();
        if !opened.is_empty() {
            opened.iter().cloned().for_each(|daily| self.journal.open(daily));
            self.revision = revision;
        }
        let days = days(first, last).filter_map(|date| self.journal.get(date));
        Opening::Open { days: days.map(|daily| self.as_of_now(daily)).collect(), opened }
    }

    /// Whether a pick is for these dates and made from everything in this catalogue.
    pub(crate) fn would_pick(&self, pick: &Pick, dates: &RangeInclusive<Date>) -> bool {
        let is_new = |made: &Made| made.seen >= self.revision && self.is_right(made);
        pick.dates == (*dates.start(), *dates.end()) && pick.made.as_ref().is_some_and(is_new)
    }

    fn is_right(&self, made: &Made) -> bool {
        let is_there = |name| self.get(name).is_some();
        made.basis == self.journal.basis(self.history)
            && made.choices.iter().all(|choice| {
                let pinned = self.journal.pinned(choice.date).map(|pinned| &pinned.name);
                let gave_way = |name: &NormalizedName| *name != choice.name;
                pinned == choice.pinned.as_ref()
                    && is_there(&choice.name)
                    && !pinned.is_some_and(|name| gave_way(name) && is_there(name))
            })
    }

    /// Whether the pick has a choice for each date. A pick from an empty catalogue has no choices,
    /// and it is right only while the catalogue is empty.
    fn is_complete(&self, pick: &Pick, made: &Made) -> bool {
        let (first, last) = pick.dates;
        let unopened = days(first, last).filter(|date| self.journal.get(*date).is_none()).count();
        made.choices.len() == unopened || self.is_empty()
    }

    /// Returns at most `count` pins after this date, in the order of their dates.
    #[must_use]
    pub fn pins(&self, last_open: Date, count: NonZeroUsize) -> Vec<Pinned> {
        self.journal.pins(last_open).take(count.get()).cloned().collect()
    }

    /// Returns the pin of a date.
    #[must_use]
    pub fn pinned(&self, date: Date) -> Option<Pinned> {
        self.journal.pinned(date).cloned()
    }

    /// Pins a package to a date, and replaces an earlier pin, if `write` admits that pin's
    /// revision, or `None` without one. The date must be after `last_open`, the last date that has
    /// begun anywhere on Earth.
    pub fn pin_daily(
        &mut self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: &Write,
    ) -> Pin {
        if self.is_fixed(date, last_open) {
            return Pin::Fixed;
        }
        let current = self.pinned(date);
        if !write.admits(current.as_ref().map(|pinned| pinned.revision)) {
            return Pin::Stale(current);
        }
        if self.get(name).is_none() {
            return Pin::Absent;
        }
        if let Some(current) = current.filter(|current| current.name == *name) {
            return Pin::Unchanged(current);
        }
        self.revision = self.next_revision();
        let pinned = Pinned::new(date, name.clone(), self.revision);
        self.journal.pin(pinned.clone());
        Pin::Pinned(pinned)
    }

    /// Removes a pin if `write` admits its revision.
    pub fn unpin_daily(&mut self, date: Date, last_open: Date, write: &Write) -> Unpin {
        if self.is_fixed(date, last_open) {
            return Unpin::Fixed;
        }
        match self.pinned(date) {
            None => Unpin::NotPinned,
            Some(pinned) if !write.admits(Some(pinned.revision)) => Unpin::Stale(pinned),
            Some(_) => {
                self.revision = self.next_revision();
                self.journal.unpin(date);
                Unpin::Unpinned
            }
        }
    }

    /// Adds a day of the journal that was loaded from a database.
    pub fn restore_daily(&mut self, daily: Daily) {
        self.revision = self.revision.max(daily.revision());
        self.journal.open(daily);
    }

    /// Adds a pin that was loaded from a database. It replaces an earlier pin of the same date.
    pub fn restore_pin(&mut self, pinned: Pinned) {
        self.revision = self.revision.max(pinned.revision);
        self.journal.pin(pinned);
    }

    /// Removes the pin of a date, after another process has removed it from the database.
    pub fn forget_pin(&mut self, date: Date) {
        self.journal.unpin(date);
    }

    /// Returns the number of opened days and the number of pins.
    #[must_use]
    pub fn journal_len(&self) -> (usize, usize) {
        self.journal.len()
    }

    /// True if a write with this revision opened a day.
    pub(super) fn has_day_of(&self, revision: Revision) -> bool {
        self.journal.has_day_of(revision)
    }

    fn as_of_now(&self, daily: &Daily) -> Daily {
        daily.clone().with_gone(self.get(daily.name()).is_none())
    }

    /// One of `parts` disjoint parts of the normalised names.
    fn names(&self, part: usize, parts: usize) -> impl Iterator<Item = Cow<'_, str>> {
        let leaves = self.tree.leaves().skip(part).step_by(parts);
        leaves.flat_map(Leaf::names)
    }
}

/// The dates from the first to the last.
pub(super) fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    let next = |date: &Date| Some(date.plus_days(1)).filter(|next| next > date);
    iter::successors(Some(first), next).take_while(move |date| *date <= last)
}
