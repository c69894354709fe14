//! Keeps a [`pyaday_core`] catalogue in PostgreSQL.

mod connection;
mod connector;
mod direct;
mod draft;
mod error;
mod follow;
mod node;
mod options;
mod queue;
mod rows;
mod schema;
mod shared;
mod url;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use deadpool_postgres::{Hook, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use futures_channel::oneshot;
use pyaday_core::daily::{Daily, Day, Opening, Pick, Pin, Unpin};
use pyaday_core::{
    Catalogue, Create, Date, Delete, Details, NormalizedName, Package, PackageStore, Page, Picker,
    Query, Revision, Seed, StoreError, Stored, Tag, Update,
};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
use tokio_postgres::NoTls;

pub use connector::Connector;
pub use error::ConnectError;
pub use options::{Options, Reads};

use direct::Direct;
use draft::Draft;
use error::Fault;
use node::{Node, Pending};
use queue::Queue;
use schema::Schema;
use shared::{Shared, Shown};

/// How many connections the pool of a URL has.
const CONNECTIONS: usize = 16;

/// How often is looked for writes that have waited for too long.
const WATCH_INTERVAL: Duration = Duration::from_millis(50);

/// Packages in PostgreSQL.
///
/// Dropping it ends its tasks, once they have carried out the writes that were begun.
pub struct PostgresStore {
    reads: Reads,
    queue: Arc<Queue>,
    shared: Arc<Shared>,
    direct: Direct,
    picker: Picker,
}

impl PostgresStore {
    /// A store of the database that a URL names.
    ///
    /// # Errors
    /// What does not pass by itself.
    pub async fn connect(url: &str, options: Options) -> Result<Self, ConnectError> {
        let config = url::parse(url)?;
        let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(config, Connector::new(NoTls), fast);
        let limit = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
            Box::pin(async move {
                let limit = client.batch_execute("SET statement_timeout = '5s'");
                limit.await.map_err(deadpool_postgres::HookError::Backend)
            })
        });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .post_create(limit)
            .build()
            .map_err(|error| ConnectError::Url { source: Arc::new(error) })?;
        Self::with_pool(pool, options).await
    }

    /// A store of the database that a pool leads to.
    ///
    /// # Errors
    /// What does not pass by itself.
    pub async fn with_pool(pool: Pool, options: Options) -> Result<Self, ConnectError> {
        let schema = Arc::new(Schema::new(&options.schema)?);
        let (queue, shared) = (Arc::new(Queue::default()), Arc::new(Shared::new()));
        let direct = Direct {
            pool: pool.clone(),
            schema: Arc::clone(&schema),
            runtime: Handle::current(),
            shared: Arc::clone(&shared),
        };
        let Options { reads, poll_interval, max_age, .. } = options;
        let mut node =
            Node::new(pool, schema, reads, poll_interval, Arc::clone(&queue), Arc::clone(&shared));
        if let Err(fault) = node.follow().await
            && let Some(cause) = fault.final_cause()
        {
            return Err(cause);
        }
        tokio::spawn(node.run());
        tokio::spawn(watch(Arc::clone(&queue), Arc::clone(&shared), max_age));
        Ok(Self { reads, queue, shared, direct, picker: Picker::new() })
    }

    /// How long ago, at most, what reads show was all that there was.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        match self.reads {
            Reads::Memory => self.shared.age(),
            Reads::Database => Some(Duration::ZERO),
        }
    }

    /// Waits until reads show at least a revision, which was seen elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if they do not by then.
    pub async fn wait_for(&self, revision: Revision, patience: Duration) -> Result<(), StoreError> {
        let has_it = |shown: Shown| shown.revision() >= revision;
        if self.reads == Reads::Database || self.shared.catalogue().is_ok_and(has_it) {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let waiting = async move { timeout(patience, shared.wait_for(revision.get())).await };
        match self.direct.runtime.spawn(waiting).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Fault::Late(patience).refused()),
            Err(_) => Err(Fault::Ended.refused()),
        }
    }

    /// All packages of this moment.
    ///
    /// # Errors
    /// As reads have them.
    pub fn catalogue(&self) -> Result<Catalogue, StoreError> {
        self.shared.catalogue().map(|shown| Catalogue::clone(&shown))
    }

    /// True if nobody has ever written to the catalogue, as far as is known: not with reads from the
    /// database, nor while that is away.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.shared.is_new()
    }

    /// What the host should know of how the database is set up.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        self.shared.notices()
    }

    /// Has the task carry out a write, and waits for its outcome.
    async fn write<T: Send + 'static>(
        &self,
        names: Vec<NormalizedName>,
        date: Option<Date>,
        operation: impl FnMut(&mut Draft) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, outcome) = oneshot::channel();
        self.queue.push(Box::new(Pending { names, date, operation, outcome: None, sender }))?;
        outcome.await.unwrap_or_else(|_| Err(Fault::Ended.unknown()))
    }

    async fn write_daily(&self, pick: Pick, picked_at: SystemTime) -> Result<Opening, StoreError> {
        let (names, date) = (vec![pick.name().clone()], Some(pick.date()));
        self.write(names, date, move |draft| draft.open_daily(&pick, picked_at)).await
    }

    /// Opens a date with a pick from what is in memory.
    async fn open_from_memory(
        &self,
        date: Date,
        picked_at: SystemTime,
    ) -> Result<Option<Daily>, StoreError> {
        let last = self.catalogue()?;
        let current = || self.catalogue().unwrap_or_else(|_| last.clone());
        self.picker.open(date, current, |pick| self.write_daily(pick, picked_at)).await
    }

    /// Opens a date with a pick from all names, which are read anew as long as others write in
    /// between.
    async fn open_from_database(
        &self,
        date: Date,
        picked_at: SystemTime,
    ) -> Result<Option<Daily>, StoreError> {
        loop {
            if let Day::Shown(daily) = self.direct.daily(date).await? {
                return Ok(Some(daily));
            }
            let names = self.direct.names().await?;
            let is_stale = AtomicBool::new(false);
            let write = |pick| async {
                let opening = self.write_daily(pick, picked_at).await?;
                if opening == Opening::Stale {
                    is_stale.store(true, Ordering::Relaxed);
                    return Err(Fault::Moved.refused());
                }
                Ok(opening)
            };
            let opened = self.picker.open(date, || names.clone(), write).await;
            if !is_stale.into_inner() {
                return opened;
            }
        }
    }
}

