//! Reads and writes the rows of the tables.
//!
//! The statements name tables without their schema: a connection that is
//! [ready](crate::connection::Connection::ready) finds them in the right schema.

pub(crate) mod change;
pub(crate) mod head;
pub(crate) mod journal;
pub(crate) mod large;
pub(crate) mod log;
pub(crate) mod package;
pub(crate) mod trim;

use std::pin::Pin;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use futures_util::StreamExt;
use futures_util::stream::ReadyChunks;
use pyaday_core::{Draft, Revision, RowChange};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, RowStream};

use crate::connection::Connection;
use crate::deadline::within;
use crate::error::Fault;

use head::{Head, Point};

/// How long the next row of a result may take.
const NEXT: Duration = Duration::from_secs(10);

/// The rows of a result, as they arrive. Each part has its own deadline, and the whole result has none: its
/// time depends on the number and the length of the rows and on the speed of the network.
pub(crate) struct Parts {
    rows: Pin<Box<ReadyChunks<RowStream>>>,
}

impl Parts {
    /// The most rows of a part. With this many, the catalogue's work for each part is cheap.
    pub(crate) const LENGTH: usize = 4096;

    /// Runs a statement and returns its rows.
    pub(crate) async fn of(
        connection: &Connection,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Self, Fault> {
        let rows = connection
            .within(NEXT, |client| async {
                let statement = client.prepare_cached(sql).await?;
                Ok(client.query_raw(&statement, parameters.iter().copied()).await?)
            })
            .await?;
        Ok(Self { rows: Box::pin(rows.ready_chunks(Self::LENGTH)) })
    }

    /// The next rows, at least one. `None` after the last row.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Row>>, Fault> {
        match within(NEXT, async { Ok(self.rows.next().await) }).await? {
            Some(rows) => Ok(Some(rows.into_iter().collect::<Result<_, _>>()?)),
            None => Ok(None),
        }
    }
}

/// Writes the changes of a draft to the tables, the log and the head, with one statement for each kind of row.
/// Returns the new end of the log.
pub(crate) async fn write(
    client: &ClientWrapper,
    draft: &Draft,
    changes: &[RowChange<'_>],
    head: &Head,
) -> Result<Point, Fault> {
    let (mut added, mut replaced) = (package::Columns::default(), package::Columns::default());
    let (mut opened, mut pins) = (journal::Days::default(), journal::Pins::default());
    let (mut removed, mut unpinned) = (Vec::new(), Vec::new());
    for change in changes {
        match *change {
            RowChange::Create { name, package, revision } => added.push(name, package, revision),
            RowChange::Replace { name, package, revision } => {
                replaced.push(name, package, revision);
            }
            RowChange::Delete(name) => removed.push(name.as_str()),
            RowChange::Open(daily) => opened.push(daily),
            RowChange::Pin(pinned) => pins.push(pinned),
            RowChange::Unpin(date) => unpinned.push(date.to_string()),
        }
    }
    package::delete(client, &removed).await?;
    package::insert(client, &added).await?;
    package::update(client, &replaced).await?;
    journal::unpin(client, &unpinned).await?;
    journal::open(client, &opened).await?;
    journal::pin(client, &pins).await?;
    let packages = head.packages + added.len() as i64 - removed.len() as i64;
    let point = change::write(client, draft, changes, &head.point).await?;
    head::write(client, &Head { point, packages, ..*head }).await?;
    Ok(point)
}

fn revision(integer: i64) -> Result<Revision, Fault> {
    Revision::from_i64(integer).ok_or_else(|| Fault::Damaged("a revision is negative".to_owned()))
}

/// Returns an error if a statement did not change the expected number of rows.
fn same(what: &str, expected: usize, found: usize) -> Result<(), Fault> {
    match expected == found {
        true => Ok(()),
        false => Err(Fault::Damaged(format!("{what}: {found} rows in the place of {expected}"))),
    }
}
