//! The one task of a process that writes to the database and follows it.
//!
//! One task does both, so that the writes of other processes and of this one enter the catalogue in the
//! same order as in the database.

#[cfg(test)]
mod tests;

use std::mem;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::Pool;
use futures_util::FutureExt;
use pyaday_core::{Draft, StoreError};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::connection::{Connection, Session};
use crate::deadline::{READ, within};
use crate::error::Fault;
use crate::follow::{self, Followed};
use crate::queue::{self, Job, Queue};
use crate::rows;
use crate::rows::head::{self, Head, Point};
use crate::rows::large;
use crate::schema::{self, Schema};
use crate::shared::Shared;
use crate::size::Size;

/// How long the statements of a transaction may take. [`Size::time`] is added to it.
const WRITE: Duration = Duration::from_secs(2);

/// How long a commit may take. [`Size::time`] is added to it. A commit waits for the synchronous standby if
/// there is one.
const COMMIT: Duration = Duration::from_secs(3);

/// How long a transaction waits for a lock, as in [`BEGIN`].
const LOCK: Duration = Duration::from_millis(1_500);

/// How long the changes of other processes may take to read while this one keeps them from writing. More is
/// read without the lock.
const CATCH_UP: Duration = Duration::from_secs(1);

/// The age from which on a catalogue may lack many changes.
const FAR_BEHIND: Duration = Duration::from_secs(1);

/// How long to wait before trying again to use a database that failed.
pub(crate) const RETRY: Duration = Duration::from_millis(250);

/// How often a transaction is tried if it collides with other transactions.
const TRIES: u32 = 3;

/// The statements that begin each transaction that writes. A transaction does not wait for a lock longer
/// than a caller would wait. A process that has stopped does not keep a lock. A commit is on the disks that
/// the server's settings demand, and at least on the server's own. The server sends the warning that a
/// standby may lack a commit, whatever the settings of the user or the server are.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
                     SET LOCAL lock_timeout = '1500ms'; \
                     SET LOCAL statement_timeout = '10s'; \
                     SET LOCAL idle_in_transaction_session_timeout = '5s'; \
                     SET LOCAL client_min_messages = 'warning'; \
                     SELECT set_config('synchronous_commit', 'on', true) \
                     WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')";

/// The limits that [`BEGIN`] sets: how long a statement may take, and how long the server waits for the
/// next statement, or for the rest of one.
const STATEMENT: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(5);

/// The task.
pub(crate) struct Node {
    pub(crate) pool: Pool,
    pub(crate) schema: Arc<Schema>,
    pub(crate) poll_interval: Duration,
    pub(crate) queue: Arc<Queue>,
    pub(crate) shared: Arc<Shared>,
    connection: Option<Connection>,
    /// The tables were found or created.
    is_set_up: bool,
    /// The last attempt to use the database failed.
    has_failed: bool,
    followed: Option<Followed>,
    /// The database was loaded before.
    has_loaded: bool,
    /// How many writes share a transaction at most. It becomes smaller after a transaction took too long.
    most: usize,
    /// A session that may still be in a transaction that this process gave up before its commit.
    left: Option<Session>,
}

/// Why a transaction was not committed, or why its outcome is unknown.
enum Failure {
    /// It was certainly not committed.
    Before(Fault),
    /// It was certainly not committed, because its statements took too long. A smaller one may succeed.
    Slow(Fault),
    /// It has taken no write, because another session has the lock.
    LockedOut(Fault),
    /// It has taken no write, because there were too many changes of other processes to read first.
    MuchToRead(Fault),
    Unknown(Fault),
}

impl Failure {
    fn fault(&self) -> &Fault {
        let (Self::Before(fault)
        | Self::Slow(fault)
        | Self::LockedOut(fault)
        | Self::MuchToRead(fault)
        | Self::Unknown(fault)) = self;
        fault
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Before(fault)
    }
}

