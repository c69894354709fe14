//! Stores whose history or batches have one fault, and the facts that find them.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use pyaday_core::conformance::{self, CannotReopen};
use pyaday_core::daily::{Daily, Day, Pin, Pinned, Unpin};
use pyaday_core::{
    Batch, Batched, ChangeDetails, ChangeKind, ChangeOrder, ChangePage, ChangeQuery, Create, Date,
    Delete, MemoryStore, NoHistory, NormalizedName, Package, PackageStore, Page, Past, Query,
    Replacement, Revision, Seed, Selected, StoreError, StoreId, Stored, Tag, Update, Write,
};

/// How long a fault lasts. It is found only if other threads act meanwhile.
const PAUSE: Duration = Duration::from_millis(2);

/// The fault of a [`Historian`].
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    PastIsNotKept,
    AuthorIsForgotten,
    NoteIsForgotten,
    TimeIsForgotten,
    ImportIsCreate,
    CountIsOne,
    ByIsIgnored,
    ByIgnoresCase,
    KindIsIgnored,
    NameIsIgnored,
    OldestFirst,
    NewestIsLeftOut,
    PageBeginsWithBefore,
    PageBeginsWithAfter,
    LimitIsIgnored,
    PagesEndEarly,
    AnyPositionWillDo,
    DayIsNoPosition,
    BeginningIsNoPosition,
    BeforeIsForgotten,
    AfterIsCurrent,
    PackagesEndEarly,
    PackagesRepeat,
    PinsAreForgotten,
    UnknownChangeIsTheLast,
    ZeroIsForgotten,
    PastIsCurrent,
    PastIsOneLater,
    FutureIsCurrent,
    ChangeIsLate,
    LogIsForgotten,
    BatchIgnoresConflicts,
    BatchIgnoresRequirements,
    BatchIgnoresPins,
    BatchIgnoresTerms,
    BatchLooksThenWrites,
    DryRunWrites,
    UndoIsBulk,
    CreateManyIgnoresTerms,
}

/// A store in memory that has one fault.
struct Historian {
    fault: Fault,
    store: Arc<MemoryStore>,
    /// Changes that are not shown yet.
    late: Mutex<Vec<Revision>>,
    /// The log seems to begin after this revision.
    hidden: Revision,
}

impl Historian {
    fn new(fault: Fault) -> Self {
        let store = Arc::new(MemoryStore::new());
        Self { fault, store, late: Mutex::default(), hidden: Revision::new(0) }
    }

    async fn newest(&self) -> Result<Revision, StoreError> {
        Ok(self.store.list(&Query::new(NonZeroUsize::MIN)).await?.revision)
    }

    /// The batch with the packages that are there now, in place of those that it expects.
    async fn rewritten(&self, batch: &Batch) -> Result<Batch, StoreError> {
        let mut rewritten = Batch::new(batch.kind()).dry_run(batch.is_dry_run());
        for (name, swap) in batch.packages() {
            let there = self.store.read(name).await?;
            let fits = there.as_ref().map(Stored::representation) == swap.before;
            rewritten = match (&there, &swap.after) {
                _ if !fits && self.fault == Fault::BatchIgnoresConflicts => rewritten,
                (Some(there), Some(after)) => rewritten.replace(there, after.clone()),
                (None, Some(after)) => rewritten.create(after.clone()),
                (Some(there), None) => rewritten.remove(name.clone(), there),
                (None, None) => rewritten,
            };
        }
        for pin in batch.pins() {
            rewritten = rewritten.pin(pin.clone(), batch.last_open());
        }
        Ok(rewritten)
    }

    /// The query as this store understands it.
    fn misread(&self, query: &ChangeQuery) -> ChangeQuery {
        let mut query = query.clone();
        let one_later = |revision: Revision| Revision::new(revision.get() + 1);
        match (self.fault, &mut query.order) {
            (Fault::ByIsIgnored | Fault::ByIgnoresCase, _) => query.by = None,
            (Fault::KindIsIgnored, _) => query.kind = None,
            (Fault::NameIsIgnored, _) => query.name = None,
            (Fault::LimitIsIgnored, _) => query.limit = query.limit.saturating_add(1),
            (Fault::PageBeginsWithBefore, ChangeOrder::Newest { before }) => {
                *before = before.map(one_later);
            }
            _ => {}
        }
        query
    }

