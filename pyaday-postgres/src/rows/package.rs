//! Converts packages to rows, and rows to packages.

use std::collections::BTreeSet;

use deadpool_postgres::ClientWrapper;
use pyaday_core::{Details, Metadata, NormalizedName, Package, Revision, Tag};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::{integer, revision, same};
use crate::error::Fault;

/// Reads all packages. The columns are those that [`read`] expects.
pub(crate) const LOAD: &str = "SELECT name, short_desc, tags, metadata::text, revision
                               FROM package ORDER BY normalized_name";

/// Reads the packages that changed after a position: the name of each and whether it was deleted, then the
/// columns that [`read`] expects.
pub(crate) const FOLLOW: &str = "SELECT changed.package, package.normalized_name IS NULL,
            package.name, package.short_desc, package.tags, package.metadata::text, package.revision
     FROM (
         SELECT DISTINCT package FROM change WHERE position > $1 AND package IS NOT NULL
     ) AS changed
     LEFT JOIN package ON package.normalized_name = changed.package";

const INSERT: &str =
    "INSERT INTO package (normalized_name, name, short_desc, tags, metadata, revision)
     SELECT normalized_name, name, short_desc, string_to_array(tags, ' '), metadata::json, revision
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
          AS new (normalized_name, name, short_desc, tags, metadata, revision)";
const UPDATE: &str = "UPDATE package
     SET name = new.name, short_desc = new.short_desc, tags = string_to_array(new.tags, ' '),
         metadata = new.metadata::json, revision = new.revision
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
          AS new (normalized_name, name, short_desc, tags, metadata, revision)
     WHERE package.normalized_name = new.normalized_name";
const DELETE: &str = "DELETE FROM package WHERE normalized_name = ANY($1)";

/// Reads the package of a row. The columns of [`LOAD`] begin at `at`.
pub(crate) fn read(row: &Row, at: usize) -> Result<(Package, Revision), Fault> {
    let (name, short_desc): (&str, &str) = (row.try_get(at)?, row.try_get(at + 1)?);
    let (tags, metadata): (Vec<&str>, &str) = (row.try_get(at + 2)?, row.try_get(at + 3)?);
    let revision = revision(row.try_get(at + 4)?)?;
    match package(name, short_desc, &tags, metadata) {
        Some(package) => Ok((package, revision)),
        None => Err(Fault::Damaged(format!("the row of `{name}` is no package"))),
    }
}

fn package(name: &str, short_desc: &str, tags: &[&str], metadata: &str) -> Option<Package> {
    let tags = tags.iter().map(|tag| tag.parse()).collect::<Result<BTreeSet<Tag>, _>>().ok()?;
    let details = Details::new(short_desc.parse().ok()?)
        .with_tags(tags.try_into().ok()?)
        .with_metadata(Metadata::from_stored_json(metadata).ok()?);
    Some(Package::from_parts(name.parse().ok()?, details))
}

/// Rows to write, by columns.
#[derive(Default)]
pub(crate) struct Columns<'a> {
    normalized_names: Vec<&'a str>,
    names: Vec<&'a str>,
    short_descs: Vec<&'a str>,
    /// The tags of each package, joined by a space, because no tag contains a space.
    tags: Vec<String>,
    metadata: Vec<&'a str>,
    revisions: Vec<i64>,
}

impl<'a> Columns<'a> {
    pub(crate) fn push(
        &mut self,
        name: &'a NormalizedName,
        package: &'a Package,
        revision: Revision,
    ) {
        let Details { short_desc, tags, metadata, .. } = &package.details;
        self.normalized_names.push(name.as_str());
        self.names.push(package.name.as_str());
        self.short_descs.push(short_desc.as_str());
        self.tags.push(tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(" "));
        self.metadata.push(metadata.as_json());
        self.revisions.push(integer(revision));
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The columns as the parameters of a statement.
    fn parameters(&self) -> [&(dyn ToSql + Sync); 6] {
        [
            &self.normalized_names,
            &self.names,
            &self.short_descs,
            &self.tags,
            &self.metadata,
            &self.revisions,
        ]
    }
}

/// Adds rows.
pub(crate) async fn insert(client: &ClientWrapper, rows: &Columns<'_>) -> Result<(), Fault> {
    write(client, INSERT, rows, "package, added").await
}

/// Replaces existing rows.
pub(crate) async fn update(client: &ClientWrapper, rows: &Columns<'_>) -> Result<(), Fault> {
    write(client, UPDATE, rows, "package, replaced").await
}

async fn write(
    client: &ClientWrapper,
    sql: &str,
    rows: &Columns<'_>,
    what: &str,
) -> Result<(), Fault> {
    if rows.len() == 0 {
        return Ok(());
    }
    let statement = client.prepare_cached(sql).await?;
    let written = client.execute(&statement, &rows.parameters()).await?;
    same(what, rows.len(), written as usize)
}

/// Removes rows.
pub(crate) async fn delete(client: &ClientWrapper, names: &[&str]) -> Result<(), Fault> {
    if names.is_empty() {
        return Ok(());
    }
    let statement = client.prepare_cached(DELETE).await?;
    let removed = client.execute(&statement, &[&names]).await?;
    same("package, removed", names.len(), removed as usize)
}
