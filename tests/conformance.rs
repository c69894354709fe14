//! Facts about the stores by the suite for them, and about the suite: it finds what is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use pyaday_core::conformance::{self, Subject};
use pyaday_core::{
    Create, Delete, Details, MemoryStore, NormalizedName, Package, PackageStore, Page, Query,
    Revision, Seed, StoreError, Stored, Tag, Update,
};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::numbers::Numbers;

use crate::files;

#[test]
fn the_memory_store_conforms() {
    conformance::run(&MemoryStore::new);
}

#[test]
fn the_sqlite_store_conforms() {
    conformance::run(&|| SqliteStore::open(files::fresh("conformance")).unwrap());
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
}

impl State {
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
        let state = State { fault, packages: BTreeMap::new(), newest: Revision::new(0) };
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
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
