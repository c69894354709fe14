//! Reads of the log of changes, over a connection of their own.
//!
//! Each read sees one moment of the database. The current versions of packages come from the catalogue that
//! this process shows. The catalogue may be older than that moment, but it must be part of the same history.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use deadpool_postgres::Pool;
use pyaday_core::{
    Catalogue, ChangeDetails, ChangeOrder, ChangePage, ChangeQuery, NoHistory, NormalizedName,
    Past, Retention, Revision, Stored,
};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::sleep;

use crate::connection::Connection;
use crate::deadline::{READ, within};
use crate::error::Fault;
use crate::follow::{SNAPSHOT, end_snapshot};
use crate::rows::{change, log, trim};
use crate::schema::Schema;
use crate::shared::Shared;

/// The most changes that are read with one statement.
const PART: usize = 1_000;

/// The most packages whose versions are read with one statement. Reading them takes about a millisecond of this
/// process.
const VERSIONS: usize = 200;

/// How often a store that does not keep all changes looks for some that it can remove.
const TRIM_INTERVAL: Duration = Duration::from_secs(1);

/// Begins a transaction that removes changes. If it is lost, the next one removes them again, so its commit
/// does not wait for a disk or a standby.
const BEGIN_TRIM: &str = "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = '1s'";

/// Reads the log, one read after the other.
pub(crate) struct History {
    pool: Pool,
    schema: Arc<Schema>,
    shared: Arc<Shared>,
    /// It is made for the first read.
    connection: Mutex<Option<Connection>>,
}

/// One moment of the log.
struct Moment<'a> {
    place: MutexGuard<'a, Option<Connection>>,
    connection: Connection,
    beginning: Revision,
    now: Catalogue,
}

impl History {
    pub(crate) fn new(pool: Pool, schema: Arc<Schema>, shared: Arc<Shared>) -> Self {
        Self { pool, schema, shared, connection: Mutex::default() }
    }

    /// Begins a transaction with these statements. Returns the connection, and the place to which it must
    /// be returned after the transaction. If that does not happen, it is closed.
    async fn begin(
        &self,
        statements: &str,
    ) -> Result<(MutexGuard<'_, Option<Connection>>, Connection), Fault> {
        // Others may wait too, and each may wait for the database.
        let mut place = within(READ, async { Ok(self.connection.lock().await) }).await?;
        if let Some(connection) = place.take().filter(|it| !it.is_closed()) {
            // The connection may have ended since it was last used. The database may still work.
            match connection.run(READ, statements).await {
                Err(Fault::Database(_)) => {}
                begun => return begun.map(|()| (place, connection)),
            }
        }
        let mut connection = Connection::dial(&self.pool).await?;
        connection.ready(&self.schema).await?;
        connection.run(READ, statements).await?;
        Ok((place, connection))
    }

