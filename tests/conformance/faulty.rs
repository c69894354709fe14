//! A plain store that has one of many faults.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use pyaday_core::daily::{Daily, Day, Pin, Pinned, Unpin, score};
use pyaday_core::{
    Batch, Batched, ChangeDetails, ChangePage, ChangeQuery, ChangedPin, Conflict, Create, Date,
    Delete, NoHistory, NormalizedName, Package, PackageStore, PackageSwap, Page, Past, Query,
    Replacement, Revision, Seed, Selected, Sort, StoreError, StoreId, Stored, Tag, Update, Write,
};
use pyaday_tests::numbers::Numbers;

use super::broken::Fault;
use super::search::List;

/// A plain store with one fault.
pub(super) struct Faulty {
    fault: Fault,
    state: Arc<Mutex<State>>,
    /// Writes that are made in parts hold this lock, so that the parts of two writes do not mix.
    parts: Mutex<()>,
    meeting: Meeting,
    reads: AtomicUsize,
    draws: AtomicUsize,
    /// Each selection that is not dropped yet has a clone.
    selections: Arc<()>,
}

#[derive(Clone)]
struct State {
    fault: Fault,
    id: StoreId,
    packages: BTreeMap<NormalizedName, Stored>,
    newest: Revision,
    days: BTreeMap<Date, Daily>,
    pins: BTreeMap<Date, Pinned>,
    /// True if the store was opened again.
    reopened: bool,
}

impl State {
    /// The revision of the next write.
    fn next(&mut self) -> Revision {
        let by_clock =
            !matches!(self.fault, Fault::RevisionIsUsedAgain | Fault::RevisionsWithoutClock);
        let begins_anew = self.fault == Fault::RevisionsBeginAnew && self.reopened;
        self.newest = match by_clock {
            _ if begins_anew => Revision::new(1),
            true => self.newest.next(),
            false => Revision::new(self.newest.get() + 1),
        };
        self.reopened = false;
        self.newest
    }

    /// The data that is left when the store is opened again.
    fn reopened(mut self) -> Self {
        match self.fault {
            Fault::NothingIsKept => {
                let new = Self::new(self.fault);
                return Self { id: self.id, ..new };
            }
            Fault::IdIsForgotten => self.id = StoreId::random(),
            Fault::DaysAreForgotten => self.days.clear(),
            Fault::PinsAreForgotten => self.pins.clear(),
            Fault::RevisionsGoBack => {
                let packages = self.packages.values().map(Stored::revision);
                let days = self.days.values().map(Daily::revision);
                let pins = self.pins.values().map(|pinned| pinned.revision);
                let newest = packages.chain(days).chain(pins).max();
                self.newest = newest.unwrap_or(Revision::new(0));
            }
            _ => {}
        }
        Self { reopened: true, ..self }
    }

    fn new(fault: Fault) -> Self {
        Self {
            fault,
            id: if fault == Fault::IdIsShared { StoreId::new([7; 16]) } else { StoreId::random() },
            packages: BTreeMap::new(),
            newest: Revision::new(0),
            days: BTreeMap::new(),
            pins: BTreeMap::new(),
            reopened: false,
        }
    }

    fn daily(&self, date: Date) -> Day {
        let Some(daily) = self.days.get(&date) else {
            return Day::Unopened { first: self.days.keys().next().copied() };
        };
        let now = self.packages.get(daily.name());
        if let (Fault::DayFollowsItsPackage, Some(now)) = (self.fault, now) {
            let (package, picked_at) = (now.package(), daily.picked_at());
            let cycle = daily.cycle();
            return Day::Shown(Daily::new(date, cycle, package, picked_at, daily.revision()));
        }
        let gone = now.is_none() && self.fault != Fault::GoneIsNotTold;
        Day::Shown(daily.clone().with_gone(gone))
    }

