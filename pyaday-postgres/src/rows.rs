//! What is in the tables, as packages, days and the head.

pub(crate) mod change;
pub(crate) mod head;
pub(crate) mod journal;
pub(crate) mod package;

use std::pin::Pin;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use futures_util::StreamExt;
use futures_util::stream::ReadyChunks;
use pyaday_core::Revision;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, RowStream, ToStatement};

use crate::connection::within;
use crate::error::Fault;

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
