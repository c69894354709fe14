//! A model of the contract. Random sequences of calls are made to a store and to the model, and the
//! answers must agree.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use proptest::collection::vec;
use proptest::test_runner::TestCaseError;

use super::bench::{Bench, Checked, Fault, ensure, same, shows};
use super::calls::{Answer, Call, last_open};
use super::daily::{first_of_cycle, highest_of};
use super::fixtures::normalized;
use super::generated::{Seen, Step, runner, step_with_days};
use super::{Fact, Subject, oracle};
use crate::daily::Date;
use crate::daily::{Daily, Day, Pin, Pinned, Unpin};
use crate::package::NormalizedName;
use crate::package::{Package, Tag};
use crate::package::{Revision, Stored};
use crate::store::{Create, Delete, Page, Query, Replacement, Update};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![Fact::new("any sequence of calls has the results that the contract requires", sequences)]
}

/// The expected content of a store after the calls so far.
#[derive(Clone)]
pub(super) struct Model {
    packages: BTreeMap<NormalizedName, (Package, Stored)>,
    days: BTreeMap<Date, Daily>,
    pins: BTreeMap<Date, Pinned>,
    /// The store's newest revision if it is known, or else a lower bound. It is not known after a
    /// delete or an unpin, because those do not return their revision.
    newest: Revision,
    newest_is_known: bool,
    /// True if anything was written yet.
    written: bool,
}

impl Model {
    /// The model of an empty store, of which one page was read.
    pub(super) fn empty(page: &Page) -> Self {
        let (packages, days, pins) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { packages, days, pins, newest: page.revision, newest_is_known: true, written: false }
    }

    /// Checks that `answer` is what the contract requires for `call` now, and updates the model.
    pub(super) fn accept(&mut self, call: &Call, answer: &Answer) -> Checked {
        match (call, answer) {
            (Call::Create(package, expected), Answer::Create(answer)) => {
                self.create(call, package, *expected, answer)
            }
            (Call::CreateMany(packages), Answer::CreateMany(answers)) => {
                self.create_many(call, packages, answers)
            }
            (Call::Read(name), Answer::Read(answer)) => {
                same(call, answer, &self.version(name).cloned())
            }
            (Call::Update(name, expected, replacement), Answer::Update(answer)) => {
                self.update(call, name, *expected, replacement, answer)
            }
            (Call::Delete(name, expected), Answer::Delete(answer)) => {
                self.delete(call, name, *expected, answer)
            }
            (Call::Random(_), Answer::Random(answer)) => {
                let drawn: Vec<_> = answer.iter().cloned().collect();
                self.sample(call, 1, None, &drawn)
            }
            (Call::Sample(count, tag, _), Answer::Sample(answer)) => {
                self.sample(call, count.get(), tag.as_ref(), answer)
            }
            (Call::List(query), Answer::List(answer)) => self.list(call, query, answer),
            (call, answer) => self.accept_of_days(call, answer),
        }
    }

    fn accept_of_days(&mut self, call: &Call, answer: &Answer) -> Checked {
        match (call, answer) {
            (Call::Pin(date, name, expected), Answer::Pin(answer)) => {
                self.pin(call, *date, name, *expected, answer)
            }
            (Call::Unpin(date, expected), Answer::Unpin(answer)) => {
                self.unpin(call, *date, *expected, answer)
            }
            (Call::Pinned(date), Answer::Pinned(answer)) => {
                same(call, answer, &self.pins.get(date).cloned())
            }
            (Call::Pins(after, count), Answer::Pins(answer)) => {
                let pins = self.pins.values().filter(|pinned| pinned.date > *after);
                same(call, answer, &pins.take(count.get()).cloned().collect())
            }
            (Call::Open(first, last), Answer::Open(answer)) => {
                self.open(call, (*first, *last), answer)
            }
            (Call::Daily(date), Answer::Daily(answer)) => same(call, answer, &self.day(*date)),
            (Call::Recent(until, count), Answer::Recent(answer)) => {
                same(call, answer, &self.recent(*until, *count))
            }
            (call, answer) => ensure(false, call, "an answer to this call", answer),
        }
    }