impl Node {
    pub(crate) fn new(
        pool: Pool,
        schema: Arc<Schema>,
        poll_interval: Duration,
        queue: Arc<Queue>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            pool,
            schema,
            poll_interval,
            queue,
            shared,
            connection: None,
            is_set_up: false,
            has_failed: false,
            followed: None,
            has_loaded: false,
            most: queue::LENGTH,
            left: None,
        }
    }

    /// Works until the queue has ended.
    pub(crate) async fn run(mut self) {
        while !self.queue.has_ended() {
            let notified = async {
                match &self.connection {
                    Some(connection) => connection.notified().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.queue.changed() => {}
                () = notified => {}
                () = self.shared.behind.notified() => {}
                () = sleep(self.pause()) => {}
            }
            let begin = Instant::now();
            if AssertUnwindSafe(self.work()).catch_unwind().await.is_err() {
                // The step that panicked may be half done, so its state is dropped. If the task ended, all
                // later writes would be refused.
                self.queue.end(&mut []);
                self.connection = None;
                self.followed = None;
                self.has_failed = true;
                self.shared.fail_to_follow(begin, Fault::Bug);
            }
        }
    }

    /// Carries out the writes that wait, and shows readers what the database holds now. The task may have
    /// been woken by somebody else's write, so it must not leave this out.
    async fn work(&mut self) {
        if self.queue.is_empty() {
            // Those that have waited for a large transaction may have given up.
            self.queue.end(&mut []);
        }
        if self.queue.is_empty() || !self.write().await {
            // `follow` has already noted its fault for readers.
            let _ = self.follow().await;
        }
    }

    /// How long to wait for somebody who needs the database. After a failure, the task tries again soon,
    /// because without a connection no notification can wake it.
    fn pause(&self) -> Duration {
        match self.has_failed {
            true => RETRY,
            false => self.poll_interval,
        }
    }

    /// Shows readers what the database holds now.
    pub(crate) async fn follow(&mut self) -> Result<(), Fault> {
        let begin = Instant::now();
        let mut result = self.try_to_follow().await;
        if let Err(Fault::Damaged(_)) = &result
            && self.followed.take().is_some()
        {
            // Somebody may have changed rows by hand, which only loading all rows can show.
            result = self.try_to_follow().await;
        }
        self.has_failed = result.is_err();
        // `try_to_follow` does not keep a connection that failed.
        result.inspect_err(|fault| self.shared.fail_to_follow(begin, fault.clone()))
    }

    async fn try_to_follow(&mut self) -> Result<(), Fault> {
        let connection = self.connect().await?;
        let as_of = Instant::now();
        let head = connection.within(READ, head::read).await?;
        let now = match &self.followed {
            Some(followed) if followed.point == head.point => Some(followed.clone()),
            Some(followed) => {
                let now = follow::catch_up_in_snapshot(&connection, followed).await;
                if now.as_ref().is_err_and(Fault::is_late) {
                    // The next try would have more to read. Loading has a deadline for each part.
                    self.followed = None;
                }
                now?
            }
            None => None,
        };
        match now {
            Some(mut now) => {
                self.shared.publish(&mut now, as_of);
                self.followed = Some(now);
            }
            None => self.load(&connection).await?,
        }
        self.connection = Some(connection);
        Ok(())
    }

    async fn load(&mut self, connection: &Connection) -> Result<(), Fault> {
        let as_of = Instant::now();
        let mut now = follow::load(connection).await?;
        // The history may be another one than before, which lacks writes that were acknowledged. Their
        // revisions must not be used again, whatever the clocks say.
        if self.has_loaded {
            now.catalogue.leave_gap();
        }
        self.has_loaded = true;
        self.shared.replace(&mut now, as_of);
        self.followed = Some(now);
        Ok(())
    }

    /// Takes the connection, or makes a new one if none works.
    async fn connect(&mut self) -> Result<Connection, Fault> {
        if let Some(open) = self.connection.take().filter(|open| !open.is_closed()) {
            return Ok(open);
        }
        let mut connection = Connection::dial(&self.pool).await?;
        schema::migrate(&connection, &self.schema, self.is_set_up).await?;
        if !self.is_set_up && !connection.hears_warnings() {
            self.shared.notice(DEAF.to_owned());
        }
        self.is_set_up = true;
        connection.ready(&self.schema).await?;
        connection.listen(&self.schema).await?;
        if let Some(left) = self.left.take() {
            // The session may hold the lock. If it cannot be ended here, its own time limits end it.
            drop(connection.within(READ, |client| left.end(client)).await);
        }
        Ok(connection)
    }

    /// Carries out the writes that wait, as one transaction.
    ///
    /// Returns false if the task must still follow the database. Either the transaction failed before it
    /// showed readers what the database holds, or the connection is lost, which reports the writes of others.
    async fn write(&mut self) -> bool {
        let mut jobs = Vec::new();
        let mut result = Ok(());
        for _ in 0..TRIES {
            let begin = Instant::now();
            result = self.try_to_write(&mut jobs).await;
            match &result {
                Err(Failure::Before(fault)) if fault.is_collision() => {}
                Err(Failure::LockedOut(fault) | Failure::MuchToRead(fault)) => {
                    // A try before this one may have taken some writes.
                    let mut refused = self.queue.put_back(jobs);
                    if self.is_to_wait(&result).await {
                        self.queue.wait_for_large(begin);
                    } else {
                        self.queue.end(&mut []);
                        refused.extend(self.queue.take_waited(LOCK));
                    }
                    for job in refused {
                        job.write.answer(Err(fault.refused()));
                    }
                    return false;
                }
                _ => break,
            }
        }
        self.queue.end(&mut jobs);
        // A transaction follows the database right before it takes the writes.
        let has_followed = result.is_ok() || !jobs.is_empty();
        if !has_followed {
            jobs = self.queue.drain();
        }
        match &result {
            Ok(()) if jobs.len() == self.most => {
                self.most = (self.most + self.most / 8 + 1).min(queue::LENGTH);
            }
            Err(Failure::Slow(_)) if jobs.len() > 1 => {
                self.most = jobs.len() / 2;
                jobs = self.queue.put_back(jobs);
            }
            _ => {}
        }
        for job in jobs {
            job.write.answer(match &result {
                Ok(()) => Ok(()),
                Err(Failure::Unknown(fault)) => Err(fault.unknown()),
                Err(failure) => Err(failure.fault().refused()),
            });
        }
        has_followed && self.connection.is_some()
    }

    /// True if the writes are to wait for a large transaction of another process: it has the lock, or this
    /// process has not read all of its changes.
    async fn is_to_wait(&self, result: &Result<(), Failure>) -> bool {
        match (result, &self.connection) {
            (Err(Failure::MuchToRead(_)), _) => true,
            (Err(Failure::LockedOut(_)), Some(connection)) => {
                connection.within(READ, large::is_written).await.unwrap_or(false)
            }
            _ => false,
        }
    }

    async fn try_to_write(&mut self, jobs: &mut Vec<Job>) -> Result<(), Failure> {
        // A long catch-up is done here, because other processes would wait if it were done under the lock.
        let is_far_behind = || self.shared.age().is_none_or(|age| age > FAR_BEHIND);
        if self.followed.is_none() || is_far_behind() {
            self.follow().await?;
        }
        let begin = Instant::now();
        let connection = match self.connect().await {
            Ok(connection) => connection,
            Err(fault) => {
                self.shared.fail_to_follow(begin, fault.clone());
                return Err(fault.into());
            }
        };
        let result = self.transact(&connection, jobs).await;
        match &result {
            Ok(()) => self.connection = Some(connection),
            // The session may wait for a standby. Ending it would show other processes data that only this
            // server has.
            Err(Failure::Unknown(fault)) => self.end(connection, fault).await,
            Err(failure) => {
                self.left = connection.session().cloned();
                self.end(connection, failure.fault()).await;
            }
        }
        result
    }

    /// Ends a transaction that failed, and its connection if that cannot be used any more.
    async fn end(&mut self, connection: Connection, fault: &Fault) {
        if matches!(fault, Fault::Damaged(_) | Fault::Moved) {
            self.followed = None;
        }
        self.shared.fail(fault.clone());
        if fault.leaves_connection() && connection.run(READ, "ROLLBACK").await.is_ok() {
            self.connection = Some(connection);
            self.left = None;
        }
    }

    async fn transact(
        &mut self,
        connection: &Connection,
        jobs: &mut Vec<Job>,
    ) -> Result<(), Failure> {
        connection.run(READ, BEGIN).await?;
        let head = connection.within(READ, head::lock).await.map_err(|fault| {
            let is_locked_out = fault.is_locked_out();
            if is_locked_out { Failure::LockedOut(fault) } else { Failure::Before(fault) }
        })?;
        // From here on no other transaction can write.
        let as_of = Instant::now();
        // Loading all packages here would keep other processes from writing for too long.
        let followed = self.followed.as_ref().ok_or(Fault::Moved)?;
        let now = within(CATCH_UP, follow::catch_up(connection, followed, &head)).await;
        let now = now.map_err(|fault| match fault.is_late() {
            true => Failure::MuchToRead(fault),
            false => Failure::Before(fault),
        })?;
        let mut now = now.ok_or(Fault::Moved)?;
        self.shared.publish(&mut now, as_of);
        let draft = Draft::new(now.catalogue.clone());
        self.followed = Some(now);
        self.queue.fill(jobs, self.most);
        // To decide about a very large write takes longer than the server waits for the next statement.
        let size: Size = jobs.iter().map(|job| job.write.size()).sum();
        allow(connection, WRITE + size.time()).await?;
        if !size.is_shareable() {
            self.queue.wait_for_large(as_of);
            connection.within(READ, large::announce).await?;
        }
        let draft = decide(jobs, draft).await?;
        if draft.is_empty() {
            return Ok(connection.run(READ, "ROLLBACK").await?);
        }
        let (point, time) = put(connection, &draft, &head).await?;
        commit(connection, COMMIT + time).await?;
        let mut now = Followed { catalogue: draft.into_catalogue(), point, store: head.store };
        self.shared.publish(&mut now, as_of);
        self.followed = Some(now);
        Ok(())
    }
}