/// Ends what has waited or was shown for too long.
async fn watch(queue: Arc<Queue>, shared: Arc<Shared>, max_age: Duration) {
    while !queue.has_ended() {
        sleep(WATCH_INTERVAL).await;
        queue.refuse_late();
        shared.withdraw(max_age);
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
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
    async fn create(&self, package: Package) -> Result<Create, StoreError> {
        let names = vec![package.name.normalized()];
        self.write(names, None, move |draft| draft.create(&package)).await
    }

    async fn create_many(&self, packages: Vec<Package>) -> Result<Vec<Create>, StoreError> {
        let names = packages.iter().map(|package| package.name.normalized()).collect();
        self.write(names, None, move |draft| draft.create_many(&packages)).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        match self.reads {
            Reads::Memory => Ok(self.shared.catalogue()?.get(name)),
            Reads::Database => self.direct.read(name).await,
        }
    }

    async fn update(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
        details: Details,
    ) -> Result<Update, StoreError> {
        let name = name.clone();
        let names = vec![name.clone()];
        self.write(names, None, move |draft| draft.update(&name, expected, &details)).await
    }

    async fn delete(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
    ) -> Result<Delete, StoreError> {
        let name = name.clone();
        self.write(vec![name.clone()], None, move |draft| draft.delete(&name, expected)).await
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        match self.reads {
            Reads::Memory => Ok(self.shared.catalogue()?.random(seed)),
            Reads::Database => self.direct.random(seed).await,
        }
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        match self.reads {
            Reads::Memory => Ok(self.shared.catalogue()?.sample(count, tag, seed)),
            Reads::Database => self.direct.sample(count, tag, seed).await,
        }
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        match self.reads {
            Reads::Memory => Ok(self.shared.catalogue()?.list(query)),
            Reads::Database => self.direct.list(query).await,
        }
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        match self.reads {
            Reads::Memory => Ok(self.shared.catalogue()?.daily(date)),
            Reads::Database => self.direct.daily(date).await,
        }
    }

    async fn open_daily(
        &self,
        date: Date,
        picked_at: SystemTime,
    ) -> Result<Option<Daily>, StoreError> {
        match self.reads {
            Reads::Memory => self.open_from_memory(date, picked_at).await,
            Reads::Database => self.open_from_database(date, picked_at).await,
        }
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        match self.reads {
            Reads::Memory => Ok(self.shared.catalogue()?.recent_daily(until, count)),
            Reads::Database => self.direct.recent_daily(until, count).await,
        }
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
    ) -> Result<Pin, StoreError> {
        let name = name.clone();
        let names = vec![name.clone()];
        self.write(names, Some(date), move |draft| draft.pin_daily(date, last_open, &name)).await
    }

    async fn unpin_daily(&self, date: Date, last_open: Date) -> Result<Unpin, StoreError> {
        self.write(Vec::new(), Some(date), move |draft| draft.unpin_daily(date, last_open)).await
    }
}
