//! Writers that add packages and open days, and the answers that they got.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, UNIX_EPOCH};

use pyaday_core::{Date, Package, PackageStore, StoreError, Write};
use pyaday_postgres::PostgresStore;
use tokio::task::JoinSet;

use super::events::{answer, until};
use super::node::Node;

const WRITERS: usize = 4;

/// Writers at work.
pub(crate) struct Traffic {
    writers: JoinSet<()>,
    told: Arc<Told>,
}

/// The answers that the writers got.
#[derive(Default)]
struct Told {
    tally: Mutex<Tally>,
    /// When the writes were acknowledged.
    acknowledged: Mutex<Vec<Instant>>,
    is_over: AtomicBool,
}

/// A write, in a form that can be compared with the database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) done: BTreeSet<String>,
    pub(crate) refused: BTreeSet<String>,
    pub(crate) unknown: BTreeSet<String>,
}

impl Traffic {
    /// Starts writers on these stores. Writers of another `run` write other names and days.
    pub(crate) fn start(stores: &[Arc<PostgresStore>], run: u64) -> Self {
        let (mut writers, told) = (JoinSet::new(), Arc::new(Told::default()));
        for (number, store) in (0..WRITERS).zip(stores.iter().cycle()) {
            let (store, told) = (Arc::clone(store), Arc::clone(&told));
            writers.spawn(async move {
                let mut step = 0;
                while !told.is_over.load(Ordering::SeqCst) {
                    told.write(&store, run, number, step).await;
                    step += 1;
                }
            });
        }
        Self { writers, told }
    }

    /// Waits until this many more writes were acknowledged.
    pub(crate) fn wait_for(&self, count: usize) {
        let acknowledged = || self.told.acknowledged.lock().unwrap().len();
        let enough = acknowledged() + count;
        until("writes are acknowledged", || (acknowledged() >= enough).then_some(()));
    }

    /// How long after a moment the next write was acknowledged.
    pub(crate) fn back_behind(&self, moment: Instant) -> Duration {
        until("writes are acknowledged", || {
            let acknowledged = self.told.acknowledged.lock().unwrap();
            Some(*acknowledged.iter().find(|at| **at > moment)? - moment)
        })
    }

    /// Lets the writers finish, and returns their answers.
    pub(crate) async fn end(self) -> Tally {
        self.told.is_over.store(true, Ordering::SeqCst);
        self.writers.join_all().await;
        self.told.tally.lock().unwrap().clone()
    }
}

impl Told {
    async fn write(&self, store: &PostgresStore, run: u64, writer: usize, step: usize) {
        let days = Date::MIN.plus_days((run as i32 * WRITERS as i32 + writer as i32) * 1_000);
        let (what, outcome) = if step % 8 == 7 && step < 8_000 {
            let date = days.plus_days(step as i32 / 8);
            let opened = store.open_daily(date..=date, UNIX_EPOCH);
            (date.to_string(), answer(opened).await.map(|daily| assert_eq!(daily.len(), 1)))
        } else {
            let name = format!("run-{run}-{writer}-{step}");
            let created = store.create(Package::new(&name, "").unwrap(), Write::new());
            let outcome = answer(created).await.map(drop);
            (name, outcome)
        };
        let (is_done, is_refused) =
            (outcome.is_ok(), matches!(outcome, Err(StoreError::Unavailable { .. })));
        {
            let mut tally = self.tally.lock().unwrap();
            match outcome {
                Ok(()) => tally.done.insert(what),
                Err(StoreError::Unavailable { .. }) => tally.refused.insert(what),
                Err(StoreError::OutcomeUnknown { .. }) => tally.unknown.insert(what),
                Err(other) => panic!("{what}: {other:?}"),
            };
        }
        if is_refused {
            // A client does this when it is asked to try again.
            tokio::time::sleep(Duration::from_millis(50)).await;
        } else if is_done {
            self.acknowledged.lock().unwrap().push(Instant::now());
        }
    }
}

/// Creates a package of this name, as often as it takes.
pub(crate) async fn insist(store: &PostgresStore, name: &str) {
    while answer(store.create(Package::new(name, "").unwrap(), Write::new())).await.is_err() {
        // A client does this when it is asked to try again.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until a store that reads from memory has a package.
pub(crate) fn until_seen(store: &PostgresStore, name: &str) {
    let name = name.parse().unwrap();
    until("a package is seen", || store.catalogue().ok()?.get(&name).map(drop));
}

impl Tally {
    /// Compares the answers with a server: acknowledged writes must be there, and refused writes must not.
    ///
    /// # Errors
    /// The writes that are missing, and those that must not be there.
    pub(crate) fn compare(&self, node: &Node) -> Result<(), String> {
        let all = "SELECT normalized_name FROM pyaday.package UNION SELECT date FROM pyaday.daily";
        let text = node.sql(all)?;
        let there: BTreeSet<_> = text.lines().map(str::to_owned).collect();
        let lost: Vec<_> = self.done.difference(&there).collect();
        let written: Vec<_> = self.refused.intersection(&there).collect();
        match lost.is_empty() && written.is_empty() {
            true => Ok(()),
            false => {
                Err(format!("acknowledged and lost: {lost:?}; refused and written: {written:?}"))
            }
        }
    }

    /// The number of answers of each kind.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [&self.done, &self.refused, &self.unknown].map(BTreeSet::len)
    }
}
