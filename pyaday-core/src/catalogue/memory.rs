//! The store that keeps its packages only in memory.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

use super::draft::Draft;
use super::in_thread::in_thread;
use super::log::{Leftover, Log};
use super::patience::pause;
use super::picker::Picker;
use super::published::Published;
use super::snapshot::Catalogue;
use crate::daily::{Daily, Date, Day, Pin, Pinned, Unpin};
use crate::history::{ChangeDetails, ChangePage, ChangeQuery, Past, Retention};
use crate::package::{NormalizedName, Package, Revision, Stored, Tag};
use crate::store::{
    Batch, Batched, Create, Delete, PackageStore, Page, Query, Replacement, Seed, Selected,
    StoreError, StoreId, Update, Write,
};

/// A store that keeps its packages only in memory. They are lost when the process ends.
///
/// Writers wait for each other. Readers never wait. A write of many packages runs in a thread of its own, and so
/// does a write that waits for one. It is refused if no thread can be started. Nothing else fails.
///
/// It keeps the newest 10,000 changes, unless [`keep_changes`](Self::keep_changes) says otherwise.
pub struct MemoryStore {
    id: StoreId,
    content: Arc<Content>,
    writing: Arc<async_lock::Mutex<Leftover>>,
    retention: Retention,
    picker: Picker,
}

/// What readers see.
struct Content {
    current: Published,
    /// The log has all changes of the current catalogue. Locked only to copy or replace it.
    log: Mutex<Log>,
}

/// How many changes a store keeps in memory by default.
const KEPT: usize = 10_000;

/// How many packages are written in the thread of the caller at most, or read in one part. This takes about a
/// millisecond.
const PART: NonZeroUsize = NonZeroUsize::MIN.saturating_add(100 - 1);

impl MemoryStore {
    /// Makes an empty store.
    ///
    /// Its revisions begin with the clock, so an entity tag from an earlier process never matches a
    /// version in this one.
    #[must_use]
    pub fn new() -> Self {
        Self::after(Revision::now())
    }

    /// Makes an empty store whose first write gets the revision that [follows](Revision::next)
    /// `revision`. If `revision` is later than the clock, the revisions are consecutive numbers. A
    /// test that compares entity tags can use such a revision.
    #[must_use]
    pub fn after(revision: Revision) -> Self {
        Self {
            id: StoreId::random(),
            content: Arc::new(Content {
                current: Published::new(Catalogue::new(revision)),
                log: Mutex::new(Log::new(revision)),
            }),
            writing: Arc::default(),
            retention: Retention::all().at_most(KEPT),
            picker: Picker::new(),
        }
    }

    /// Sets which changes the store keeps. They take memory: each has its own few hundred bytes and
    /// the versions of packages that it replaced.
    #[must_use]
    pub fn keep_changes(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

    /// Returns the same store with another identity. This is for tests that compare the entries of
    /// feeds.
    #[must_use]
    pub fn with_id(self, id: StoreId) -> Self {
        Self { id, ..self }
    }

    /// Returns all packages at this moment: a clone that later writes do not change.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        self.content.current.catalogue()
    }

    /// Writes to a draft of the current catalogue and then publishes the draft in one step.
    async fn write<A: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Draft) -> A + Send + 'static,
    ) -> Result<A, StoreError> {
        /// How often the caller looks whether another write has ended. Most writes take less time than
        /// it takes to start a thread.
        const LOOKS: usize = 50;

        for _ in 0..LOOKS {
            if let Some(mut leftover) = self.writing.try_lock() {
                return Ok(self.content.write(&mut leftover, self.retention, operation));
            }
            thread::yield_now();
        }
        // Web frameworks move futures in memory. Boxing this rare case keeps the others small.
        Box::pin(self.write_in_thread(operation)).await
    }

    /// Writes to this number of packages. If there are many, a thread of its own does it.
    async fn write_many<A: Send + 'static>(
        &self,
        count: usize,
        operation: impl FnOnce(&mut Draft) -> A + Send + 'static,
    ) -> Result<A, StoreError> {
        match count <= PART.get() {
            true => self.write(operation).await,
            false => Box::pin(self.write_in_thread(operation)).await,
        }
    }

    /// If there are writes before this one, the thread waits for them. So the write is carried out even
    /// if the caller stops waiting.
    async fn write_in_thread<A: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Draft) -> A + Send + 'static,
    ) -> Result<A, StoreError> {
        let (writing, content) = (Arc::clone(&self.writing), Arc::clone(&self.content));
        let (locked, retention) = (self.writing.try_lock_arc(), self.retention);
        in_thread("pyaday-write", move || {
            let mut leftover = locked.unwrap_or_else(|| writing.lock_arc_blocking());
            content.write(&mut leftover, retention, operation)
        })
        .await
    }

    fn read_now<T>(&self, look: impl FnOnce(&Catalogue) -> T) -> T {
        self.content.current.read(look)
    }
}