    /// Follows the rule in the simplest way.
    fn pick(&self, date: Date) -> Option<(NormalizedName, u32)> {
        let cycle = match self.fault {
            Fault::CycleIsForgotten if self.reopened => 1,
            _ => self.days.values().map(Daily::cycle).max().unwrap_or(1),
        };
        let pin = self.pins.get(&date).map(|pinned| &pinned.name);
        if let Some(name) = pin.filter(|name| self.packages.contains_key(*name)) {
            return Some((name.clone(), cycle));
        }
        let is_shown = |name: &NormalizedName| {
            let mut of_cycle = self.days.values().filter(|daily| daily.cycle() == cycle);
            self.fault != Fault::DaysRepeat && of_cycle.any(|daily| daily.name() == name)
        };
        let highest = |names: Vec<NormalizedName>| match self.fault {
            Fault::DayByOrderOfNames => names.into_iter().next(),
            _ => names.into_iter().max_by_key(|name| (score(date, name), Reverse(name.clone()))),
        };
        let names = || self.packages.keys().cloned();
        if let Some(name) = highest(names().filter(|name| !is_shown(name)).collect()) {
            return Some((name, cycle));
        }
        let before = self.days.get(&date.plus_days(-1)).map(Daily::name);
        let before = before.filter(|_| self.fault != Fault::NewCycleRepeatsYesterday);
        let after = self.days.get(&date.plus_days(1)).map(Daily::name);
        let after = after.filter(|_| self.fault != Fault::NewCycleRepeatsTomorrow);
        let but = |left_out: [Option<&NormalizedName>; 2]| {
            highest(names().filter(|name| !left_out.contains(&Some(name))).collect())
        };
        let pick = but([before, after]).or_else(|| but([before, None]));
        pick.or_else(|| names().next()).map(|name| (name, cycle + 1))
    }

    fn open(
        &mut self,
        date: Date,
        (name, cycle): &(NormalizedName, u32),
        picked_at: SystemTime,
        revision: Revision,
    ) {
        let package = self.packages[name].package();
        let picked_at = picked_at.duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let daily = Daily::new(date, *cycle, package, picked_at, revision);
        self.days.insert(date, daily);
        if self.fault != Fault::UsedPinStays {
            self.pins.remove(&date);
        }
    }

    /// Opens the dates that are not open yet, the earliest first.
    fn open_all(&mut self, dates: &[Date], picked_at: SystemTime, together: bool) {
        let mut dates = dates.to_vec();
        if self.fault == Fault::LatestDayFirst {
            dates.reverse();
        }
        if self.packages.is_empty() {
            if self.fault == Fault::NothingOpenedTakesARevision && together {
                self.next();
            }
            return;
        }
        let mut revision = None;
        for date in dates {
            if self.fault == Fault::DaysIgnorePins && together {
                self.pins.remove(&date);
            }
            let Some(pick) = self.pick(date) else { continue };
            let own_write = self.fault == Fault::EachDayIsAWrite;
            let of_write = revision.filter(|_| !own_write).unwrap_or_else(|| self.next());
            revision = Some(of_write);
            self.open(date, &pick, picked_at, of_write);
        }
    }

    fn is_fixed(&self, date: Date, last_open: Date) -> bool {
        self.days.contains_key(&date) || date <= last_open
    }

    /// The answer to a pin that is refused.
    fn refuses_pin(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: &Write,
    ) -> Option<Pin> {
        let current = self.pins.get(&date).cloned();
        let is_fixed = self.is_fixed(date, last_open) && self.fault != Fault::PastIsPinned;
        if is_fixed && self.fault != Fault::PinAsksWhatIsFixed {
            return Some(Pin::Fixed);
        }
        let admitted = self.fault == Fault::PinIgnoresTerms
            || write.admits(current.as_ref().map(|pinned| pinned.revision));
        if !admitted {
            return Some(Pin::Stale(current));
        }
        if is_fixed {
            return Some(Pin::Fixed);
        }
        (!self.packages.contains_key(name)).then_some(Pin::Absent)
    }

