//! A store that removes very many old changes while nobody writes.

use std::fs;
use std::path::{Path, PathBuf};

use pyaday_core::{Batch, ChangeKind, Package, PackageStore, Retention, Revision, Stored, Write};
use pyaday_sqlite::SqliteStore;
use rusqlite::Connection;

use crate::history::{package, wait_for_length};
use crate::support::files;

const PACKAGES: usize = 2_500;
const CHANGES: usize = 24;

/// The log of SQLite has at most so many bytes: 32,768 pages that are not in the database, and those of the
/// transaction after which the store notices that there are so many.
const MOST: u64 = (128 + 8) * 1024 * 1024;

/// A version of a package. Seven of them fill a page of the file.
fn version(at: usize, round: usize) -> Package {
    package(&format!("p-{at:05}"), &format!("{round:03}{}", "x".repeat(500)))
}

/// A file with changes of many packages. To remove a version that one of them replaced, SQLite writes a page.
async fn file() -> PathBuf {
    let path = files::fresh("long-trim");
    let store = SqliteStore::open(&path).unwrap();
    let all = (0..PACKAGES).map(|at| version(at, 0)).collect();
    store.create_many(all, Write::new()).await.unwrap();
    for round in 1..=CHANGES {
        let replaced = (0..PACKAGES).fold(Batch::new(ChangeKind::Bulk), |batch, at| {
            let there = Stored::new(&version(at, round - 1), Revision::new(1));
            batch.replace(&there, version(at, round))
        });
        store.write_batch(replaced, Write::new()).await.unwrap();
    }
    path
}

/// The length of SQLite's log. It does not become shorter while the file is open.
fn length_of_log(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(log).unwrap().len()
}

/// Removes all but the newest change, as the store does, and never moves SQLite's log to the database.
fn remove_without_moving(path: &Path) -> u64 {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0").unwrap();
    let sql = "SELECT revision FROM change ORDER BY revision LIMIT ?1";
    let mut statement = connection.prepare(sql).unwrap();
    let revisions = statement.query_map([CHANGES as i64], |row| row.get(0)).unwrap();
    for revision in revisions.collect::<Result<Vec<i64>, _>>().unwrap() {
        connection.execute("DELETE FROM replaced WHERE revision = ?1", [revision]).unwrap();
    }
    length_of_log(path)
}

#[tokio::test]
async fn the_log_of_sqlite_stays_short_while_many_changes_are_removed() {
    let path = file().await;
    let copy = files::fresh("long-trim-control");
    fs::copy(&path, &copy).unwrap();
    let store = SqliteStore::open(&path).unwrap().keep_changes(Retention::all().at_most(1));
    wait_for_length(&store, 1).await;
    let length = length_of_log(&path);
    drop(store);
    assert!(length <= MOST, "{length} bytes");
    files::remove(&path);
    // The control: otherwise it would be longer.
    let unmoved = remove_without_moving(&copy);
    assert!(unmoved > MOST, "{unmoved} bytes");
    files::remove(&copy);
}
