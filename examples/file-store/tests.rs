//! The store in a file keeps the contract of stores, and reports what became of a write that failed.
#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

mod snapshot;
mod store;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyaday_core::conformance::{self, CannotReopen, Subject};
use pyaday_core::{Create, Package, PackageStore, StoreError, StoreId, Write};
use store::FileStore;

/// A path in a folder of its own, which `cargo clean` removes.
fn fresh(purpose: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);

    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{purpose}-{number}"));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    folder.join("packages.ndjson")
}

/// Files, each known by the identity of its store.
#[derive(Default)]
struct Files(Mutex<HashMap<StoreId, PathBuf>>);

impl Subject for Files {
    type Store = FileStore;

    fn empty(&self) -> FileStore {
        let path = fresh("conformance");
        let store = FileStore::open(&path).unwrap();
        let id = self.block_on(store.id()).unwrap();
        self.0.lock().unwrap().insert(id, path);
        store
    }

    fn reopen(&self, store: FileStore) -> Result<FileStore, CannotReopen> {
        let id = self.block_on(store.id()).unwrap();
        let path = self.0.lock().unwrap()[&id].clone();
        drop(store);
        Ok(FileStore::open(path).unwrap())
    }

    fn cases(&self) -> u32 {
        2
    }
}

#[test]
fn the_store_conforms_and_keeps_everything() {
    conformance::run(&Files::default()).assert_complete_without_history();
}

async fn create(store: &FileStore, name: &str) -> Result<Create, StoreError> {
    store.create(Package::new(name, "").unwrap(), Write::new()).await
}

async fn exists(store: &FileStore, name: &str) -> bool {
    store.read(&name.parse().unwrap()).await.unwrap().is_some()
}

#[tokio::test]
async fn a_file_is_open_in_one_store_at_a_time() {
    let path = fresh("locked");
    let store = FileStore::open(&path).unwrap();
    assert!(matches!(FileStore::open(&path), Err(StoreError::Unavailable { .. })));
    drop(store);
    assert!(FileStore::open(&path).is_ok());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_and_left_as_it_is() {
    let path = fresh("foreign");
    for text in ["", "name,summary\n", "{\"store\":[],\"revision\":1}\n"] {
        fs::write(&path, text).unwrap();
        assert!(matches!(FileStore::open(&path), Err(StoreError::Internal { .. })), "{text:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[tokio::test]
async fn a_write_whose_new_file_cannot_be_made_is_unavailable_and_was_not_made() {
    let path = fresh("unwritable");
    let store = FileStore::open(&path).unwrap();
    let in_the_way = path.with_extension("new");
    fs::create_dir(&in_the_way).unwrap();
    assert!(matches!(create(&store, "flask").await, Err(StoreError::Unavailable { .. })));
    assert!(!exists(&store, "flask").await);

    fs::remove_dir(&in_the_way).unwrap();
    assert!(matches!(create(&store, "flask").await, Ok(Create::Created(_))));
}

#[tokio::test]
async fn after_a_write_of_unknown_outcome_the_next_begins_with_what_the_file_has() {
    let path = fresh("unknown");
    let store = FileStore::open(&path).unwrap();
    create(&store, "flask").await.unwrap();
    let before = fs::read(&path).unwrap();
    create(&store, "poetry").await.unwrap();
    let after = fs::read(&path).unwrap();
    drop(store);

    // A second store, which has not seen `poetry`.
    fs::write(&path, before).unwrap();
    let store = FileStore::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let outcome = create(&store, "poetry").await;
    assert!(matches!(outcome, Err(StoreError::OutcomeUnknown { .. })), "{outcome:?}");
    assert!(!exists(&store, "poetry").await, "nothing is shown that may not be kept");

    // As long as the file cannot be read, nothing is written.
    let outcome = create(&store, "sanic").await;
    assert!(matches!(outcome, Err(StoreError::Unavailable { .. })), "{outcome:?}");

    // The write was made after all.
    fs::remove_dir(&path).unwrap();
    fs::write(&path, after).unwrap();
    assert!(matches!(create(&store, "sanic").await, Ok(Create::Created(_))));
    assert!(exists(&store, "poetry").await);
    drop(store);
    let store = FileStore::open(&path).unwrap();
    for name in ["flask", "poetry", "sanic"] {
        assert!(exists(&store, name).await, "{name}");
    }
}