    fn pin(&mut self, date: Date, name: &NormalizedName) -> Pin {
        let current = self.pins.get(&date).filter(|current| current.name == *name).cloned();
        match current {
            Some(current) if self.fault != Fault::RepeatedPinIsWritten => Pin::Unchanged(current),
            _ => {
                let revision = match self.fault {
                    Fault::PinHasRevisionOfPackage => {
                        self.next();
                        self.packages[name].revision()
                    }
                    _ => self.next(),
                };
                let pinned = Pinned::new(date, name.clone(), revision);
                self.pins.insert(date, pinned.clone());
                Pin::Pinned(pinned)
            }
        }
    }

    fn put(&mut self, mut package: Package) -> Stored {
        match self.fault {
            Fault::MetadataIsSorted => sort_metadata(&mut package),
            Fault::NumbersAreFloats => numbers_to_floats(&mut package),
            _ => {}
        }
        let version = Stored::new(&package, self.next());
        self.packages.insert(package.name.normalized(), version.clone());
        version
    }

    /// True if the terms of a create allow it.
    fn admits_create(&self, package: &Package, write: &Write) -> bool {
        let stored = self.packages.get(&package.name.normalized()).map(Stored::revision);
        match self.fault {
            Fault::CreateIgnoresTerms => true,
            Fault::CreateLooksBeforeItAsks if stored.is_some() => true,
            Fault::CreateIsAskedAboutItsName => write.admits(stored),
            _ => write.admits(Some(self.newest)),
        }
    }

    fn create(&mut self, package: Package) -> Create {
        match self.packages.get(&package.name.normalized()).cloned() {
            Some(_) if self.fault == Fault::CreateReplaces => Create::Created(self.put(package)),
            Some(version) => {
                if self.fault == Fault::RefusedTakesARevision {
                    self.next();
                }
                Create::Exists(version)
            }
            None => Create::Created(self.put(package)),
        }
    }

    fn update(
        &mut self,
        name: &NormalizedName,
        Replacement { spelling, mut details, .. }: Replacement,
        write: &Write,
    ) -> Update {
        let Some(version) = self.packages.get(name).cloned() else {
            return match self.fault {
                Fault::UpdateCreates => {
                    let name = name.as_str().parse().unwrap();
                    Update::Updated(self.put(Package::from_parts(name, details)))
                }
                _ => Update::Absent,
            };
        };
        let mut package = version.package();
        let admitted = match self.fault {
            Fault::UpdateIgnoresExpected => true,
            Fault::UpdateIsAskedAboutTheStore => write.admits(Some(self.newest)),
            Fault::UpdateAsksAboutNoneFirst if write.admits(None) => true,
            _ => write.admits(Some(version.revision())),
        };
        if !admitted {
            return Update::Stale(version);
        }
        // The name of another package is not a spelling of this one.
        let spelling = spelling.filter(|spelling| spelling.normalized() == *name);
        let respells = spelling.as_ref().is_some_and(|spelling| *spelling != package.name);
        let respells = respells && self.fault != Fault::RespelledIsUnchanged;
        let is_written = self.fault == Fault::UnchangedIsWritten
            || self.fault == Fault::SameSpellingIsWritten && spelling.is_some();
        if package.details == details && !respells && !is_written {
            return Update::Unchanged(version);
        }
        if self.fault == Fault::UpdateLosesSpelling {
            package.name = name.as_str().parse().unwrap();
        }
        if self.fault == Fault::UpdateKeepsTags && details.tags.is_empty() {
            details.tags = package.details.tags;
        }
        let spelling = spelling.filter(|_| self.fault != Fault::SpellingIsKept);
        Update::Updated(self.put(Package::from_parts(spelling.unwrap_or(package.name), details)))
    }

