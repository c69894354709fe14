//! A connection of this process's own to the primary.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::Manager as _;
use deadpool_postgres::{ClientWrapper, Pool};
use tokio::time::timeout;
use tokio_postgres::SimpleQueryMessage;

use crate::connector::{Watch, watching};
use crate::error::Fault;
use crate::schema::Schema;

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
    /// away from them.
    pub(crate) async fn dial(pool: &Pool) -> Result<Self, Fault> {
        let manager = pool.manager();
        let dialled = timeout(DIAL, watching(manager.create())).await;
        let (client, watch) = dialled.map_err(|_| Fault::Late(DIAL))?;
        Ok(Self { client: client?, watch, session: None })
    }

    /// Readies it for work: the names of tables mean those of the schema, and no statement goes on for
    /// long after nobody waits for it.
    ///
    /// A standby is refused. A host's pool may lead to one, and nobody knows how old what it shows is.
    pub(crate) async fn ready(&mut self, schema: &Schema) -> Result<(), Fault> {
        let statements = format!(
            "SET statement_timeout = '5s'; \
             SET search_path = {}; \
             SELECT pid, extract(epoch FROM backend_start), pg_is_in_recovery() \
             FROM pg_stat_activity WHERE pid = pg_backend_pid()",
            schema.quoted()
        );
        for message in self.client.simple_query(&statements).await? {
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

    /// Has the server report when others have written.
    pub(crate) async fn listen(&self, schema: &Schema) -> Result<(), Fault> {
        if self.watch.is_some() {
            self.client.batch_execute(&format!("LISTEN {}", schema.quoted())).await?;
        }
        Ok(())
    }

    /// What the server knows it as, once it is [ready](Self::ready).
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

    /// True if the server's warnings come to be known.
    pub(crate) fn hears_warnings(&self) -> bool {
        self.watch.is_some()
    }

    /// The last warning of the server since it was taken before.
    pub(crate) fn take_warning(&self) -> Option<String> {
        self.watch.as_ref().and_then(|watch| watch.take_warning())
    }
}
