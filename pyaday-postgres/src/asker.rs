//! The task that asks the database, for readers, whether it holds more than this process shows.
//!
//! It has a connection of its own, so that readers do not wait for the writes of this process.

use std::sync::Arc;
use std::time::Instant;

use deadpool_postgres::Pool;

use crate::connection::Connection;
use crate::deadline::{READ, within};
use crate::error::Fault;
use crate::rows::head::{self, Point};
use crate::schema::Schema;
use crate::shared::Shared;

/// The task.
pub(crate) struct Asker {
    pool: Pool,
    schema: Arc<Schema>,
    shared: Arc<Shared>,
    /// It is made for the first reader that asks.
    connection: Option<Connection>,
}

impl Asker {
    pub(crate) fn new(pool: Pool, schema: Arc<Schema>, shared: Arc<Shared>) -> Self {
        Self { pool, schema, shared, connection: None }
    }

    /// Asks the database again and again, each time once for all readers that have arrived since the last
    /// time.
    pub(crate) async fn run(mut self) {
        loop {
            self.shared.asked.notified().await;
            let as_of = Instant::now();
            match self.ask().await {
                Ok(point) if self.shared.confirm(&point, as_of) => {}
                // The database holds more. The task that follows the database reads it.
                Ok(_) => self.shared.behind.notify_one(),
                Err(fault) => self.shared.fail_to_follow(as_of, fault),
            }
        }
    }

    /// The newest position of the database.
    async fn ask(&mut self) -> Result<Point, Fault> {
        if let Some(connection) = self.connection.take().filter(|it| !it.client.is_closed()) {
            match self.ask_over(connection).await {
                // The connection may have ended since it was last used. The database may still work.
                Err(Fault::Database(_)) => {}
                answer => return answer,
            }
        }
        let mut connection = Connection::dial(&self.pool).await?;
        within(READ, connection.ready(&self.schema)).await?;
        self.ask_over(connection).await
    }

    /// Asks over this connection, and keeps it if it works.
    async fn ask_over(&mut self, connection: Connection) -> Result<Point, Fault> {
        let head = within(READ, head::read(&connection.client)).await?;
        self.connection = Some(connection);
        Ok(head.point)
    }
}
