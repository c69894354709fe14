//! Facts about every migration, tested with a migration that adds a trial column.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use pyaday_core::{Draft, Package, Write};

use super::*;
use crate::file::File;
use crate::rows::CATALOGUE;
use crate::rows::package::{bind, read_rows};

/// Adds a column with the length of the name, and includes it in the checksum of each row. A new field of a
/// package needs such a migration.
///
/// `read_rows` verifies the previous checksums. Otherwise the new ones would hide earlier damage.
fn add_lengths(transaction: &Transaction<'_>) -> Result<(), OpenFault> {
    transaction.execute_batch(
        "ALTER TABLE package RENAME TO old;
         CREATE TABLE package (
             normalized_name TEXT PRIMARY KEY,
             name TEXT NOT NULL,
             short_desc TEXT NOT NULL,
             tags TEXT NOT NULL,
             metadata TEXT NOT NULL,
             trial TEXT NOT NULL,
             revision INTEGER NOT NULL,
             checksum INTEGER NOT NULL
         ) STRICT, WITHOUT ROWID;",
    )?;
    let mut insert = transaction.prepare(
        "INSERT INTO package (normalized_name, name, short_desc, tags, metadata, trial, revision, checksum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    read_rows(
        transaction,
        "old",
        &["name", "short_desc", "tags", "metadata"],
        |texts, revision| {
            let length = texts[1].len().to_string();
            let texts: Vec<_> =
                texts.iter().copied().chain([length.as_str()]).map(Into::into).collect();
            bind(&mut insert, &texts, revision)?;
            insert.raw_execute()?;
            Ok(())
        },
    )?;
    Ok(transaction.execute_batch("DROP TABLE old")?)
}

/// All migrations, and then the trial.
const MIGRATIONS_AND_TRIAL: [Migration; 5] = {
    let [first, second, third, fourth] = MIGRATIONS;
    [first, second, third, fourth, add_lengths]
};

const NAMES: [&str; 3] = ["Django", "flask", "zope.interface"];

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(purpose: &str) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);

        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pyaday-{purpose}-{}-{number}", process::id());
        let folder = env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file with packages, in a folder of its own.
struct Filled(Folder);

impl Filled {
    fn new(purpose: &str) -> Self {
        let filled = Self(Folder::new(purpose));
        let (mut file, content) = File::open(&filled.path()).unwrap();
        let mut draft = Draft::new(content.catalogue);
        for name in NAMES {
            let json = format!(
                r#"{{"name":"{name}","short_desc":"é","tags":["a","b"],"metadata":{{"x":1}}}}"#
            );
            draft.create(Package::from_json(json.as_bytes()).unwrap(), &Write::new());
        }
        file.commit(&draft).unwrap();
        filled
    }

    fn path(&self) -> PathBuf {
        self.0.0.join("pyaday.db")
    }
}

fn version(connection: &Connection) -> i64 {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// The names and the trial column of the rows, after their checksums were verified.
fn trials(path: &Path) -> Result<Vec<(String, String)>, OpenFault> {
    let connection = Connection::open(path).unwrap();
    let columns = ["name", "short_desc", "tags", "metadata", "trial"];
    let mut trials = Vec::new();
    read_rows(&connection, "package", &columns, |texts, _| {
        trials.push((texts[1].to_owned(), texts[5].to_owned()));
        Ok(())
    })?;
    Ok(trials)
}

#[test]
fn a_column_on_trial_is_added_to_a_file_with_rows_and_checksums() {
    let filled = Filled::new("trial");
    let path = filled.path();
    let mut connection = Connection::open(&path).unwrap();
    bring_up(&mut connection, &MIGRATIONS_AND_TRIAL).unwrap();
    // The second run changes nothing.
    bring_up(&mut connection, &MIGRATIONS_AND_TRIAL).unwrap();
    assert_eq!(version(&connection), 5);
    let expected = NAMES.map(|name| (name.to_owned(), name.len().to_string()));
    assert_eq!(trials(&path).unwrap(), expected);
    // This release does not know the schema.
    let refused = identify(&connection);
    assert!(matches!(refused, Err(OpenFault::NewerSchema { found: 5, known: 4 })), "{refused:?}");

    // The new checksums cover the old columns and the new one.
    for column in ["name", "short_desc", "tags", "metadata", "trial"] {
        let change = |to: &str| {
            let sql = format!("UPDATE package SET {column} = {to} WHERE normalized_name = 'flask'");
            assert_eq!(connection.execute(&sql, ()).unwrap(), 1);
        };
        change(&format!("{column} || ' '"));
        let damaged = trials(&path).unwrap_err().to_string();
        assert!(damaged.contains("`flask` does not fit its checksum"), "{column}: {damaged}");
        change(&format!("substr({column}, 1, length({column}) - 1)"));
        assert_eq!(trials(&path).unwrap(), expected, "{column}");
    }
}

#[test]
fn a_migration_of_a_damaged_file_changes_nothing() {
    let filled = Filled::new("damaged-trial");
    let mut connection = Connection::open(filled.path()).unwrap();
    let damage = "UPDATE package SET short_desc = 'e' WHERE normalized_name = 'flask'";
    assert_eq!(connection.execute(damage, ()).unwrap(), 1);
    let damaged = bring_up(&mut connection, &MIGRATIONS_AND_TRIAL).unwrap_err().to_string();
    assert!(damaged.contains("`flask` does not fit its checksum"), "{damaged}");
    assert_eq!(version(&connection), 4);
    // The control: the table is as it was, and the sound rows can be read.
    let sql = "SELECT count(*) FROM package WHERE short_desc = 'é'";
    assert_eq!(connection.query_row(sql, (), |row| row.get::<_, i64>(0)).unwrap(), 2);
}

#[test]
fn the_log_of_an_older_file_begins_at_its_newest_revision() {
    for written in [None, Some(1_700_000_000_000_000)] {
        let folder = Folder::new("older");
        let path = folder.0.join("pyaday.db");
        let mut connection = Connection::open(&path).unwrap();
        bring_up(&mut connection, &MIGRATIONS[..3]).unwrap();
        if let Some(revision) = written {
            let transaction = connection.transaction().unwrap();
            CATALOGUE.write(&transaction, [1, revision]).unwrap();
            let flask = Package::new("flask", "").unwrap();
            let texts: Vec<_> = ["flask".into()].into_iter().chain(flask.columns()).collect();
            let mut insert = transaction
                .prepare("INSERT INTO package VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
                .unwrap();
            bind(&mut insert, &texts, revision).unwrap();
            insert.raw_execute().unwrap();
            drop(insert);
            transaction.commit().unwrap();
        }
        drop(connection);
        let (_, content) = File::open(&path).unwrap();
        assert_eq!(content.catalogue.len(), usize::from(written.is_some()));
        assert_eq!(content.extent.changes, 0);
        assert_eq!(content.extent.beginning.to_i64(), written.unwrap_or(0));
    }
}