    fn delete(&mut self, name: &NormalizedName, write: &Write) -> Delete {
        let Some(version) = self.packages.get(name).cloned() else {
            return Delete::Absent;
        };
        let admitted = match self.fault {
            Fault::DeleteIgnoresExpected => true,
            Fault::DeleteAsksAboutNoneFirst if write.admits(None) => true,
            _ => write.admits(Some(version.revision())),
        };
        if !admitted {
            return Delete::Stale(version);
        }
        self.packages.remove(name);
        if self.fault == Fault::PinGoesWithItsPackage {
            self.pins.retain(|_, pinned| pinned.name != *name);
        }
        match self.fault {
            Fault::RevisionOfDeleteIsForgotten => {}
            Fault::RevisionIsUsedAgain => {
                let revisions = self.packages.values().map(Stored::revision);
                self.newest = revisions.max().unwrap_or(Revision::new(0));
            }
            _ => {
                self.next();
            }
        }
        Delete::Deleted
    }

    fn write_batch(&mut self, batch: &Batch, write: &Write) -> Batched {
        if !write.admits(Some(self.newest)) {
            return Batched::Stale(self.newest);
        }
        let will_exist = |name: &NormalizedName| {
            let swap = batch.packages().find(|(own, _)| *own == name);
            swap.map_or(self.packages.contains_key(name), |(_, swap)| swap.after.is_some())
        };
        let can_pin = |pin: &ChangedPin| {
            !self.is_fixed(pin.date, batch.last_open())
                && self.pins.get(&pin.date).map(|pinned| &pinned.name) == pin.before.as_ref()
                && pin.after.as_ref().is_none_or(will_exist)
        };
        let differs = |(name, swap): &(&NormalizedName, &PackageSwap)| {
            self.packages.get(*name).map(Stored::representation) != swap.before
        };
        let misses = |(name, version): &(&NormalizedName, Option<&Bytes>)| {
            self.packages.get(*name).map(Stored::representation).as_ref() != *version
        };
        let packages = batch.packages().filter(differs).map(|(name, _)| name);
        let packages = packages.chain(batch.required().filter(misses).map(|(name, _)| name));
        let packages: BTreeSet<_> = packages.cloned().collect();
        let packages = packages.into_iter().collect();
        let dates = batch.pins().filter(|pin| !can_pin(pin)).map(|pin| pin.date).collect();
        let conflict = Conflict::new(packages, dates);
        if !conflict.is_empty() {
            return Batched::Conflict(conflict);
        }
        let before = (self.packages.clone(), self.pins.clone(), self.newest);
        let revision = self.next();
        for (name, swap) in batch.packages() {
            match &swap.after {
                None => drop(self.packages.remove(name)),
                Some(package) => {
                    let version = Stored::new(package, revision);
                    if swap.before.as_ref() != Some(&version.representation()) {
                        self.packages.insert(name.clone(), version);
                    }
                }
            }
        }
        for ChangedPin { date, before, after, .. } in batch.pins() {
            match after {
                None => drop(self.pins.remove(date)),
                Some(name) if before.as_ref() != Some(name) => {
                    self.pins.insert(*date, Pinned::new(*date, name.clone(), revision));
                }
                Some(_) => {}
            }
        }
        let is_unchanged = self.packages == before.0 && self.pins == before.1;
        if batch.is_dry_run() || is_unchanged {
            (self.packages, self.pins, self.newest) = before;
            return Batched::Unwritten(self.newest);
        }
        Batched::Written(revision)
    }

    fn list(&self, query: &Query) -> Page {
        let packages = self.packages.iter().collect();
        List { fault: self.fault, packages, revision: self.newest }.page(query)
    }

    /// All packages that a query selects, in the order of their names.
    fn selected(&self, query: &Query) -> Page {
        let mut all = query.clone();
        (all.after, all.sort, all.limit) = (None, Sort::Name, NonZeroUsize::MAX);
        match self.fault {
            Fault::SelectionByRelevance => all.sort = query.sort,
            Fault::SelectionBeginsAfter => all.after = query.after.clone(),
            _ => {}
        }
        let mut page = self.list(&all);
        match self.fault {
            Fault::SelectionIsOnePage => page.items.truncate(Selected::MAX_PAGE.get()),
            Fault::SelectionHasRevisionOfPackages => {
                page.revision =
                    page.items.iter().map(Stored::revision).max().unwrap_or(self.newest);
            }
            _ => {}
        }
        page
    }

