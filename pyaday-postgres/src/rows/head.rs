//! The row that says how far the catalogue is.

use deadpool_postgres::ClientWrapper;
use pyaday_core::{Revision, StoreId};
use tokio_postgres::Row;

use super::{integer, revision, same};
use crate::error::Fault;
use crate::schema;

/// A transaction, by what it has left at the end of the table of changes.
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

/// Reads it.
pub(crate) async fn read(client: &ClientWrapper) -> Result<Head, Fault> {
    query(client, READ).await
}

/// Reads it and keeps all others from writing until the end of the transaction.
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

/// Writes it as the last that a transaction writes, and tells other processes once that is committed.
///
/// From here on no statement may be cut short: a commit that waits for a standby would be one. A process
/// that stops before the commit loses the lock soon, however long its transaction was allowed to take.
pub(crate) async fn write(client: &ClientWrapper, head: &Head) -> Result<(), Fault> {
    let statement = client.prepare_cached(WRITE).await?;
    let Head { point: Point { position, revision, token }, packages, .. } = head;
    let revision = integer(*revision);
    let rows = client.query(&statement, &[&revision, packages, position, token]).await?;
    same("head", 1, rows.len())
}
