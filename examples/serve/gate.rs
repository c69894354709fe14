//! A store that refuses all requests until it has its first packages, and that is watched.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use metrics::Label;
use pyaday_core::daily::{Daily, Day, Pin, Pinned, Unpin};
use pyaday_core::{
    Batch, Batched, ChangeDetails, ChangePage, ChangeQuery, Create, Date, Delete, NormalizedName,
    Package, PackageStore, Page, Past, Query, Replacement, Revision, Seed, Selected, StoreError,
    StoreId, Stored, Tag, Update, Write,
};

use crate::watched::{Call, Calls, Kind};

/// After how long a client should try again.
const RETRY: Duration = Duration::from_secs(1);

/// Why requests are refused until the gate is open.
pub(crate) const CLOSED: &str =
    "the server waits for its database, or for the end of the first import into it";

/// A store that is unavailable until it is opened. From then on it is the store inside.
#[derive(Debug)]
pub(crate) struct Gate<S> {
    store: S,
    is_open: AtomicBool,
    calls: Calls,
}

impl<S> Gate<S> {
    /// A gate before a store, which is called so in the log.
    pub(crate) fn new(store: S, name: String) -> Self {
        Self { store, is_open: AtomicBool::new(false), calls: Calls::new(name) }
    }

    /// The store inside, whether the gate is open or not.
    pub(crate) fn store(&self) -> &S {
        &self.store
    }

    /// What is known of the calls through the gate.
    pub(crate) fn calls(&self) -> &Calls {
        &self.calls
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Lets all requests reach the store.
    pub(crate) fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }

    fn opened(&self) -> Result<&S, StoreError> {
        if self.is_open() {
            return Ok(&self.store);
        }
        Err(StoreError::Unavailable { retry_after: RETRY, source: CLOSED.into() })
    }
}

/// Forwards calls. A write names the answers after which something is written.
macro_rules! forward {
    ($($kind:ident $method:ident($($argument:ident: $type:ty),*) -> $answer:ty
        $(, [$done:pat])?;)*) => {
        impl<S: PackageStore> PackageStore for Gate<S> {
            $(
                async fn $method(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                    static LABEL: [Label; 1] =
                        [Label::from_static_parts("call", stringify!($method))];
                    static CALL: Call = Call::new(stringify!($method), Kind::$kind, &LABEL);
                    let work = self.opened()?.$method($($argument),*);
                    self.calls.watch(&CALL, work, |_answer| true $(&& matches!(_answer, $done))?).await
                }
            )*
        }
    };
}

forward! {
    Read id() -> StoreId;
    Refresh refresh() -> ();
    Write create(package: Package, write: Write) -> Create, [Create::Created(_)];
    Write create_many(packages: Vec<Package>, write: Write) -> Vec<Create>;
    Write write_batch(batch: Batch, write: Write) -> Batched, [Batched::Written(_)];
    Read read(name: &NormalizedName) -> Option<Stored>;
    Write update(name: &NormalizedName, replacement: Replacement, write: Write) -> Update,
        [Update::Updated(_)];
    Write delete(name: &NormalizedName, write: Write) -> Delete, [Delete::Deleted];
    Read random(seed: Seed) -> Option<Stored>;
    Read sample(count: NonZeroUsize, tag: Option<&Tag>, seed: Seed) -> Vec<Stored>;
    Read list(query: &Query) -> Page;
    Read select(query: &Query) -> Selected;
    Read daily(date: Date) -> Day;
    Write open_daily(dates: RangeInclusive<Date>, picked_at: SystemTime) -> Vec<Daily>;
    Read recent_daily(until: Date, count: NonZeroUsize) -> Vec<Daily>;
    Read pins(last_open: Date, count: NonZeroUsize) -> Vec<Pinned>;
    Read pinned(date: Date) -> Option<Pinned>;
    Write pin_daily(date: Date, last_open: Date, name: &NormalizedName, write: Write) -> Pin,
        [Pin::Pinned(_)];
    Write unpin_daily(date: Date, last_open: Date, write: Write) -> Unpin, [Unpin::Unpinned];
    Read changes(query: &ChangeQuery) -> Past<ChangePage>;
    Read change(revision: Revision, after: Option<&NormalizedName>, limit: NonZeroUsize)
        -> Past<Option<ChangeDetails>>;
    Read read_at(name: &NormalizedName, revision: Revision) -> Past<Option<Stored>>;
}
