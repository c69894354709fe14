//! A store that keeps a [`pyaday_core`] catalogue in an SQLite file. Every acknowledged write is on
//! the disk.
//!
//! ```no_run
//! use pyaday_core::Api;
//! use pyaday_sqlite::SqliteStore;
//!
//! # fn main() -> Result<(), pyaday_sqlite::OpenError> {
//! let api = Api::new(SqliteStore::open("pyaday.db")?);
//! # Ok(())
//! # }
//! ```
//!
//! All packages are in memory too, as in [`MemoryStore`](pyaday_core::MemoryStore), and reads are
//! as fast as there: they use neither the file nor a lock. One thread carries out all writes. It
//! decides the result of each write, commits all writes that queued during its last commit as one
//! transaction, publishes the new catalogue to the readers, and then returns the results. So a
//! write whose caller has the result is not lost if the process or the machine fails, and readers
//! never see a write that could still be lost.
//!
//! # The file
//!
//! The file is a plain SQLite database. `sqlite3` or Datasette can read it while no process has it
//! open as a store. The following statements create it. The statements of each schema come after
//! the statements of the previous one:
//!
//! ```sql
#![doc = include_str!("schema/1.sql")]
#![doc = include_str!("schema/2.sql")]
#![doc = include_str!("schema/3.sql")]
#![doc = include_str!("schema/4.sql")]
//! ```
//!
//! `PRAGMA application_id` is 0x70796164 (`pyad`), and `PRAGMA user_version` is the number of the
//! schema. Opening a file updates an older schema and verifies every checksum, except for those of the
//! tables `change` and `replaced`, which are verified when a row is read. If you change a row
//! by hand, compute its checksum, and update the counts in `catalogue`, `journal` and `log`. A checksum
//! covers all columns before it except `id`. In Python it is
//! `zlib.crc32("\0".join(map(str, columns)).encode())`.
//!
//! The row of `identity` is drawn when the file is created. If an older release without this table
//! created the file, the row is drawn when a newer release first opens it. A copy of the file has
//! the same identity, which is right for a backup. If the copy becomes a separate catalogue, write
//! another UUID into it.
//!
//! A revision is the greater of two numbers: the previous revision plus one, and the clock's
//! microseconds since 1970. So revisions do not count the writes. A file that was restored from a
//! backup does not use the lost revisions again, unless the clock was set back.
//!
//! A file that the store creates can be read and written only by its owner (0600, or less if the umask
//! says so). The log has the permissions of the file. The permissions of an existing file stay.
//!
//! While the file is open, a second file exists, the log (`pyaday.db-wal`). The two belong
//! together: a copy of only one of them may lack the newest packages. Closing the store moves the
//! content of the log to the first file.
//!
//! # The history
//!
//! Each write adds its row to the table `change`, and the versions that it replaces to the table
//! `replaced`, in the same transaction. The thread that writes also reads these tables, between two
//! transactions and in small parts, because the file is locked for one connection. So a long read of the
//! history makes a write wait for about a millisecond. If more than 64 reads wait, another one is refused
//! ([`Busy`](pyaday_core::StoreError::Busy)).
//!
//! [`SqliteStore::keep_changes`] sets which changes are kept; by default all are. In a file of an older
//! release, the history begins when a newer release first opens it.
//!
//! # Failures
//!
//! - The disk is full, or the process may not write: the write is refused
//!   ([`Unavailable`](pyaday_core::StoreError::Unavailable)), and later writes are tried.
//! - A synchronisation fails: it is not known what is on the disk. The writes of that transaction
//!   get [`OutcomeUnknown`](pyaday_core::StoreError::OutcomeUnknown), and all later writes are
//!   refused until the file is opened again. The synchronisation is not repeated, because an
//!   operating system may report success for the second attempt although the data is lost.
//! - The file or its log is removed, renamed or replaced, or the path leads to another file for
//!   another reason, such as a folder that was renamed: what is written to the open file would not be
//!   found again, and another process could open the other file. The store looks at both paths before
//!   and after each commit. If it finds this before the commit, the writes are refused. If it finds this
//!   after the commit, their outcome is unknown, because they are in the file that was open. All later
//!   writes are refused until the file is opened again, even if the file is put back. The cause of the
//!   error names the path. If only the log was removed, closing the store moves its content to the
//!   database, so that nothing is lost. On Linux, a database that was removed can be copied from
//!   `/proc/PID/fd`, together with its log, until the process ends. Other systems than those of Unix do
//!   not let anybody remove or rename the files.
//! - 1,024 writes already wait for the current commit: another write is refused.
//!
//! Reads continue in all of these cases. A write that would change nothing is also answered as
//! usual: an update to the stored content, a pin that exists already, or a condition that does not
//! hold. It is refused only if the queue is full, or together with the other writes of its
//! transaction. The first request for a day is a write, because it opens the day.
//!
//! # Other crates that use SQLite
//!
//! A program can link only one SQLite. This crate accepts rusqlite 0.39 to 0.41, so it can be used
//! together with sqlx 0.9 (both then use rusqlite 0.39). It does not open a file with an SQLite
//! older than 3.51.3.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod error;
mod file;
mod history;
mod place;
mod rows;
mod schema;
mod writer;

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use futures_channel::oneshot;
use pyaday_core::daily::{Daily, Day, Pin, Pinned, Unpin};
use pyaday_core::{
    Batch, Batched, Catalogue, ChangeDetails, ChangeOrder, ChangePage, ChangeQuery, Create, Date,
    Delete, Draft, NormalizedName, Package, PackageStore, Page, Past, Picker, Published, Query,
    Replacement, Retention, Revision, Seed, Selected, StoreError, StoreId, Stored, Tag, Update,
    Write,
};

