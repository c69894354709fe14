//! The journal: the opened days and the pins, and the pick that depends on them.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::thread;

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::date::Date;
use super::day::Daily;
use super::pick::{Basis, Choice};
use super::pin::Pinned;
use super::rule::scores;
use crate::package::{NormalizedName, Revision};

/// All opened days and all pins. A clone shares them. A write copies only the nodes on the path to
/// the changed entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    days: RedBlackTreeMapSync<Date, Daily>,
    pins: RedBlackTreeMapSync<Date, Pinned>,
    /// The newest cycle of an entry. It is 0 before the first entry.
    cycle: u32,
    /// The packages of the entries of that cycle. With it, a pick need not walk through all entries.
    shown: RedBlackTreeSetSync<NormalizedName>,
    /// The revision of the newest write that opened a day.
    newest: Option<Revision>,
}

impl Journal {
    pub(crate) fn get(&self, date: Date) -> Option<&Daily> {
        self.days.get(&date)
    }

    pub(crate) fn first(&self) -> Option<Date> {
        self.days.first().map(|(date, _)| *date)
    }

    /// The newest opened days up to a date, the newest first.
    pub(crate) fn recent(&self, until: Date, count: NonZeroUsize) -> impl Iterator<Item = &Daily> {
        self.days.range(..=until).rev().take(count.get()).map(|(_, daily)| daily)
    }

    pub(crate) fn pinned(&self, date: Date) -> Option<&Pinned> {
        self.pins.get(&date)
    }

    /// The pins after this date, the earliest first.
    pub(crate) fn pins(&self, after: Date) -> impl Iterator<Item = &Pinned> {
        self.pins.range(after..).map(|(_, pinned)| pinned).filter(move |it| it.date > after)
    }

    /// Adds a day and removes its pin.
    pub(crate) fn open(&mut self, daily: Daily) {
        self.newest = self.newest.max(Some(daily.revision()));
        self.unpin(daily.date());
        // A restored day may be older than the newest one.
        if daily.cycle() > self.cycle {
            self.cycle = daily.cycle();
            self.shown = RedBlackTreeSetSync::default();
        }
        let replaces_other = self
            .get(daily.date())
            .is_some_and(|old| (old.name(), old.cycle()) != (daily.name(), daily.cycle()));
        if daily.cycle() == self.cycle {
            self.shown.insert_mut(daily.name().clone());
        }
        self.days.insert_mut(daily.date(), daily);
        if replaces_other {
            let of_cycle = self.days.values().filter(|daily| daily.cycle() == self.cycle);
            self.shown = of_cycle.map(|daily| daily.name().clone()).collect();
        }
    }

    pub(crate) fn pin(&mut self, pinned: Pinned) {
        self.pins.insert_mut(pinned.date, pinned);
    }

    pub(crate) fn unpin(&mut self, date: Date) {
        self.pins.remove_mut(&date);
    }

    /// True if a write with this revision opened a day.
    pub(crate) fn has_day_of(&self, revision: Revision) -> bool {
        self.days.values().any(|daily| daily.revision() == revision)
    }

    /// The state of this journal on which a pick depends.
    pub(crate) fn basis(&self, history: u64) -> Basis {
        Basis { history, days: self.days.size(), newest: self.newest }
    }

    /// The number of opened days and the number of pins.
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.days.size(), self.pins.size())
    }

    /// Picks a package for a day that has no pin, and returns it with its cycle. `names` yields the
    /// normalised names in parts. `picked` has the picks for other dates in the same write.
    pub(crate) fn pick<'a, I: Iterator<Item = Cow<'a, str>>>(
        &self,
        date: Date,
        picked: &[Choice],
        names: impl Fn(usize, usize) -> I + Sync,
    ) -> Option<(Cow<'a, str>, u32)> {
        let current = self.cycle_after(picked);
        let is_shown = |name: &str| {
            let is_picked = |it: &Choice| it.cycle == current && it.name.as_str() == name;
            let is_opened = || self.shown.contains(&NormalizedName::from_normal(name));
            picked.iter().any(is_picked) || (current == self.cycle && is_opened())
        };
        if let Some(name) = highest(date, &names, |name| !is_shown(name)) {
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

    /// The current cycle after these picks are written. It is 1 for an empty journal.
    pub(crate) fn cycle_after(&self, picked: &[Choice]) -> u32 {
        picked.iter().map(|choice| choice.cycle).fold(self.cycle.max(1), u32::max)
    }
}

/// The eligible name with the highest score. Of names with the same score, the first one in byte
/// order.
fn highest<'a, I: Iterator<Item = Cow<'a, str>>>(
    date: Date,
    names: &(impl Fn(usize, usize) -> I + Sync),
    is_eligible: impl Fn(&str) -> bool + Sync,
) -> Option<Cow<'a, str>> {
    let scores = scores(date);
    let of_part = |part, parts| {
        let mut best: Option<(u64, Reverse<Cow<'a, str>>)> = None;
        for name in names(part, parts) {
            let score = scores.hash(name.as_bytes());
            let is_higher = best.as_ref().is_none_or(|(highest, Reverse(other))| {
                score > *highest || (score == *highest && name < *other)
            });
            // Few names have such a high score, so the lookup is rare.
            if is_higher && is_eligible(&name) {
                best = Some((score, Reverse(name)));
            }
        }
        best
    };
    // Two threads take half the time. More would leave no processor for the requests on a small
    // machine.
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
