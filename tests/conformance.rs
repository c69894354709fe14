//! Facts about the stores by the suite for them, and about the suite: it finds what is broken.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pyaday_core::conformance::{self, Subject};
use pyaday_core::daily::{Daily, Day, Pin, Unpin, score};
use pyaday_core::{
    Create, Date, Delete, Details, MemoryStore, NormalizedName, Package, PackageStore, Page, Query,
    Revision, Seed, StoreError, Stored, Tag, Update,
};
use pyaday_postgres::Reads;
use pyaday_sqlite::SqliteStore;
use pyaday_tests::numbers::Numbers;

use crate::files;
use crate::postgres::stores::Stores;

#[test]
fn the_memory_store_conforms() {
    conformance::run(&MemoryStore::new);
}

#[test]
fn the_sqlite_store_conforms() {
    conformance::run(&|| SqliteStore::open(files::fresh("conformance")).unwrap());
}

#[test]
fn the_postgres_store_that_reads_from_memory_conforms() {
    let Some(stores) = Stores::new("conformance", Reads::Memory) else { return };
    conformance::run(&stores);
}

#[test]
fn the_postgres_store_that_reads_from_the_database_conforms() {
    let Some(stores) = Stores::new("conformance of direct reads", Reads::Database) else { return };
    conformance::run(&stores);
}

#[test]
fn a_shared_store_conforms() {
    conformance::run(&|| Arc::new(MemoryStore::new()));
}

/// A store that works in tasks of its own, and a subject that gives it a runtime.
struct InTasks(Arc<MemoryStore>);

impl InTasks {
    async fn spawn<T, F>(&self, work: impl FnOnce(Arc<MemoryStore>) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        tokio::spawn(work(Arc::clone(&self.0))).await.unwrap()
    }
}

impl PackageStore for InTasks {
    async fn create(&self, package: Package) -> Result<Create, StoreError> {
        self.spawn(|store| async move { store.create(package).await }).await
    }

    async fn create_many(&self, packages: Vec<Package>) -> Result<Vec<Create>, StoreError> {
        self.spawn(|store| async move { store.create_many(packages).await }).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        let name = name.clone();
        self.spawn(|store| async move { store.read(&name).await }).await
    }

    async fn update(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
        details: Details,
    ) -> Result<Update, StoreError> {
        let name = name.clone();
        self.spawn(|store| async move { store.update(&name, expected, details).await }).await
    }

    async fn delete(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
    ) -> Result<Delete, StoreError> {
        let name = name.clone();
        self.spawn(|store| async move { store.delete(&name, expected).await }).await
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        self.0.random(seed).await
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        self.0.sample(count, tag, seed).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.0.list(query).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        self.0.daily(date).await
    }

    async fn open_daily(
        &self,
        date: Date,
        picked_at: SystemTime,
    ) -> Result<Option<Daily>, StoreError> {
        self.0.open_daily(date, picked_at).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        self.0.recent_daily(until, count).await
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
    ) -> Result<Pin, StoreError> {
        self.0.pin_daily(date, last_open, name).await
    }

    async fn unpin_daily(&self, date: Date, last_open: Date) -> Result<Unpin, StoreError> {
        self.0.unpin_daily(date, last_open).await
    }
}

struct OnTokio(tokio::runtime::Runtime);

impl Subject for OnTokio {
    type Store = InTasks;