    async fn misreported(
        &self,
        query: &ChangeQuery,
        mut page: ChangePage,
    ) -> Result<ChangePage, StoreError> {
        for change in &mut page.items {
            match self.fault {
                Fault::AuthorIsForgotten => change.by = None,
                Fault::NoteIsForgotten => change.note = None,
                Fault::TimeIsForgotten => change.at = 0,
                Fault::CountIsOne => change.count = 1,
                Fault::ImportIsCreate if change.kind == ChangeKind::Import => {
                    change.kind = ChangeKind::Create;
                }
                Fault::UndoIsBulk if change.kind == ChangeKind::Undo => {
                    change.kind = ChangeKind::Bulk;
                }
                _ => {}
            }
        }
        let is_newest_first = matches!(query.order, ChangeOrder::Newest { .. });
        match self.fault {
            Fault::OldestFirst if is_newest_first => page.items.reverse(),
            Fault::NewestIsLeftOut => {
                let newest = self.newest().await?;
                page.items.retain(|change| change.revision != newest);
            }
            Fault::PagesEndEarly => page.next = None,
            Fault::ByIgnoresCase => page.items.retain(|change| {
                let is_by =
                    |by: &str| change.by.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(by));
                query.by.as_deref().is_none_or(is_by)
            }),
            // A store without a lock shows a later write before an earlier one.
            Fault::ChangeIsLate => {
                let late = self.late.lock().unwrap();
                page.items.retain(|change| !late.contains(&change.revision));
            }
            Fault::LogIsForgotten => page.items.retain(|change| change.revision > self.hidden),
            _ => {}
        }
        Ok(page)
    }
}

