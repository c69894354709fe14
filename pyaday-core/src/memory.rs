//! The store that keeps its packages in memory alone.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::catalogue::Catalogue;
use crate::daily::{Daily, Day, Pin, Unpin};
use crate::date::Date;
use crate::name::NormalizedName;
use crate::package::{Details, Package, Tag};
use crate::picker::Picker;
use crate::published::Published;
use crate::store::{
    Create, Delete, PackageStore, Page, Query, Revision, Seed, StoreError, Stored, Update,
};

/// Packages in memory, gone when the process ends.
///
/// Its operations never fail. Writers wait for each other, readers for nobody.
pub struct MemoryStore {
    current: Published,
    writing: Mutex<()>,
    picker: Picker,
}

impl MemoryStore {
    /// An empty store.
    ///
    /// Its revisions follow [`Revision::now`], so that an entity tag from an earlier process never
    /// names a version of this one.
    #[must_use]
    pub fn new() -> Self {
        Self::after(Revision::now())
    }

    /// An empty store whose first write has the revision that follows `revision`.
    #[must_use]
    pub fn after(revision: Revision) -> Self {
        let current = Published::new(Catalogue::new(revision));
        Self { current, writing: Mutex::new(()), picker: Picker::new() }
    }

    /// Writes beside the current catalogue and then publishes the new one in one step.
    ///
    /// A poisoned lock is taken all the same: a write that panicked has published nothing.
    fn write<A>(&self, operation: impl FnOnce(&mut Catalogue) -> A) -> A {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = self.current.catalogue();
        let before = next.revision();
        let answer = operation(&mut next);
        if next.revision() != before {
            self.current.publish(next);
        }
        answer
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
    async fn create(&self, package: Package) -> Result<Create, StoreError> {
        Ok(self.write(|catalogue| catalogue.create(&package)))
    }

    async fn create_many(&self, packages: Vec<Package>) -> Result<Vec<Create>, StoreError> {
        Ok(self.write(|catalogue| catalogue.create_many(&packages)))
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        Ok(self.current.read(|it| it.get(name)))
    }

    async fn update(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
        details: Details,
    ) -> Result<Update, StoreError> {
        Ok(self.write(|catalogue| catalogue.update(name, expected, details)))
    }

    async fn delete(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
    ) -> Result<Delete, StoreError> {
        Ok(self.write(|catalogue| catalogue.delete(name, expected)))
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
        Ok(self.current.read(|it| it.sample(count, tag, seed)))
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        Ok(self.current.read(|it| it.list(query)))
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        Ok(self.current.read(|it| it.daily(date)))
    }

    async fn open_daily(
        &self,
        date: Date,
        picked_at: SystemTime,
    ) -> Result<Option<Daily>, StoreError> {
        let current = || self.current.catalogue();
        let write = |pick| async move {
            Ok(self.write(|catalogue| catalogue.open_daily(&pick, picked_at)))
        };
        self.picker.open(date, current, write).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        Ok(self.current.read(|it| it.recent_daily(until, count)))
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
    ) -> Result<Pin, StoreError> {
        Ok(self.write(|catalogue| catalogue.pin_daily(date, last_open, name)))
    }

    async fn unpin_daily(&self, date: Date, last_open: Date) -> Result<Unpin, StoreError> {
        Ok(self.write(|catalogue| catalogue.unpin_daily(date, last_open)))
    }
}