    fn create(
        &mut self,
        call: &Call,
        package: &Package,
        expected: Option<Revision>,
        answer: &Create,
    ) -> Checked {
        if let Create::Stale(newest) = answer {
            let refused = expected.is_some_and(|expected| expected != *newest);
            ensure(refused, call, "no Stale with the revision that was expected", answer)?;
            return self.check_newest(call, *newest);
        }
        if let Some(expected) = expected {
            // The write was admitted, so the expected revision is the newest one.
            self.check_newest(call, expected)?;
        }
        self.create_many(call, std::slice::from_ref(package), std::slice::from_ref(answer))
    }

    /// Checks that this can be the newest revision, and remembers it.
    fn check_newest(&mut self, call: &Call, newest: Revision) -> Checked {
        let fits = if self.newest_is_known { newest == self.newest } else { newest >= self.newest };
        let least = if self.newest_is_known { "" } else { "at least " };
        let expected = format!("the newest revision: {least}{}", self.newest);
        ensure(fits, call, expected, &newest)?;
        self.newest = newest;
        self.newest_is_known = true;
        Ok(())
    }

    /// Records a write whose answer does not contain its revision.
    fn wrote_unknown_revision(&mut self) {
        // `Revision::next` is not used, because it reads the clock, which has advanced since the
        // store read it.
        self.newest = Revision::new(self.newest.get() + 1);
        self.newest_is_known = false;
        self.written = true;
    }

    /// Checks that a write has a revision greater than all earlier ones.
    fn wrote_in(&mut self, call: &Call, before: Revision, revision: Revision) -> Checked {
        let grown = revision > before;
        ensure(grown, call, format!("a revision greater than {before}"), &revision)?;
        self.newest = self.newest.max(revision);
        self.newest_is_known = true;
        self.written = true;
        Ok(())
    }

    fn version(&self, name: &NormalizedName) -> Option<&Stored> {
        self.packages.get(name).map(|(_, version)| version)
    }

    /// A batch may be one write with one revision, or a separate write for each package.
    fn create_many(&mut self, call: &Call, packages: &[Package], answers: &[Create]) -> Checked {
        same(format!("{call}; the answers counted"), &answers.len(), &packages.len())?;
        let before = self.newest;
        for (package, answer) in packages.iter().zip(answers) {
            match (self.version(&package.name.normalized()), answer) {
                (None, Create::Created(version)) => {
                    self.wrote(call, before, package.clone(), version)?;
                }
                (None, other) => ensure(false, call, "Created", other)?,
                (Some(version), other) => same(call, other, &Create::Exists(version.clone()))?,
            }
        }
        Ok(())
    }

    fn update(
        &mut self,
        call: &Call,
        name: &NormalizedName,
        expected: Option<Revision>,
        replacement: &Replacement,
        answer: &Update,
    ) -> Checked {
        let Some((package, version)) = self.packages.get(name) else {
            return same(call, answer, &Update::Absent);
        };
        if expected.is_some_and(|expected| expected != version.revision()) {
            return same(call, answer, &Update::Stale(version.clone()));
        }
        let spelling = replacement.spelling.as_ref().unwrap_or(&package.name).clone();
        let replaced = Package { name: spelling, details: replacement.details.clone() };
        if *package == replaced {
            return same(call, answer, &Update::Unchanged(version.clone()));
        }
        let Update::Updated(version) = answer else {
            return ensure(false, call, "Updated", answer);
        };
        self.wrote(call, self.newest, replaced, version)
    }

    fn delete(
        &mut self,
        call: &Call,
        name: &NormalizedName,
        expected: Option<Revision>,
        answer: &Delete,
    ) -> Checked {
        let Some(version) = self.version(name) else {
            return same(call, answer, &Delete::Absent);
        };
        if expected.is_some_and(|expected| expected != version.revision()) {
            return same(call, answer, &Delete::Stale(version.clone()));
        }
        same(call, answer, &Delete::Deleted)?;
        self.packages.remove(name);
        self.wrote_unknown_revision();
        Ok(())
    }

