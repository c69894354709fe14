//! Keeps a [`pyaday_core`] catalogue in PostgreSQL: any number of processes, on any number of machines,
//! serve one catalogue from one database.
//!
//! ```no_run
//! use pyaday_core::Api;
//! use pyaday_postgres::{PostgresOptions, PostgresStore};
//!
//! # async fn api() -> Result<(), pyaday_postgres::ConnectError> {
//! let url = "postgres://pyaday@db1,db2,db3/pyaday";
//! let api = Api::new(PostgresStore::connect(url, PostgresOptions::new()).await?);
//! # Ok(())
//! # }
//! ```
//!
//! Types of [`deadpool_postgres`] and [`tokio_postgres`] are part of this API: [`Connector`] implements a
//! trait of the one, and [`PostgresStore::with_pool`] takes its pool. This crate re-exports both. Use them
//! as `pyaday_postgres::deadpool_postgres` and `pyaday_postgres::tokio_postgres`, so that their versions
//! are always those that the store uses.
//!
//! # The connection
//!
//! [`PostgresStore::connect`] takes a URL, or `key=value` pairs. What they leave out comes from the service
//! that they name, then from environment variables, as in PostgreSQL's own programs:
//!
//! | parameter | variable | meaning |
//! |---|---|---|
//! | `host`, `hostaddr`, `port`, `dbname`, `user` | `PGHOST`, `PGHOSTADDR`, `PGPORT`, `PGDATABASE`, `PGUSER` | where the database is, and who connects |
//! | `password` | `PGPASSWORD` | the password |
//! | `passfile` | `PGPASSFILE` | a file of passwords, `~/.pgpass` by default, with lines `HOST:PORT:DATABASE:USER:PASSWORD`. It is ignored if other users can read or write it; [`PostgresStore::notices`] reports that. |
//! | `service`, `servicefile` | `PGSERVICE`, `PGSERVICEFILE` | a named set of parameters in `~/.pg_service.conf`, in `pg_service.conf` in the folder `PGSYSCONFDIR`, or in the file that is named |
//! | `sslmode` | `PGSSLMODE` | `disable`, `prefer` (the default), `require`, `verify-ca` or `verify-full`, see below |
//! | `sslrootcert` | `PGSSLROOTCERT` | the file of the authorities that may sign the server's certificate, `~/.postgresql/root.crt` by default; `system` for those of the system, which needs and implies `verify-full` |
//! | `sslcert`, `sslkey` | `PGSSLCERT`, `PGSSLKEY` | the files of the client's certificate and its private key, `~/.postgresql/postgresql.crt` and `.key` by default if they exist. The key must be in a file that other users cannot read (for a file of root: that only its group can read), and must not be encrypted. |
//! | `sslnegotiation` | `PGSSLNEGOTIATION` | `postgres`, or `direct` (PostgreSQL 17) |
//! | `channel_binding` | `PGCHANNELBINDING` | `prefer`, `require` or `disable`: whether a login by SCRAM is bound to the server's certificate |
//! | `connect_timeout`, `tcp_user_timeout`, `keepalives`, `keepalives_idle`, `keepalives_interval`, `keepalives_count` | `PGCONNECT_TIMEOUT` for the first | time limits, see [`tokio_postgres::Config`]; `tcp_user_timeout` is in milliseconds, as in PostgreSQL's own programs |
//! | `application_name`, `options`, `load_balance_hosts` | `PGAPPNAME`, `PGOPTIONS`, `PGLOADBALANCEHOSTS` | see [`tokio_postgres::Config`] |
//!
//! The variables and files are read once, by [`PostgresStore::connect`] or [`Database::from_url`].
//!
//! TLS needs the feature `tls` of this crate. `sslmode` decides:
//!
//! - `prefer`: a password is sent over a network only with TLS. If the server does not offer TLS, the store is
//!   not opened, unless `sslmode=disable` is set. This is stricter than PostgreSQL's own programs, which
//!   send the password in clear. If no password is set, or if the host is `localhost` or a loopback
//!   address, then a server without TLS is accepted. The server's certificate is not checked, so this
//!   protects from who listens, but not from who answers in the place of the server.
//! - `require`: the connection uses TLS. The certificate is checked only if there are root certificates, and
//!   then as by `verify-ca`.
//! - `verify-ca`: a trusted authority must have signed the certificate.
//! - `verify-full`: it must also be for the host of the URL. Use this one.
//! - `disable`: the connection does not use TLS, and anybody in the network can read the password if the
//!   server asks for it in clear.
//!
//! Sockets of the machine never use TLS. Certificates must be of X.509 version 3, those of servers must name
//! the host as a subject alternative name, and may not be those of an authority (rustls reads no common
//! names). Channel binding needs a certificate whose signature has a digest, so not Ed25519.
//!
//! # Reads
//!
//! Every process has all packages in memory, as [`MemoryStore`](pyaday_core::MemoryStore) does, and
//! answers all reads from memory. It follows the database: when the database notifies it (`NOTIFY`), and
//! every 100 milliseconds in any case, it reads all changes since its last look as one batch. A process
//! shows its own writes at once.
//!
//! [`Reads`] decides how new the data is that a read shows:
//!
//! | | [`Reads::Followed`], the default | [`Reads::Latest`] |
//! |---|---|---|
//! | a read shows | what this process has followed; it shows the writes of other processes a moment later | every write that any process acknowledged before the read began |
//! | cost of a read | a look into memory | one small statement, which all waiting reads share, and the look |
//! | while the database is away | reads go on, for [`PostgresOptions::max_age`] | reads are refused within two seconds |
//! | connections of a process | one, and a second one from the first `refresh` on | two |
//! | connections for the history | one, from its first read on | one, from its first read on |
//!
//! With [`Reads::Latest`], a read asks the database for its newest position. If this process already
//! shows that position, the read is answered. Otherwise the process follows first. The statement has its
//! own connection, so reads do not wait for the writes of their process: they do not wait for its lock,
//! for a large import, or for a standby that is slow to confirm.
//!
//! With [`Reads::Followed`], [`refresh`](PackageStore::refresh) does the same for the reads that begin
//! after it. With [`Reads::Latest`], it does nothing and always succeeds, because each read asks the
//! database itself.
//!
//! Asking makes one attempt to connect if there is no connection. If this attempt fails, the read with
//! [`Reads::Latest`], or the `refresh` with [`Reads::Followed`], is refused at once. It does not wait for
//! a later attempt. So while another primary takes over, these calls are refused
//! ([`Unavailable`](pyaday_core::StoreError::Unavailable)), and the caller must repeat them. After a
//! failure, the store pauses for a quarter of a second before it asks for other readers.
//!
//! [`PostgresStore::age`] reports how old the data in memory is at most.
//! [`PostgresStore::wait_for`] waits for a revision that a client has seen elsewhere.
//!
//! # Writes
//!
//! One task of each process writes. For each transaction, the task does the following:
//!
//! 1. It locks the row `head`.
//! 2. It reads what other processes have changed. If that takes longer than a second, it lets go of the lock,
//!    reads it without the lock, and begins again.
//! 3. It takes the writes that wait and decides the outcome of each.
//! 4. It writes the rows, with one statement for each kind of row.
//! 5. It commits, shows the result to readers, and then answers the callers.
//!
//! The lock on `head` is always taken first, so revisions and the rows of the log are in the order of
//! the commits. A reader of the log who continues after the last row that it has read misses nothing,
//! however long a transaction takes.
//!
//! The conditions of a write ([`Write`]) are checked in the same transaction. So the data in the
//! database decides each write, and the data in the memory of the process does not.
//!
//! Several writes share a transaction as long as it has at most 2,000 rows and one megabyte, besides what
//! it logs. If the statements of a transaction take too long, it is rolled back, and half as many of its
//! writes are tried again in one transaction, down to a single write. Later transactions grow again step by
//! step. A larger write, such as an import, has its own transaction.
//!
//! Each transaction has a random token, which is stored in `head` and in the log. If a process does not
//! find the token of the last transaction that it read, then the database has another history than
//! before. This happens when a standby takes over without having everything that the primary had. The
//! process then loads all packages anew, as the beginning of another history.
//!
//! ## While a large batch is written
//!
//! One call of `create_many` or `write_batch` is one transaction. With tens of megabytes over a slow
//! network, it can take more than a minute. During that time:
//!
//! - The transaction holds the lock on `head`, so no other write is carried out, in this process or in
//!   another one. They wait for it, for half a minute longer than usual. The transaction holds an advisory
//!   lock by which other processes know of it. After it they first read what it has written, which may take
//!   some seconds. Make an import of several smaller batches if other writers must not wait so long.
//! - Other processes go on reading and following. They show the batch after its commit.
//! - The task of this process writes, so it does not follow the database. What the process shows stays
//!   current until the batch is committed, because no other process can commit. But the process gets no
//!   news, so [`PostgresStore::age`] grows. With [`Reads::Followed`], reads are refused when the age
//!   exceeds [`PostgresOptions::max_age`], which is five minutes by default, until the batch has ended. A
//!   successful [`refresh`](PackageStore::refresh) renews the age.
//! - With [`Reads::Latest`], reads use the other connection and go on. Each read renews the age. If
//!   there is no read for longer than [`PostgresOptions::max_age`], later reads are refused until the batch has
//!   ended.
//! - From the commit on the server until its confirmation arrives here, other processes may write, and
//!   this process does not yet show their writes or its own batch. This is short, unless the connection
//!   fails at this moment: the process waits for the confirmation until it notices the failure, at the
//!   latest at the deadline of the commit, which grows with the size of the batch (see below). Until then,
//!   reads with [`Reads::Followed`] show older data, and reads with [`Reads::Latest`] are refused within
//!   two seconds.
//!
//! A process that follows a large batch of another process shows the data from before it until it has
//! read all of it. Reads with [`Reads::Latest`] wait for that, and are refused after two seconds.
//!
//! # The history
//!
//! The log of changes is the table that the processes follow: one row for each write, in the transaction of
//! the write, and one row for each version of a package that was replaced or removed. So all processes show
//! the same log. Reads of it ([`changes`](PackageStore::changes), [`change`](PackageStore::change) and
//! [`read_at`](PackageStore::read_at)) ask the database, over a connection of their own that is made for the
//! first of them. They are refused within two seconds while the database is away, with [`Reads::Followed`]
//! too. They show nothing that is newer than what the process shows of the packages.
//!
//! After a failover that has lost writes, a program that has followed the changes up to a write that was lost
//! is told that the log does not have its position.
//!
//! The log keeps all changes, unless [`PostgresOptions::keep_changes`] says otherwise. The newest 10,000 rows
//! of the table `change` stay in any case, because processes that follow need them.
//!
//! # When it fails
//!
//! - The database is away: writes are refused
//!   ([`Unavailable`](pyaday_core::StoreError::Unavailable)) within two seconds, and so are reads with
//!   [`Reads::Latest`]. The store asks all hosts at once for the primary, again and again, until it finds
//!   it. The database may also be away when the store is set up.
//! - The connection is lost, or the server does not answer, after `COMMIT` was sent: the outcome of the
//!   write is not known, and the error is [`OutcomeUnknown`](pyaday_core::StoreError::OutcomeUnknown). The
//!   error is the same if the server warns that it stopped waiting for its standby.
//! - Another session holds the lock, for another reason than a large batch: writes are refused within two
//!   seconds.
//! - No synchronous standby is left: a commit waits for three seconds, and longer if the transaction is
//!   large. Then its outcome is unknown. Later writes are refused until the standby is back.
//! - The statements of a transaction may take two seconds, and its commit three. Each of the two may take
//!   one more second for every 2,000 rows and one more for every megabyte. A network of ten megabits a
//!   second is fast enough for this. Writes whose transaction takes longer are tried again together with
//!   fewer others, for at most five seconds after they arrived. A single write that is too slow is
//!   refused. The store ends the session of a transaction that it gave up (`pg_terminate_backend`), so
//!   that the session does not keep the lock.
//! - A process stops while it holds the lock: the server ends its session five seconds after its last
//!   statement has ended, and ends a statement after ten seconds. For a large transaction, both limits
//!   are as long as its statements may take. A commit that waits for a standby keeps the lock until the
//!   standby confirms it.
//! - A transaction collides with another one (40001, 40P01): it is tried up to three times.
//! - A connection is not used again if it was slow, if it broke (08), or if its server shuts down (57) or
//!   is read-only (25006).
//!
//! # The database
//!
//! The store needs PostgreSQL with the encoding UTF8. It is tested with versions 15 and 18, and uses nothing
//! that is newer than version 13. The user needs a schema, or the right to create one. If several processes start
//! at once, one of them sets up the tables. If a release finds a newer schema, it works with it as long as
//! that schema allows it (the column `oldest`). The same holds if the schema changes while the process
//! runs.
//!
//! ```sql
#![doc = include_str!("schema/1.sql")]
//! ```
//!
//! The second schema changes two of these tables:
//!
//! ```sql
#![doc = include_str!("schema/2.sql")]
//! ```
//!
//! The third schema drops the columns and the index that only searches in SQL needed:
//!
//! ```sql
#![doc = include_str!("schema/3.sql")]
//! ```
//!
//! The fourth schema adds the log of changes:
//!
//! ```sql
#![doc = include_str!("schema/4.sql")]
//! ```
//!
//! When a process starts, it brings the tables up to its schema, in one transaction. With all of PyPI,
//! 886,323 packages, the step from the second to the third schema took a tenth of a second. During this
//! time no other session could read or write the tables; other processes went on answering from memory.
//! If another session leaves a transaction open that has used the tables, the step is tried again and
//! again, and each try delays other sessions by at most a second. The space of the indexes, 126 MB, is
//! free at once. The space of the columns becomes free after `VACUUM FULL pyaday.package`, which nothing
//! else needs.
//!
//! The step to the fourth schema reads and writes no packages. With 886,323 packages it took four
//! hundredths of a second.
//!
//! Processes of earlier releases stop writing and following when the tables have the fourth schema, and
//! answer with an internal error: end them first. Releases that know only the second schema may have
//! created the extension `pg_trgm`. It stays, because other applications may use it; `DROP EXTENSION
//! pg_trgm` removes it.
//!
//! You may read the tables in any way. A program that writes to them by other means must lock the row
//! `head` first, in the same transaction, and must update `head`, `change` and `replaced` as the comments
//! above describe. Otherwise no process follows its changes, and the history is wrong.
//!
//! # In production
//!
//! Use three machines, each with PostgreSQL and Patroni, or a managed service that does the same:
//!
//! - Set `synchronous_standby_names = 'ANY 1 (…)'` (in Patroni, `synchronous_mode: quorum`) and
//!   `synchronous_commit = on`: then every acknowledged write is on two machines. The store raises lower
//!   settings of `synchronous_commit` to `on` for its own transactions.
//! - Name all machines in the URL. The store then always asks for `target_session_attrs=read-write`, so it
//!   never uses a standby. A host that makes its own pool must ask for this itself.
//! - Run Patroni with a watchdog, so that an old primary is dead before another one is made. An old
//!   primary that still runs but is cut off from its standbys acknowledges no writes. But it can still be
//!   read, with [`Reads::Latest`] too.
//! - Plan three connections for each process: the third one reads the history. A proxy that shares connections must do so by sessions
//!   (PgBouncer's `session`), because the store uses prepared statements, settings and `LISTEN`.
//! - Connect with `sslmode=verify-full` if the network between the machines is not yours alone.
//!
//! Reads scale with the number of processes. Writes do not, because all of them lock one row of one
//! primary. Writes that arrive together share a transaction, so the time of a commit limits how many
//! transactions there are per second, but not how many writes.
//!
//! Each process needs memory for all packages, and time to load them when it starts. A server with all of
//! PyPI takes 240 MB and loads them within two to three seconds; plan 270 MB for a million packages. A
//! process that loads all packages anew, after a failover that has lost writes, needs twice as much
//! meanwhile.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod asker;
mod connection;
mod connector;
mod database;
mod deadline;
mod error;
mod follow;
mod history;
mod node;
mod options;
mod parameters;
mod passfile;
mod queue;
mod rows;
mod schema;
mod security;
mod service;
mod shared;
mod size;
#[cfg(feature = "tls")]
mod tls;
mod url;

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use deadpool_postgres::Pool;
use futures_channel::oneshot;
use futures_util::FutureExt;
use pyaday_core::daily::{Daily, Day, Pick, Pin, Pinned, Unpin};
use pyaday_core::{
    Batch, Batched, Catalogue, ChangeDetails, ChangeOrder, ChangePage, ChangeQuery, Create, Date,
    Delete, Draft, NoHistory, NormalizedName, Package, PackageStore, Page, Past, Picker, Query,
    Replacement, Retention, Revision, Seed, Selected, StoreError, StoreId, Stored, Tag, Update,
    Write,
};
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{sleep, timeout};