    fn empty(&self) -> InTasks {
        InTasks(Arc::new(MemoryStore::new()))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn cases(&self) -> u32 {
        16
    }
}

#[test]
fn a_store_on_a_runtime_conforms() {
    conformance::run(&OnTokio(tokio::runtime::Runtime::new().unwrap()));
}

#[test]
fn what_the_broken_stores_are_made_of_conforms() {
    conformance::run(&|| Faulty::new(Fault::None));
}

#[test]
#[should_panic(expected = "an empty store answers every call: this does not hold")]
fn the_suite_fails_with_the_fact_first() {
    conformance::run(&|| Faulty::new(Fault::DeleteFails));
}

#[test]
fn each_fact_has_a_name_of_its_own() {
    let facts = conformance::facts::<fn() -> MemoryStore>();
    let names: BTreeSet<_> = facts.iter().map(conformance::Fact::name).collect();
    assert_eq!(names.len(), facts.len());
}

/// What is wrong with a [`Faulty`] store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    // In one call after another.
    DeleteFails,
    ReadPanics,
    CreateReplaces,
    BatchInOrderOfNames,
    UpdateLosesSpelling,
    UpdateKeepsTags,
    UnchangedIsWritten,
    UpdateIgnoresExpected,
    UpdateCreates,
    DeleteIgnoresExpected,
    RevisionOfDeleteIsForgotten,
    RevisionIsUsedAgain,
    RefusedTakesARevision,
    ListInDictionaryOrder,
    PageBeginsWithAfter,
    FullPageHasNext,
    AnyTagWillDo,
    WordMayBeInTags,
    AnyWordWillDo,
    WordsInExactCase,
    WordsInAsciiCase,
    WordsInLowerCaseOfStr,
    WordsWithWildcards,
    // At the edges.
    MetadataIsSorted,
    NumbersAreFloats,
    // When callers leave, or many call at once.
    CreateEndsWithItsCaller,
    CreateLooksThenWrites,
    BatchLooksThenWrites,
    UpdateLooksThenWrites,
    DeleteLooksThenWrites,
    BatchIsSeenHalf,
    PageOfTwoMoments,
    // In draws.
    RandomOfFirstHalf,
    RandomByRemainder,
    RandomByNearestNumber,
    SampleRepeats,
    SampleIgnoresTag,
    SampleInOrder,
    SampleOfTagInOrder,
    SampleRotates,
    SeedIsIgnored,
    // In the package of the day.
    DayByOrderOfNames,
    DaysRepeat,
    NewCycleRepeatsYesterday,
    DayFollowsItsPackage,
    GoneIsNotTold,
    PastIsPinned,
    PinStays,
    OldestDaysFirst,
    DayLooksThenOpens,
    PinLooksThenWrites,
    // In histories.
    StaleUpdateIsSeen,
}

/// States that the suite finds a fault in this fact, and that all facts before it hold.
fn found(fault: Fault, expected: &str) {
    let subject = move || Faulty::new(fault);
    let broken = conformance::facts()
        .into_iter()
        .find_map(|fact| fact.check(&subject).err())
        .unwrap_or_else(|| panic!("the suite did not find {fault:?}"));
    assert_eq!(broken.fact(), expected, "{broken}");
}

macro_rules! controls {
    ($($test:ident: $fault:ident => $fact:literal;)*) => {
        $(#[test]
        fn $test() {
            found(Fault::$fault, $fact);
        })*
    };
}

