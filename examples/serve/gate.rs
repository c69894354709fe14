//! A store that refuses all requests until it has its first packages.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use pyaday_core::daily::{Daily, Day, Pin, Pinned, Unpin};
use pyaday_core::{
    Create, Date, Delete, NormalizedName, Package, PackageStore, Page, Query, Replacement, Seed,
    StoreError, StoreId, Stored, Tag, Update, Write,
};

/// After how long a client should try again.
const RETRY: Duration = Duration::from_secs(1);

/// A store that is unavailable until it is opened. From then on it is the store inside.
#[derive(Debug)]
pub(crate) struct Gate<S> {
    store: S,
    is_open: AtomicBool,
}

impl<S> Gate<S> {
    pub(crate) fn new(store: S) -> Self {
        Self { store, is_open: AtomicBool::new(false) }
    }

    /// The store inside, whether the gate is open or not.
    pub(crate) fn store(&self) -> &S {
        &self.store
    }

    /// Lets all requests reach the store.
    pub(crate) fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }

    fn opened(&self) -> Result<&S, StoreError> {
        if self.is_open.load(Ordering::Acquire) {
            return Ok(&self.store);
        }
        let source =
            "the server waits for its database, or for the end of the first import into it";
        Err(StoreError::Unavailable { retry_after: RETRY, source: source.into() })
    }
}

macro_rules! forward {
    ($($method:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        impl<S: PackageStore> PackageStore for Gate<S> {
            $(
                async fn $method(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                    self.opened()?.$method($($argument),*).await
                }
            )*
        }
    };
}

forward! {
    id() -> StoreId;
    refresh() -> ();
    create(package: Package, write: Write) -> Create;
    create_many(packages: Vec<Package>) -> Vec<Create>;
    read(name: &NormalizedName) -> Option<Stored>;
    update(name: &NormalizedName, replacement: Replacement, write: Write) -> Update;
    delete(name: &NormalizedName, write: Write) -> Delete;
    random(seed: Seed) -> Option<Stored>;
    sample(count: NonZeroUsize, tag: Option<&Tag>, seed: Seed) -> Vec<Stored>;
    list(query: &Query) -> Page;
    daily(date: Date) -> Day;
    open_daily(dates: RangeInclusive<Date>, picked_at: SystemTime) -> Vec<Daily>;
    recent_daily(until: Date, count: NonZeroUsize) -> Vec<Daily>;
    pins(last_open: Date, count: NonZeroUsize) -> Vec<Pinned>;
    pinned(date: Date) -> Option<Pinned>;
    pin_daily(date: Date, last_open: Date, name: &NormalizedName, write: Write) -> Pin;
    unpin_daily(date: Date, last_open: Date, write: Write) -> Unpin;
}
