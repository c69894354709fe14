//! Tests two processes on one database as if they were one store: the calls alternate between them.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use pyaday_core::conformance::{self, CannotReopen, FactStatus, Subject};
use pyaday_core::daily::{Daily, Day, Pin, Pinned, Unpin};
use pyaday_core::{
    Batch, Batched, ChangeDetails, ChangePage, ChangeQuery, Create, Date, Delete, NormalizedName,
    Package, PackageStore, Page, Past, Query, Replacement, Revision, Seed, Selected, StoreError,
    StoreId, Stored, Tag, Update, Write,
};
use pyaday_postgres::{PostgresOptions, PostgresStore, Reads};

use super::stores::Stores;

/// The two stores.
struct Pair {
    processes: [PostgresStore; 2],
    /// The options with which both were opened.
    options: PostgresOptions,
    calls: AtomicUsize,
    /// True if each store refreshes before it reads.
    refreshes: bool,
}

impl Pair {
    /// Which store carries out the next write.
    fn writer(&self) -> &PostgresStore {
        &self.processes[self.calls.fetch_add(1, Ordering::SeqCst) % 2]
    }

    /// Which store carries out the next read.
    async fn reader(&self) -> Result<&PostgresStore, StoreError> {
        let process = self.writer();
        if self.refreshes {
            process.refresh().await?;
        }
        Ok(process)
    }
}

/// Pairs of stores. Each pair has its own schema.
struct Pairs {
    stores: Stores,
    refreshes: bool,
}

impl Pairs {
    fn open(&self, options: PostgresOptions) -> Pair {
        let processes = [0; 2].map(|_| self.stores.open(options.clone()));
        Pair { processes, options, calls: AtomicUsize::new(0), refreshes: self.refreshes }
    }
}

impl Subject for Pairs {
    type Store = Pair;

    fn empty(&self) -> Pair {
        self.open(self.stores.options())
    }

    fn reopen(&self, Pair { processes, options, .. }: Pair) -> Result<Pair, CannotReopen> {
        drop(processes);
        Ok(self.open(options))
    }

    fn cases(&self) -> u32 {
        4
    }
}

/// Checks the whole contract, except for the likelihood of draws. That needs thousands of draws, and does
/// not depend on other processes.
fn keep_the_contract(pairs: &Pairs) {
    for fact in conformance::facts().iter().filter(|fact| !fact.name().contains("likely")) {
        let verdict = fact.check(pairs).unwrap_or_else(|broken| panic!("{broken}"));
        assert!(matches!(verdict, FactStatus::Holds), "{}: {verdict:?}", fact.name());
    }
}

#[test]
fn two_processes_that_show_the_latest_conform_as_one_store() {
    let Some(stores) = Stores::new("two processes with the latest", Reads::Latest) else {
        return;
    };
    keep_the_contract(&Pairs { stores, refreshes: false });
}

#[test]
fn two_processes_that_refresh_conform_as_one_store() {
    let Some(stores) = Stores::new("two processes", Reads::Followed) else { return };
    keep_the_contract(&Pairs { stores, refreshes: true });
}

/// The control: two stores that do not refresh.
#[test]
fn two_processes_that_do_not_refresh_do_not_conform_as_one_store() {
    let Some(stores) = Stores::new("two processes that do not refresh", Reads::Followed) else {
        return;
    };
    let pairs = Pairs { stores, refreshes: false };
    assert!(conformance::facts().iter().any(|fact| fact.check(&pairs).is_err()));
}

impl PackageStore for Pair {
    async fn id(&self) -> Result<StoreId, StoreError> {
        self.reader().await?.id().await
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        self.reader().await?.refresh().await
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        self.writer().create(package, write).await
    }

    async fn create_many(
        &self,
        packages: Vec<Package>,
        write: Write,
    ) -> Result<Vec<Create>, StoreError> {
        self.writer().create_many(packages, write).await
    }

    async fn write_batch(&self, batch: Batch, write: Write) -> Result<Batched, StoreError> {
        self.writer().write_batch(batch, write).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        self.reader().await?.read(name).await
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        self.writer().update(name, replacement, write).await
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        self.writer().delete(name, write).await
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        self.reader().await?.random(seed).await
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        self.reader().await?.sample(count, tag, seed).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.reader().await?.list(query).await
    }

    async fn select(&self, query: &Query) -> Result<Selected, StoreError> {
        self.reader().await?.select(query).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        self.reader().await?.daily(date).await
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        // It looks by itself what there is now, since a day stays as it is picked.
        self.writer().open_daily(dates, picked_at).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        self.reader().await?.recent_daily(until, count).await
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        self.reader().await?.pins(last_open, count).await
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        self.reader().await?.pinned(date).await
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        self.writer().pin_daily(date, last_open, name, write).await
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        self.writer().unpin_daily(date, last_open, write).await
    }

    async fn changes(&self, query: &ChangeQuery) -> Result<Past<ChangePage>, StoreError> {
        self.reader().await?.changes(query).await
    }

    async fn change(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: NonZeroUsize,
    ) -> Result<Past<Option<ChangeDetails>>, StoreError> {
        self.reader().await?.change(revision, after, limit).await
    }

    async fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> Result<Past<Option<Stored>>, StoreError> {
        self.reader().await?.read_at(name, revision).await
    }
}