impl Drop for Node {
    /// The task may end with its runtime. Then the writes that wait are refused.
    fn drop(&mut self) {
        self.queue.close();
        for job in self.queue.drain() {
            job.write.answer(Err(Fault::Ended.refused()));
        }
    }
}

/// The notice about a pool whose connections do not pass warnings on.
const DEAF: &str = "the connections do not pass the server's warnings on, so a write whose wait for a \
                    standby an administrator cancels is acknowledged, though it may be lost: make the \
                    pool of a Connector";

/// Decides the outcomes of writes. If they write much, another thread does it, because the thread of this
/// task may also answer requests.
async fn decide(jobs: &mut Vec<Job>, mut draft: Draft) -> Result<Draft, Fault> {
    /// The most rows for which this takes about a millisecond.
    const FEW: usize = 100;

    let mut taken = mem::take(jobs);
    let rows: usize = taken.iter().map(|job| job.write.size().rows).sum();
    let decide = move || {
        taken.iter_mut().for_each(|job| job.write.decide(&mut draft));
        (taken, draft)
    };
    let (decided, draft) = match rows > FEW {
        true => spawn_blocking(decide).await.map_err(|_| Fault::Ended)?,
        false => decide(),
    };
    *jobs = decided;
    Ok(draft)
}

/// Lets the transaction take so long, if that is longer than the limits that it began with. The server
/// applies the idle limit also while it waits for the rest of a statement.
async fn allow(connection: &Connection, time: Duration) -> Result<(), Fault> {
    if time <= IDLE {
        return Ok(());
    }
    let (statement, idle) = (time.max(STATEMENT).as_millis(), time.as_millis());
    let limits = format!(
        "SET LOCAL statement_timeout = {statement}; \
         SET LOCAL idle_in_transaction_session_timeout = {idle}"
    );
    connection.run(time, &limits).await
}

