//! A mark that is an empty table beside those of the store, so that a dump of the database has it too.

use std::time::Duration;

use pyaday_postgres::Database;
use pyaday_postgres::tokio_postgres::{Client, Error};
use tokio::time::timeout;

use super::Fault;

/// The schema is that of the store.
pub(super) const NAME: &str = "pyaday.unfinished_import";

/// How long making a connection or a statement may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lets the server notice within half a minute that this machine has gone, and then free the lock.
const KEEPALIVE: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; \
                         SET tcp_keepalives_count = 4";

/// The table, and the session that holds its lock.
#[derive(Debug)]
pub(crate) struct Table {
    database: Database,
    session: Option<Client>,
}

impl Table {
    /// The table in a database.
    pub(super) fn new(database: Database) -> Self {
        Self { database, session: None }
    }

    /// Takes the lock, unless another session has it. If this session has it already, then this makes sure
    /// that it still has it.
    pub(super) async fn lock(&mut self) -> Result<bool, Fault> {
        let session = match self.session.take() {
            Some(session) if !session.is_closed() => session,
            _ => self.connect().await?,
        };
        let sql = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))";
        let is_locked = bounded(session.query_one(sql, &[&NAME])).await?.try_get(0)?;
        self.session = Some(session).filter(|_| is_locked);
        Ok(is_locked)
    }

    /// Ends the session, and so frees the lock.
    pub(super) fn unlock(&mut self) {
        self.session = None;
    }

    /// Whether there is the table.
    pub(super) async fn exists(&self) -> Result<bool, Fault> {
        let sql = "SELECT to_regclass($1) IS NOT NULL";
        Ok(bounded(self.session()?.query_one(sql, &[&NAME])).await?.try_get(0)?)
    }

    /// Creates the table.
    pub(super) async fn create(&self) -> Result<(), Fault> {
        bounded(self.session()?.batch_execute(&format!("CREATE TABLE {NAME} ()"))).await
    }

    /// Removes the table, if it is there.
    pub(super) async fn remove(&self) -> Result<(), Fault> {
        bounded(self.session()?.batch_execute(&format!("DROP TABLE IF EXISTS {NAME}"))).await
    }

    fn session(&self) -> Result<&Client, Fault> {
        self.session.as_ref().ok_or_else(|| "the session that had its lock was lost".into())
    }

    /// A connection to the server that can be written. It ends with the client.
    async fn connect(&self) -> Result<Client, Fault> {
        let client = bounded(self.database.connect()).await?;
        bounded(client.batch_execute(KEEPALIVE)).await?;
        Ok(client)
    }
}

/// Waits for an answer of the database, but not for longer than [`PATIENCE`].
async fn bounded<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, Fault> {
    match timeout(PATIENCE, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => {
            Err(format!("the database did not answer within {} s", PATIENCE.as_secs()).into())
        }
    }
}