/// Passes calls on.
macro_rules! forward {
    ($($method:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(
            async fn $method(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                self.store.$method($($argument),*).await
            }
        )*
    };
}

impl PackageStore for Historian {
    forward! {
        id() -> StoreId;
        refresh() -> ();
        create(package: Package, write: Write) -> Create;
        read(name: &NormalizedName) -> Option<Stored>;
        update(name: &NormalizedName, replacement: Replacement, write: Write) -> Update;
        delete(name: &NormalizedName, write: Write) -> Delete;
        random(seed: Seed) -> Option<Stored>;
        sample(count: NonZeroUsize, tag: Option<&Tag>, seed: Seed) -> Vec<Stored>;
        list(query: &Query) -> Page;
        select(query: &Query) -> Selected;
        daily(date: Date) -> Day;
        open_daily(dates: RangeInclusive<Date>, picked_at: SystemTime) -> Vec<Daily>;
        recent_daily(until: Date, count: NonZeroUsize) -> Vec<Daily>;
        pins(last_open: Date, count: NonZeroUsize) -> Vec<Pinned>;
        pinned(date: Date) -> Option<Pinned>;
        pin_daily(date: Date, last_open: Date, name: &NormalizedName, write: Write) -> Pin;
        unpin_daily(date: Date, last_open: Date, write: Write) -> Unpin;
    }

    async fn create_many(
        &self,
        packages: Vec<Package>,
        write: Write,
    ) -> Result<Vec<Create>, StoreError> {
        let write = if self.fault == Fault::CreateManyIgnoresTerms { Write::new() } else { write };
        let created = self.store.create_many(packages, write).await?;
        if self.fault == Fault::ChangeIsLate {
            let version = created.iter().find_map(|created| match created {
                Create::Created(version) => Some(version.revision()),
                _ => None,
            });
            self.late.lock().unwrap().extend(version);
            // Meanwhile other threads write, and somebody reads the log.
            sleep(PAUSE);
            self.late.lock().unwrap().retain(|late| Some(*late) != version);
        }
        Ok(created)
    }

    async fn write_batch(&self, batch: Batch, write: Write) -> Result<Batched, StoreError> {
        match self.fault {
            Fault::BatchIgnoresConflicts => {
                self.store.write_batch(self.rewritten(&batch).await?, write).await
            }
            Fault::BatchIgnoresRequirements => {
                let result = self.store.write_batch(batch.clone(), write.clone()).await?;
                let changes = |name| batch.packages().any(|(own, _)| own == name);
                match &result {
                    Batched::Conflict(conflict)
                        if conflict.dates.is_empty() && !conflict.packages.iter().any(changes) =>
                    {
                        self.store.write_batch(self.rewritten(&batch).await?, write).await
                    }
                    _ => Ok(result),
                }
            }
            Fault::BatchIgnoresPins => {
                let pins = batch.pins().cloned().collect::<Vec<_>>();
                let open = batch.last_open();
                let batch = pins.into_iter().fold(batch, |batch, mut pin| {
                    pin.after = pin.before.clone();
                    batch.pin(pin, open)
                });
                self.store.write_batch(batch, write).await
            }
            Fault::BatchIgnoresTerms => self.store.write_batch(batch, Write::new()).await,
            Fault::DryRunWrites => self.store.write_batch(batch.dry_run(false), write).await,
            Fault::BatchLooksThenWrites => {
                let dry_run = batch.clone().dry_run(true);
                let looked = self.store.write_batch(dry_run, write.clone()).await?;
                if !matches!(looked, Batched::Unwritten(_)) || batch.is_dry_run() {
                    return Ok(looked);
                }
                sleep(PAUSE);
                self.store.write_batch(self.rewritten(&batch).await?, write).await
            }
            _ => self.store.write_batch(batch, write).await,
        }
    }

    async fn changes(&self, query: &ChangeQuery) -> Result<Past<ChangePage>, StoreError> {
        let mut understood = self.misread(query);
        if let ChangeOrder::After(position) = understood.order {
            let is_day = match self.store.change(position, None, NonZeroUsize::MIN).await? {
                Past::Known(change) => change.is_none() && position != self.newest().await?,
                Past::Unknown(_) => false,
            };
            match self.fault {
                Fault::AnyPositionWillDo => {
                    understood.order = ChangeOrder::After(Revision::new(0));
                    return Ok(self.store.changes(&understood).await?.map(|mut page| {
                        page.items.retain(|change| change.revision > position);
                        page
                    }));
                }
                Fault::DayIsNoPosition if is_day => return Ok(Past::Unknown(NoHistory::Forgotten)),
                Fault::BeginningIsNoPosition if position > Revision::new(0) => {
                    let mut earlier = ChangeQuery::new(NonZeroUsize::MIN);
                    let before = Revision::new(position.get().saturating_add(1));
                    earlier.order = ChangeOrder::Newest { before: Some(before) };
                    if let Past::Known(page) = self.store.changes(&earlier).await?
                        && page.items.is_empty()
                        && position != self.newest().await?
                    {
                        return Ok(Past::Unknown(NoHistory::Forgotten));
                    }
                }
                Fault::PageBeginsWithAfter if position > Revision::new(0) => {
                    let mut newest = ChangeQuery::new(NonZeroUsize::MIN);
                    newest.order = ChangeOrder::Newest { before: Some(position) };
                    if let Past::Known(page) = self.store.changes(&newest).await?
                        && let Some(change) = page.items.first()
                    {
                        understood.order = ChangeOrder::After(change.revision);
                    }
                }
                _ => {}
            }
        }
        match self.store.changes(&understood).await? {
            Past::Known(page) => self.misreported(query, page).await.map(Past::Known),
            unknown => Ok(unknown),
        }
    }

    async fn change(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: NonZeroUsize,
    ) -> Result<Past<Option<ChangeDetails>>, StoreError> {
        if self.fault == Fault::ZeroIsForgotten && revision == Revision::new(0) {
            return Ok(Past::Unknown(NoHistory::Forgotten));
        }
        let details = match self.store.change(revision, after, limit).await? {
            Past::Known(Some(details)) => details,
            Past::Known(None) if self.fault == Fault::UnknownChangeIsTheLast => {
                let newest = self.newest().await?;
                return self.store.change(newest, after, limit).await;
            }
            other => return Ok(other),
        };
        let mut details = details;
        let query = ChangeQuery::new(NonZeroUsize::MIN);
        let mut scan = query.scan();
        scan.look(details.change.clone());
        let page = self.misreported(&query, scan.finish()).await?;
        details.change = page.items.into_iter().next().unwrap_or(details.change);
        match self.fault {
            Fault::BeforeIsForgotten => {
                details.packages.iter_mut().for_each(|package| package.before = None);
            }
            Fault::AfterIsCurrent => {
                for package in &mut details.packages {
                    package.after = self.store.read(&package.name).await?;
                }
            }
            Fault::PackagesEndEarly => details.next = None,
            Fault::PackagesRepeat if after.is_some() => {
                details.packages.insert(0, details.packages[0].clone());
            }
            Fault::PinsAreForgotten => details.pins.clear(),
            _ => {}
        }
        Ok(Past::Known(Some(details)))
    }

    async fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> Result<Past<Option<Stored>>, StoreError> {
        let is_future = revision > self.newest().await?;
        match self.fault {
            Fault::PastIsNotKept => Ok(Past::Unknown(NoHistory::NotKept)),
            Fault::PastIsCurrent if !is_future => Ok(Past::Known(self.store.read(name).await?)),
            Fault::FutureIsCurrent if is_future => Ok(Past::Known(self.store.read(name).await?)),
            Fault::PastIsOneLater if !is_future => {
                let mut after = ChangeQuery::new(NonZeroUsize::MIN);
                after.order = ChangeOrder::After(revision);
                let next = match self.store.changes(&after).await? {
                    Past::Known(page) => page.items.first().map(|change| change.revision),
                    Past::Unknown(_) => None,
                };
                self.store.read_at(name, next.unwrap_or(revision)).await
            }
            _ => self.store.read_at(name, revision).await,
        }
    }
}

/// Stores with one fault. They can be opened again.
struct Subject(Fault);

impl conformance::Subject for Subject {
    type Store = Historian;

    fn empty(&self) -> Historian {
        Historian::new(self.0)
    }

    fn reopen(&self, store: Historian) -> Result<Historian, CannotReopen> {
        let query = Query::new(NonZeroUsize::MIN);
        let hidden = self.block_on(store.store.list(&query)).unwrap().revision;
        Ok(Historian { hidden, ..store })
    }
}

const NOT_KEPT: &str = "a store that keeps no history says so, whatever it is asked";
const FACTS_OF_A_WRITE: &str = "the log says who made a write, when and why";
const BY_ACTOR: &str = "a page of changes by one actor has only those";
const SEQUENCES: &str = "the log and the content agree after any sequence of calls, and a change is \
                         taken back only if everything is as it left it";
const FOLLOWED: &str =
    "somebody who follows the changes gets each once, in their order, while others write";
const FROM_NEW: &str = "a new store can be followed from its first revision";
const ZERO: &str = "no change has the revision 0";
const REOPENED: &str = "the log and the content agree, even if the store is opened again";
const WHOLE: &str = "a batch changes all its packages and pins in one write";
const CONFLICTS: &str = "a batch with a conflict writes nothing and lists what is in its way";
const REQUIREMENTS: &str = "a batch that requires another version of a package writes nothing";
const DRY_RUNS: &str = "a dry run writes nothing and has the result of the batch";
const CONDITIONS: &str = "the condition of a batch is about the store's newest revision";
const RACES: &str = "if several batches expect the same packages at once, one succeeds";
const CREATE_MANY: &str =
    "the condition of creating many packages is about the store's newest revision";

/// The facts about histories and batches.
const FACTS: [&str; 15] = [
    NOT_KEPT,
    ZERO,
    FROM_NEW,
    FACTS_OF_A_WRITE,
    BY_ACTOR,
    SEQUENCES,
    FOLLOWED,
    REOPENED,
    WHOLE,
    CONFLICTS,
    REQUIREMENTS,
    DRY_RUNS,
    CONDITIONS,
    RACES,
    CREATE_MANY,
];

/// The first of the facts that does not hold, in the order of the suite.
fn broken(fault: Fault) -> Option<&'static str> {
    let subject = Subject(fault);
    let facts = conformance::facts().into_iter();
    let mut facts = facts.filter(|fact: &conformance::Fact<Subject>| FACTS.contains(&fact.name()));
    facts.find_map(|fact| fact.check(&subject).err()).map(|broken| broken.fact())
}