    fn random(&self, numbers: &mut Numbers) -> Option<Stored> {
        let mut versions: Vec<_> = self.packages.values().collect();
        let len = versions.len();
        if len == 0 {
            return None;
        }
        let at = match self.fault {
            Fault::RandomOfFirstHalf => numbers.place(len.div_ceil(2)),
            Fault::RandomByRemainder => numbers.place(256) % len,
            // The draw is like one by row numbers in a table where the numbers of deleted rows are free.
            Fault::RandomByNearestNumber => {
                versions.sort_by_key(|version| version.revision());
                let number = Revision::new(numbers.below(self.newest.get()));
                versions.iter().position(|version| version.revision() > number).unwrap_or(0)
            }
            _ => numbers.place(len),
        };
        Some(versions[at].clone())
    }

    fn sample(&self, count: NonZeroUsize, tag: Option<&Tag>, numbers: &mut Numbers) -> Vec<Stored> {
        let carries = |version: &Stored| {
            tag.is_none_or(|tag| version.package().details.tags.contains(tag))
                || self.fault == Fault::SampleIgnoresTag
        };
        let mut versions: Vec<_> =
            self.packages.values().filter(|version| carries(version)).collect();
        let (count, len) = (count.get().min(versions.len()), versions.len());
        if self.fault == Fault::SampleRotates && len > 0 {
            versions.rotate_left(numbers.place(len));
        } else {
            for at in 0..count {
                versions.swap(at, at + numbers.place(len - at));
            }
        }
        versions.truncate(count);
        match self.fault {
            Fault::SampleRepeats if count > 1 => versions[0] = versions[1],
            Fault::SampleInOrder => versions.sort_by_key(|version| version.revision()),
            Fault::SampleOfTagInOrder if tag.is_some() => {
                versions.sort_by_key(|version| version.revision());
            }
            _ => {}
        }
        versions.into_iter().cloned().collect()
    }
}

fn sort_metadata(package: &mut Package) {
    let mut members = package.details.metadata.to_map();
    members.sort_keys();
    package.details.metadata = members.try_into().unwrap();
}

fn numbers_to_floats(package: &mut Package) {
    fn floats(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Number(number) => *value = number.as_f64().into(),
            serde_json::Value::Array(items) => items.iter_mut().for_each(floats),
            serde_json::Value::Object(members) => members.values_mut().for_each(floats),
            _ => {}
        }
    }

    let mut members = package.details.metadata.to_map();
    members.values_mut().for_each(floats);
    package.details.metadata = members.try_into().unwrap();
}

fn numbers(seed: Seed) -> Numbers {
    let words = seed.bits();
    let words = words.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()));
    Numbers::new(words.fold(0, |all, word| all ^ word))
}

/// The longest time that a fault waits for another call. Another call arrives if calls overlap at all.
const PATIENCE: Duration = Duration::from_millis(4);

/// Here calls wait for each other in pairs, so that calls overlap which otherwise seldom would.
#[derive(Default)]
struct Meeting {
    arrivals: Mutex<usize>,
    came: Condvar,
}

impl Meeting {
    fn wait(&self) {
        let mut arrivals = self.arrivals.lock().unwrap();
        *arrivals += 1;
        let second = arrivals.next_multiple_of(2);
        self.came.notify_all();
        drop(self.came.wait_timeout_while(arrivals, PATIENCE, |arrivals| *arrivals < second));
    }
}

impl Faulty {
    pub(super) fn new(fault: Fault) -> Self {
        Self {
            fault,
            state: Arc::new(Mutex::new(State::new(fault))),
            parts: Mutex::default(),
            meeting: Meeting::default(),
            reads: AtomicUsize::new(0),
            draws: AtomicUsize::new(0),
            selections: Arc::default(),
        }
    }