    /// Begins to read the log.
    async fn look(&self) -> Result<Moment<'_>, Fault> {
        let (place, connection) = self.begin(SNAPSHOT).await?;
        // The catalogue is not newer than the snapshot only if it is taken before.
        let (now, point) = self.shared.followed().ok_or(Fault::Never)?;
        let is_part = |client| change::reaches_back_to(client, &point);
        if !connection.within(READ, is_part).await? {
            self.shared.behind.notify_one();
            return Err(Fault::Moved);
        }
        let beginning = connection.within(READ, log::beginning).await?;
        Ok(Moment { place, connection, beginning, now })
    }

    /// Returns a page of changes.
    pub(crate) async fn changes(&self, query: &ChangeQuery) -> Result<Past<ChangePage>, Fault> {
        let moment = self.look().await?;
        let answer = match moment.has(query.order).await? {
            true => Past::Known(moment.page(query).await?),
            false => Past::Unknown(NoHistory::Forgotten),
        };
        moment.end(answer).await
    }

    /// Returns a change and a page of its packages.
    pub(crate) async fn change(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: usize,
    ) -> Result<Past<Option<ChangeDetails>>, Fault> {
        let moment = self.look().await?;
        // No change has the revision 0, so it is not one that was removed.
        let answer = if revision <= moment.beginning && revision != Revision::new(0) {
            Past::Unknown(NoHistory::Forgotten)
        } else if revision > moment.now.revision() {
            Past::Known(None)
        } else {
            Past::Known(moment.details(revision, after, limit).await?)
        };
        moment.end(answer).await
    }

    /// Returns the version that a package had at a revision.
    pub(crate) async fn read_at(
        &self,
        name: &NormalizedName,
        at: Revision,
    ) -> Result<Past<Option<Stored>>, Fault> {
        let moment = self.look().await?;
        let Moment { connection, now, .. } = &moment;
        let answer = if at > now.revision() {
            Past::Unknown(NoHistory::NotYet)
        } else if at < moment.beginning {
            Past::Unknown(NoHistory::Forgotten)
        } else {
            let names = std::slice::from_ref(name);
            let read = |client| log::versions_at(client, now, at, names);
            Past::Known(connection.within(READ, read).await?.remove(name))
        };
        moment.end(answer).await
    }

    /// Removes changes that need not be kept, again and again.
    pub(crate) async fn keep_trimming(self: Arc<Self>, retention: Retention) {
        loop {
            sleep(TRIM_INTERVAL).await;
            if self.shared.age().is_some() {
                // After a failure, the next attempt is made after the interval.
                while let Ok(true) = self.trim(retention).await {}
            }
        }
    }

    /// Removes some of the changes that need not be kept. Returns false if there were none.
    async fn trim(&self, retention: Retention) -> Result<bool, Fault> {
        /// How long a transaction may take. It removes few rows, but the list of the packages of a change may
        /// be long.
        const TRIM: Duration = Duration::from_secs(5);

        let (mut place, connection) = self.begin(BEGIN_TRIM).await?;
        let trim = |client| trim::trim(client, retention, SystemTime::now());
        let is_trimmed = connection.within(TRIM, trim).await?;
        connection.run(READ, "COMMIT").await?;
        *place = Some(connection);
        Ok(is_trimmed)
    }
}

impl Moment<'_> {
    /// Ends the transaction.
    async fn end<T>(mut self, answer: T) -> Result<T, Fault> {
        end_snapshot(&self.connection).await?;
        *self.place = Some(self.connection);
        Ok(answer)
    }

    /// True if a list in this order lacks no change.
    async fn has(&self, order: ChangeOrder) -> Result<bool, Fault> {
        let ChangeOrder::After(position) = order else { return Ok(true) };
        let has = |client| log::has_position(client, self.beginning, &self.now, position);
        self.connection.within(READ, has).await
    }

    async fn page(&self, query: &ChangeQuery) -> Result<ChangePage, Fault> {
        let Self { beginning, now, .. } = self;
        let (mut scan, mut order) = (query.scan(), query.order);
        loop {
            let count = scan.ahead().min(PART);
            let part = |client| async move {
                match &query.name {
                    None => log::list(client, *beginning, now, order, count).await,
                    Some(name) => log::list_of(client, *beginning, now, name, order, count).await,
                }
            };
            let part = self.connection.within(READ, part).await?;
            let is_last = part.len() < count;
            let is_complete = !part.into_iter().all(|change| scan.look(change));
            match scan.last().filter(|_| !is_last && !is_complete) {
                Some(last) => order = order.beyond(last),
                None => return Ok(scan.finish()),
            }
        }
    }

    async fn details(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: usize,
    ) -> Result<Option<ChangeDetails>, Fault> {
        let read = |client| log::read(client, revision);
        let Some((change, mut names, pins)) = self.connection.within(READ, read).await? else {
            return Ok(None);
        };
        if let Some(after) = after {
            names.skip_to_after(after);
        }
        let mut packages = Vec::with_capacity(limit.min(change.count));
        // Other tasks of this thread run while a part is read.
        while packages.len() < limit && !names.is_empty() {
            let part = names.take(VERSIONS.min(limit - packages.len()));
            let part = part.ok_or_else(|| log::damaged(revision))?;
            let changed = |client| log::changed(client, &self.now, revision, &part);
            packages.extend(self.connection.within(READ, changed).await?);
        }
        Ok(Some(ChangeDetails::new(change, packages, !names.is_empty(), pins)))
    }
}
