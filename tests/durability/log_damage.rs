//! A file with damage in its log of changes.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use pyaday_core::{Actor, ChangeQuery, NormalizedName, PackageStore, Revision, Write};
use pyaday_sqlite::SqliteStore;
use rusqlite::Connection;

use crate::history::{package, update, write_many};
use crate::support::files;
use crate::support::follower::Follower;

/// The number of packages of the large changes. Their names need several rows.
const COUNT: usize = 600;

/// A file whose log has large changes, and a last one with an actor and a note.
async fn file(purpose: &str) -> (PathBuf, Revision) {
    let path = files::fresh(purpose);
    let store = SqliteStore::open(&path).unwrap();
    let large = write_many(&store, COUNT).await;
    store.create(package("flask", ""), Write::new()).await.unwrap();
    update(&store, "flask", "changed").await;
    let write = Write::new().by(Actor::new("ada").unwrap()).with_note("Why".parse().unwrap());
    store.delete(&"flask".parse().unwrap(), write).await.unwrap();
    (path, large)
}

fn execute(path: &Path, sql: &str) -> usize {
    Connection::open(path).unwrap().execute(sql, ()).unwrap()
}

/// The columns of a table, with an expression for another value.
fn columns(path: &Path, table: &str) -> Vec<(String, String)> {
    let sql = format!("SELECT name, type FROM pragma_table_info('{table}')");
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(&sql).unwrap();
    let column = |row: &rusqlite::Row<'_>| {
        let (name, kind): (String, String) = (row.get(0)?, row.get(1)?);
        let other = if kind == "INTEGER" { "+ 1" } else { "|| 'x'" };
        Ok((name.clone(), format!("{name} {other}")))
    };
    statement.query_map((), column).unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn damage_in_any_column_of_the_log_is_found() {
    for table in ["change", "more_names", "replaced"] {
        let columns = columns(&file("columns").await.0, table);
        assert!(columns.len() >= 5, "{table}: {columns:?}");
        for (column, other) in columns {
            let (path, _) = file("column").await;
            // The control: nothing is damaged yet.
            let store = SqliteStore::open(&path).unwrap();
            Follower::default().agrees(&store).await.unwrap();
            drop(store);
            let newest = format!("(SELECT max(revision) FROM {table})");
            let sql = format!("UPDATE {table} SET {column} = {other} WHERE revision = {newest}");
            assert!(execute(&path, &sql) > 0);
            let store = SqliteStore::open(&path).unwrap();
            assert!(Follower::default().agrees(&store).await.is_err(), "{table}.{column}");
        }
    }
}

/// The names of a change may be very many, so the list neither reads nor checks them.
#[tokio::test]
async fn a_list_of_changes_reads_only_their_heads() {
    let query = ChangeQuery::new(NonZeroUsize::new(100).unwrap());
    for (column, other) in columns(&file("heads").await.0, "change") {
        let (path, large) = file("head").await;
        let set = format!("UPDATE change SET {column} = {other} WHERE revision = {large}");
        assert_eq!(execute(&path, &set), 1);
        let store = SqliteStore::open(&path).unwrap();
        let is_of_head = !["names", "pins", "content_checksum"].contains(&&*column);
        assert_eq!(store.changes(&query).await.is_err(), is_of_head, "{column}");
        let name: NormalizedName = "p-00000".parse().unwrap();
        // This list reads each change by its revision, so that it does not find one with another revision.
        let mut of_name = query.clone();
        of_name.name = Some(name);
        let fails = is_of_head && column != "revision";
        assert_eq!(store.changes(&of_name).await.is_err(), fails, "{column}");
        if column != "revision" {
            // The control: the change itself is not shown, whichever column is damaged.
            assert!(store.change(large, None, NonZeroUsize::MIN).await.is_err(), "{column}");
        }
    }
}

/// Each page of a change reads only the rows that have its names. It notices if one of them is missing.
#[tokio::test]
async fn a_page_of_a_change_reads_only_the_rows_of_its_names() {
    // The second row has the names from 256 to 383, and the last one those from 512.
    for (damage, is_sound) in [
        ("UPDATE more_names SET names = names || 'x' WHERE place = 256", [true, false, true, true]),
        ("DELETE FROM more_names WHERE place = 256", [true, false, true, true]),
        ("DELETE FROM more_names WHERE place = 512", [true, true, true, false]),
        ("UPDATE change SET names = names || 'x'", [false; 4]),
        // The control.
        ("UPDATE more_names SET place = place", [true; 4]),
    ] {
        let (path, large) = file("pages").await;
        assert!(execute(&path, damage) > 0);
        let store = SqliteStore::open(&path).unwrap();
        for (from, is_sound) in [1, 200, 400, 500].into_iter().zip(is_sound) {
            let after = format!("p-{:05}", from - 1).parse().unwrap();
            let limit = NonZeroUsize::new(100).unwrap();
            let page = store.change(large, Some(&after), limit).await;
            assert_eq!(page.is_ok(), is_sound, "{damage}: from {from}");
            if let Ok(page) = page {
                let page = page.known().unwrap().unwrap();
                let names: Vec<_> = page.packages.iter().map(|it| it.name.to_string()).collect();
                let expected: Vec<_> = (from..from + 100).map(|at| format!("p-{at:05}")).collect();
                assert_eq!(names, expected);
                assert_eq!(page.next.is_none(), from + 100 == COUNT);
            }
        }
    }
}
