//! The task that asks the database, for readers, whether it holds more than this process shows.
//!
//! It has a connection of its own, so that readers do not wait for the writes of this process.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use deadpool_postgres::Pool;
use futures_util::FutureExt;
use tokio::time::sleep;

use crate::connection::Connection;
use crate::deadline::READ;
use crate::error::Fault;
use crate::node::RETRY;
use crate::rows::head::{self, Point};
use crate::schema::Schema;
use crate::shared::Shared;

/// The asker could not serve the readers that wait.
struct Failed;

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
    /// time. After a failure it waits, so that readers who try again at once do not make it dial without a
    /// pause.
    pub(crate) async fn run(mut self) {
        loop {
            self.shared.asked.notified().await;
            if self.serve().await.is_err() {
                sleep(RETRY).await;
            }
        }
    }

    /// Serves the readers that wait: either the database holds what is shown, or the task that follows the
    /// database is told to read more, or the fault is noted.
    async fn serve(&mut self) -> Result<(), Failed> {
        if self.shared.age().is_none() {
            // The tables may not exist yet. The task that follows creates them, and serves these readers.
            self.shared.behind.notify_one();
            return Err(Failed);
        }
        let as_of = Instant::now();
        let asked = AssertUnwindSafe(self.ask()).catch_unwind().await;
        // If the task ended after a panic, all later readers would be refused.
        match asked.unwrap_or(Err(Fault::Bug)) {
            Ok(point) if self.shared.confirm(&point, as_of) => Ok(()),
            Ok(_) => {
                self.shared.behind.notify_one();
                Ok(())
            }
            Err(fault) => {
                self.shared.fail_to_follow(as_of, fault);
                Err(Failed)
            }
        }
    }

    /// The newest position of the database.
    async fn ask(&mut self) -> Result<Point, Fault> {
        if let Some(connection) = self.connection.take().filter(|it| !it.is_closed()) {
            match self.ask_over(connection).await {
                // The connection may have ended since it was last used. The database may still work.
                Err(Fault::Database(_)) => {}
                answer => return answer,
            }
        }
        let mut connection = Connection::dial(&self.pool).await?;
        connection.ready(&self.schema).await?;
        self.ask_over(connection).await
    }

    /// Asks over this connection, and keeps it if it works.
    async fn ask_over(&mut self, connection: Connection) -> Result<Point, Fault> {
        let head = connection.within(READ, head::read).await?;
        self.connection = Some(connection);
        Ok(head.point)
    }
}
