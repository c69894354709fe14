//! Stores of databases that work.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyaday_core::conformance::Subject;
use pyaday_postgres::{Options, PostgresStore, Reads};
use tokio::runtime::Runtime;

use super::database::Database;

/// Where stores work. Whoever asks them may have a runtime of their own, or none.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// Stores in one database, each with a schema of its own.
pub(crate) struct Stores {
    database: Database,
    reads: Reads,
    next: AtomicUsize,
}

impl Stores {
    /// Nothing if PostgreSQL is missing, after saying so.
    pub(crate) fn new(test: &str, reads: Reads) -> Option<Self> {
        Some(Self { database: Database::new(test)?, reads, next: AtomicUsize::new(0) })
    }

    /// The options of a store with a schema that no other has.
    pub(crate) fn options(&self) -> Options {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Options::new().reads(self.reads).schema(format!("Catalogue {number}"))
    }

    pub(crate) fn open(&self, options: Options) -> PostgresStore {
        RUNTIME.block_on(PostgresStore::connect(&self.database.url(), options)).unwrap()
    }
}

impl Subject for Stores {
    type Store = PostgresStore;

    fn empty(&self) -> PostgresStore {
        self.open(self.options())
    }

    fn cases(&self) -> u32 {
        16
    }
}
