//! What is in the tables, as packages, days and the head.
//!
//! The statements name tables without their schema: a connection that is
//! [ready](crate::connection::Connection::ready) knows which one is meant.

pub(crate) mod change;
pub(crate) mod head;
pub(crate) mod journal;
pub(crate) mod package;

use std::pin::Pin;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use futures_util::StreamExt;
use futures_util::stream::ReadyChunks;
use pyaday_core::{Change, Revision};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, RowStream, ToStatement};

use crate::deadline::within;
use crate::error::Fault;

use head::{Head, Point};

/// How long the next of many rows may take.
const NEXT: Duration = Duration::from_secs(10);

/// Rows as they come. The deadline is that of the next rows, not of all of them: how long all may take
/// depends on how many there are, how long they are and how fast the network is.
pub(crate) struct Parts {
    rows: Pin<Box<ReadyChunks<RowStream>>>,
}

impl Parts {
    /// The most rows of a part: as many as make the catalogue's own work on a part cheap.
    pub(crate) const LENGTH: usize = 4096;

    /// The rows that a statement gives.
    pub(crate) async fn of<T>(
        client: &ClientWrapper,
        statement: &T,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Self, Fault>
    where
        T: ?Sized + ToStatement + Sync,
    {
        let parameters = parameters.iter().copied();
        let rows = async { Ok(client.query_raw(statement, parameters).await?) };
        let rows = within(NEXT, rows).await?.ready_chunks(Self::LENGTH);
        Ok(Self { rows: Box::pin(rows) })
    }

    /// The next rows, at least one; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Row>>, Fault> {
        match within(NEXT, async { Ok(self.rows.next().await) }).await? {
            Some(rows) => Ok(Some(rows.into_iter().collect::<Result<_, _>>()?)),
            None => Ok(None),
        }
    }
}

/// Writes changes and the head, with one statement for each kind of row; where the feed ends then.
pub(crate) async fn write(
    client: &ClientWrapper,
    changes: &[Change<'_>],
    revision: Revision,
    head: &Head,
) -> Result<Point, Fault> {
    let (mut added, mut replaced) = (package::Columns::default(), package::Columns::default());
    let (mut opened, mut pins) = (journal::Days::default(), journal::Pins::default());
    let (mut removed, mut unpinned) = (Vec::new(), Vec::new());
    for change in changes {
        match *change {
            Change::Create { name, package, revision } => added.push(name, package, revision),
            Change::Replace { name, package, revision } => replaced.push(name, package, revision),
            Change::Delete(name) => removed.push(name.as_str()),
            Change::Open(daily) => opened.push(daily),
            Change::Pin(pinned) => pins.push(pinned),
            Change::Unpin(date) => unpinned.push(date.to_string()),
        }
    }
    package::delete(client, &removed).await?;
    package::insert(client, &added).await?;
    package::update(client, &replaced).await?;
    journal::unpin(client, &unpinned).await?;
    journal::open(client, &opened).await?;
    journal::pin(client, &pins).await?;
    let packages = head.packages + added.len() as i64 - removed.len() as i64;
    let point = change::write(client, changes, revision, &head.point).await?;
    head::write(client, &Head { point, packages, ..*head }).await?;
    Ok(point)
}

/// As PostgreSQL has it. A sequence that begins with the clock's microseconds is at its end after
/// some hundred thousand years.
fn integer(revision: Revision) -> i64 {
    revision.get() as i64
}

/// The inverse of [`integer`].
pub(crate) fn revision(integer: i64) -> Result<Revision, Fault> {
    match u64::try_from(integer) {
        Ok(number) => Ok(Revision::new(number)),
        Err(_) => Err(Fault::Damaged("a revision is negative".to_owned())),
    }
}

/// States that a statement has touched as many rows as it should have.
fn same(what: &str, expected: usize, found: usize) -> Result<(), Fault> {
    match expected == found {
        true => Ok(()),
        false => Err(Fault::Damaged(format!("{what}: {found} rows in the place of {expected}"))),
    }
}
