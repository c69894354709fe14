//! Checks the contract with a store that works on a runtime.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::SystemTime;

use pyaday_core::conformance::{self, CannotReopen, Subject};
use pyaday_core::daily::{Daily, Day, Pin, Pinned, Unpin};
use pyaday_core::{
    Batch, Batched, ChangeDetails, ChangePage, ChangeQuery, Create, Date, Delete, MemoryStore,
    NormalizedName, Package, PackageStore, Page, Past, Query, Replacement, Revision, Seed,
    Selected, StoreError, StoreId, Stored, Tag, Update, Write,
};

/// A store that works in its own tasks, and a subject that gives it a runtime.
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
    async fn id(&self) -> Result<StoreId, StoreError> {
        self.0.id().await
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        self.0.refresh().await
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        self.spawn(|store| async move { store.create(package, write).await }).await
    }

    async fn create_many(
        &self,
        packages: Vec<Package>,
        write: Write,
    ) -> Result<Vec<Create>, StoreError> {
        self.spawn(|store| async move { store.create_many(packages, write).await }).await
    }

    async fn write_batch(&self, batch: Batch, write: Write) -> Result<Batched, StoreError> {
        self.spawn(|store| async move { store.write_batch(batch, write).await }).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        let name = name.clone();
        self.spawn(|store| async move { store.read(&name).await }).await
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        let name = name.clone();
        self.spawn(|store| async move { store.update(&name, replacement, write).await }).await
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        let name = name.clone();
        self.spawn(|store| async move { store.delete(&name, write).await }).await
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

    async fn select(&self, query: &Query) -> Result<Selected, StoreError> {
        self.0.select(query).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        self.0.daily(date).await
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        self.0.open_daily(dates, picked_at).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        self.0.recent_daily(until, count).await
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        self.0.pins(last_open, count).await
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        self.0.pinned(date).await
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        self.0.pin_daily(date, last_open, name, write).await
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        self.0.unpin_daily(date, last_open, write).await
    }

    async fn changes(&self, query: &ChangeQuery) -> Result<Past<ChangePage>, StoreError> {
        self.0.changes(query).await
    }

    async fn change(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: NonZeroUsize,
    ) -> Result<Past<Option<ChangeDetails>>, StoreError> {
        self.0.change(revision, after, limit).await
    }

    async fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> Result<Past<Option<Stored>>, StoreError> {
        self.0.read_at(name, revision).await
    }
}

struct OnTokio(tokio::runtime::Runtime);

impl Subject for OnTokio {
    type Store = InTasks;

    fn empty(&self) -> InTasks {
        InTasks(Arc::new(MemoryStore::new()))
    }

    /// The owners of the shared state keep the packages.
    fn reopen(&self, store: InTasks) -> Result<InTasks, CannotReopen> {
        Ok(InTasks(Arc::clone(&store.0)))
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
    conformance::run(&OnTokio(tokio::runtime::Runtime::new().unwrap())).assert_complete();
}
