//! Two processes on one database, taken for one store: each call goes to the other than the last.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use pyaday_core::conformance::{self, Subject};
use pyaday_core::daily::{Daily, Day, Pin, Unpin};
use pyaday_core::{
    Create, Date, Delete, Details, NormalizedName, Package, PackageStore, Page, Query, Revision,
    Seed, StoreError, Stored, Tag, Update,
};
use pyaday_postgres::{PostgresStore, Reads};

use super::PATIENCE;
use super::stores::Stores;

/// The two of them.
struct Pair {
    processes: [PostgresStore; 2],
    calls: AtomicUsize,
    /// Whether one waits for what the other has told.
    waits: bool,
}

impl Pair {
    /// Whose turn it is to write.
    fn writer(&self) -> &PostgresStore {
        &self.processes[self.calls.fetch_add(1, Ordering::SeqCst) % 2]
    }

    /// Whose turn it is to read, or to pick from what it reads.
    async fn reader(&self) -> Result<&PostgresStore, StoreError> {
        let turn = self.calls.fetch_add(1, Ordering::SeqCst);
        let [own, other] = [turn % 2, 1 - turn % 2].map(|at| &self.processes[at]);
        if !self.waits {
            return Ok(own);
        }
        let told = other.catalogue().map_or(Revision::new(0), |catalogue| catalogue.revision());
        own.wait_for(told, PATIENCE).await?;
        Ok(own)
    }
}

/// Pairs of stores, each on a schema of its own.
struct Pairs {
    stores: Stores,
    waits: bool,
}

impl Subject for Pairs {
    type Store = Pair;

    fn empty(&self) -> Pair {
        let options = self.stores.options();
        let processes = [self.stores.open(options.clone()), self.stores.open(options)];
        Pair { processes, calls: AtomicUsize::new(0), waits: self.waits }
    }

    fn cases(&self) -> u32 {
        4
    }
}

/// States all of the contract but how likely draws are, which takes thousands of them and is no
/// matter of who else is there.
fn keep_the_contract(pairs: &Pairs) {
    for fact in conformance::facts().iter().filter(|fact| !fact.name().contains("likely")) {
        fact.check(pairs).unwrap_or_else(|broken| panic!("{broken}"));
    }
}

#[test]
fn two_processes_that_read_from_the_database_are_as_one() {
    let Some(stores) = Stores::new("two processes with direct reads", Reads::Database) else {
        return;
    };
    keep_the_contract(&Pairs { stores, waits: false });
}

#[test]
fn two_processes_that_read_from_memory_and_wait_are_as_one() {
    let Some(stores) = Stores::new("two processes", Reads::Memory) else { return };
    keep_the_contract(&Pairs { stores, waits: true });
}

/// The control: one that does not wait for the other.
#[test]
fn two_processes_that_read_from_memory_at_once_are_two() {
    let Some(stores) = Stores::new("two processes that do not wait", Reads::Memory) else { return };
    let pairs = Pairs { stores, waits: false };
    assert!(conformance::facts().iter().any(|fact| fact.check(&pairs).is_err()));
}

impl PackageStore for Pair {
    async fn create(&self, package: Package) -> Result<Create, StoreError> {
        self.writer().create(package).await
    }

    async fn create_many(&self, packages: Vec<Package>) -> Result<Vec<Create>, StoreError> {
        self.writer().create_many(packages).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        self.reader().await?.read(name).await
    }

    async fn update(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
        details: Details,
    ) -> Result<Update, StoreError> {
        self.writer().update(name, expected, details).await
    }

    async fn delete(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
    ) -> Result<Delete, StoreError> {
        self.writer().delete(name, expected).await
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

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        self.reader().await?.daily(date).await
    }

    async fn open_daily(
        &self,
        date: Date,
        picked_at: SystemTime,
    ) -> Result<Option<Daily>, StoreError> {
        self.reader().await?.open_daily(date, picked_at).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        self.reader().await?.recent_daily(until, count).await
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
    ) -> Result<Pin, StoreError> {
        self.writer().pin_daily(date, last_open, name).await
    }

    async fn unpin_daily(&self, date: Date, last_open: Date) -> Result<Unpin, StoreError> {
        self.writer().unpin_daily(date, last_open).await
    }
}
