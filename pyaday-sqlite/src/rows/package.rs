//! The rows of packages.

use std::collections::BTreeSet;

use pyaday_core::{Catalogue, Details, Metadata, NormalizedName, Package, Revision, Tag};
use rusqlite::{Connection, Row, Transaction, params};

use super::totals::checksum;
use super::{damaged, integer};
use crate::error::OpenFault;

pub(super) const INSERT: &str = "INSERT INTO package (normalized_name, name, short_desc, tags, \
                                 metadata, revision, checksum) \
                                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(super) const UPDATE: &str = "UPDATE package SET name = ?2, short_desc = ?3, tags = ?4, \
                                 metadata = ?5, revision = ?6, checksum = ?7 \
                                 WHERE normalized_name = ?1";
const DELETE: &str = "DELETE FROM package WHERE normalized_name = ?1";

/// The columns of a row.
struct Columns<'a> {
    normalized_name: &'a str,
    name: &'a str,
    short_desc: &'a str,
    tags: &'a str,
    metadata: &'a str,
    revision: i64,
}

impl Columns<'_> {
    fn checksum(&self) -> u32 {
        let Self { normalized_name, name, short_desc, tags, metadata, revision } = self;
        checksum([normalized_name, name, short_desc, tags, metadata, &revision.to_string()])
    }
}

/// Writes a row with a statement that has a parameter for each column.
pub(super) fn put(
    transaction: &Transaction<'_>,
    statement: &str,
    name: &NormalizedName,
    package: &Package,
    revision: Revision,
) -> Result<usize, rusqlite::Error> {
    let Details { short_desc, tags, metadata, .. } = &package.details;
    // Serialising strings into memory cannot fail.
    let tags = serde_json::to_string(tags).unwrap_or_default();
    let columns = Columns {
        normalized_name: name.as_str(),
        name: package.name.as_str(),
        short_desc: short_desc.as_str(),
        tags: &tags,
        metadata: metadata.as_json(),
        revision: integer(revision),
    };
    transaction.prepare_cached(statement)?.execute(params![
        columns.normalized_name,
        columns.name,
        columns.short_desc,
        columns.tags,
        columns.metadata,
        columns.revision,
        columns.checksum(),
    ])
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

    let mut statement = connection.prepare(
        "SELECT normalized_name, name, short_desc, tags, metadata, revision, checksum \
         FROM package ORDER BY normalized_name",
    )?;
    let mut rows = statement.query(())?;
    let mut batch = Vec::with_capacity(BATCH);
    let mut last = String::new();
    while let Some(row) = rows.next()? {
        batch.push(read(row, &mut last)?);
        if batch.len() == BATCH {
            catalogue.restore(&batch);
            batch.clear();
        }
    }
    catalogue.restore(&batch);
    Ok(())
}

/// Reads the row of a package. Its name must come after `last`, which is set to the name.
fn read(row: &Row<'_>, last: &mut String) -> Result<(Package, Revision), OpenFault> {
    let text = |at| match row.get_ref(at).map(|value| value.as_str()) {
        Ok(Ok(text)) => Ok(text),
        _ => damaged(format!("column {at} of the row after `{last}` is not text")),
    };
    let columns = Columns {
        normalized_name: text(0)?,
        name: text(1)?,
        short_desc: text(2)?,
        tags: text(3)?,
        metadata: text(4)?,
        revision: row.get(5)?,
    };
    let name = columns.normalized_name;
    if row.get::<_, i64>(6)? != i64::from(columns.checksum()) {
        return damaged(format!("the row of `{name}` does not fit its checksum"));
    }
    if name <= last.as_str() && !last.is_empty() {
        return damaged(format!("the row of `{name}` comes after the row of `{last}`"));
    }
    let Some(package) = package(&columns).filter(|it| it.name.normalized().as_str() == name) else {
        return damaged(format!("the row of `{name}` is no package"));
    };
    name.clone_into(last);
    Ok((package, super::revision(columns.revision)?))
}

fn package(columns: &Columns<'_>) -> Option<Package> {
    let tags = match columns.tags {
        "[]" => BTreeSet::new(),
        tags => {
            let tags: Vec<String> = serde_json::from_str(tags).ok()?;
            tags.iter().map(|tag| tag.parse()).collect::<Result<BTreeSet<Tag>, _>>().ok()?
        }
    };
    let details = Details::new(columns.short_desc.parse().ok()?)
        .with_tags(tags.try_into().ok()?)
        .with_metadata(Metadata::from_stored_json(columns.metadata).ok()?);
    Some(Package::from_parts(columns.name.parse().ok()?, details))
}