impl Content {
    /// The caller has locked the writing.
    fn write<A>(
        &self,
        leftover: &mut Leftover,
        retention: Retention,
        operation: impl FnOnce(&mut Draft) -> A,
    ) -> A {
        let mut draft = Draft::new(self.current.catalogue());
        let result = operation(&mut draft);
        if !draft.is_empty() {
            let (next, logged) = draft.into_parts();
            let mut log = self.log();
            let written = logged.iter().map(|logged| logged.replaced.len()).sum();
            logged.into_iter().for_each(|change| log.push(change));
            log.trim(leftover, retention, written);
            // A reader takes the catalogue first, so the log must be there first.
            *self.log.lock().unwrap_or_else(PoisonError::into_inner) = log;
            self.current.publish(next);
        }
        result
    }

    fn log(&self) -> Log {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The catalogue at this moment, and a log that has all of its changes.
    fn moment(&self) -> (Catalogue, Log) {
        let now = self.current.catalogue();
        (now, self.log())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryStore").field(&self.content.current).finish()
    }
}

impl PackageStore for MemoryStore {
    async fn id(&self) -> Result<StoreId, StoreError> {
        Ok(self.id)
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        self.write(move |draft| draft.create(package, &write)).await
    }

    async fn create_many(
        &self,
        packages: Vec<Package>,
        write: Write,
    ) -> Result<Vec<Create>, StoreError> {
        let count = packages.len();
        self.write_many(count, move |draft| draft.create_many(packages, &write)).await
    }

    async fn write_batch(&self, batch: Batch, write: Write) -> Result<Batched, StoreError> {
        let count = batch.packages().len() + batch.required().len();
        self.write_many(count, move |draft| draft.write_batch(batch, &write)).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        Ok(self.read_now(|it| it.get(name)))
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        let name = name.clone();
        self.write(move |draft| draft.update(&name, replacement, &write)).await
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        let name = name.clone();
        self.write(move |draft| draft.delete(&name, &write)).await
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        Ok(self.read_now(|it| it.random(seed)))
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        self.content.current.sample(count, tag, seed).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.content.current.list(query).await
    }

    async fn select(&self, query: &Query) -> Result<Selected, StoreError> {
        self.content.current.select(query).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        Ok(self.read_now(|it| it.daily(date)))
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        let current = || self.content.current.catalogue();
        let write = |pick| self.write(move |draft| draft.open_daily(&pick, picked_at));
        self.picker.open(dates, current, write).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        Ok(self.read_now(|it| it.recent_daily(until, count)))
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        Ok(self.read_now(|it| it.pins(last_open, count)))
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        Ok(self.read_now(|it| it.pinned(date)))
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        let name = name.clone();
        self.write(move |draft| draft.pin_daily(date, last_open, &name, &write)).await
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        self.write(move |draft| draft.unpin_daily(date, last_open, &write)).await
    }

    async fn changes(&self, query: &ChangeQuery) -> Result<Past<ChangePage>, StoreError> {
        let (now, log) = self.content.moment();
        Ok(log.page(&now, query))
    }

    async fn change(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: NonZeroUsize,
    ) -> Result<Past<Option<ChangeDetails>>, StoreError> {
        let (now, log) = self.content.moment();
        let first = log.change(&now, revision, after, limit.min(PART));
        let Past::Known(Some(mut details)) = first else {
            return Ok(first);
        };
        while let Some(last) = details.next.take() {
            let Some(left) = NonZeroUsize::new(limit.get() - details.packages.len()) else {
                details.next = Some(last);
                break;
            };
            pause().await;
            // The log is of one moment, so it still has the change.
            if let Past::Known(Some(part)) = log.change(&now, revision, Some(&last), left.min(PART))
            {
                details.packages.extend(part.packages);
                details.next = part.next;
            }
        }
        Ok(Past::Known(Some(details)))
    }

    async fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> Result<Past<Option<Stored>>, StoreError> {
        let (now, log) = self.content.moment();
        Ok(log.read_at(&now, name, revision))
    }
}
