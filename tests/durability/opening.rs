//! What is opened as a catalogue, and what is not, with a word on what to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use pyaday_core::{Date, Package, PackageStore, Revision};
use pyaday_sqlite::{OpenError, OpenFault, SqliteStore};
use rusqlite::Connection;

use super::disk::{Disk, Kind};
use crate::files;

/// Why a file is not opened, which must leave it as it was.
fn refused(path: &Path) -> OpenError {
    let before = fs::read(path).ok();
    let error = SqliteStore::open(path).expect_err("it is not opened");
    assert_eq!(error.to_string(), format!("cannot open {}", path.display()));
    assert_eq!(fs::read(path).ok(), before);
    // The words end with what to do, and there is nothing else to know of the variants.
    let words = error.fault().to_string();
    assert!(words.starts_with("it ") && words.contains(": "), "{words}");
    error
}

fn filled(purpose: &str) -> PathBuf {
    let path = files::fresh(purpose);
    let store = SqliteStore::open(&path).unwrap();
    let flask = Package::new("Flask", "A microframework").unwrap();
    block_on(store.create(flask)).unwrap();
    path
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn execute(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_file_keeps_packages_and_revisions() {
    let path = filled("kept");
    let store = SqliteStore::open(&path).unwrap();
    let before = store.catalogue();
    let flask = "flask".parse().unwrap();
    assert_eq!(before.get(&flask).unwrap().package().name.as_str(), "Flask");
    // The newest revision was that of a package which is there no more.
    block_on(store.delete(&flask, None)).unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert!(store.catalogue().is_empty());
    assert!(store.catalogue().revision() > before.revision());
    drop(store);
    // All is in one file when the store is closed.
    assert!(!files::log(&path).exists());
}

#[test]
fn a_new_file_begins_its_revisions_with_the_clock() {
    let before = Revision::now();
    let store = SqliteStore::open(files::fresh("clock")).unwrap();
    assert!((before..=Revision::now()).contains(&store.catalogue().revision()));
}

#[test]
fn a_file_is_open_once() {
    let path = files::fresh("once");
    let store = SqliteStore::open(&path).unwrap();
    // By another connection of this process, by another process, by one of sqlite3.
    assert!(matches!(SqliteStore::open(&path).unwrap_err().fault(), OpenFault::InUse));
    let scribe = std::process::Command::new(env!("CARGO_BIN_EXE_scribe"));
    let said = { scribe }.arg(&path).args(["1", "0", "1"]).output().unwrap().stdout;
    assert!(String::from_utf8(said).unwrap().contains("fault: InUse"));
    let other = Connection::open(&path).unwrap();
    assert!(other.query_row("SELECT * FROM catalogue", (), |_| Ok(())).is_err());
    drop(other);
    drop(store);
    SqliteStore::open(&path).unwrap();
}

#[test]
fn a_reader_that_has_the_file_open_is_in_the_way() {
    let path = filled("read");
    let reader = Connection::open(&path).unwrap();
    let mut statement = reader.prepare("SELECT * FROM package").unwrap();
    let mut rows = statement.query(()).unwrap();
    assert!(rows.next().unwrap().is_some());
    assert!(matches!(refused(&path).fault(), OpenFault::InUse));
}

#[test]
fn what_is_no_catalogue_is_not_opened() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    assert!(matches!(refused(folder).fault(), OpenFault::NotAFile));
    assert!(matches!(refused(Path::new("/dev/null")).fault(), OpenFault::NotAFile));
    assert!(matches!(
        refused(&folder.join("no/such/folder.db")).fault(),
        OpenFault::Inaccessible { .. }
    ));
    let path = files::fresh("text");
    fs::write(&path, "name\tsummary\nflask\tA microframework\n".repeat(100)).unwrap();
    assert!(matches!(refused(&path).fault(), OpenFault::NotADatabase));
    let path = files::fresh("foreign");
    execute(&path, "CREATE TABLE users (name TEXT)");
    assert!(matches!(refused(&path).fault(), OpenFault::Foreign));
}

#[test]
fn a_url_is_not_a_path_and_its_password_is_not_shown() {
    let error = SqliteStore::open("postgres://u:s3cret@localhost/packages.db").unwrap_err();
    assert_eq!(error.to_string(), "cannot open postgres://…");
    assert_eq!(error.fault().to_string(), "it is a URL: give the path of a file");
    assert!(!format!("{error:?}").contains("s3cret"));
}

#[test]
fn a_newer_schema_is_not_opened() {
    let path = filled("newer");
    execute(&path, "PRAGMA user_version = 99");
    assert!(matches!(refused(&path).fault(), OpenFault::NewerSchema { found: 99, known: ..99 }));
}

/// As a release with the first schema left it.
#[test]
fn an_older_schema_is_brought_up_to_date() {
    let path = files::fresh("older");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(include_str!("../../pyaday-sqlite/src/schema/1.sql")).unwrap();
    connection.pragma_update(None, "application_id", 0x7079_6164).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let row = ["flask", "Flask", "A microframework", "[\"web\"]", r#"{"version":"3"}"#, "7"];
    let checksum = crc32fast::hash(row.join("\0").as_bytes());
    let [normalized_name, name, short_desc, tags, metadata, _] = row;
    connection
        .execute(
            "INSERT INTO package VALUES (?1, ?2, ?3, ?4, ?5, 7, ?6)",
            rusqlite::params![normalized_name, name, short_desc, tags, metadata, checksum],
        )
        .unwrap();
    let checksum = crc32fast::hash(b"1\09");
    connection.execute("INSERT INTO catalogue VALUES (1, 1, 9, ?1)", [checksum]).unwrap();
    drop(connection);

    let store = SqliteStore::open(&path).unwrap();
    let expected = Package::from_json(
        br#"{"name":"Flask","short_desc":"A microframework","tags":["web"],"metadata":{"version":"3"}}"#,
    );
    let flask = store.catalogue().get(&"flask".parse().unwrap()).unwrap();
    assert_eq!(flask.package(), expected.unwrap());
    assert_eq!(flask.revision(), Revision::new(7));
    let daily = block_on(store.open_daily(Date::MIN, UNIX_EPOCH)).unwrap().unwrap();
    assert_eq!(daily.revision(), Revision::new(10));
    drop(store);
    let connection = Connection::open(&path).unwrap();
    let version = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    assert_eq!(version.unwrap(), 2);
}

#[test]
fn a_log_without_its_database_is_not_thrown_away() {
    let path = files::fresh("log");
    fs::write(files::log(&path), "what was committed").unwrap();
    assert!(matches!(refused(&path).fault(), OpenFault::LogWithoutDatabase { .. }));
    fs::write(&path, "").unwrap();
    assert!(matches!(refused(&path).fault(), OpenFault::LogWithoutDatabase { .. }));
    assert_eq!(fs::read(files::log(&path)).unwrap(), b"what was committed");
}

/// SQLite has the log beside what a link leads to.
#[cfg(unix)]
#[test]
fn a_log_is_found_behind_links() {
    let path = files::fresh("linked");
    let link = path.with_extension("link");
    drop(fs::remove_file(&link));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    fs::write(files::log(&path), "what was committed").unwrap();
    assert!(matches!(refused(&link).fault(), OpenFault::LogWithoutDatabase { .. }));
    fs::remove_file(files::log(&path)).unwrap();
    drop(SqliteStore::open(&link).unwrap());
    assert!(path.is_file() && SqliteStore::open(&link).is_ok());
}

#[test]
fn names_that_mean_something_to_sqlite_are_files() {
    for name in [":memory:", "file:x?mode=memory"] {
        let path = files::fresh("names").with_file_name(name);
        files::remove(&path);
        drop(SqliteStore::open(&path).unwrap());
        assert!(path.is_file());
        files::remove(&path);
    }
}

#[test]
fn rows_that_were_changed_by_hand_are_told_by_name() {
    for (sql, expected) in [
        ("UPDATE package SET short_desc = 'A framework'", "`flask` does not fit its checksum"),
        ("UPDATE catalogue SET revision = 1", "`catalogue` does not fit its checksum"),
        ("DELETE FROM package", "has 0 packages, but had 1"),
        ("DELETE FROM catalogue", "has 1 packages, but had 0"),
        ("UPDATE daily SET cycle = 9", "day 0000-01-01 is not what was written"),
        ("UPDATE pin SET date = '9999-12-30'", "pin of 9999-12-30 is not what was written"),
        ("DELETE FROM daily", "has 0 days and 1 pins, but had 1 and 1"),
        ("DELETE FROM pin", "has 1 days and 0 pins, but had 1 and 1"),
        ("DELETE FROM journal", "has 1 days and 1 pins, but had 0 and 0"),
        ("DROP TABLE package", "no such table"),
    ] {
        let path = filled("by-hand");
        let store = SqliteStore::open(&path).unwrap();
        block_on(store.open_daily(Date::MIN, UNIX_EPOCH)).unwrap();
        block_on(store.pin_daily(Date::MAX, Date::MIN, &"flask".parse().unwrap())).unwrap();
        drop(store);
        execute(&path, sql);
        let error = refused(&path);
        let OpenFault::Damaged { fault } = error.fault() else { panic!("{sql}") };
        assert!(fault.contains(expected), "{fault}");
    }
}

/// Changes the only row of a file by hand, with its checksum, as the documentation says how.
fn changed_by_hand(column: &str, value: &str) -> PathBuf {
    let path = filled("by-hand");
    let connection = Connection::open(&path).unwrap();
    connection.execute(&format!("UPDATE package SET {column} = ?1"), [value]).unwrap();
    let columns = "normalized_name, name, short_desc, tags, metadata, CAST(revision AS TEXT)";
    let row: Vec<String> = connection
        .query_row(&format!("SELECT {columns} FROM package"), (), |row| {
            (0..6).map(|at| row.get(at)).collect()
        })
        .unwrap();
    let checksum = crc32fast::hash(row.join("\0").as_bytes());
    connection.execute("UPDATE package SET checksum = ?1", [checksum]).unwrap();
    path
}

/// Whatever is read is a package: nothing that it is used for later fails.
#[test]
fn a_row_that_was_changed_by_hand_against_the_rules_is_told() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(127), "]".repeat(127));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(16 * 1024));
    for (column, value) in [
        ("normalized_name", "other"),
        ("name", "-"),
        ("name", "django"),
        ("short_desc", "two\nlines"),
        ("tags", "[1]"),
        ("tags", "web"),
        ("tags", "[\"Web\"]"),
        ("metadata", ""),
        ("metadata", "[]"),
        ("metadata", "{\"a\":1,\"a\":2}"),
        ("metadata", "{\"a\":1e400}"),
        ("metadata", "{\"a\":\"\\ud800\"}"),
        ("metadata", &deep),
        ("metadata", &long),
    ] {
        let path = changed_by_hand(column, value);
        let error = refused(&path);
        let OpenFault::Damaged { fault } = error.fault() else { panic!("{column} {value}") };
        assert!(fault.ends_with("is no package"), "{column} {value}: {fault}");
    }
}

#[test]
fn a_row_that_was_changed_by_hand_with_its_checksum_is_read() {
    let store = SqliteStore::open(changed_by_hand("short_desc", "By hand")).unwrap();
    let flask = store.catalogue().get(&"flask".parse().unwrap()).unwrap();
    assert_eq!(flask.representation(), r#"{"name":"Flask","short_desc":"By hand"}"#);
}

#[test]
fn a_file_that_cannot_be_written_is_not_opened() {
    let Some(disk) = Disk::new(&Kind::EXT4, "a read-only disk") else { return };
    let path = disk.mounted.join("catalogue.db");
    drop(SqliteStore::open(&path).unwrap());
    disk.make_read_only();
    assert!(matches!(refused(&path).fault(), OpenFault::ReadOnly));
    let missing = disk.mounted.join("missing.db");
    assert!(matches!(refused(&missing).fault(), OpenFault::Inaccessible { .. }));
}