pub use error::{OpenError, OpenFault};

use file::File;
use history::{Ask, History};
use rows::Content;
use writer::{Answer, Job, Writer};

/// A store in an SQLite file. No other connection can open the file at the same time.
///
/// Dropping the store waits for the writes that have begun, and closes the file.
pub struct SqliteStore {
    id: StoreId,
    /// The first revision, if nothing had been written to the file when it was opened.
    beginning: Option<Revision>,
    current: Arc<Published>,
    // This is dropped before `_thread`, whose drop waits for the thread. The thread ends when all
    // senders are dropped.
    jobs: SyncSender<Job>,
    retention: Arc<Mutex<Retention>>,
    /// The number of its owners tells how many reads of the log are under way.
    reads: Arc<()>,
    picker: Picker,
    _thread: Thread,
}

impl SqliteStore {
    /// Opens a file and reads all packages. If the file does not exist, it is created, but its
    /// folder must exist. The calling thread waits for one to two microseconds per package.
    ///
    /// # Errors
    ///
    /// Why the file cannot be used, and what to do about it. A damaged file is always an error: it
    /// is never read as a file with fewer packages.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        if let Some(shown) = without_secrets(&path.to_string_lossy()) {
            return Err(OpenError::new(Path::new(&shown), OpenFault::Url));
        }
        let failed = |fault| OpenError::new(path, fault);
        let file = path.to_owned();
        let retention = Arc::new(Mutex::new(Retention::all()));
        let retention_of_writer = Arc::clone(&retention);
        let (jobs, queue) = mpsc::sync_channel(writer::QUEUE);
        let (opened, content) = mpsc::sync_channel(1);
        let work = move || match File::open(&file) {
            Err(fault) => drop(opened.send(Err(fault))),
            Ok((file, Content { id, catalogue, is_new, .. })) => {
                let beginning = is_new.then(|| catalogue.revision());
                let current = Arc::new(Published::new(catalogue));
                // If the receiver is gone, the senders of jobs are gone too.
                drop(opened.send(Ok((id, beginning, Arc::clone(&current)))));
                Writer::new(file, current, retention_of_writer).run(&queue);
            }
        };
        let thread = thread::Builder::new()
            .name("pyaday-sqlite".to_owned())
            .spawn(work)
            .map_err(|error| failed(OpenFault::Io { source: error.into() }))?;
        // If the thread panicked, nothing is received.
        let opened = content.recv().map_err(|_| failed(OpenFault::Io { source: Bug.into() }))?;
        let (id, beginning, current) = opened.map_err(failed)?;
        Ok(Self {
            id,
            beginning,
            current,
            jobs,
            retention,
            reads: Arc::new(()),
            picker: Picker::new(),
            _thread: Thread(Some(thread)),
        })
    }

    /// Sets which changes the store keeps in its log. By default it keeps all.
    ///
    /// The store removes changes between writes, in small transactions.
    #[must_use]
    pub fn keep_changes(self, retention: Retention) -> Self {
        *self.retention.lock().unwrap_or_else(PoisonError::into_inner) = retention;
        // The thread looks at the new setting after this job. If the queue is full, it looks after
        // the next write.
        drop(self.jobs.try_send(Job::Trim));
        self
    }

    /// Returns all packages at this moment: a clone that later writes do not change.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        self.current.catalogue()
    }

    /// True if nothing was ever written to the catalogue. A catalogue whose packages were all
    /// deleted is not new.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.current.read(|it| self.beginning == Some(it.revision()))
    }

    /// Sends a write to the thread and waits for its result.
    async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Draft) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        /// When to repeat a write that was refused because the queue is full. Every commit empties
        /// the queue.
        const RETRY: Duration = Duration::from_secs(1);

        let (sender, outcome) = oneshot::channel();
        let job = Job::Write(Box::new(move |draft| {
            let outcome = draft.attempt(operation);
            let answer: Answer = Box::new(move |committed| {
                let answer = committed.and_then(|()| {
                    outcome.map_err(|_| StoreError::Internal { source: Bug.into() })
                });
                // The caller may have stopped waiting.
                drop(sender.send(answer));
            });
            answer
        }));
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => {
                StoreError::Unavailable { retry_after: RETRY, source: QueueFull.into() }
            }
            TrySendError::Disconnected(_) => StoreError::Internal { source: Bug.into() },
        })?;
        let gone =
            |canceled: oneshot::Canceled| StoreError::OutcomeUnknown { source: canceled.into() };
        outcome.await.map_err(gone)?
    }
}