    /// The store as it is after it was closed and opened again.
    pub(super) fn reopened(self) -> Self {
        let state = self.state().clone().reopened();
        Self { state: Arc::new(Mutex::new(state)), ..Self::new(self.fault) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Waits until other calls have read a half-written state.
    fn wait_until(&self, others_came: impl Fn() -> bool) {
        let begin = Instant::now();
        while !others_came() && begin.elapsed() < PATIENCE {
            thread::sleep(Duration::from_micros(50));
        }
    }

    fn wait_for_reads(&self) {
        let before = self.reads.load(Ordering::SeqCst);
        self.wait_until(|| self.reads.load(Ordering::SeqCst) > before + 5);
    }

    fn was_read<T>(&self, answer: T) -> Result<T, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(answer)
    }

    fn numbers(&self, seed: Seed) -> Numbers {
        match self.fault {
            Fault::SeedIsIgnored => Numbers::new(self.draws.fetch_add(1, Ordering::SeqCst) as u64),
            _ => numbers(seed),
        }
    }
}

impl PackageStore for Faulty {
    async fn id(&self) -> Result<StoreId, StoreError> {
        match self.fault {
            Fault::IdIsDrawnEachTime => Ok(StoreId::random()),
            _ => Ok(self.state().id),
        }
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        match self.fault {
            Fault::RefreshFails => Err(on_purpose()),
            _ => Ok(()),
        }
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        if self.fault == Fault::CreateEndsWithItsCaller {
            yield_once().await;
        }
        let name = package.name.normalized();
        let exists = self.state().packages.contains_key(&name);
        if self.fault == Fault::CreateLooksThenWrites && !exists && !is_conditional(&write) {
            self.meeting.wait();
            return Ok(Create::Created(self.state().put(package)));
        }
        let mut state = self.state();
        if !state.admits_create(&package, &write) {
            return Ok(Create::Stale(state.newest));
        }
        if self.fault == Fault::CreateAsksThenWrites && is_conditional(&write) {
            drop(state);
            self.meeting.wait();
            state = self.state();
        }
        Ok(state.create(package))
    }

    async fn create_many(
        &self,
        mut packages: Vec<Package>,
        write: Write,
    ) -> Result<Vec<Create>, StoreError> {
        let newest = self.state().newest;
        if !write.admits(Some(newest)) {
            return Ok(vec![Create::Stale(newest); packages.len()]);
        }
        let mut answers = Vec::new();
        match self.fault {
            Fault::BatchInOrderOfNames => packages.sort_by_key(|package| package.name.normalized()),
            Fault::BatchLooksThenWrites if packages.len() > 1 => {
                answers.push(self.state().create(packages.remove(0)));
                self.meeting.wait();
            }
            Fault::BatchIsSeenHalf => {
                let _parts = self.parts.lock().unwrap();
                let rest = packages.split_off(packages.len() / 2);
                answers.extend(packages.into_iter().map(|package| self.state().create(package)));
                self.wait_for_reads();
                answers.extend(rest.into_iter().map(|package| self.state().create(package)));
                return Ok(answers);
            }
            _ => {}
        }
        let mut state = self.state();
        answers.extend(packages.into_iter().map(|package| state.create(package)));
        Ok(answers)
    }