    fn wrote(
        &mut self,
        call: &Call,
        before: Revision,
        package: Package,
        version: &Stored,
    ) -> Checked {
        shows(call, version, &package)?;
        self.wrote_in(call, before, version.revision())?;
        self.packages.insert(package.name.normalized(), (package, version.clone()));
        Ok(())
    }

    fn sample(&self, call: &Call, count: usize, tag: Option<&Tag>, answer: &[Stored]) -> Checked {
        let carries = |package: &Package| tag.is_none_or(|tag| package.details.tags.contains(tag));
        let carriers = self.packages.values().filter(|(package, _)| carries(package)).count();
        same(format!("{call}; what came counted"), &answer.len(), &count.min(carriers))?;
        let mut different = BTreeSet::new();
        for version in answer {
            let own = normalized(version);
            let kept = self.packages.get(&own);
            same(call, &Some(version), &kept.map(|(_, version)| version))?;
            let fits = kept.is_some_and(|(package, _)| carries(package)) && different.insert(own);
            ensure(fits, call, "packages with the tag, each at most once", &answer)?;
        }
        Ok(())
    }

    fn list(&mut self, call: &Call, query: &Query, page: &Page) -> Checked {
        let packages = self.packages.values().map(|(package, version)| (package, version));
        same(call, page, &oracle::page(query, packages, page.revision))?;
        self.check_newest(call, page.revision)
    }

    fn pin(
        &mut self,
        call: &Call,
        date: Date,
        name: &NormalizedName,
        expected: Option<Revision>,
        answer: &Pin,
    ) -> Checked {
        if date <= last_open() || self.days.contains_key(&date) {
            return same(call, answer, &Pin::Fixed);
        }
        let current = self.pins.get(&date).cloned();
        let revision = current.as_ref().map(|pinned| pinned.revision);
        let is_stale = expected.is_some() && expected != revision;
        if is_stale && (self.packages.contains_key(name) || *answer != Pin::Absent) {
            return same(call, answer, &Pin::Stale(current));
        }
        if !self.packages.contains_key(name) {
            return same(call, answer, &Pin::Absent);
        }
        if let Some(current) = current.filter(|current| current.name == *name) {
            return same(call, answer, &Pin::Unchanged(current));
        }
        let Pin::Pinned(pinned) = answer else {
            return ensure(false, call, "Pinned", answer);
        };
        same(call, pinned, &Pinned::new(date, name.clone(), pinned.revision))?;
        self.wrote_in(call, self.newest, pinned.revision)?;
        self.pins.insert(date, pinned.clone());
        Ok(())
    }

    fn unpin(
        &mut self,
        call: &Call,
        date: Date,
        expected: Option<Revision>,
        answer: &Unpin,
    ) -> Checked {
        if date <= last_open() || self.days.contains_key(&date) {
            return same(call, answer, &Unpin::Fixed);
        }
        let Some(current) = self.pins.get(&date) else {
            return same(call, answer, &Unpin::NotPinned);
        };
        if expected.is_some_and(|expected| expected != current.revision) {
            return same(call, answer, &Unpin::Stale(current.clone()));
        }
        same(call, answer, &Unpin::Unpinned)?;
        self.pins.remove(&date);
        self.wrote_unknown_revision();
        Ok(())
    }

    fn open(&mut self, call: &Call, dates: (Date, Date), answer: &[Daily]) -> Checked {
        let mut expected = Vec::new();
        let mut date = dates.0;
        let mut revision = None;
        while date <= dates.1 {
            if !self.days.contains_key(&date)
                && let Some((package, cycle)) = self.pick(date)
            {
                let came = answer.iter().find(|daily| daily.date() == date);
                let of_write = *revision.get_or_insert(came.map_or(self.newest, Daily::revision));
                let daily = Daily::new(date, cycle, package, OPENED, of_write);
                self.pins.remove(&date);
                self.days.insert(date, daily);
            }
            expected.extend(self.shown(date));
            date = date.plus_days(1);
        }
        same(call, &answer, &&expected[..])?;
        revision.map_or(Ok(()), |revision| self.wrote_in(call, self.newest, revision))
    }

