//! Facts about the transactions that remove changes.

use std::collections::BTreeSet;

use pyaday_core::{Batch, Catalogue, ChangeKind, Draft, Package, Write};

use super::*;
use crate::{rows, schema};

/// The number of rows that are written in one transaction of a test.
const NAMES: [usize; 4] = [0, 1, 20_000, 100_000];

fn package(at: usize) -> Package {
    Package::new(&format!("p-{at:06}"), "").unwrap()
}

/// The most that removing a row with names costs.
const ROW: usize = (1 + REMOVAL) * (names::PART + 1);

/// The most versions that one transaction removes.
const MOST: usize = (ROOM + ROW) / (1 + REMOVAL);

/// A log whose oldest change created packages, whose second one removed them, and whose last one is kept.
fn log(count: usize) -> (Connection, Extent) {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection).unwrap();
    let mut extent = Extent::read(&connection).unwrap();
    let mut draft = Draft::new(Catalogue::new(Revision::new(0)));
    draft.create_many((0..count).map(package).collect(), &Write::new());
    let mut removal = Batch::new(ChangeKind::Bulk);
    for at in 0..count {
        let name = package(at).name.normalized();
        let there = draft.catalogue().get(&name).unwrap();
        removal = removal.remove(name, &there);
    }
    draft.write_batch(removal, &Write::new());
    draft.create(Package::new("last", "").unwrap(), &Write::new());
    let transaction = connection.transaction().unwrap();
    extent = rows::write(&transaction, &draft, extent).unwrap();
    transaction.commit().unwrap();
    (connection, extent)
}

/// How many rows the tables of the log have.
fn count(connection: &Connection) -> (usize, usize) {
    let count = |table| {
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, (), |row| row.get::<_, i64>(0)).unwrap() as usize
    };
    (count("change"), count("replaced"))
}

fn trims(connection: &mut Connection, extent: &mut Extent) -> bool {
    let transaction = connection.transaction().unwrap();
    let retention = Retention::all().at_most(1);
    let trimmed = trim(&transaction, *extent, retention, SystemTime::now()).unwrap();
    transaction.commit().unwrap();
    *extent = trimmed.unwrap_or(*extent);
    trimmed.is_some()
}

#[test]
fn a_change_of_any_size_is_removed_in_small_transactions() {
    for names in NAMES {
        let (mut connection, mut extent) = log(names);
        let mut transactions = 0;
        let mut before = count(&connection).1;
        assert_eq!(before, names);
        while trims(&mut connection, &mut extent) {
            transactions += 1;
            let now = count(&connection).1;
            assert!(before - now <= MOST, "{} versions at once", before - now);
            before = now;
        }
        assert_eq!(count(&connection), (1, 0));
        // The creation costs 1 for each package, and the removal 5. Each row with names costs 5, too.
        let rows = 2 * names.div_ceil(names::PART).max(1);
        let cost = (1 + 1 + REMOVAL) * names + rows * (1 + REMOVAL);
        let fewest = if names == 0 { 0 } else { cost.div_ceil(ROOM + ROW) };
        assert!((fewest..=cost / ROOM + 2).contains(&transactions), "{names}: {transactions}");
    }
}

#[test]
fn the_first_transaction_moves_the_beginning_of_the_log_after_the_change() {
    let (mut connection, mut extent) = log(20_000);
    let mut beginnings = BTreeSet::new();
    while trims(&mut connection, &mut extent) {
        beginnings.insert(extent.beginning);
        assert_eq!(extent.beginning, Extent::read(&connection).unwrap().beginning);
        let sql = "SELECT count(*) FROM replaced WHERE revision > ?1";
        let after = extent.beginning.to_i64();
        let kept: i64 = connection.query_row(sql, [after], |row| row.get(0)).unwrap();
        // Each later change is still complete.
        assert_eq!(kept, if beginnings.len() == 1 { 20_000 } else { 0 });
    }
    assert_eq!(beginnings.len(), 2);
}

#[test]
fn a_process_that_ends_in_between_leaves_the_rest_to_the_next_one() {
    let (mut connection, _) = log(2_000);
    let mut transactions = 0;
    // Each process has one transaction more than the last one.
    while count(&connection) != (1, 0) {
        transactions += 1;
        assert!(transactions < 20_000 / ROOM);
        let mut extent = Extent::read(&connection).unwrap();
        for _ in 0..transactions {
            trims(&mut connection, &mut extent);
        }
    }
}

/// A damaged row must not keep the others from being removed.
#[test]
fn a_change_whose_names_are_damaged_is_removed() {
    let (mut connection, mut extent) = log(3_000);
    for table in ["change", "more_names"] {
        let sql = format!("UPDATE {table} SET names = CAST(x'ff20' AS TEXT)");
        assert!(connection.execute(&sql, ()).unwrap() > 0);
    }
    while trims(&mut connection, &mut extent) {}
    assert_eq!(count(&connection).0, 1);
}