#[test]
fn the_suite_finds_no_fault_in_a_sound_history() {
    assert_eq!(broken(Fault::None), None);
    let names: Vec<_> =
        conformance::facts::<Subject>().iter().map(conformance::Fact::name).collect();
    assert!(FACTS.iter().all(|fact| names.contains(fact)));
}

macro_rules! controls {
    ($($test:ident: $fault:ident => $fact:ident;)*) => {
        $(#[test]
        fn $test() {
            assert_eq!(broken(Fault::$fault), Some($fact));
        })*
    };
}

controls! {
    finds_a_past_that_is_not_kept: PastIsNotKept => NOT_KEPT;
    finds_an_author_that_is_forgotten: AuthorIsForgotten => FACTS_OF_A_WRITE;
    finds_a_note_that_is_forgotten: NoteIsForgotten => FACTS_OF_A_WRITE;
    finds_a_time_that_is_forgotten: TimeIsForgotten => FACTS_OF_A_WRITE;
    finds_an_import_that_is_called_a_create: ImportIsCreate => FACTS_OF_A_WRITE;
    finds_a_count_that_is_always_one: CountIsOne => FACTS_OF_A_WRITE;
    finds_a_list_of_all_actors: ByIsIgnored => BY_ACTOR;
    finds_an_actor_in_another_case: ByIgnoresCase => BY_ACTOR;
    finds_a_list_of_all_kinds: KindIsIgnored => SEQUENCES;
    finds_a_list_of_all_packages: NameIsIgnored => SEQUENCES;
    finds_the_oldest_change_first: OldestFirst => SEQUENCES;
    finds_a_list_without_the_newest_change: NewestIsLeftOut => FACTS_OF_A_WRITE;
    finds_a_page_that_begins_with_the_last_change: PageBeginsWithBefore => SEQUENCES;
    finds_a_page_that_begins_with_its_position: PageBeginsWithAfter => SEQUENCES;
    finds_a_page_over_its_limit: LimitIsIgnored => SEQUENCES;
    finds_pages_that_end_early: PagesEndEarly => SEQUENCES;
    finds_a_position_that_no_write_has: AnyPositionWillDo => SEQUENCES;
    finds_a_day_that_is_no_position: DayIsNoPosition => FACTS_OF_A_WRITE;
    finds_a_first_revision_that_is_not_a_position: BeginningIsNoPosition => FROM_NEW;
    finds_a_version_before_that_is_forgotten: BeforeIsForgotten => SEQUENCES;
    finds_a_version_after_that_is_the_current_one: AfterIsCurrent => SEQUENCES;
    finds_packages_that_end_early: PackagesEndEarly => SEQUENCES;
    finds_packages_that_repeat: PackagesRepeat => SEQUENCES;
    finds_pins_of_a_change_that_are_forgotten: PinsAreForgotten => SEQUENCES;
    finds_an_unknown_change_that_is_the_last: UnknownChangeIsTheLast => ZERO;
    finds_a_change_zero_that_is_forgotten: ZeroIsForgotten => ZERO;
    finds_a_past_that_is_the_present: PastIsCurrent => SEQUENCES;
    finds_a_past_that_is_one_change_late: PastIsOneLater => SEQUENCES;
    finds_a_future_that_is_the_present: FutureIsCurrent => SEQUENCES;
    finds_an_undo_that_is_called_a_bulk_change: UndoIsBulk => SEQUENCES;
    finds_a_change_that_is_shown_too_late: ChangeIsLate => FOLLOWED;
    finds_a_log_that_is_forgotten: LogIsForgotten => REOPENED;
    finds_a_batch_that_ignores_conflicts: BatchIgnoresConflicts => CONFLICTS;
    finds_a_batch_that_ignores_what_it_requires: BatchIgnoresRequirements => REQUIREMENTS;
    finds_a_batch_that_ignores_pins: BatchIgnoresPins => WHOLE;
    finds_a_batch_that_ignores_its_terms: BatchIgnoresTerms => CONDITIONS;
    finds_a_batch_that_looks_then_writes: BatchLooksThenWrites => RACES;
    finds_a_dry_run_that_writes: DryRunWrites => DRY_RUNS;
    finds_packages_created_on_no_terms: CreateManyIgnoresTerms => CREATE_MANY;
}
