//! Packages as rows, and rows as packages.

use std::collections::BTreeSet;

use deadpool_postgres::ClientWrapper;
use pyaday_core::{Details, Metadata, NormalizedName, Package, Revision, Stored, Tag};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::{integer, revision, same};
use crate::error::Fault;
use crate::schema::Schema;

/// The columns that [`read`] takes.
pub(crate) const COLUMNS: &str = "package.name, package.short_desc, package.tags, \
                                  package.metadata::text, package.revision";

/// Ends the name in the text that is searched. A description cannot hold it.
pub(crate) const NAME_END: char = '\u{1}';

/// The package of a row whose columns from `at` on are [`COLUMNS`].
pub(crate) fn read(row: &Row, at: usize) -> Result<(Package, Revision), Fault> {
    let (name, short_desc): (&str, &str) = (row.try_get(at)?, row.try_get(at + 1)?);
    let (tags, metadata): (Vec<&str>, &str) = (row.try_get(at + 2)?, row.try_get(at + 3)?);
    let revision = revision(row.try_get(at + 4)?)?;
    match package(name, short_desc, &tags, metadata) {
        Some(package) => Ok((package, revision)),
        None => Err(Fault::Damaged(format!("the row of `{name}` is no package"))),
    }
}

/// The same, as readers get it.
pub(crate) fn stored(row: &Row, at: usize) -> Result<Stored, Fault> {
    read(row, at).map(|(package, revision)| Stored::new(&package, revision))
}

fn package(name: &str, short_desc: &str, tags: &[&str], metadata: &str) -> Option<Package> {
    let tags = tags.iter().map(|tag| tag.parse()).collect::<Result<BTreeSet<Tag>, _>>().ok()?;
    let details = Details::new(short_desc.parse().ok()?)
        .with_tags(tags.try_into().ok()?)
        .with_metadata(Metadata::from_stored_json(metadata).ok()?);
    Some(Package::from_parts(name.parse().ok()?, details))
}

/// A text in lower case, character by character: as the words are that are looked for in it.
pub(crate) fn push_lower(out: &mut String, text: &str) {
    out.extend(text.chars().flat_map(char::to_lowercase));
}

/// Rows to write, by columns.
#[derive(Default)]
pub(crate) struct Columns<'a> {
    normalized_names: Vec<&'a str>,
    names: Vec<&'a str>,
    short_descs: Vec<&'a str>,
    /// Joined by a space, which no tag holds.
    tags: Vec<String>,
    metadata: Vec<&'a str>,
    revisions: Vec<i64>,
    searches: Vec<String>,
}

impl<'a> Columns<'a> {
    pub(crate) fn push(
        &mut self,
        name: &'a NormalizedName,
        package: &'a Package,
        revision: Revision,
    ) {
        let Details { short_desc, tags, metadata, .. } = &package.details;
        let mut search = format!("{name}{NAME_END}");
        push_lower(&mut search, short_desc.as_str());
        self.normalized_names.push(name.as_str());
        self.names.push(package.name.as_str());
        self.short_descs.push(short_desc.as_str());
        self.tags.push(tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(" "));
        self.metadata.push(metadata.as_json());
        self.revisions.push(integer(revision));
        self.searches.push(search);
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The columns as the first parameters of a statement.
    fn parameters(&self) -> [&(dyn ToSql + Sync); 7] {
        [
            &self.normalized_names,
            &self.names,
            &self.short_descs,
            &self.tags,
            &self.metadata,
            &self.revisions,
            &self.searches,
        ]
    }
}

/// Adds rows; they get the slots from `slot` on.
pub(crate) async fn insert(
    client: &ClientWrapper,
    schema: &Schema,
    rows: &Columns<'_>,
    slot: i64,
) -> Result<(), Fault> {
    if rows.len() == 0 {
        return Ok(());
    }
    let sql = schema.sql(
        "INSERT INTO pyaday.package
             (normalized_name, name, short_desc, tags, metadata, revision, search, slot)
         SELECT normalized_name, name, short_desc, string_to_array(tags, ' '), metadata::json,
                revision, search, $8 + place - 1
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
                     $7::text[]) WITH ORDINALITY
              AS new (normalized_name, name, short_desc, tags, metadata, revision, search, place)",
    );
    let statement = client.prepare_cached(&sql).await?;
    let inserted = client.execute(&statement, &[&rows.parameters()[..], &[&slot]].concat()).await?;
    same("package, added", rows.len(), inserted as usize)
}

/// Replaces rows that are there.
pub(crate) async fn update(
    client: &ClientWrapper,
    schema: &Schema,
    rows: &Columns<'_>,
) -> Result<(), Fault> {
    if rows.len() == 0 {
        return Ok(());
    }
    let sql = schema.sql(
        "UPDATE pyaday.package AS package
         SET name = new.name, short_desc = new.short_desc, tags = string_to_array(new.tags, ' '),
             metadata = new.metadata::json, revision = new.revision, search = new.search
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
                     $7::text[])
              AS new (normalized_name, name, short_desc, tags, metadata, revision, search)
         WHERE package.normalized_name = new.normalized_name",
    );
    let statement = client.prepare_cached(&sql).await?;
    let updated = client.execute(&statement, &rows.parameters()).await?;
    same("package, replaced", rows.len(), updated as usize)
}

/// Removes rows. Those with the highest slots move to the ones that become free, so that `left` rows
/// have the slots from 0 on without gaps.
pub(crate) async fn delete(
    client: &ClientWrapper,
    schema: &Schema,
    names: &[&str],
    left: i64,
) -> Result<(), Fault> {
    if names.is_empty() {
        return Ok(());
    }
    let sql =
        schema.sql("DELETE FROM pyaday.package WHERE normalized_name = ANY($1) RETURNING slot");
    let statement = client.prepare_cached(&sql).await?;
    let rows = client.query(&statement, &[&names]).await?;
    same("package, removed", names.len(), rows.len())?;
    let slots = rows.iter().map(|row| row.try_get(0)).collect::<Result<BTreeSet<i64>, _>>()?;
    let free: Vec<_> = slots.range(..left).copied().collect();
    let end = left + slots.len() as i64;
    let high: Vec<_> = (left..end).filter(|slot| !slots.contains(slot)).collect();
    if free.is_empty() {
        return Ok(());
    }
    let sql = schema.sql(
        "UPDATE pyaday.package AS package SET slot = move.free
         FROM unnest($1::bigint[], $2::bigint[]) AS move (free, high)
         WHERE package.slot = move.high",
    );
    let statement = client.prepare_cached(&sql).await?;
    let moved = client.execute(&statement, &[&free, &high]).await?;
    same("package, moved", free.len(), moved as usize)
}
