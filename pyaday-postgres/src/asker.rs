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
    /// It is made when somebody asks for the first time.
    connection: Option<Connection>,
}

impl Asker {
    pub(crate) fn new(pool: Pool, schema: Arc<Schema>, shared: Arc<Shared>) -> Self {
        Self { pool, schema, shared, connection: None }
    }

    /// Asks once for all readers who have come since it asked last, again and again.
    pub(crate) async fn run(mut self) {
        loop {
            self.shared.asked.notified().await;
            let as_of = Instant::now();
            match self.ask().await {
                Ok(point) if self.shared.confirm(&point, as_of) => {}
                // There is more, which the task that follows the database reads.
                Ok(_) => self.shared.behind.notify_one(),
                Err(fault) => self.shared.fail_to_follow(as_of, fault),
            }
        }
    }

    /// How far the database is.
    async fn ask(&mut self) -> Result<Point, Fault> {
        if let Some(connection) = self.connection.take().filter(|it| !it.client.is_closed()) {
            match self.ask_over(connection).await {
                // The connection may have ended meanwhile, which says nothing of the database.
                Err(Fault::Database(_)) => {}
                answer => return answer,
            }
        }
        let mut connection = Connection::dial(&self.pool).await?;
        within(READ, connection.ready(&self.schema)).await?;
        self.ask_over(connection).await
    }

    /// The same, over a connection, which is kept if it is not to blame for a failure.
    async fn ask_over(&mut self, connection: Connection) -> Result<Point, Fault> {
        let head = within(READ, head::read(&connection.client)).await?;
        self.connection = Some(connection);
        Ok(head.point)
    }
}
