//! The feed of changes that other processes follow.

use deadpool_postgres::ClientWrapper;
use pyaday_core::{Revision, RowChange};
use tokio_postgres::types::ToSql;

use super::head::Point;
use super::same;
use crate::error::Fault;

/// The least number of the newest changes that are kept.
const KEPT: i64 = 100_000;

/// How many more changes there may be before old ones are removed.
const SPARE: i64 = 1_000;

const WRITE: &str = "INSERT INTO change (position, revision, token, package, date)
                     SELECT $1 + place, $2, $3, package, date
                     FROM unnest($4::text[], $5::text[]) WITH ORDINALITY
                          AS new (package, date, place)";
const SHORTEN: &str = "DELETE FROM change WHERE position <= $1";
const READ: &str = "SELECT revision, token FROM change WHERE position = $1";

/// Adds the changes of a transaction after those of the previous one. Returns the new end of the feed.
pub(crate) async fn write(
    client: &ClientWrapper,
    changes: &[RowChange<'_>],
    revision: Revision,
    before: &Point,
) -> Result<Point, Fault> {
    let (packages, dates) = columns(changes);
    let rows = packages.len();
    let (before, token) = (before.position, rand::random());
    let point = Point { position: before + rows as i64, revision, token };
    let statement = client.prepare_cached(WRITE).await?;
    let parameters: [&(dyn ToSql + Sync); 5] =
        [&before, &revision.to_i64(), &token, &packages, &dates];
    same("change", rows, client.execute(&statement, &parameters).await? as usize)?;
    if before / SPARE != point.position / SPARE {
        let statement = client.prepare_cached(SHORTEN).await?;
        client.execute(&statement, &[&(point.position - KEPT)]).await?;
    }
    Ok(point)
}

/// The columns of the feed: each row names a package or a date. A transaction has at least one row. If it
/// created and deleted a package and changed nothing else, its row names neither.
fn columns<'a>(changes: &[RowChange<'a>]) -> (Vec<Option<&'a str>>, Vec<Option<String>>) {
    let (mut packages, mut dates) = (Vec::new(), Vec::new());
    for change in changes {
        let (package, date) = match *change {
            RowChange::Create { name, .. }
            | RowChange::Replace { name, .. }
            | RowChange::Delete(name) => (Some(name.as_str()), None),
            RowChange::Open(daily) => (None, Some(daily.date())),
            RowChange::Pin(pinned) => (None, Some(pinned.date)),
            RowChange::Unpin(date) => (None, Some(date)),
        };
        packages.push(package);
        dates.push(date.map(|date| date.to_string()));
    }
    if changes.is_empty() {
        packages.push(None);
        dates.push(None);
    }
    (packages, dates)
}

/// True if the feed still has the last change of a transaction. Then the transaction is part of the history
/// of this database, and the feed has all changes after it.
pub(crate) async fn reaches_back_to(client: &ClientWrapper, point: &Point) -> Result<bool, Fault> {
    let statement = client.prepare_cached(READ).await?;
    let Some(row) = client.query_opt(&statement, &[&point.position]).await? else {
        return Ok(false);
    };
    let found: (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(found == (point.revision.to_i64(), point.token))
}