controls! {
    finds_a_delete_that_fails: DeleteFails
        => "an empty store answers every call";
    finds_a_read_that_panics: ReadPanics
        => "an empty store answers every call";
    finds_a_create_that_replaces: CreateReplaces
        => "a name that exists is not created again, in any spelling";
    finds_a_batch_answered_in_order_of_names: BatchInOrderOfNames
        => "a batch is answered in its own order";
    finds_an_update_that_loses_the_spelling: UpdateLosesSpelling
        => "an update replaces all but the name, whose spelling stays";
    finds_an_update_that_keeps_tags: UpdateKeepsTags
        => "an update replaces all but the name, whose spelling stays";
    finds_an_update_that_writes_the_same: UnchangedIsWritten
        => "an update with equal details writes nothing";
    finds_an_update_that_ignores_the_expected_revision: UpdateIgnoresExpected
        => "an update in another revision than expected writes nothing";
    finds_an_update_that_creates: UpdateCreates
        => "an empty store answers every call";
    finds_a_delete_that_ignores_the_expected_revision: DeleteIgnoresExpected
        => "a delete in another revision than expected writes nothing";
    finds_a_delete_without_a_revision: RevisionOfDeleteIsForgotten
        => "a delete changes the store's revision";
    finds_a_revision_used_again: RevisionIsUsedAgain
        => "no revision is used again after a delete";
    finds_a_refusal_that_takes_a_revision: RefusedTakesARevision
        => "a name that exists is not created again, in any spelling";
    finds_a_dictionary_order: ListInDictionaryOrder
        => "a list is in the byte order of the normalised names";
    finds_a_page_that_begins_with_after: PageBeginsWithAfter
        => "a page begins behind a name, whether or not it exists";
    finds_a_next_on_the_last_page: FullPageHasNext
        => "a page is as long as its limit, and the last one says so";
    finds_any_tag_for_all: AnyTagWillDo
        => "a list by tags holds the packages that carry all of them";
    finds_words_in_tags: WordMayBeInTags
        => "a word may be in the normalised name or in the description";
    finds_any_word_for_all: AnyWordWillDo
        => "each of several words must occur";
    finds_words_compared_with_their_case: WordsInExactCase
        => "words are compared in lower case, beyond ASCII too";
    finds_words_compared_in_ascii_case: WordsInAsciiCase
        => "words are compared in lower case, beyond ASCII too";
    finds_words_compared_in_the_lower_case_of_words: WordsInLowerCaseOfStr
        => "words are compared in lower case, beyond ASCII too";
    finds_wildcards_in_words: WordsWithWildcards
        => "a word has no wildcards and no escapes";
    finds_sorted_keys: MetadataIsSorted
        => "the members of metadata keep their order, at every level";
    finds_numbers_as_floats: NumbersAreFloats
        => "numbers of metadata are kept to the digit";
    finds_a_create_that_ends_with_its_caller: CreateEndsWithItsCaller
        => "a create runs to its end when its future is dropped";
    finds_a_create_that_looks_then_writes: CreateLooksThenWrites
        => "of many that create a name at once, one does";
    finds_a_batch_that_looks_then_writes: BatchLooksThenWrites
        => "of many that create a batch at once, one does";
    finds_an_update_that_looks_then_writes: UpdateLooksThenWrites
        => "of many that update one revision at once, one does";
    finds_a_delete_that_looks_then_writes: DeleteLooksThenWrites
        => "of many that delete a package at once, one does";
    finds_a_batch_that_is_seen_half: BatchIsSeenHalf
        => "no reader sees a part of a batch";
    finds_a_page_of_two_moments: PageOfTwoMoments
        => "a page shows one moment, that of its revision";
    finds_a_draw_of_the_first_half: RandomOfFirstHalf
        => "each package is equally likely to be drawn";
    finds_a_draw_by_remainder: RandomByRemainder
        => "each package is equally likely to be drawn";
    finds_a_draw_over_gaps: RandomByNearestNumber
        => "each package is equally likely to be drawn";
    finds_a_sample_with_repetition: SampleRepeats
        => "a sample is of different packages, as many as asked for or all";
    finds_a_sample_without_its_tag: SampleIgnoresTag
        => "a sample by tag is of the packages that carry it";
    finds_a_sample_in_order: SampleInOrder
        => "each sequence of packages is equally likely to be sampled";
    finds_a_sample_of_a_tag_in_order: SampleOfTagInOrder
        => "each sequence of tagged packages is as likely";
    finds_a_sample_of_neighbours: SampleRotates
        => "each sequence of packages is equally likely to be sampled";
    finds_a_draw_without_its_seed: SeedIsIgnored
        => "the seed decides a draw";
    finds_a_day_by_order_of_names: DayByOrderOfNames
        => "a day shows the package with the highest score";
    finds_days_that_repeat: DaysRepeat
        => "nothing is shown again until everything was";
    finds_a_new_cycle_that_begins_with_yesterday: NewCycleRepeatsYesterday
        => "nothing is shown again until everything was";
    finds_a_day_that_follows_its_package: DayFollowsItsPackage
        => "a day stays as it was shown, and tells when its package is gone";
    finds_a_package_that_is_gone_untold: GoneIsNotTold
        => "a day stays as it was shown, and tells when its package is gone";
    finds_a_pin_of_the_past: PastIsPinned
        => "a pinned package is shown, once, on its day";
    finds_a_pin_that_stays: PinStays
        => "a pin that is taken back does not count";
    finds_the_oldest_days_first: OldestDaysFirst
        => "the newest days are listed first, up to a date";
    finds_a_day_that_is_opened_twice: DayLooksThenOpens
        => "of many that open a day at once, all are shown the same";
    finds_a_pin_that_comes_too_late: PinLooksThenWrites
        => "a pin and the opening of its day come one behind the other";
    finds_an_update_that_is_seen_though_refused: StaleUpdateIsSeen
        => "what threads are answered at once could come one after another";
}

