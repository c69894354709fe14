//! What is opened as a catalogue, and what is not, with a word on what to do.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use pyaday_core::daily::{Daily, Pin, Pinned};
use pyaday_core::{Catalogue, Date, Package, PackageStore, Replacement, Revision, Write};
use pyaday_sqlite::{OpenError, OpenFault, SqliteStore};
use rusqlite::Connection;

use crate::support::disk::{Disk, Kind};
use crate::support::files;

/// Why a file is not opened, which must leave it as it was.
fn refused(path: &Path) -> OpenError {
    let before = fs::read(path).ok();
    let error = SqliteStore::open(path).expect_err("it is not opened");
    assert_eq!(error.to_string(), format!("cannot open {}", path.display()));
    assert!(fs::read(path).ok() == before, "the file was changed");
    // The words end with what to do, and there is nothing else to know of the variants.
    let words = error.fault().to_string();
    assert!(words.starts_with("it ") && words.contains(": "), "{words}");
    error
}

fn filled(purpose: &str) -> PathBuf {
    let path = files::fresh(purpose);
    let store = SqliteStore::open(&path).unwrap();
    let flask = Package::new("Flask", "A microframework").unwrap();
    block_on(store.create(flask, Write::new())).unwrap();
    path
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn execute(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_file_is_new_until_somebody_writes_to_it() {
    let path = files::fresh("new");
    drop(SqliteStore::open(&path).unwrap());
    let store = SqliteStore::open(&path).unwrap();
    assert!(store.is_new());
    let flask = "flask".parse().unwrap();
    block_on(store.delete(&flask, Write::new())).unwrap();
    assert!(store.is_new(), "nothing was deleted");
    block_on(store.create(Package::new("Flask", "").unwrap(), Write::new())).unwrap();
    assert!(!store.is_new());
    block_on(store.delete(&flask, Write::new())).unwrap();
    assert!(store.catalogue().is_empty() && !store.is_new());
    drop(store);
    assert!(!SqliteStore::open(&path).unwrap().is_new());
}

#[test]
fn a_file_keeps_packages_and_revisions() {
    let path = filled("kept");
    let store = SqliteStore::open(&path).unwrap();
    let before = store.catalogue();
    let flask = "flask".parse().unwrap();
    assert_eq!(before.get(&flask).unwrap().package().name.as_str(), "Flask");
    // The newest revision was that of a package which is there no more.
    block_on(store.delete(&flask, Write::new())).unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert!(store.catalogue().is_empty());
    assert!(store.catalogue().revision() > before.revision());
    drop(store);
    // All is in one file when the store is closed.
    assert!(!files::log(&path).exists());
}

/// Pins the package of a file that is filled.
fn pinned(store: &SqliteStore, date: Date) -> Pinned {
    let flask = "flask".parse().unwrap();
    match block_on(store.pin_daily(date, Date::MIN, &flask, Write::new())).unwrap() {
        Pin::Pinned(pinned) => pinned,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_keeps_each_pin_with_its_revision() {
    let path = filled("pins");
    let store = SqliteStore::open(&path).unwrap();
    let dates = [Date::MIN.plus_days(1), Date::MAX.plus_days(-1), Date::MAX];
    let pins = dates.map(|date| pinned(&store, date));
    // The same pin again is no write.
    let (revision, flask) = (store.catalogue().revision(), "flask".parse().unwrap());
    let again = store.pin_daily(dates[0], Date::MIN, &flask, Write::new());
    assert_eq!(block_on(again).unwrap(), Pin::Unchanged(pins[0].clone()));
    assert_eq!(store.catalogue().revision(), revision);
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(block_on(store.pins(Date::MIN, NonZeroUsize::MAX)).unwrap(), pins);
    assert_eq!(block_on(store.pinned(Date::MAX)).unwrap(), Some(pins[2].clone()));
    assert_eq!(store.catalogue().revision(), revision);
}

#[test]
fn a_file_keeps_the_latest_spelling_of_a_name() {
    let path = filled("spelling");
    let store = SqliteStore::open(&path).unwrap();
    let respelled = Replacement::from(Package::new("FLASK", "A microframework").unwrap());
    block_on(store.update(&"flask".parse().unwrap(), respelled, Write::new())).unwrap();
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    let flask = store.catalogue().get(&"flask".parse().unwrap()).unwrap();
    assert_eq!(flask.package().name.as_str(), "FLASK");
}

#[test]
fn days_opened_together_keep_one_revision() {
    let path = filled("days");
    let store = SqliteStore::open(&path).unwrap();
    let flask = pinned(&store, Date::MIN.plus_days(2));
    let open = |until| store.open_daily(Date::MIN..=Date::MIN.plus_days(until), UNIX_EPOCH);
    let first = block_on(open(0)).unwrap();
    let days = block_on(open(3)).unwrap();
    assert_eq!((days.len(), &days[0]), (4, &first[0]));
    assert!(days[0].revision() < flask.revision.max(days[1].revision()));
    assert!(days[1..].iter().all(|day| day.revision() == days[1].revision()));
    drop(store);
    let (kept, pins) = journal(&SqliteStore::open(&path).unwrap().catalogue());
    assert_eq!((kept.into_iter().rev().collect::<Vec<_>>(), pins), (days, vec![]));
}

#[test]
fn each_file_has_its_own_identity_and_keeps_it() {
    let id = |path: &Path| block_on(SqliteStore::open(path).unwrap().id()).unwrap();
    let (one, other) = (files::fresh("identity"), files::fresh("identity"));
    let first = id(&one);
    assert_eq!(id(&one), first);
    assert_ne!(id(&other), first);
    // A copy is a backup, which is the same store.
    fs::copy(&one, &other).unwrap();
    assert_eq!(id(&other), first);
}

/// For instance the identity of a copy that becomes a catalogue of its own.
#[test]
fn an_identity_changed_by_hand_with_its_checksum_is_read() {
    let path = filled("identity-by-hand");
    let uuid = "0197f3a0-5b1c-7def-8123-456789abcdef";
    let checksum = crc32fast::hash(uuid.as_bytes());
    execute(&path, &format!("UPDATE identity SET uuid = '{uuid}', checksum = {checksum}"));
    let id = block_on(SqliteStore::open(&path).unwrap().id()).unwrap();
    assert_eq!(id.to_string(), uuid);
}

#[test]
fn revisions_lost_with_a_file_are_not_reused() {
    let path = filled("restored");
    let backup = fs::read(&path).unwrap();
    let write = || {
        let store = SqliteStore::open(&path).unwrap();
        pinned(&store, Date::MAX).revision
    };
    let lost = write();
    fs::write(&path, backup).unwrap();
    assert!(write() > lost);
}

#[test]
fn revisions_of_a_new_file_begin_at_the_clock() {
    let before = Revision::now();
    let store = SqliteStore::open(files::fresh("clock")).unwrap();
    assert!((before..=Revision::now()).contains(&store.catalogue().revision()));
}

#[test]
fn a_file_can_be_opened_only_once() {
    let path = files::fresh("once");
    let store = SqliteStore::open(&path).unwrap();
    // By another connection of this process, by another process, by one of sqlite3.
    assert!(matches!(SqliteStore::open(&path).unwrap_err().fault(), OpenFault::InUse));
    let writer = std::process::Command::new(env!("CARGO_BIN_EXE_test-writer"));
    let said = { writer }.arg(&path).args(["1", "0", "1"]).output().unwrap().stdout;
    assert!(String::from_utf8(said).unwrap().contains("fault: InUse"));
    let other = Connection::open(&path).unwrap();
    assert!(other.query_row("SELECT * FROM catalogue", (), |_| Ok(())).is_err());
    drop(other);
    drop(store);
    SqliteStore::open(&path).unwrap();
}

#[test]
fn a_file_that_another_connection_reads_is_not_opened() {
    let path = filled("read");
    let reader = Connection::open(&path).unwrap();
    let mut statement = reader.prepare("SELECT * FROM package").unwrap();
    let mut rows = statement.query(()).unwrap();
    assert!(rows.next().unwrap().is_some());
    assert!(matches!(refused(&path).fault(), OpenFault::InUse));
}

#[test]
fn a_file_that_is_not_a_catalogue_is_not_opened() {
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
fn a_url_instead_of_a_path_is_refused_without_its_password() {
    for (url, shown) in [
        ("postgres://u:s3cret@localhost/packages.db", "postgres://…"),
        ("u:s3cret://localhost/packages.db", "…://…"),
        ("s3cret@u://packages.db", "…://…"),
        ("://s3cret", "…://…"),
    ] {
        let error = SqliteStore::open(url).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot open {shown}"));
        assert_eq!(error.fault().to_string(), "it is a URL: give the path of a file");
        assert!(!format!("{error:?}").contains("s3cret"));
    }
}

#[test]
fn a_newer_schema_is_not_opened() {
    let path = filled("newer");
    execute(&path, "PRAGMA user_version = 99");
    assert!(matches!(refused(&path).fault(), OpenFault::NewerSchema { found: 99, known: ..99 }));
}

/// A file as a release with one of the first two schemas left it: one package, and of the second schema
/// one day and two pins.
fn of_schema(version: u32) -> PathBuf {
    let path = files::fresh("older");
    execute(&path, include_str!("../../pyaday-sqlite/src/schema/1.sql"));
    insert(&path, "package", &["flask", "Flask", "A microframework", "[\"web\"]", METADATA, "7"]);
    insert(&path, "catalogue", &["1", "9"]);
    if version == 2 {
        execute(&path, include_str!("../../pyaday-sqlite/src/schema/2.sql"));
        insert(&path, "daily", &["2026-11-23", "4", FLASK, "1795392000", "8"]);
        insert(&path, "pin", &["2027-01-01", "flask"]);
        insert(&path, "pin", &["2027-01-02", "gone"]);
        insert(&path, "journal", &["1", "2"]);
    }
    let header = format!("application_id = 0x70796164; PRAGMA user_version = {version}");
    execute(&path, &format!("PRAGMA journal_mode = WAL; PRAGMA {header}"));
    path
}

const METADATA: &str = r#"{"version":"3"}"#;
const FLASK: &str =
    r#"{"name":"Flask","short_desc":"A microframework","tags":["web"],"metadata":{"version":"3"}}"#;

/// Adds a row with its checksum, as the documentation says how. Where a table has an `id`, it is 1.
fn insert(path: &Path, table: &str, columns: &[&str]) {
    let checksum = crc32fast::hash(columns.join("\0").as_bytes());
    let id = if matches!(table, "catalogue" | "journal") { "1, " } else { "" };
    let values: Vec<_> = columns.iter().map(|text| format!("'{text}'")).collect();
    execute(path, &format!("INSERT INTO {table} VALUES ({id}{}, {checksum})", values.join(", ")));
}

#[test]
fn an_older_schema_is_migrated() {
    for version in [1, 2] {
        let path = of_schema(version);
        let store = SqliteStore::open(&path).unwrap();
        let (id, catalogue) = (block_on(store.id()).unwrap(), store.catalogue());
        let flask = catalogue.get(&"flask".parse().unwrap()).unwrap();
        assert_eq!(flask.package(), Package::from_json(FLASK.as_bytes()).unwrap());
        assert_eq!(flask.revision(), Revision::new(7));
        assert_eq!(catalogue.revision(), Revision::new(9));
        // What is written then is kept beside what was there.
        let opened = block_on(store.open_daily(Date::MIN..=Date::MIN, UNIX_EPOCH)).unwrap();
        assert!(opened[0].revision() > Revision::new(9));
        let written = store.catalogue();
        drop(store);

        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(block_on(store.id()).unwrap(), id);
        assert_eq!(journal(&store.catalogue()), journal(&written));
        drop(store);
        assert_eq!(tables(&path), tables(&filled("newest")), "of schema {version}");
    }
}

#[test]
fn the_migration_keeps_days_and_pins() {
    let store = SqliteStore::open(of_schema(2)).unwrap();
    let (days, pins) = journal(&store.catalogue());
    let date = "2026-11-23".parse().unwrap();
    let flask = Package::from_json(FLASK.as_bytes()).unwrap();
    assert_eq!(days, [Daily::new(date, 4, flask, 1_795_392_000, Revision::new(8))]);
    // Which write made a pin was not kept. It gets the newest revision.
    let expected = [("2027-01-01", "flask"), ("2027-01-02", "gone")].map(|(date, name)| {
        Pinned::new(date.parse().unwrap(), name.parse().unwrap(), Revision::new(9))
    });
    assert_eq!(pins, expected);
}

/// A migration computes new checksums, which must not make sound what was damaged before.
#[test]
fn a_damaged_pin_of_an_older_schema_is_reported() {
    let path = of_schema(2);
    execute(&path, "UPDATE pin SET normalized_name = 'flusk' WHERE date = '2027-01-01'");
    let error = refused(&path);
    let OpenFault::Damaged { fault } = error.fault() else { panic!("{error:?}") };
    assert!(fault.contains("pin of 2027-01-01 is not what was written"), "{fault}");

    let path = of_schema(2);
    execute(&path, "DELETE FROM catalogue");
    let error = refused(&path);
    let OpenFault::Damaged { fault } = error.fault() else { panic!("{error:?}") };
    assert!(fault.contains("no package was ever written"), "{fault}");
}

fn journal(catalogue: &Catalogue) -> (Vec<Daily>, Vec<Pinned>) {
    let days = catalogue.recent_daily(Date::MAX, NonZeroUsize::MAX);
    (days, catalogue.pins(Date::MIN, NonZeroUsize::MAX))
}

/// The version of the schema, and the statements that make the tables.
fn tables(path: &Path) -> (i64, Vec<String>) {
    let connection = Connection::open(path).unwrap();
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    let mut statement = connection.prepare(sql).unwrap();
    let tables = statement.query_map((), |row| row.get(0)).unwrap();
    (version, tables.map(Result::unwrap).collect())
}

#[test]
fn a_log_without_its_database_is_not_deleted() {
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
fn a_log_is_found_through_symbolic_links() {
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
fn names_that_are_special_to_sqlite_are_plain_files() {
    for name in [":memory:", "file:x?mode=memory"] {
        let path = files::fresh("names").with_file_name(name);
        files::remove(&path);
        drop(SqliteStore::open(&path).unwrap());
        assert!(path.is_file());
        files::remove(&path);
    }
}

#[test]
fn rows_changed_by_hand_are_reported_by_name() {
    for (sql, expected) in [
        ("UPDATE package SET short_desc = 'A framework'", "`flask` does not fit its checksum"),
        ("UPDATE catalogue SET revision = 1", "`catalogue` does not fit its checksum"),
        ("DELETE FROM package", "has 0 packages, but had 1"),
        ("DELETE FROM catalogue", "has 1 packages, but had 0"),
        ("UPDATE daily SET cycle = 9", "day 0000-01-01 is not what was written"),
        ("UPDATE pin SET date = '9999-12-30'", "pin of 9999-12-30 is not what was written"),
        ("UPDATE pin SET revision = revision - 1", "pin of 9999-12-31 is not what was written"),
        ("UPDATE identity SET checksum = 1", "`identity` is not what was written"),
        ("UPDATE identity SET uuid = upper(uuid)", "`identity` is not what was written"),
        ("UPDATE identity SET uuid = replace(uuid, '-', '')", "`identity` is not what was written"),
        ("DELETE FROM identity", "row of the table `identity` is missing"),
        ("DROP TABLE identity", "no such table"),
        ("DELETE FROM daily", "has 0 days and 1 pins, but had 1 and 1"),
        ("DELETE FROM pin", "has 1 days and 0 pins, but had 1 and 1"),
        ("DELETE FROM journal", "has 1 days and 1 pins, but had 0 and 0"),
        ("DROP TABLE package", "no such table"),
    ] {
        let path = filled("by-hand");
        let store = SqliteStore::open(&path).unwrap();
        block_on(store.open_daily(Date::MIN..=Date::MIN, UNIX_EPOCH)).unwrap();
        pinned(&store, Date::MAX);
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
fn an_invalid_row_with_a_right_checksum_is_reported() {
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
        assert!(fault.ends_with("is not a valid package"), "{column} {value}: {fault}");
    }
}

#[test]
fn a_valid_row_changed_by_hand_with_its_checksum_is_read() {
    let store = SqliteStore::open(changed_by_hand("short_desc", "By hand")).unwrap();
    let flask = store.catalogue().get(&"flask".parse().unwrap()).unwrap();
    assert_eq!(flask.representation(), r#"{"name":"Flask","short_desc":"By hand"}"#);
}

#[test]
fn a_file_on_a_read_only_disk_is_not_opened() {
    let Some(disk) = Disk::new(&Kind::EXT4, "a read-only disk") else { return };
    let path = disk.mounted.join("catalogue.db");
    drop(SqliteStore::open(&path).unwrap());
    disk.make_read_only();
    assert!(matches!(refused(&path).fault(), OpenFault::ReadOnly));
    let missing = disk.mounted.join("missing.db");
    assert!(matches!(refused(&missing).fault(), OpenFault::Inaccessible { .. }));
}