pub use deadpool_postgres;
pub use tokio_postgres;

pub use connector::Connector;
pub use database::Database;
pub use error::ConnectError;
pub use options::{PostgresOptions, Reads};

use asker::Asker;
use error::Fault;
use history::History;
use node::{Node, Pending};
use queue::Queue;
use schema::Schema;
use shared::Shared;
use size::Size;

/// How long a refresh may take.
const REFRESH: Duration = Duration::from_secs(2);

/// How far the newest revision of the database can be ahead of this process's clock, or of the newest
/// revision that this process shows, in microseconds: ten minutes. Clocks do not differ that much, and the gap
/// after a loss of writes is shorter (`Catalogue::leave_gap`).
const AHEAD: u64 = 600_000_000;

/// How often the store looks for writes that have waited for too long.
const WATCH_INTERVAL: Duration = Duration::from_millis(50);

/// Packages in a database that many processes share.
///
/// Dropping the store ends its tasks after they have carried out the writes that wait.
pub struct PostgresStore {
    reads: Reads,
    queue: Arc<Queue>,
    shared: Arc<Shared>,
    history: Arc<History>,
    runtime: Handle,
    picker: Picker,
    /// The tasks that can be ended at any time.
    tasks: Vec<AbortHandle>,
}

impl PostgresStore {
    /// Opens the catalogue in the database that a URL names: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`,
    /// with several hosts (`@db1,db2:5433`) if any of them may be the primary. The same can be written as
    /// pairs: `host=db1,db2 port=5433 user=pyaday dbname=pyaday`.
    ///
    /// The parameters, the environment variables and the files are those that PostgreSQL's own programs
    /// use. The [crate's documentation](crate#the-connection) lists them, and says when connections use TLS.
    ///
    /// The store works in the tokio runtime in which this function is called, and that runtime must keep
    /// running. Callers of its methods may use another runtime or none. The function waits until the tables
    /// exist and all packages are in memory. But it does not wait for a database that is away: the store
    /// then goes on looking for it. If none of the hosts has an address, that is an error now; later it
    /// counts as a database that is away.
    ///
    /// # Errors
    /// [`ConnectError`] for every cause that does not pass by itself. Its message says what to do.
    ///
    /// # Panics
    /// If it is called outside of a tokio runtime.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self, ConnectError> {
        Self::open(&Database::from_url(url)?, options).await
    }

    /// Opens the catalogue in a database. This is [`connect`](Self::connect) for a URL that was already
    /// read.
    ///
    /// # Errors
    /// [`ConnectError`] for every cause that does not pass by itself. Its message says what to do.
    ///
    /// # Panics
    /// If it is called outside of a tokio runtime.
    pub async fn open(database: &Database, options: PostgresOptions) -> Result<Self, ConnectError> {
        let store = Self::with_pool(database.pool()?, options).await?;
        if store.age().is_none() {
            database.check_names().await?;
        }
        for notice in database.notices() {
            store.shared.notice(notice.clone());
        }
        Ok(store)
    }

    /// Opens the catalogue in the database to which a pool of the host leads.
    ///
    /// Make the pool with a [`Connector`]. The connections of other connectors do not pass the server's
    /// warnings on. The store then acknowledges a write even if an administrator cancels its wait for a
    /// standby, and such a write may be lost with the primary. [`notices`](Self::notices) reports this.
    ///
    /// The store has up to three connections beside the pool. The pool's manager makes them, without the pool's
    /// hooks. The store takes no connection from the pool, and it refuses a connection to a standby: ask
    /// for `target_session_attrs=read-write`.
    ///
    /// [`Pool`] is a type of [`deadpool_postgres`], which this crate re-exports. Make the pool with
    /// `pyaday_postgres::deadpool_postgres`, so that its version is the right one.
    ///
    /// The second paragraph of [`connect`](Self::connect) applies here too.
    ///
    /// # Errors
    /// [`ConnectError`] for every cause that does not pass by itself. Its message says what to do.
    ///
    /// # Panics
    /// If it is called outside of a tokio runtime.
    pub async fn with_pool(pool: Pool, options: PostgresOptions) -> Result<Self, ConnectError> {
        let schema = Arc::new(Schema::new(&options.schema)?);
        let (queue, shared) = (Arc::new(Queue::default()), Arc::new(Shared::new()));
        let PostgresOptions { reads, poll_interval, max_age, retention, .. } = options;
        let asker = Asker::new(pool.clone(), Arc::clone(&schema), Arc::clone(&shared));
        let history = History::new(pool.clone(), Arc::clone(&schema), Arc::clone(&shared));
        let history = Arc::new(history);
        let mut node =
            Node::new(pool, schema, poll_interval, Arc::clone(&queue), Arc::clone(&shared));
        if let Err(fault) = node.follow().await
            && let Some(cause) = fault.final_cause()
        {
            return Err(cause);
        }
        tokio::spawn(node.run());
        let watch = watch(Arc::clone(&queue), Arc::clone(&shared), max_age);
        let mut tasks = vec![tokio::spawn(asker.run()), tokio::spawn(watch)];
        if retention != Retention::all() {
            tasks.push(tokio::spawn(Arc::clone(&history).keep_trimming(retention)));
        }
        let tasks = tasks.iter().map(JoinHandle::abort_handle).collect();
        let (runtime, picker) = (Handle::current(), Picker::new());
        Ok(Self { reads, queue, shared, history, runtime, picker, tasks })
    }

    /// How old the data of this process is at most: the time since the database was last known to hold
    /// exactly this data. The data may still be current. `None` if nothing was loaded yet.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.shared.age()
    }

    /// Waits until this process shows at least a revision, such as one that a client has seen elsewhere.
    ///
    /// If a revision was lost with a primary, it counts as shown as soon as there is a newer one, because
    /// this function compares revisions only.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the process does not show the revision before `patience` has passed.
    pub async fn wait_for(&self, revision: Revision, patience: Duration) -> Result<(), StoreError> {
        let has_it = self.shared.read(|it| it.revision() >= revision);
        if has_it.unwrap_or(false) {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        self.wait(patience, async move { shared.wait_for(revision).await }).await
    }

    /// A clone of the packages that this process shows at this moment. Later writes do not change it. It
    /// does not ask the database, even with [`Reads::Latest`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if nothing was loaded yet, or too long ago.
    pub fn catalogue(&self) -> Result<Catalogue, StoreError> {
        self.shared.read(Catalogue::clone)
    }

    /// True if nobody has ever written to the catalogue, as far as this process knows.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.shared.is_new()
    }

    /// Messages for the operator of the database. Each says what is missing in the database or in the pool,
    /// and what to do about it.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        self.shared.notices()
    }

    /// Gives a write to the writing task, and waits for its outcome.
    async fn write<T: Send + 'static>(
        &self,
        size: Size,
        operation: impl FnMut(&mut Draft) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, outcome) = oneshot::channel();
        self.queue.push(Box::new(Pending { size, operation, outcome: None, sender }))?;
        outcome.await.unwrap_or_else(|_| Err(Fault::Ended.unknown()))
    }

    /// Looks at the catalogue. With [`Reads::Latest`], the catalogue has all that any process wrote before
    /// this call.
    async fn look<T>(&self, look: impl FnOnce(&Catalogue) -> T) -> Result<T, StoreError> {
        self.be_current().await?;
        self.shared.read(look)
    }

    /// Waits, with [`Reads::Latest`], until this process shows what the database holds.
    async fn be_current(&self) -> Result<(), StoreError> {
        match self.reads {
            Reads::Followed => Ok(()),
            Reads::Latest => self.ask().await,
        }
    }

    /// Asks the database for its newest position, and waits until this process shows it.
    async fn ask(&self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let asked = self.wait(REFRESH, async move { shared.refresh().await }).await?;
        asked.map_err(|fault| fault.refused())
    }

    /// Waits for what is newest, if this process has not followed the database up to a revision. Another
    /// process may have told it to the client. Returns false, without asking the database, if no write can
    /// have this revision yet.
    async fn follow_to(&self, revision: Revision) -> Result<bool, StoreError> {
        let newest = self.shared.published()?.read(Catalogue::revision);
        if revision > newest {
            let last = newest.max(Revision::now()).get().saturating_add(AHEAD);
            if revision.get() > last {
                return Ok(false);
            }
            self.refresh().await?;
        }
        Ok(true)
    }

    /// Reads the log of changes.
    async fn read_log<T: Send + 'static, F>(
        &self,
        read: impl FnOnce(Arc<History>) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        self.be_current().await?;
        self.shared.published()?;
        let read = read(Arc::clone(&self.history));
        self.wait(REFRESH, read).await?.map_err(|fault| fault.refused())
    }

    /// Waits in the runtime of the store, at most for the time of `patience`.
    async fn wait<T: Send + 'static>(
        &self,
        patience: Duration,
        waiting: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let waiting = async move { timeout(patience, waiting).await };
        match self.runtime.spawn(waiting).await {
            Ok(Ok(waited)) => Ok(waited),
            Ok(Err(_)) => Err(Fault::Late(patience).refused()),
            Err(_) => Err(Fault::Ended.refused()),
        }
    }
}

