//! A connection to the primary that is not part of the pool.

use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::Manager as _;
use deadpool_postgres::{ClientWrapper, Pool};
use tokio::time::timeout;
use tokio_postgres::SimpleQueryMessage;

use crate::connector::{Watch, watching};
use crate::deadline::{READ, within};
use crate::error::Fault;
use crate::schema::Schema;

/// How long making a connection may take, for any number of hosts.
const DIAL: Duration = Duration::from_secs(2);

/// A connection to the primary. The client is private, so that nothing can wait for the database without a
/// deadline.
pub(crate) struct Connection {
    client: ClientWrapper,
    watch: Option<Arc<Watch>>,
    session: Option<Session>,
}

/// The identity of a connection on its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// The number of the server process, and when that process began. The time distinguishes it from a later
    /// process with the same number, and from one on another server.
    process: String,
    begin: String,
}

impl Session {
    /// Ends the session if the server still has it. This also ends its open transaction and frees the locks
    /// of that.
    pub(crate) async fn end(&self, client: &ClientWrapper) -> Result<(), Fault> {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE pid::text = $1 AND extract(epoch FROM backend_start)::text = $2";
        client.query(sql, &[&self.process, &self.begin]).await?;
        Ok(())
    }
}

impl Connection {
    /// Makes a connection in the way the pool does, but outside of the pool. The store keeps it for good, so
    /// the pool would have one connection less.
    pub(crate) async fn dial(pool: &Pool) -> Result<Self, Fault> {
        let manager = pool.manager();
        let dialled = timeout(DIAL, watching(manager.create())).await;
        let (client, watch) = dialled.map_err(|_| Fault::Late(DIAL))?;
        Ok(Self { client: client?, watch, session: None })
    }

    /// The answer of the database to what `ask` sends over this connection, or [`Fault::Late`] if the answer
    /// does not arrive before the deadline.
    pub(crate) async fn within<'a, T, F>(
        &'a self,
        deadline: Duration,
        ask: impl FnOnce(&'a ClientWrapper) -> F,
    ) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        within(deadline, ask(&self.client)).await
    }

    /// Runs statements that return no rows.
    pub(crate) async fn run(&self, deadline: Duration, statements: &str) -> Result<(), Fault> {
        within(deadline, async { Ok(self.client.batch_execute(statements).await?) }).await
    }

    /// True if the connection has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Prepares the connection: table names refer to the schema, and the server ends a statement that takes
    /// too long.
    ///
    /// A standby is refused. A pool of the host may lead to one, and the age of its data is not known.
    pub(crate) async fn ready(&mut self, schema: &Schema) -> Result<(), Fault> {
        let statements = format!(
            "SET statement_timeout = '5s'; \
             SET search_path = {}; \
             SELECT pid, extract(epoch FROM backend_start), pg_is_in_recovery() \
             FROM pg_stat_activity WHERE pid = pg_backend_pid()",
            schema.quoted()
        );
        let messages = async { Ok(self.client.simple_query(&statements).await?) };
        for message in within(READ, messages).await? {
            let SimpleQueryMessage::Row(row) = message else { continue };
            if row.try_get(2)? == Some("t") {
                return Err(Fault::Standby);
            }
            if let (Some(process), Some(begin)) = (row.try_get(0)?, row.try_get(1)?) {
                let (process, begin) = (process.to_owned(), begin.to_owned());
                self.session = Some(Session { process, begin });
            }
        }
        Ok(())
    }

    /// Asks the server to report the writes of other processes.
    pub(crate) async fn listen(&self, schema: &Schema) -> Result<(), Fault> {
        if self.watch.is_some() {
            self.run(READ, &format!("LISTEN {}", schema.quoted())).await?;
        }
        Ok(())
    }

    /// The identity of the session, after [`ready`](Self::ready).
    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Waits until the server reports that somebody has written.
    pub(crate) async fn notified(&self) {
        match &self.watch {
            Some(watch) => watch.notified().await,
            None => pending().await,
        }
    }

    /// True if the connection passes the server's warnings on.
    pub(crate) fn hears_warnings(&self) -> bool {
        self.watch.is_some()
    }

    /// The last warning that the server sent since the previous call.
    pub(crate) fn take_warning(&self) -> Option<String> {
        self.watch.as_ref().and_then(|watch| watch.take_warning())
    }
}
