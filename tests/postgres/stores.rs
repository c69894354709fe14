//! Facts about stores whose database works.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread::{self, ThreadId};

use pyaday_core::conformance::{CannotReopen, Subject};
use pyaday_core::{PackageStore, StoreId};
use pyaday_postgres::{PostgresOptions, PostgresStore, Reads};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

use super::database::Database;
use super::proxy::Proxy;
use crate::golden::REVISION;

/// The runtime in which the stores work. Their callers may have another runtime, or none.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// Checks a fact for each way to answer reads. Both checks run at the same time, because they wait for the
/// database most of the time.
pub(crate) fn with_both_reads(check: impl Fn(Reads) + Sync) {
    thread::scope(|scope| {
        for reads in [Reads::Followed, Reads::Latest] {
            let check = &check;
            scope.spawn(move || check(reads));
        }
    });
}

/// All tables of a catalogue.
pub(super) const TABLES: [&str; 7] =
    ["package", "daily", "pin", "change", "replaced", "log", "head"];

/// Stores in one database. Each store has its own schema.
pub(crate) struct Stores {
    database: Database,
    client: Client,
    reads: Reads,
    next: AtomicUsize,
    /// The schemas of the stores whose writes are numbered from one, by the threads that opened these.
    numbered: Mutex<HashMap<ThreadId, String>>,
    /// The options with which the stores of the suite were opened, by the identities of the stores.
    opened: Mutex<HashMap<StoreId, PostgresOptions>>,
}

impl Stores {
    /// Returns `None` if PostgreSQL is missing, and reports that.
    pub(crate) fn new(test: &str, reads: Reads) -> Option<Self> {
        Database::new(test).map(|database| Self::of(database, reads))
    }

    /// Stores in the newest version of PostgreSQL. Returns `None` if that is missing, and reports that.
    pub(crate) fn newest(test: &str, reads: Reads) -> Option<Self> {
        Database::newest(test).map(|database| Self::of(database, reads))
    }

    fn of(database: Database, reads: Reads) -> Self {
        let client = connect(&database.url());
        Self {
            database,
            client,
            reads,
            next: AtomicUsize::new(0),
            numbered: Mutex::default(),
            opened: Mutex::default(),
        }
    }

    /// A connection that no store uses.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The options of a store with its own schema.
    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresOptions::new().reads(self.reads).schema(self.fresh())
    }

    fn fresh(&self) -> String {
        // A name that works only in quotes.
        format!("The \"{}\" catalogue", self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn url(&self) -> String {
        self.database.url()
    }

    /// A network to the database, and the URL that uses it.
    pub(crate) fn network(&self) -> (Proxy, String) {
        let url = self.url();
        let (before, after) = url.split_once("127.0.0.1:").unwrap();
        let (port, database) = after.split_once('/').unwrap();
        let proxy = Proxy::to(port.parse().unwrap());
        let url = format!("{before}127.0.0.1:{}/{database}", proxy.port());
        (proxy, url)
    }

    pub(crate) fn open(&self, options: PostgresOptions) -> PostgresStore {
        RUNTIME.block_on(PostgresStore::connect(&self.database.url(), options)).unwrap()
    }

    /// An empty store whose writes are numbered one by one, as if its tables had been made when the clock was
    /// far ahead. The tables are those of the previous store that this thread has opened here, because it takes
    /// longer to create tables than to empty them. So that store must be closed.
    pub(crate) fn numbered_from_one(&self) -> PostgresStore {
        let mut numbered = self.numbered.lock().unwrap();
        let (next, id) = (numbered.len(), thread::current().id());
        let schema = numbered.entry(id).or_insert_with(|| {
            let schema = format!("numbered{next}");
            drop(self.open(PostgresOptions::new().schema(&schema)));
            self.execute(&format!(
                "UPDATE {schema}.head SET revision = {REVISION};
                 UPDATE {schema}.change SET revision = {REVISION}"
            ));
            self.keep_copies(&schema);
            schema
        });
        let schema = schema.clone();
        drop(numbered);
        self.put_copies_back(&schema, "");
        self.open(PostgresOptions::new().reads(self.reads).schema(schema))
    }

    /// Keeps a copy of each table of a catalogue. A standby that lacks later writes has this state.
    pub(crate) fn keep_copies(&self, schema: &str) {
        let keep = |table| {
            format!(
                "DROP TABLE IF EXISTS {schema}.kept_{table};
                 CREATE TABLE {schema}.kept_{table} AS SELECT * FROM {schema}.{table};"
            )
        };
        self.execute(&TABLES.map(keep).concat());
    }

    /// Restores the copies and runs more statements, all in one transaction.
    pub(crate) fn put_copies_back(&self, schema: &str, more: &str) {
        let put_back = |table| {
            format!(
                "DELETE FROM {schema}.{table};
                 INSERT INTO {schema}.{table} SELECT * FROM {schema}.kept_{table};"
            )
        };
        self.execute(&format!("BEGIN; {}{more} COMMIT", TABLES.map(put_back).concat()));
    }

    /// Runs statements on a connection that no store uses.
    pub(crate) fn execute(&self, statements: &str) {
        RUNTIME.block_on(self.client.batch_execute(statements)).unwrap();
    }
}

/// A connection that only a test uses.
pub(crate) fn connect(url: &str) -> Client {
    RUNTIME.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        // The client reports the end of the connection.
        tokio::spawn(async { drop(connection.await) });
        client
    })
}

impl Subject for Stores {
    type Store = PostgresStore;

    fn empty(&self) -> PostgresStore {
        let options = self.options();
        let store = self.open(options.clone());
        let id = self.block_on(store.id()).unwrap();
        self.opened.lock().unwrap().insert(id, options);
        store
    }

    fn reopen(&self, store: PostgresStore) -> Result<PostgresStore, CannotReopen> {
        let id = self.block_on(store.id()).unwrap();
        let options = self.opened.lock().unwrap()[&id].clone();
        drop(store);
        Ok(self.open(options))
    }

    fn cases(&self) -> u32 {
        16
    }
}