/// Refuses writes that have waited for too long, and stops showing data that is too old.
async fn watch(queue: Arc<Queue>, shared: Arc<Shared>, max_age: Duration) {
    loop {
        sleep(WATCH_INTERVAL).await;
        // If the task ended after a panic, nobody would refuse writes that wait for too long. A host's
        // waker can panic.
        let watched = async {
            queue.refuse_late();
            shared.withdraw(max_age);
        };
        drop(AssertUnwindSafe(watched).catch_unwind().await);
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        self.queue.close();
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let catalogue = self.catalogue().ok();
        f.debug_struct("PostgresStore")
            .field("reads", &self.reads)
            .field("catalogue", &catalogue)
            .field("age", &self.age())
            .finish_non_exhaustive()
    }
}

impl PackageStore for PostgresStore {
    async fn id(&self) -> Result<StoreId, StoreError> {
        self.be_current().await?;
        self.shared.id()
    }

    /// With [`Reads::Latest`], this does nothing and always succeeds, because each read asks the database.
    ///
    /// # Errors
    /// With [`Reads::Followed`], [`StoreError::Unavailable`] as soon as an attempt to reach the database
    /// fails, and at the latest after two seconds.
    async fn refresh(&self) -> Result<(), StoreError> {
        match self.reads {
            Reads::Followed => self.ask().await,
            Reads::Latest => Ok(()),
        }
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        let size = Size::of(&package);
        self.write(size, move |draft| draft.create(package.clone(), &write)).await
    }