/// What may be shown of a URL. `None` if the text is not a URL.
fn without_secrets(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once("://")?;
    // RFC 3986 §3.1. Anything else before `://` may be a user name and a password.
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    Some(format!("{}://…", if is_scheme { scheme } else { "…" }))
}

impl Ask for SqliteStore {
    async fn ask<T: Send + 'static>(
        &self,
        look: impl FnOnce(&History<'_>) -> Result<T, OpenFault> + Send + 'static,
    ) -> Result<T, StoreError> {
        /// How many reads may wait, so that there is always room for writes in the queue.
        const READS: usize = 64;
        /// When to repeat a read that was refused.
        const RETRY: Duration = Duration::from_secs(1);

        let admitted = Arc::clone(&self.reads);
        if Arc::strong_count(&admitted) > READS + 1 {
            return Err(StoreError::Busy { retry_after: RETRY });
        }
        let (sender, answer) = oneshot::channel();
        let read = Box::new(move |history: &History<'_>| {
            // The caller may have stopped waiting.
            drop(sender.send(look(history)));
            drop(admitted);
        });
        self.jobs.try_send(Job::Read(read)).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy { retry_after: RETRY },
            TrySendError::Disconnected(_) => StoreError::Internal { source: Bug.into() },
        })?;
        let answer = answer.await.map_err(|_| StoreError::Internal { source: Bug.into() })?;
        answer.map_err(|fault| StoreError::Internal { source: fault.into() })
    }
}

/// The version of the SQLite library that is linked into the program.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

#[derive(Debug, thiserror::Error)]
#[error("{} writes wait already", writer::QUEUE)]
struct QueueFull;

#[derive(Debug, thiserror::Error)]
#[error("a bug; the panic's message is on standard error")]
struct Bug;

/// A thread that is joined on drop.
struct Thread(Option<JoinHandle<()>>);

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // If the thread panicked, the callers of its writes have received an error already.
            drop(thread.join());
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteStore").field(&self.current).finish()
    }
}

impl PackageStore for SqliteStore {
    async fn id(&self) -> Result<StoreId, StoreError> {
        Ok(self.id)
    }

    /// No other process writes to the file, so there is nothing to wait for.
    async fn refresh(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        self.write(move |draft| draft.create(package, &write)).await
    }

    async fn create_many(
        &self,
        packages: Vec<Package>,
        write: Write,
    ) -> Result<Vec<Create>, StoreError> {
        self.write(move |draft| draft.create_many(packages, &write)).await
    }

    async fn write_batch(&self, batch: Batch, write: Write) -> Result<Batched, StoreError> {
        self.write(move |draft| draft.write_batch(batch, &write)).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        Ok(self.current.read(|it| it.get(name)))
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        let name = name.clone();
        self.write(move |draft| draft.update(&name, replacement, &write)).await
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        let name = name.clone();
        self.write(move |draft| draft.delete(&name, &write)).await
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        Ok(self.current.read(|it| it.random(seed)))
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        self.current.sample(count, tag, seed).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.current.list(query).await
    }

    async fn select(&self, query: &Query) -> Result<Selected, StoreError> {
        self.current.select(query).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        Ok(self.current.read(|it| it.daily(date)))
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        let write = |pick| self.write(move |draft| draft.open_daily(&pick, picked_at));
        self.picker.open(dates, || self.catalogue(), write).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        Ok(self.current.read(|it| it.recent_daily(until, count)))
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        Ok(self.current.read(|it| it.pins(last_open, count)))
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        Ok(self.current.read(|it| it.pinned(date)))
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        let name = name.clone();
        self.write(move |draft| draft.pin_daily(date, last_open, &name, &write)).await
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        self.write(move |draft| draft.unpin_daily(date, last_open, &write)).await
    }

    async fn changes(&self, query: &ChangeQuery) -> Result<Past<ChangePage>, StoreError> {
        let mut query = query.clone();
        // The first revision of a new file is in no row of the log. All changes come after it.
        if self.beginning.is_some_and(|first| query.order == ChangeOrder::After(first)) {
            query.order = ChangeOrder::After(Revision::new(0));
        }
        history::changes(self, &query).await
    }

    async fn change(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
        limit: NonZeroUsize,
    ) -> Result<Past<Option<ChangeDetails>>, StoreError> {
        history::change(self, revision, after, limit.get()).await
    }

    async fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> Result<Past<Option<Stored>>, StoreError> {
        let name = name.clone();
        self.ask(move |history| history.read_at(&name, revision)).await
    }
}