/// Writes the rows of a draft. Returns the new end of the log, and how much longer than usual the
/// transaction may take.
async fn put(
    connection: &Connection,
    draft: &Draft,
    head: &Head,
) -> Result<(Point, Duration), Failure> {
    let changes = draft.row_changes();
    let rows = changes.iter().map(Size::of_change);
    let time = rows.chain(draft.logged().iter().map(Size::of_logged)).sum::<Size>().time();
    let deadline = WRITE + time;
    let rows = async {
        allow(connection, deadline).await?;
        let write = |client| rows::write(client, draft, &changes, head);
        connection.within(deadline, write).await
    };
    match rows.await {
        Ok(point) => Ok((point, time)),
        Err(fault) if fault.is_late() => Err(Failure::Slow(fault)),
        Err(fault) => Err(Failure::Before(fault)),
    }
}

/// Commits. After `COMMIT` was sent, every failure leaves the outcome unknown, unless the server reports
/// that it rolled the transaction back.
async fn commit(connection: &Connection, deadline: Duration) -> Result<(), Failure> {
    drop(connection.take_warning());
    match connection.run(deadline, "COMMIT").await {
        // With a warning, the transaction is committed on the primary, and may be lost with that machine.
        Ok(()) => match connection.take_warning() {
            Some(warning) => Err(Failure::Unknown(Fault::CutShort(warning))),
            None => Ok(()),
        },
        Err(fault) if fault.is_rollback() => Err(Failure::Before(fault)),
        Err(fault) => Err(Failure::Unknown(fault)),
    }
}

/// A write and the channel to its caller.
pub(crate) struct Pending<T, F> {
    pub(crate) size: Size,
    pub(crate) operation: F,
    pub(crate) outcome: Option<T>,
    pub(crate) sender: futures_channel::oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, F: FnMut(&mut Draft) -> T + Send> queue::Write for Pending<T, F> {
    fn size(&self) -> Size {
        self.size
    }

    fn decide(&mut self, draft: &mut Draft) {
        // A write that panics leaves no change in the draft.
        self.outcome = draft.attempt(&mut self.operation).ok();
    }

    fn answer(mut self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = mem::take(&mut self.outcome);
        let answer = committed.and_then(|()| outcome.ok_or_else(|| Fault::Bug.refused()));
        // The caller may have gone away.
        drop(self.sender.send(answer));
    }
}
