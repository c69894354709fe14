//! Facts about the stores by the suite for them, and about the suite: it finds what is broken.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use pyaday_core::conformance::{self, CannotReopen, Subject};
use pyaday_core::{MemoryStore, PackageStore, StoreId};
use pyaday_postgres::Reads;
use pyaday_sqlite::SqliteStore;

use crate::postgres::stores::Stores;
use crate::support::files;

mod broken;
mod faulty;
mod history;
mod in_tasks;
mod search;

/// How many of the facts need a store that can be opened again.
const OF_REOPENING: usize = 8;

#[test]
fn the_memory_store_conforms_without_reopening() {
    let report = conformance::run(&MemoryStore::new);
    assert_eq!(report.skipped().len(), OF_REOPENING, "{report}");
}

#[test]
fn a_shared_store_conforms() {
    let report = conformance::run(&|| Arc::new(MemoryStore::new()));
    assert_eq!(report.skipped().len(), OF_REOPENING, "{report}");
}

/// SQLite files, each known by the identity of its store.
#[derive(Default)]
struct Files(Mutex<HashMap<StoreId, PathBuf>>);

impl Subject for Files {
    type Store = SqliteStore;

    fn empty(&self) -> SqliteStore {
        let path = files::fresh("conformance");
        let store = SqliteStore::open(&path).unwrap();
        let id = self.block_on(store.id()).unwrap();
        self.0.lock().unwrap().insert(id, path);
        store
    }

    fn reopen(&self, store: SqliteStore) -> Result<SqliteStore, CannotReopen> {
        let id = self.block_on(store.id()).unwrap();
        let path = self.0.lock().unwrap()[&id].clone();
        drop(store);
        Ok(SqliteStore::open(path).unwrap())
    }

    fn cases(&self) -> u32 {
        32
    }
}

#[test]
fn the_sqlite_store_conforms() {
    conformance::run(&Files::default()).assert_complete();
}

#[test]
fn the_postgres_store_that_shows_what_it_has_followed_conforms() {
    let Some(stores) = Stores::new("conformance", Reads::Followed) else { return };
    conformance::run(&stores).assert_complete();
}

#[test]
fn the_postgres_store_conforms_on_the_newest_version() {
    let test = "conformance on the newest version";
    let Some(stores) = Stores::newest(test, Reads::Followed) else { return };
    conformance::run(&stores).assert_complete();
}

#[test]
fn the_postgres_store_that_shows_the_latest_conforms() {
    let Some(stores) = Stores::new("conformance of the latest", Reads::Latest) else { return };
    conformance::run(&stores).assert_complete();
}
