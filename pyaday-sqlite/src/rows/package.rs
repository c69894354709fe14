//! The rows of packages.
//!
//! The core says which columns a package has, and what their texts are. This store adds the columns
//! `normalized_name`, `revision` and `checksum`.

use std::borrow::Cow;
use std::sync::LazyLock;

use pyaday_core::{Catalogue, NormalizedName, Package, Revision};
use rusqlite::{Connection, Row, Statement, Transaction};

use super::damaged;
use super::totals::checksum;
use crate::error::OpenFault;

pub(super) static INSERT: LazyLock<String> = LazyLock::new(|| {
    let columns: Vec<_> = Package::column_names().collect();
    // One for each column, and one each for the three columns of this store.
    let parameters: Vec<_> = (1..=columns.len() + 3).map(|number| format!("?{number}")).collect();
    format!(
        "INSERT INTO package (normalized_name, {}, revision, checksum) VALUES ({})",
        columns.join(", "),
        parameters.join(", ")
    )
});
pub(super) static UPDATE: LazyLock<String> = LazyLock::new(|| {
    let columns = Package::column_names().chain(["revision", "checksum"]);
    let set: Vec<_> = (2..).zip(columns).map(|(at, name)| format!("{name} = ?{at}")).collect();
    format!("UPDATE package SET {} WHERE normalized_name = ?1", set.join(", "))
});
const DELETE: &str = "DELETE FROM package WHERE normalized_name = ?1";

/// Writes a row with a statement that has a parameter for each column.
pub(super) fn put(
    transaction: &Transaction<'_>,
    statement: &str,
    name: &NormalizedName,
    package: &Package,
    revision: Revision,
) -> Result<usize, rusqlite::Error> {
    let texts: Vec<_> = [name.as_str().into()].into_iter().chain(package.columns()).collect();
    let mut statement = transaction.prepare_cached(statement)?;
    bind(&mut statement, &texts, revision.to_i64())?;
    statement.raw_execute()
}

/// Binds the values of a row: its texts, its revision, and its checksum.
pub(crate) fn bind(
    statement: &mut Statement<'_>,
    texts: &[Cow<'_, str>],
    revision: i64,
) -> Result<(), rusqlite::Error> {
    for (number, text) in (1..).zip(texts) {
        statement.raw_bind_parameter(number, text.as_ref())?;
    }
    statement.raw_bind_parameter(texts.len() + 1, revision)?;
    statement.raw_bind_parameter(texts.len() + 2, row_checksum(texts, revision))
}

fn row_checksum(texts: &[impl AsRef<str>], revision: i64) -> u32 {
    let revision = revision.to_string();
    checksum(texts.iter().map(AsRef::as_ref).chain([revision.as_str()]))
}

pub(super) fn delete(
    transaction: &Transaction<'_>,
    name: &NormalizedName,
) -> Result<usize, rusqlite::Error> {
    transaction.prepare_cached(DELETE)?.execute([name.as_str()])
}

/// Reads all packages.
pub(super) fn load(connection: &Connection, catalogue: &mut Catalogue) -> Result<(), OpenFault> {
    // The number of packages at which restoring a batch is efficient.
    const BATCH: usize = 4096;

    let mut batch = Vec::with_capacity(BATCH);
    let columns: Vec<_> = Package::column_names().collect();
    read_rows(connection, "package", &columns, |texts, revision| {
        batch.push((package(texts)?, super::revision(revision)?));
        if batch.len() == BATCH {
            catalogue.restore(&batch);
            batch.clear();
        }
        Ok(())
    })?;
    catalogue.restore(&batch);
    Ok(())
}

/// The package of a row.
fn package(texts: &[&str]) -> Result<Package, OpenFault> {
    let [name, columns @ ..] = texts else { return damaged("a row has no columns") };
    let package = Package::restore(columns.iter().copied()).ok();
    match package.filter(|package| package.name.normalized().as_str() == *name) {
        Some(package) => Ok(package),
        None => damaged(format!("the row of `{name}` is not a valid package")),
    }
}

/// Reads all rows of a table in the order of the normalised names, and verifies the checksum of each. Each row
/// is passed on: the texts of the normalised name and of these columns, and the revision.
pub(crate) fn read_rows(
    connection: &Connection,
    table: &str,
    columns: &[&str],
    mut each: impl FnMut(&[&str], i64) -> Result<(), OpenFault>,
) -> Result<(), OpenFault> {
    let mut statement = connection.prepare(&format!(
        "SELECT normalized_name, {}, revision, checksum FROM {table} ORDER BY normalized_name",
        columns.join(", ")
    ))?;
    let mut rows = statement.query(())?;
    let mut last = String::new();
    while let Some(row) = rows.next()? {
        let texts = texts(row, columns.len() + 1, &last)?;
        let (name, revision) = (texts[0], row.get(texts.len())?);
        let expected = row_checksum(&texts, revision);
        if row.get::<_, i64>(texts.len() + 1)? != i64::from(expected) {
            return damaged(format!("the row of `{name}` does not fit its checksum"));
        }
        if name <= last.as_str() && !last.is_empty() {
            return damaged(format!("the row of `{name}` comes after the row of `{last}`"));
        }
        each(&texts, revision)?;
        name.clone_into(&mut last);
    }
    Ok(())
}

/// The first columns of the row after the row of `last`, which must be texts.
fn texts<'a>(row: &'a Row<'_>, count: usize, last: &str) -> Result<Vec<&'a str>, OpenFault> {
    let text = |at| match row.get_ref(at).map(|value| value.as_str()) {
        Ok(Ok(text)) => Ok(text),
        _ => damaged(format!("column {at} of the row after `{last}` is not text")),
    };
    (0..count).map(text).collect()
}
