//! The row `head`, with the newest position and revision of the catalogue.

use deadpool_postgres::ClientWrapper;
use pyaday_core::{Revision, StoreId};
use tokio_postgres::Row;

use super::{revision, same};
use crate::error::Fault;
use crate::schema;

/// Identifies a transaction by its last row in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) position: i64,
    pub(crate) revision: Revision,
    pub(crate) token: i64,
}

/// The row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) point: Point,
    pub(crate) packages: i64,
    pub(crate) store: StoreId,
}

const READ: &str =
    "SELECT schema, oldest, revision, packages, position, token, uuid_send(store) FROM head";
const LOCK: &str = "SELECT schema, oldest, revision, packages, position, token, uuid_send(store) \
                    FROM head FOR UPDATE";
const WRITE: &str = "WITH written AS (
                         UPDATE head
                         SET revision = $1, packages = $2, position = $3, token = $4
                         RETURNING id
                     )
                     SELECT pg_notify(current_schema()::text, ''),
                            set_config('statement_timeout', '0', true),
                            set_config('idle_in_transaction_session_timeout', '5s', true)
                     FROM written";

/// Reads the head.
pub(crate) async fn read(client: &ClientWrapper) -> Result<Head, Fault> {
    query(client, READ).await
}

/// Reads and locks the head. No other transaction can write until the end of this one.
pub(crate) async fn lock(client: &ClientWrapper) -> Result<Head, Fault> {
    query(client, LOCK).await
}

async fn query(client: &ClientWrapper, sql: &str) -> Result<Head, Fault> {
    let statement = client.prepare_cached(sql).await?;
    match client.query_opt(&statement, &[]).await? {
        Some(row) => of(&row),
        None => Err(Fault::Damaged("the table head is empty".to_owned())),
    }
}

fn of(row: &Row) -> Result<Head, Fault> {
    schema::check(row.try_get(0)?, row.try_get(1)?)?;
    let point = Point {
        position: row.try_get(4)?,
        revision: revision(row.try_get(2)?)?,
        token: row.try_get(5)?,
    };
    let store: [u8; 16] = row
        .try_get::<_, &[u8]>(6)?
        .try_into()
        .map_err(|_| Fault::Damaged("the store's identity is not a UUID".to_owned()))?;
    Ok(Head { point, packages: row.try_get(3)?, store: StoreId::new(store) })
}

/// Writes the head, as the last row of a transaction. The server notifies other processes after the commit.
///
/// The statement also removes the limit for statements, because the limit would apply to a commit that waits
/// for a standby. It sets the short idle limit again, so that a process that stops before the commit soon
/// loses the lock, even after a large transaction.
pub(crate) async fn write(client: &ClientWrapper, head: &Head) -> Result<(), Fault> {
    let statement = client.prepare_cached(WRITE).await?;
    let Head { point: Point { position, revision, token }, packages, .. } = head;
    let revision = revision.to_i64();
    let rows = client.query(&statement, &[&revision, packages, position, token]).await?;
    same("head", 1, rows.len())
}