    /// The name that a date must show by the rule, and its cycle.
    fn pick(&self, date: Date) -> Option<(Package, u32)> {
        let cycle = self.days.values().map(Daily::cycle).max().unwrap_or(1);
        let package = |name: &NormalizedName| self.packages.get(name).map(|(it, _)| it.clone());
        if let Some(pinned) = self.pins.get(&date).and_then(|pinned| package(&pinned.name)) {
            return Some((pinned, cycle));
        }
        let names: Vec<_> = self.packages.keys().cloned().collect();
        let of_cycle: BTreeSet<_> =
            self.days.values().filter(|daily| daily.cycle() == cycle).map(Daily::name).collect();
        if let Some(name) = highest_of(date, &names, |name| !of_cycle.contains(name)) {
            return Some((package(name)?, cycle));
        }
        let opened: Vec<_> =
            self.days.values().map(|daily| (daily.date(), daily.name().clone())).collect();
        Some((package(first_of_cycle(date, &names, &opened)?)?, cycle + 1))
    }

    /// The entry of a date, with whether its package exists now.
    fn shown(&self, date: Date) -> Option<Daily> {
        let daily = self.days.get(&date)?;
        Some(daily.clone().with_gone(!self.packages.contains_key(daily.name())))
    }

    fn day(&self, date: Date) -> Day {
        let first = self.days.keys().next().copied();
        self.shown(date).map_or(Day::Unopened { first }, Day::Shown)
    }

    fn recent(&self, until: Date, count: NonZeroUsize) -> Vec<Daily> {
        let dates = self.days.range(..=until).rev().take(count.get());
        dates.filter_map(|(date, _)| self.shown(*date)).collect()
    }
}

/// The moment when days are opened, in seconds since 1970.
const OPENED: i64 = 1_800_000_000;

fn sequences<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    all_sequences(bench, false)
}

/// Makes the same sequences, and opens the store again between the calls.
pub(super) fn reopened_sequences<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    all_sequences(bench, true)
}

fn all_sequences<S: Subject>(bench: &Bench<'_, S>, reopens: bool) -> Checked {
    // proptest reports the simplest failing case, which is the last one that failed.
    let simplest = RefCell::new(None);
    let outcome = runner(bench.subject.cases()).run(&vec(step_with_days(), 1..40), |steps| {
        sequence(Bench::new(bench.subject), &steps, reopens).map_err(|fault| {
            let reason = TestCaseError::fail(fault.came.clone());
            simplest.replace(Some(fault));
            reason
        })
    });
    match (outcome, simplest.into_inner()) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(fault)) => Err(fault),
        (Err(error), None) => Err(Fault {
            done: "random sequences of calls were made".to_owned(),
            expected: "answers".to_owned(),
            came: error.to_string(),
        }),
    }
}

fn sequence<S: Subject>(mut bench: Bench<'_, S>, steps: &[Step], reopens: bool) -> Checked {
    /// The number of calls after which the store is opened again.
    const CALLS: usize = 5;

    let mut model = Model::empty(&bench.page()?);
    let mut seen = Seen::default();
    let mut done = Vec::new();
    let list_all = Step::list_all();
    for (at, step) in steps.iter().chain([&list_all]).enumerate() {
        if reopens && at % CALLS == CALLS - 1 {
            done.push("open again".to_owned());
            bench = bench.reopened()?;
            // A store that was never written to may have another first revision.
            model.newest_is_known &= model.written;
        }
        let call = seen.call(step);
        done.push(call.to_string());
        let answer = call.put(&bench)?;
        seen.note(&answer);
        model.accept(&call, &answer).map_err(|fault| Fault { done: done.join("; "), ..fault })?;
    }
    for (name, (_, version)) in &model.packages {
        done.push(format!("read {name}"));
        same(done.join("; "), &bench.read(name)?, &Some(version.clone()))?;
    }
    let (pins, days) = (Date::MIN, Date::MAX);
    done.push("list all pins and days".to_owned());
    let pins = bench.pins(pins, usize::MAX)?;
    same(done.join("; "), &pins, &model.pins.values().cloned().collect())?;
    let recent = bench.recent_daily(days, usize::MAX)?;
    same(done.join("; "), &recent, &model.recent(days, NonZeroUsize::MAX))
}
