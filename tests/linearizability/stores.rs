//! The stores are linearizable by the histories of their clients; broken stores are not.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pyaday_core::{MemoryStore, NormalizedName, PackageStore, StoreError};
use pyaday_sqlite::SqliteStore;

use super::model::{Answer, Call};
use super::recorder::{Plan, Subject, record};
use crate::support::files;

/// Whether some histories of a store are linearizable.
async fn histories<S: Subject>(subject: impl Fn() -> S) -> Result<(), String> {
    for seed in 0..8 {
        let plan = Plan { clients: 8, calls: 2_000, packages: 4, seed };
        let history = record(&[Arc::new(subject())], plan, Arc::default()).await;
        history.check().map_err(|unexplained| format!("seed {seed}: {unexplained}"))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_is_linearizable() {
    histories(MemoryStore::new).await.unwrap_or_else(|unexplained| panic!("{unexplained}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sqlite_store_is_linearizable() {
    let open = || SqliteStore::open(files::fresh("histories")).unwrap();
    histories(open).await.unwrap_or_else(|unexplained| panic!("{unexplained}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn broken_stores_are_not_linearizable() {
    for fault in [
        Fault::ReadsAreStale,
        Fault::AcknowledgedIsLost,
        Fault::RefusedIsWritten,
        Fault::ExpectedIsComparedBefore,
        Fault::DeletedComesBack,
    ] {
        let broken = histories(|| Broken::new(MemoryStore::new(), fault)).await;
        assert!(broken.is_err(), "{fault:?} was not detected");
    }
}

/// What is wrong with a store.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// A read shows what the previous read could have shown.
    ReadsAreStale,
    /// Now and then a package that was acknowledged is not there.
    AcknowledgedIsLost,
    /// Now and then a write that happened is answered as refused.
    RefusedIsWritten,
    /// An update compares, and writes a moment later.
    ExpectedIsComparedBefore,
    /// Now and then a package that was deleted is there again.
    DeletedComesBack,
}

struct Broken<S> {
    store: S,
    fault: Fault,
    calls: AtomicU64,
    read_before: Mutex<BTreeMap<NormalizedName, Answer>>,
}

impl<S> Broken<S> {
    fn new(store: S, fault: Fault) -> Self {
        Self { store, fault, calls: AtomicU64::new(0), read_before: Mutex::default() }
    }
}

impl<S: PackageStore> Subject for Broken<S> {
    async fn put(&self, name: &NormalizedName, call: &Call) -> Result<Answer, StoreError> {
        let is_time = self.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(50);
        if let (Fault::ExpectedIsComparedBefore, Call::Update { expected: Some(expected), value }) =
            (self.fault, call)
        {
            let is_as_expected = match self.store.put(name, &Call::Read).await? {
                Answer::Found(version) => version.revision == *expected,
                _ => false,
            };
            tokio::task::yield_now().await;
            let expected = (!is_as_expected).then_some(*expected);
            return self.store.put(name, &Call::Update { expected, value: *value }).await;
        }
        let answer = self.store.put(name, call).await?;
        match (self.fault, call, &answer) {
            (Fault::ReadsAreStale, Call::Read, _) => {
                let mut before = self.read_before.lock().unwrap();
                Ok(before.insert(name.clone(), answer.clone()).unwrap_or(answer))
            }
            (Fault::AcknowledgedIsLost, _, Answer::Created(_)) if is_time => {
                self.store.put(name, &Call::Delete { expected: None }).await?;
                Ok(answer)
            }
            (Fault::RefusedIsWritten, _, Answer::Updated(_)) if is_time => {
                let retry_after = Duration::from_secs(1);
                Err(StoreError::Unavailable { retry_after, source: "in pretence".into() })
            }
            (Fault::DeletedComesBack, _, Answer::Deleted) if is_time => {
                self.store.put(name, &Call::Create { value: 0 }).await?;
                Ok(answer)
            }
            _ => Ok(answer),
        }
    }
}
