//! The one connection over which a process writes and follows.

use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::Manager as _;
use deadpool_postgres::{ClientWrapper, Pool};
use tokio::time::timeout;
use tokio_postgres::SimpleQueryMessage;

use crate::connector::{Watch, watching};
use crate::error::Fault;
use crate::schema::{self, Schema};

/// How long making a connection may take, whatever the number of hosts.
const DIAL: Duration = Duration::from_secs(2);

/// A connection to the primary.
pub(crate) struct Connection {
    pub(crate) client: ClientWrapper,
    watch: Option<Arc<Watch>>,
    session: Option<Session>,
}

/// A connection as its server knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// Its process, and when that began, which tells it from a later one of the same number and from one
    /// of another server.
    process: String,
    begin: String,
}

impl Session {
    /// Has the server end it, if it is there: with it end the transaction that it may be in, and the
    /// locks of that.
    pub(crate) async fn end(&self, client: &ClientWrapper) -> Result<(), Fault> {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE pid::text = $1 AND extract(epoch FROM backend_start)::text = $2";
        client.query(sql, &[&self.process, &self.begin]).await?;
        Ok(())
    }
}

impl Connection {
    /// Makes a connection as those of a pool are made, beside them: it is kept, so it would take one
    /// away from them. The tables are there then.
    pub(crate) async fn dial(
        pool: &Pool,
        schema: &Schema,
        must_exist: bool,
    ) -> Result<Self, Fault> {
        let manager = pool.manager();
        let dialled = timeout(DIAL, watching(manager.create())).await;
        let (client, watch) = dialled.map_err(|_| Fault::Late(DIAL))?;
        let connection = Self { client: client?, watch, session: None };
        schema::migrate(&connection.client, schema, must_exist).await?;
        Ok(connection)
    }

    /// Readies it for work: nothing goes on for long after nobody waits for it, and the server tells
    /// when others have written.
    pub(crate) async fn ready(&mut self, schema: &Schema) -> Result<(), Fault> {
        let mut statements = "SET statement_timeout = '5s'; \
             SELECT pid, extract(epoch FROM backend_start) FROM pg_stat_activity \
             WHERE pid = pg_backend_pid()"
            .to_owned();
        if self.watch.is_some() {
            statements.push_str("; LISTEN ");
            statements.push_str(schema.quoted());
        }
        for message in self.client.simple_query(&statements).await? {
            if let SimpleQueryMessage::Row(row) = message
                && let (Some(process), Some(begin)) = (row.try_get(0)?, row.try_get(1)?)
            {
                let (process, begin) = (process.to_owned(), begin.to_owned());
                self.session = Some(Session { process, begin });
            }
        }
        Ok(())
    }

    /// What the server knows it as, once it is [ready](Self::ready).
    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Waits until the server tells that somebody has written.
    pub(crate) async fn notified(&self) {
        match &self.watch {
            Some(watch) => watch.notified().await,
            None => pending().await,
        }
    }

    /// True if the server's warnings come to be known.
    pub(crate) fn hears_warnings(&self) -> bool {
        self.watch.is_some()
    }

    /// The last warning of the server since it was taken before.
    pub(crate) fn take_warning(&self) -> Option<String> {
        self.watch.as_ref().and_then(|watch| watch.take_warning())
    }
}

/// What the database answers before a deadline.
pub(crate) async fn within<T>(
    deadline: Duration,
    answer: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    timeout(deadline, answer).await.unwrap_or(Err(Fault::Late(deadline)))
}
