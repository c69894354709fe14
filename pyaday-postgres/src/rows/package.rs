//! Converts packages to rows, and rows to packages.
//!
//! The core says which columns a package has, and what their texts are. This store adds the columns
//! `normalized_name` and `revision`. A column with another type than `text` is converted in SQL.

use std::borrow::Cow;
use std::sync::LazyLock;

use deadpool_postgres::ClientWrapper;
use pyaday_core::{NormalizedName, Package, Revision};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::{revision, same};
use crate::error::Fault;

/// The expression that makes the text of a column.
fn to_text(column: &str) -> String {
    match column {
        "tags" => "array_to_json(package.tags)::text".to_owned(),
        "metadata" => "package.metadata::text".to_owned(),
        _ => format!("package.{column}"),
    }
}

/// The expression that makes the value of a column from its text.
fn of_text(column: &str) -> String {
    match column {
        "tags" => "ARRAY(SELECT json_array_elements_text(new.tags::json))".to_owned(),
        "metadata" => "new.metadata::json".to_owned(),
        _ => format!("new.{column}"),
    }
}

/// An item for each column of a package, joined by commas.
fn list(of: impl Fn(&str) -> String) -> String {
    Package::column_names().map(of).collect::<Vec<_>>().join(", ")
}

/// The rows to write. There is a parameter with an array for each column.
fn new_rows() -> String {
    let columns = Package::column_names().len();
    let texts: Vec<_> = (1..=columns + 1).map(|number| format!("${number}::text[]")).collect();
    format!(
        "unnest({}, ${}::bigint[]) AS new (normalized_name, {}, revision)",
        texts.join(", "),
        columns + 2,
        list(str::to_owned)
    )
}

/// Reads all packages. The columns are those that [`read`] expects.
pub(crate) static LOAD: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT revision, {} FROM package ORDER BY normalized_name", list(to_text))
});

/// Reads the packages that changed after a revision: the name of each and whether it was deleted, then the
/// columns that [`read`] expects.
pub(crate) static FOLLOW: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT changed.package, package.normalized_name IS NULL, package.revision, {}
         FROM (
             SELECT DISTINCT json_array_elements_text(packages) AS package
             FROM change WHERE revision > $1
         ) AS changed
         LEFT JOIN package ON package.normalized_name = changed.package",
        list(to_text)
    )
});

static INSERT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO package (normalized_name, {}, revision)
         SELECT normalized_name, {}, revision FROM {}",
        list(str::to_owned),
        list(of_text),
        new_rows()
    )
});
static UPDATE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE package SET {}, revision = new.revision FROM {}
         WHERE package.normalized_name = new.normalized_name",
        list(|column| format!("{column} = {}", of_text(column))),
        new_rows()
    )
});
const DELETE: &str = "DELETE FROM package WHERE normalized_name = ANY($1)";

/// Reads the package of a row. The columns of [`LOAD`] begin at `at`.
pub(crate) fn read(row: &Row, at: usize) -> Result<(Package, Revision), Fault> {
    let revision = revision(row.try_get(at)?)?;
    let columns = at + 1..at + 1 + Package::column_names().len();
    let texts = columns.map(|column| row.try_get(column)).collect::<Result<Vec<&str>, _>>()?;
    match Package::restore(texts.iter().copied()) {
        Ok(package) => Ok((package, revision)),
        Err(_) => {
            let name = texts.first().copied().unwrap_or_default();
            Err(Fault::Damaged(format!("the row of `{name}` is not a valid package")))
        }
    }
}

/// Rows to write, by columns.
#[derive(Default)]
pub(crate) struct Columns<'a> {
    normalized_names: Vec<&'a str>,
    /// The texts of each column.
    texts: Vec<Vec<Cow<'a, str>>>,
    revisions: Vec<i64>,
}

impl<'a> Columns<'a> {
    pub(crate) fn push(
        &mut self,
        name: &'a NormalizedName,
        package: &'a Package,
        revision: Revision,
    ) {
        self.normalized_names.push(name.as_str());
        self.texts.resize_with(Package::column_names().len(), Vec::new);
        for (column, text) in self.texts.iter_mut().zip(package.columns()) {
            column.push(text);
        }
        self.revisions.push(revision.to_i64());
    }

    pub(crate) fn len(&self) -> usize {
        self.normalized_names.len()
    }

    /// The columns as the parameters of a statement.
    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&self.normalized_names];
        parameters.extend(self.texts.iter().map(|column| column as &(dyn ToSql + Sync)));
        parameters.push(&self.revisions);
        parameters
    }
}

/// Adds rows.
pub(crate) async fn insert(client: &ClientWrapper, rows: &Columns<'_>) -> Result<(), Fault> {
    write(client, &INSERT, rows, "package, added").await
}

/// Replaces existing rows.
pub(crate) async fn update(client: &ClientWrapper, rows: &Columns<'_>) -> Result<(), Fault> {
    write(client, &UPDATE, rows, "package, replaced").await
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
