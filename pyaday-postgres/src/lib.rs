//! Keeps a [`pyaday_core`] catalogue in PostgreSQL: any number of processes, on any number of machines,
//! serve one catalogue from one database.
//!
//! ```no_run
//! use pyaday_core::Api;
//! use pyaday_postgres::{Options, PostgresStore};
//!
//! # async fn api() -> Result<(), pyaday_postgres::ConnectError> {
//! let url = "postgres://pyaday@db1,db2,db3/pyaday";
//! let api = Api::new(PostgresStore::connect(url, Options::new()).await?);
//! # Ok(())
//! # }
//! ```
//!
//! # Reads
//!
//! Every process has all packages in memory, as in [`MemoryStore`](pyaday_core::MemoryStore), and answers
//! all reads from there. It follows the database: it reads what has changed since it looked last, as one
//! batch, when the database notifies it (`NOTIFY`), and every 100 milliseconds in any case. A process
//! shows its own writes at once.
//!
//! [`Reads`] decides how new that is which reads show:
//!
//! | | [`Reads::Followed`], the default | [`Reads::Latest`] |
//! |---|---|---|
//! | a read shows | what this process has followed: the writes of others a moment later | every write that was acknowledged anywhere before the read began |
//! | it costs | a look into memory | one small statement, shared by all reads that wait for it to be sent, and the look |
//! | with the database away | reads go on, for [`Options::max_age`] | reads are refused within two seconds |
//! | connections of a process | one, and another one after the first `refresh` | two |
//!
//! With [`Reads::Latest`] a read asks the database how far it is. If this process shows that already, it
//! answers; otherwise it follows first. The statement has a connection of its own, so that reads do not
//! wait for the writes of their process: not for its lock, not for a large import, and not for a
//! standby that is slow to confirm.
//!
//! With [`Reads::Followed`], [`refresh`](PackageStore::refresh) does the same for the reads that begin
//! after it. How old what is shown may be at most, [`PostgresStore::age`] reports.
//! [`PostgresStore::wait_for`] waits for a revision that somebody has seen elsewhere.
//!
//! # Writes
//!
//! One task of each process writes. Each transaction locks the row `head`, reads what others have
//! changed, takes the writes that wait, decides what becomes of each of them, and writes the rows, with
//! one statement for each kind of row. It is committed, then published to the readers, then answered. As
//! `head` is locked first, revisions and the feed of changes are in the order of the commits: who reads
//! the feed behind what it has read already misses nothing, however long a transaction takes.
//!
//! Conditions are asked in the transaction too ([`Write`]), so each write is decided by what is in the
//! database, and by nothing that this process remembers.
//!
//! Several writes share a transaction as long as it has at most 2,000 rows and one megabyte. If its
//! statements take too long, it is rolled back, and half as many of its writes are tried again in one
//! transaction, down to a single write. Later transactions grow again step by step. A write that is larger,
//! such as an import, has a transaction for itself.
//!
//! Each transaction has a random token, which `head` and the feed hold. Who does not find in the feed
//! the transaction that it read last has followed a history that is none any more, such as that of a
//! primary whose standby took over without having everything, and loads all packages anew, as the
//! beginning of another history in memory.
//!
//! # When it fails
//!
//! - The database is away: writes are refused
//!   ([`Unavailable`](pyaday_core::StoreError::Unavailable)) within two seconds, and so are reads with
//!   [`Reads::Latest`]. The store looks for the primary among all hosts at once until it is there
//!   again. It may be away when the store is set up.
//! - The connection is lost, or nobody answers, once `COMMIT` was sent: nobody knows, and the write is
//!   [`OutcomeUnknown`](pyaday_core::StoreError::OutcomeUnknown). So it is when the server warns that it
//!   did not wait for its standby to the end.
//! - Somebody holds the lock: writes are refused within two seconds.
//! - No synchronous standby is left: a commit waits for three seconds or what its size adds to them, and
//!   is unknown then. After it, writes are refused until the standby is back.
//! - The statements of a transaction may take two seconds and its commit three, and each of both a second
//!   more for every 2,000 rows and for every megabyte: a network of ten megabits a second is fast enough.
//!   Writes whose transaction takes longer are tried again together with fewer others, for at most five
//!   seconds after they came; a write that is too slow by itself is refused. The session whose transaction
//!   was given up is ended (`pg_terminate_backend`), so that it does not keep the lock.
//! - A process that has stopped with the lock loses it five seconds after its last statement has ended,
//!   and a statement ends within ten, or for a large transaction both within the time that its statements
//!   may take. A commit that waits for a standby keeps the lock until that comes.
//! - A transaction that collides with another (40001, 40P01) is tried again, up to three times.
//! - A connection that was slow, broken (08), or is to a server that shuts down (57) or cannot be
//!   written (25006) is not used again.
//!
//! # The database
//!
//! PostgreSQL with the encoding UTF8; 15 is what it is tested with, and nothing in it is newer than 13.
//! The user needs a schema, or the right to create one. Several processes that start at once set it up
//! once. A release that finds a newer schema goes on if that says it can (`oldest`), while it runs too.
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
//! The third schema drops what only searches by SQL needed:
//!
//! ```sql
#![doc = include_str!("schema/3.sql")]
//! ```
//!
//! A process brings the tables up to its schema when it starts, in one transaction. With all of PyPI,
//! 886,323 packages, the step from the second to the third schema took a tenth of a second, during which
//! nobody else could read or write the tables; the memory of other processes is read meanwhile. If
//! somebody leaves a transaction open that has used the tables, it is tried again and again, and each
//! time holds others up for at most a second. The space of the indexes, 126 MB, is free at once; that of
//! the columns, after `VACUUM FULL pyaday.package`, which is not needed for anything else.
//!
//! Processes of releases that know the second schema only stop writing and following once the tables
//! have the third, and answer with an internal error: end them first. The extension `pg_trgm`, which they
//! may have created, stays, since others may use it; `DROP EXTENSION pg_trgm` removes it.
//!
//! Read it as you like. Who writes to it by other means takes the row `head` first, in the same
//! transaction, and keeps it and the feed as these statements have them; otherwise nobody follows.
//!
//! # In production
//!
//! Three machines, each with PostgreSQL and Patroni, or a managed service that does the same:
//!
//! - `synchronous_standby_names = 'ANY 1 (…)'` (in Patroni, `synchronous_mode: quorum`) and
//!   `synchronous_commit = on`: what was acknowledged is on two machines. A transaction here never has
//!   less than `on`.
//! - All machines in the URL. With it, `target_session_attrs=read-write` is always asked for, so a
//!   standby is passed over; a pool of the host's asks for it itself.
//! - Patroni with a watchdog, so that an old primary is dead before another is made. One that lives on,
//!   cut off from its standbys, acknowledges nothing, but can still be read, with [`Reads::Latest`]
//!   too.
//! - Two connections for each process. Proxies that share connections between sessions must do so by
//!   sessions (PgBouncer's `session`): the store uses prepared statements, settings and `LISTEN`.
//! - TLS: give [`PostgresStore::with_pool`] a pool with a TLS connector. Make it of a [`Connector`].
//!
//! What scales: reads, with the number of processes. What does not: writes, which go through one row of
//! one primary; many that come together share a transaction, so it is its time to commit that limits
//! how many transactions there are a second, not how many writes.
//!
//! Each process needs the memory for all packages, and the time to load them when it starts. A server
//! with all of PyPI takes 240 MB and loads them within two to three seconds; count with 270 MB for a
//! million packages. While it loads anew, after a failover that has lost writes, it needs twice that.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod asker;
mod connection;
mod connector;
mod deadline;
mod error;
mod follow;
mod node;
mod options;
mod queue;
mod rows;
mod schema;
mod shared;
mod size;
mod url;

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use futures_channel::oneshot;
use pyaday_core::daily::{Daily, Day, Pick, Pin, Pinned, Unpin};
use pyaday_core::{
    Catalogue, Create, Date, Delete, Draft, NormalizedName, Package, PackageStore, Page, Picker,
    Query, Replacement, Revision, Seed, StoreError, StoreId, Stored, Tag, Update, Write,
};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::NoTls;