/// A plain store with one fault.
struct Faulty {
    fault: Fault,
    state: Mutex<State>,
    /// Held by those writes that are in parts, so that the parts of two do not mix.
    parts: Mutex<()>,
    meeting: Meeting,
    reads: AtomicUsize,
    draws: AtomicUsize,
}

struct State {
    fault: Fault,
    packages: BTreeMap<NormalizedName, Stored>,
    newest: Revision,
    days: BTreeMap<Date, Daily>,
    pins: BTreeMap<Date, NormalizedName>,
}

impl State {
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

    /// By the rule, in the plainest way.
    fn pick(&self, date: Date) -> Option<(NormalizedName, u32)> {
        let cycle = self.days.values().map(Daily::cycle).max().unwrap_or(1);
        let pin = self.pins.get(&date).filter(|name| self.packages.contains_key(*name));
        if let Some(name) = pin {
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
        let others = highest(names().filter(|name| Some(name) != before).collect());
        others.or_else(|| names().next()).map(|name| (name, cycle + 1))
    }

    fn open(
        &mut self,
        date: Date,
        (name, cycle): &(NormalizedName, u32),
        picked_at: SystemTime,
    ) -> Daily {
        self.newest = self.newest.next();
        let package = self.packages[name].package();
        let picked_at = picked_at.duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let daily = Daily::new(date, *cycle, package, picked_at, self.newest);
        self.days.insert(date, daily.clone());
        self.pins.remove(&date);
        daily
    }

    fn put(&mut self, mut package: Package) -> Stored {
        match self.fault {
            Fault::MetadataIsSorted => sort_metadata(&mut package),
            Fault::NumbersAreFloats => numbers_to_floats(&mut package),
            _ => {}
        }
        self.newest = self.newest.next();
        let version = Stored::new(&package, self.newest);
        self.packages.insert(package.name.normalized(), version.clone());
        version
    }

    fn create(&mut self, package: Package) -> Create {
        match self.packages.get(&package.name.normalized()).cloned() {
            Some(_) if self.fault == Fault::CreateReplaces => Create::Created(self.put(package)),
            Some(version) => {
                if self.fault == Fault::RefusedTakesARevision {
                    self.newest = self.newest.next();
                }
                Create::Exists(version)
            }
            None => Create::Created(self.put(package)),
        }
    }

    fn update(
        &mut self,
        name: &NormalizedName,
        expected: Option<Revision>,
        mut details: Details,
    ) -> Update {
        let Some(version) = self.packages.get(name).cloned() else {
            return match self.fault {
                Fault::UpdateCreates => {
                    let name = name.as_str().parse().unwrap();
                    Update::Updated(self.put(Package { name, details }))
                }
                _ => Update::Absent,
            };
        };
        let mut package = version.package();
        let stale = expected.is_some_and(|expected| expected != version.revision());
        if stale && self.fault != Fault::UpdateIgnoresExpected {
            return Update::Stale(version);
        }
        if package.details == details && self.fault != Fault::UnchangedIsWritten {
            return Update::Unchanged(version);
        }
        if self.fault == Fault::UpdateLosesSpelling {
            package.name = name.as_str().parse().unwrap();
        }
        if self.fault == Fault::UpdateKeepsTags && details.tags.is_empty() {
            details.tags = package.details.tags;
        }
        Update::Updated(self.put(Package { name: package.name, details }))
    }

    fn delete(&mut self, name: &NormalizedName, expected: Option<Revision>) -> Delete {
        let Some(version) = self.packages.get(name).cloned() else {
            return Delete::Absent;
        };
        let stale = expected.is_some_and(|expected| expected != version.revision());
        if stale && self.fault != Fault::DeleteIgnoresExpected {
            return Delete::Stale(version);
        }
        self.packages.remove(name);
        match self.fault {
            Fault::RevisionOfDeleteIsForgotten => {}
            Fault::RevisionIsUsedAgain => {
                let revisions = self.packages.values().map(Stored::revision);
                self.newest = revisions.max().unwrap_or(Revision::new(0));
            }
            _ => self.newest = self.newest.next(),
        }
        Delete::Deleted
    }

    fn list(&self, query: &Query) -> Page {
        let mut items: Vec<_> = self.packages.iter().collect();
        if self.fault == Fault::ListInDictionaryOrder {
            items.sort_by_key(|(name, _)| name.as_str().replace('-', ""));
        }
        let begins = |name: &NormalizedName| {
            query.after.as_ref().is_none_or(|after| {
                name > after || name == after && self.fault == Fault::PageBeginsWithAfter
            })
        };
        items.retain(|(name, version)| begins(name) && self.selects(query, name, version));
        let more = items.len() > query.limit.get()
            || items.len() == query.limit.get() && self.fault == Fault::FullPageHasNext;
        items.truncate(query.limit.get());
        Page {
            next: items.last().filter(|_| more).map(|(name, _)| (*name).clone()),
            items: items.into_iter().map(|(_, version)| version.clone()).collect(),
            revision: self.newest,
        }
    }

    fn selects(&self, query: &Query, name: &NormalizedName, version: &Stored) -> bool {
        if query.tags.is_empty() && query.words.is_empty() {
            return true;
        }
        let details = version.package().details;
        let mut tags = query.tags.iter().map(|tag| details.tags.contains(tag));
        let tagged = match self.fault {
            Fault::AnyTagWillDo => query.tags.is_empty() || tags.any(|carried| carried),
            _ => tags.all(|carried| carried),
        };
        let mut text = format!("{name}\n{}", self.lower(details.short_desc.as_str()));
        if self.fault == Fault::WordMayBeInTags {
            details.tags.iter().for_each(|tag| text += &format!("\n{tag}"));
        }
        let occurs = |word: &String| {
            let word = self.lower(word);
            text.split('\n').any(|text| match self.fault {
                Fault::WordsWithWildcards => word.split('%').all(|part| text.contains(part)),
                _ => text.contains(&word),
            })
        };
        let mut words = query.words.iter().map(occurs);
        tagged
            && match self.fault {
                Fault::AnyWordWillDo => query.words.is_empty() || words.any(|occurs| occurs),
                _ => words.all(|occurs| occurs),
            }
    }

    fn lower(&self, text: &str) -> String {
        match self.fault {
            Fault::WordsInExactCase => text.to_owned(),
            Fault::WordsInAsciiCase => text.to_ascii_lowercase(),
            Fault::WordsInLowerCaseOfStr => text.to_lowercase(),
            _ => text.chars().flat_map(char::to_lowercase).collect(),
        }
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
            // As a table's rows by their numbers, where those of deleted rows are free.
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

/// The longest that a fault waits for another call, which comes where calls overlap at all.
const PATIENCE: Duration = Duration::from_millis(4);

/// Where calls wait for each other by twos, so that those overlap which seldom would.
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
    fn new(fault: Fault) -> Self {
        let (days, pins) = (BTreeMap::new(), BTreeMap::new());
        let newest = Revision::new(0);
        let state = State { fault, packages: BTreeMap::new(), newest, days, pins };
        Self {
            fault,
            state: Mutex::new(state),
            parts: Mutex::default(),
            meeting: Meeting::default(),
            reads: AtomicUsize::new(0),
            draws: AtomicUsize::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Waits until others have read what is written by half.
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
    async fn create(&self, package: Package) -> Result<Create, StoreError> {
        if self.fault == Fault::CreateEndsWithItsCaller {
            yield_once().await;
        }
        let name = package.name.normalized();
        if self.fault == Fault::CreateLooksThenWrites && !self.state().packages.contains_key(&name)
        {
            self.meeting.wait();
            return Ok(Create::Created(self.state().put(package)));
        }
        Ok(self.state().create(package))
    }

    async fn create_many(&self, mut packages: Vec<Package>) -> Result<Vec<Create>, StoreError> {
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

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        assert!(self.fault != Fault::ReadPanics, "reading panics, on purpose");
        let version = self.state().packages.get(name).cloned();
        self.was_read(version)
    }

    async fn update(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
        details: Details,
    ) -> Result<Update, StoreError> {
        let before = self.state().packages.get(name).cloned();
        let current = before.as_ref().filter(|version| Some(version.revision()) == expected);
        if let (Fault::UpdateLooksThenWrites, Some(version)) = (self.fault, current)
            && version.package().details != details
        {
            self.meeting.wait();
            let package = Package { name: version.package().name, details };
            return Ok(Update::Updated(self.state().put(package)));
        }
        let _parts = self.parts.lock().unwrap();
        let answer = self.state().update(name, expected, details.clone());
        if let (Fault::StaleUpdateIsSeen, Update::Stale(version)) = (self.fault, &answer) {
            let package = Package { name: version.package().name, details };
            let seen = Stored::new(&package, Revision::new(u64::MAX - 1));
            self.state().packages.insert(name.clone(), seen);
            self.wait_for_reads();
            self.state().packages.insert(name.clone(), version.clone());
        }
        Ok(answer)
    }

    async fn delete(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
    ) -> Result<Delete, StoreError> {
        if self.fault == Fault::DeleteFails {
            let source = "on purpose".into();
            return Err(StoreError::Unavailable { retry_after: Duration::ZERO, source });
        }
        let there = self.state().packages.contains_key(name);
        if self.fault == Fault::DeleteLooksThenWrites && there && expected.is_none() {
            self.meeting.wait();
            self.state().delete(name, None);
            return Ok(Delete::Deleted);
        }
        Ok(self.state().delete(name, expected))
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
            let page = self.state().list(query);
            return self.was_read(Page { revision, ..page });
        }
        let page = self.state().list(query);
        self.was_read(page)
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        Ok(self.state().daily(date))
    }

    async fn open_daily(
        &self,
        date: Date,
        picked_at: SystemTime,
    ) -> Result<Option<Daily>, StoreError> {
        let unopened = matches!(self.state().daily(date), Day::Unopened { .. });
        if self.fault == Fault::DayLooksThenOpens && unopened {
            let pick = self.state().pick(date);
            self.meeting.wait();
            return Ok(pick.map(|pick| self.state().open(date, &pick, picked_at)));
        }
        let mut state = self.state();
        match state.daily(date) {
            Day::Shown(daily) => Ok(Some(daily)),
            Day::Unopened { .. } => {
                let pick = state.pick(date);
                Ok(pick.map(|pick| state.open(date, &pick, picked_at)))
            }
        }
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

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
    ) -> Result<Pin, StoreError> {
        let fixed = matches!(self.state().daily(date), Day::Shown(_)) || date <= last_open;
        let exists = self.state().packages.contains_key(name);
        if self.fault == Fault::PinLooksThenWrites && !fixed && exists {
            self.meeting.wait();
            let mut state = self.state();
            state.pins.insert(date, name.clone());
            state.newest = state.newest.next();
            return Ok(Pin::Pinned);
        }
        let mut state = self.state();
        let fixed = matches!(state.daily(date), Day::Shown(_)) || date <= last_open;
        if !state.packages.contains_key(name) {
            return Ok(Pin::Absent);
        }
        if fixed && self.fault != Fault::PastIsPinned {
            return Ok(Pin::Fixed);
        }
        if state.pins.get(&date) != Some(name) {
            state.pins.insert(date, name.clone());
            state.newest = state.newest.next();
        }
        Ok(Pin::Pinned)
    }

    async fn unpin_daily(&self, date: Date, last_open: Date) -> Result<Unpin, StoreError> {
        let mut state = self.state();
        if matches!(state.daily(date), Day::Shown(_)) || date <= last_open {
            return Ok(Unpin::Fixed);
        }
        if !state.pins.contains_key(&date) {
            return Ok(Unpin::NotPinned);
        }
        if self.fault != Fault::PinStays {
            state.pins.remove(&date);
        }
        state.newest = state.newest.next();
        Ok(Unpin::Unpinned)
    }
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