    async fn write_batch(&self, batch: Batch, write: Write) -> Result<Batched, StoreError> {
        Ok(self.state().write_batch(&batch, &write))
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        assert!(self.fault != Fault::ReadPanics, "reading panics, on purpose");
        let version = self.state().packages.get(name).cloned();
        self.was_read(version)
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        // Only a large batch takes so long that an update must wait for it.
        if self.fault == Fault::UpdateWaitsInItsCaller && self.state().packages.len() > 1_000 {
            yield_once().await;
        }
        if self.fault == Fault::WritesWaitForSelections {
            while Arc::strong_count(&self.selections) > 1 {
                thread::sleep(PATIENCE);
            }
        }
        let before = self.state().packages.get(name).cloned();
        if let (Fault::UpdateLooksThenWrites, Some(version)) = (self.fault, before)
            && is_conditional(&write)
            && version.package().details != replacement.details
            && write.admits(Some(version.revision()))
        {
            self.meeting.wait();
            let package = replacement.apply(&version.package());
            return Ok(Update::Updated(self.state().put(package)));
        }
        let _parts = self.parts.lock().unwrap();
        let answer = self.state().update(name, replacement.clone(), &write);
        if let (Fault::StaleUpdateIsSeen, Update::Stale(version)) = (self.fault, &answer) {
            let package = replacement.apply(&version.package());
            let seen = Stored::new(&package, Revision::new(u64::MAX - 1));
            self.state().packages.insert(name.clone(), seen);
            self.wait_for_reads();
            self.state().packages.insert(name.clone(), version.clone());
        }
        Ok(answer)
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        if self.fault == Fault::DeleteFails {
            return Err(on_purpose());
        }
        let there = self.state().packages.contains_key(name);
        if self.fault == Fault::DeleteLooksThenWrites && there && !is_conditional(&write) {
            self.meeting.wait();
            self.state().delete(name, &write);
            return Ok(Delete::Deleted);
        }
        Ok(self.state().delete(name, &write))
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        let version = self.state().random(&mut self.numbers(seed));
        self.was_read(version)
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        let versions = self.state().sample(count, tag, &mut self.numbers(seed));
        self.was_read(versions)
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        let revision = self.state().newest;
        if self.fault == Fault::PageOfTwoMoments {
            self.wait_until(|| self.state().newest != revision);
            let mut page = self.state().list(query);
            page.revision = revision;
            return self.was_read(page);
        }
        let page = self.state().list(query);
        self.was_read(page)
    }

