//! The store that keeps its packages only in memory.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::draft::Draft;
use super::log::{Leftover, Log};
use super::picker::Picker;
use super::published::Published;
use super::snapshot::Catalogue;
use crate::daily::{Daily, Date, Day, Pin, Pinned, Unpin};
use crate::history::{ChangeDetails, ChangePage, ChangeQuery, Past, Retention};
use crate::package::{NormalizedName, Package, Revision, Stored, Tag};
use crate::store::{
    Batch, Batched, Create, Delete, PackageStore, Page, Query, Replacement, Seed, StoreError,
    StoreId, Update, Write,
};

/// A store that keeps its packages only in memory. They are lost when the process ends.
///
/// Its operations never fail. Writers wait for each other. Readers never wait.
///
/// It keeps the newest 10,000 changes, unless [`keep_changes`](Self::keep_changes) says otherwise.
pub struct MemoryStore {
    id: StoreId,
    current: Published,
    /// The log has all changes of the current catalogue. Locked only to copy or replace it.
    log: Mutex<Log>,
    writing: Mutex<Leftover>,
    retention: Retention,
    picker: Picker,
}

/// How many changes a store keeps in memory by default.
const KEPT: usize = 10_000;

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
            current: Published::new(Catalogue::new(revision)),
            log: Mutex::new(Log::new(revision)),
            writing: Mutex::new(Leftover::default()),
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
        self.current.catalogue()
    }

    /// Writes to a draft of the current catalogue and then publishes the draft in one step.
    ///
    /// A poisoned lock is still used, because a write that panicked has published nothing.
    fn write<A>(&self, operation: impl FnOnce(&mut Draft) -> A) -> A {
        let mut leftover = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut draft = Draft::new(self.current.catalogue());
        let result = operation(&mut draft);
        if !draft.is_empty() {
            let (next, logged) = draft.into_parts();
            let mut log = self.log();
            let written = logged.iter().map(|logged| logged.replaced.len()).sum();
            logged.into_iter().for_each(|change| log.push(change));
            log.trim(&mut leftover, self.retention, written);
            // A reader takes the catalogue first, so the log must be there first.
            *self.log.lock().unwrap_or_else(PoisonError::into_inner) = log;
            self.current.publish(next);
        }
        result
    }

    fn log(&self) -> Log {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryStore").field(&self.current).finish()
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
        Ok(self.write(|draft| draft.create(package, &write)))
    }

    async fn create_many(
        &self,
        packages: Vec<Package>,
        write: Write,
    ) -> Result<Vec<Create>, StoreError> {
        Ok(self.write(|draft| draft.create_many(packages, &write)))
    }

    async fn write_batch(&self, batch: Batch, write: Write) -> Result<Batched, StoreError> {
        Ok(self.write(|draft| draft.write_batch(&batch, &write)))
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        Ok(self.current.read(|it| it.get(name)))
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        Ok(self.write(|draft| draft.update(name, replacement, &write)))
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        Ok(self.write(|draft| draft.delete(name, &write)))
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        Ok(self.current.read(|it| it.random(seed)))
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        self.current.sample(count, tag, seed).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.current.list(query).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        Ok(self.current.read(|it| it.daily(date)))
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        let current = || self.current.catalogue();
        let write =
            |pick| async move { Ok(self.write(|draft| draft.open_daily(&pick, picked_at))) };
        self.picker.open(dates, current, write).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        Ok(self.current.read(|it| it.recent_daily(until, count)))
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        Ok(self.current.read(|it| it.pins(last_open, count)))
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        Ok(self.current.read(|it| it.pinned(date)))
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        Ok(self.write(|draft| draft.pin_daily(date, last_open, name, &write)))
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        Ok(self.write(|draft| draft.unpin_daily(date, last_open, &write)))
    }

    async fn changes(&self, query: &ChangeQuery) -> Result<Past<ChangePage>, StoreError> {
        let now = self.current.catalogue();
        Ok(self.log().page(&now, query))
    }

    async fn change(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: NonZeroUsize,
    ) -> Result<Past<Option<ChangeDetails>>, StoreError> {
        let now = self.current.catalogue();
        Ok(self.log().change(&now, revision, after, limit))
    }

    async fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> Result<Past<Option<Stored>>, StoreError> {
        let now = self.current.catalogue();
        Ok(self.log().read_at(&now, name, revision))
    }
}