    async fn create_many(
        &self,
        packages: Vec<Package>,
        write: Write,
    ) -> Result<Vec<Create>, StoreError> {
        let size = Size::of_many(&packages).await;
        self.write(size, move |draft| draft.create_many(packages.clone(), &write)).await
    }

    async fn write_batch(&self, batch: Batch, write: Write) -> Result<Batched, StoreError> {
        let size = Size::of_batch(&batch).await;
        // The write may have to be carried out again.
        self.write(size, move |draft| draft.write_batch(batch.clone(), &write)).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        self.look(|it| it.get(name)).await
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        let (name, size) = (name.clone(), Size::of_replacement(&replacement));
        self.write(size, move |draft| draft.update(&name, replacement.clone(), &write)).await
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        let name = name.clone();
        self.write(Size::ROW, move |draft| draft.delete(&name, &write)).await
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        self.look(|it| it.random(seed)).await
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        self.be_current().await?;
        self.shared.published()?.sample(count, tag, seed).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.be_current().await?;
        self.shared.published()?.list(query).await
    }

    async fn select(&self, query: &Query) -> Result<Selected, StoreError> {
        self.be_current().await?;
        self.shared.published()?.select(query).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        self.look(|it| it.daily(date)).await
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        // A pick is never changed, so it must be made from what the database holds now.
        self.refresh().await?;
        let known = self.look(Catalogue::clone).await?;
        let current = || self.catalogue().unwrap_or_else(|_| known.clone());
        let write =
            |pick: Pick| self.write(Size::ROW, move |draft| draft.open_daily(&pick, picked_at));
        self.picker.open(dates, current, write).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        self.look(|it| it.recent_daily(until, count)).await
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        self.look(|it| it.pins(last_open, count)).await
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        self.look(|it| it.pinned(date)).await
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        let name = name.clone();
        self.write(Size::ROW, move |draft| draft.pin_daily(date, last_open, &name, &write)).await
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        self.write(Size::ROW, move |draft| draft.unpin_daily(date, last_open, &write)).await
    }

    async fn changes(&self, query: &ChangeQuery) -> Result<Past<ChangePage>, StoreError> {
        let query = query.clone();
        if let ChangeOrder::After(position) = query.order
            && !self.follow_to(position).await?
        {
            return Ok(Past::Unknown(NoHistory::Forgotten));
        }
        self.read_log(|history| async move { history.changes(&query).await }).await
    }

    async fn change(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: NonZeroUsize,
    ) -> Result<Past<Option<ChangeDetails>>, StoreError> {
        let (after, limit) = (after.cloned(), limit.get());
        if !self.follow_to(revision).await? {
            return Ok(Past::Known(None));
        }
        let read = |history: Arc<History>| async move {
            history.change(revision, after.as_ref(), limit).await
        };
        self.read_log(read).await
    }

    async fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> Result<Past<Option<Stored>>, StoreError> {
        let name = name.clone();
        if !self.follow_to(revision).await? {
            return Ok(Past::Unknown(NoHistory::NotYet));
        }
        self.read_log(|history| async move { history.read_at(&name, revision).await }).await
    }
}