    async fn select(&self, query: &Query) -> Result<Selected, StoreError> {
        let revision = self.state().newest;
        if self.fault == Fault::SelectionOfTwoMoments {
            self.wait_until(|| self.state().newest != revision);
        }
        let mut all = self.state().selected(query);
        if self.fault == Fault::SelectionOfTwoMoments {
            all.revision = revision;
        }
        let limit = match self.fault {
            Fault::SelectionIgnoresLimit => Selected::MAX_PAGE.get(),
            _ => query.limit.min(Selected::MAX_PAGE).get(),
        };
        let total = match self.fault {
            Fault::SelectionTotalOfPage => all.items.len().min(limit),
            _ => all.items.len(),
        };
        let (fault, state, query) = (self.fault, Arc::clone(&self.state), query.clone());
        let (mut begin, alive) = (0, Arc::clone(&self.selections));
        let selected_at = all.revision;
        let next_page = move |_: &mut Context<'_>| {
            let _alive = &alive;
            if fault == Fault::SelectionOfManyMoments {
                all = state.lock().unwrap().selected(&query);
            }
            let end = all.items.len().min(begin + limit);
            let repeats = fault == Fault::SelectionRepeats && begin > 0 && begin < end;
            let page =
                all.items.get(begin - usize::from(repeats)..end).unwrap_or_default().to_vec();
            begin = end;
            Poll::Ready((!page.is_empty()).then_some(Ok(page)))
        };
        Ok(Selected::new(selected_at, next_page).with_total(total))
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        Ok(self.state().daily(date))
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        let (first, last) = dates.into_inner();
        let all = std::iter::successors(Some(first), |date| Some(date.plus_days(1)));
        let mut dates: Vec<_> = all.take_while(|date| *date <= last).collect();
        let together = dates.len() > 1;
        let is_unopened = |date: &Date| !self.state().days.contains_key(date);
        let mut unopened: Vec<_> = dates.iter().copied().filter(is_unopened).collect();
        let looks = match self.fault {
            Fault::DayLooksThenOpens => !together,
            Fault::DaysLookThenOpen => together,
            _ => false,
        };
        if looks && !unopened.is_empty() {
            self.meeting.wait();
        } else {
            let state = self.state();
            unopened.retain(|date| !state.days.contains_key(date));
        }
        let mut state = self.state();
        // Days that other calls have opened since the look are opened again.
        if !looks {
            unopened.retain(|date| !state.days.contains_key(date));
        }
        state.open_all(&unopened, picked_at, together);
        if !unopened.is_empty() && self.fault == Fault::DaysEndAtAnOpenOne {
            let open = dates.iter().position(|date| !unopened.contains(date));
            dates.truncate(open.map_or(dates.len(), |open| open));
        }
        let shown = dates.into_iter().filter_map(|date| match state.daily(date) {
            Day::Shown(daily) => Some(daily),
            Day::Unopened { .. } => None,
        });
        Ok(shown.collect())
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        let state = self.state();
        let days = state.days.range(..=until).map(|(date, _)| state.daily(*date));
        let days = days.filter_map(|day| match day {
            Day::Shown(daily) => Some(daily),
            Day::Unopened { .. } => None,
        });
        let mut days: Vec<_> = days.collect();
        if self.fault != Fault::OldestDaysFirst {
            days.reverse();
        }
        days.truncate(count.get());
        Ok(days)
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        let mut pins: Vec<_> = self.state().pins.values().cloned().collect();
        if self.fault != Fault::PinsFromTheFirst {
            pins.retain(|pinned| pinned.date > last_open);
        }
        if self.fault == Fault::PinsInOrderOfWrites {
            pins.sort_by_key(|pinned| pinned.revision);
        }
        if self.fault != Fault::PinsWithoutCount {
            pins.truncate(count.get());
        }
        Ok(pins)
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        Ok(self.state().pins.get(&date).cloned())
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        let mut state = self.state();
        if let Some(refused) = state.refuses_pin(date, last_open, name, &write) {
            return Ok(refused);
        }
        let waits = match self.fault {
            Fault::PinLooksThenWrites => !is_conditional(&write),
            Fault::PinAsksThenWrites => is_conditional(&write),
            _ => false,
        };
        if waits {
            drop(state);
            self.meeting.wait();
            state = self.state();
        }
        Ok(state.pin(date, name))
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        let mut state = self.state();
        if state.is_fixed(date, last_open) {
            return Ok(Unpin::Fixed);
        }
        let Some(pinned) = state.pins.get(&date).cloned() else {
            return Ok(Unpin::NotPinned);
        };
        let ignores = self.fault == Fault::UnpinIgnoresTerms;
        if !ignores && !write.admits(Some(pinned.revision)) {
            return Ok(Unpin::Stale(pinned));
        }
        if self.fault == Fault::UnpinAsksThenWrites && is_conditional(&write) {
            drop(state);
            self.meeting.wait();
            state = self.state();
        }
        if self.fault != Fault::PinStays {
            state.pins.remove(&date);
        }
        state.next();
        Ok(Unpin::Unpinned)
    }

    async fn changes(&self, _: &ChangeQuery) -> Result<Past<ChangePage>, StoreError> {
        Ok(Past::Unknown(NoHistory::NotKept))
    }

    async fn change(
        &self,
        _: Revision,
        _: Option<&NormalizedName>,
        _: NonZeroUsize,
    ) -> Result<Past<Option<ChangeDetails>>, StoreError> {
        Ok(Past::Unknown(NoHistory::NotKept))
    }

    async fn read_at(
        &self,
        _: &NormalizedName,
        _: Revision,
    ) -> Result<Past<Option<Stored>>, StoreError> {
        Ok(Past::Unknown(NoHistory::NotKept))
    }
}

fn on_purpose() -> StoreError {
    StoreError::Unavailable { retry_after: Duration::ZERO, source: "on purpose".into() }
}

/// True if a write has terms. This is found out without checking them.
fn is_conditional(write: &Write) -> bool {
    format!("{write:?}") != format!("{:?}", Write::new())
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