pub use connector::Connector;
pub use error::ConnectError;
pub use options::{Options, Reads};

use asker::Asker;
use error::Fault;
use node::{Node, Pending};
use queue::Queue;
use schema::Schema;
use shared::Shared;
use size::Size;

/// How long a refresh may take.
const REFRESH: Duration = Duration::from_secs(2);

/// How often is looked for writes that have waited for too long.
const WATCH_INTERVAL: Duration = Duration::from_millis(50);

/// Packages in a database that many processes share.
///
/// Dropping it ends its tasks, once they have carried out the writes that were begun.
pub struct PostgresStore {
    reads: Reads,
    queue: Arc<Queue>,
    shared: Arc<Shared>,
    runtime: Handle,
    picker: Picker,
    /// Those that hold nothing which must be finished.
    tasks: [AbortHandle; 2],
}

impl PostgresStore {
    /// A store of the database that a URL names: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with
    /// several hosts (`@db1,db2:5433`) if any of them may be the primary. What else may be in it is
    /// [`tokio_postgres`]'s; without TLS.
    ///
    /// It works in the tokio runtime in which this is called, which must go on; whoever calls its
    /// methods may have another or none. It waits until the tables are there and all packages are in
    /// memory, but not for a database that is away: then it goes on looking for it.
    ///
    /// # Errors
    /// What does not pass by itself, and what to do about it.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn connect(url: &str, options: Options) -> Result<Self, ConnectError> {
        let config = url::parse(url)?;
        let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(config, Connector::new(NoTls), fast);
        let pool = Pool::builder(manager)
            .build()
            .map_err(|error| ConnectError::Url { source: Arc::new(error) })?;
        Self::with_pool(pool, options).await
    }

    /// A store of the database that a pool of the host's leads to. Make it of a [`Connector`]: others do
    /// not hear the server's warnings, so a write whose wait for a standby an administrator cancels is
    /// acknowledged, though it may be lost with the primary. [`notices`](Self::notices) says so.
    ///
    /// The store has two connections beside the pool, which its manager makes, without the pool's hooks. It
    /// takes none from the pool, and uses none that leads to a standby: ask for
    /// `target_session_attrs=read-write`.
    ///
    /// What [`connect`](Self::connect) says holds here too.
    ///
    /// # Errors
    /// What does not pass by itself, and what to do about it.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn with_pool(pool: Pool, options: Options) -> Result<Self, ConnectError> {
        let schema = Arc::new(Schema::new(&options.schema)?);
        let (queue, shared) = (Arc::new(Queue::default()), Arc::new(Shared::new()));
        let Options { reads, poll_interval, max_age, .. } = options;
        let asker = Asker::new(pool.clone(), Arc::clone(&schema), Arc::clone(&shared));
        let mut node =
            Node::new(pool, schema, poll_interval, Arc::clone(&queue), Arc::clone(&shared));
        if let Err(fault) = node.follow().await
            && let Some(cause) = fault.final_cause()
        {
            return Err(cause);
        }
        tokio::spawn(node.run());
        let watch = watch(Arc::clone(&queue), Arc::clone(&shared), max_age);
        let tasks = [tokio::spawn(asker.run()), tokio::spawn(watch)].map(|it| it.abort_handle());
        let (runtime, picker) = (Handle::current(), Picker::new());
        Ok(Self { reads, queue, shared, runtime, picker, tasks })
    }

    /// How old what this process shows is at most: so long ago it was all that there was, and it may
    /// still be. `None` if nothing was loaded yet.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.shared.age()
    }

    /// Waits until this process shows at least a revision, such as one that a client has seen elsewhere.
    ///
    /// A revision that was lost with a primary counts as shown once there is a newer one: revisions are
    /// compared, and a lost write has no other trace.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if they do not before `patience` has passed.
    pub async fn wait_for(&self, revision: Revision, patience: Duration) -> Result<(), StoreError> {
        let has_it = self.shared.read(|it| it.revision() >= revision);
        if has_it.unwrap_or(false) {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        self.wait(patience, async move { shared.wait_for(revision).await }).await
    }

    /// All packages that this process shows at this moment, with [`Reads::Latest`] too: a clone that later
    /// writes do not change.
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

    /// What whoever runs the database should know: what is missing there or in the pool, and what to do
    /// about it.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        self.shared.notices()
    }

    /// Has the task carry out a write, and waits for its outcome.
    async fn write<T: Send + 'static>(
        &self,
        size: Size,
        operation: impl FnMut(&mut Draft) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, outcome) = oneshot::channel();
        self.queue.push(Box::new(Pending { size, operation, outcome: None, sender }))?;
        outcome.await.unwrap_or_else(|_| Err(Fault::Ended.unknown()))
    }

    /// What a look at the catalogue gives: with [`Reads::Latest`], at all that was written anywhere before
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

    /// Has the database asked for what it holds, and waits until this process shows that.
    async fn ask(&self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let asked = self.wait(REFRESH, async move { shared.refresh().await }).await?;
        asked.map_err(|fault| fault.refused())
    }

    /// Waits in the runtime of the store, for as long as the caller's patience lasts.
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

/// Ends what has waited or was shown for too long.
async fn watch(queue: Arc<Queue>, shared: Arc<Shared>, max_age: Duration) {
    loop {
        sleep(WATCH_INTERVAL).await;
        queue.refuse_late();
        shared.withdraw(max_age);
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

    /// With [`Reads::Latest`], each read asks by itself.
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

    async fn create_many(&self, packages: Vec<Package>) -> Result<Vec<Create>, StoreError> {
        let size = packages.iter().map(Size::of).sum();
        self.write(size, move |draft| draft.create_many(packages.clone())).await
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
        self.look(|it| it.sample(count, tag, seed)).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.look(|it| it.list(query)).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        self.look(|it| it.daily(date)).await
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        // A day stays as it is picked, so it is picked from what the database has now.
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
}
