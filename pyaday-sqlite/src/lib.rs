//! Keeps a [`pyaday_core`] catalogue in an SQLite file: what was acknowledged is on the disk.
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
//! All packages are in memory too, as in [`MemoryStore`](pyaday_core::MemoryStore), and reads cost
//! what they cost there: they touch neither the file nor a lock. Writes go to one thread, which
//! decides what becomes of each, commits all that queued during its last commit as one transaction,
//! publishes them to the readers and answers, in this order. So a caller that has an answer will
//! find what it wrote, whatever happens to the process or the machine, and nobody sees what may
//! still be lost.
//!
//! # The file
//!
//! It is a plain database for `sqlite3` or Datasette to read while no process has it open as a
//! store. These are the statements that make it, those of each schema after those of the previous one:
//!
//! ```sql
#![doc = include_str!("schema/1.sql")]
#![doc = include_str!("schema/2.sql")]
#![doc = include_str!("schema/3.sql")]
//! ```
//!
//! `PRAGMA application_id` is 0x70796164 (`pyad`), `PRAGMA user_version` the schema's number. Opening
//! a file brings an older schema up to date and verifies every checksum. If you change a row by hand,
//! compute its checksum, and keep the counts in `catalogue` and `journal`. The checksum is that of
//! all columns before it but `id`: in Python, `zlib.crc32("\0".join(map(str, columns)).encode())`.
//!
//! The row of `identity` is drawn when the file is made, or when a release that knows this table first
//! opens it. A copy of the file has the same identity, as a backup should have. If a copy becomes
//! another catalogue, write another UUID into it.
//!
//! A revision is the greater of two numbers: the previous revision plus one, and the clock's
//! microseconds since 1970. So revisions are no count of the writes, and a file that was restored from
//! a backup does not use those again that were lost, unless the clock was set back.
//!
//! While it is open there is a second file, the log (`pyaday.db-wal`). Both belong together: a copy
//! of one without the other may lack the newest packages. Closing the store moves everything to the
//! first file.
//!
//! # When it fails
//!
//! - No space, or no permission: the write is refused
//!   ([`Unavailable`](pyaday_core::StoreError::Unavailable)), and later ones are tried.
//! - A synchronisation fails: nobody knows what is on the disk. The writes of that moment are
//!   [`OutcomeUnknown`](pyaday_core::StoreError::OutcomeUnknown), all later ones are refused until
//!   the file is opened anew. It is never tried again, since a system may answer the second try
//!   with success.
//! - 1,024 writes wait for those that are being committed: another is refused.
//!
//! Reads go on in all of these, and a write that would change nothing (an update to what is stored, a
//! pin that is there already, a condition that does not hold) is answered as ever. It is refused only if
//! the queue is full, or with the writes of a transaction that it was to be part of. The first request for
//! a day is a write, since it opens the day.
//!
//! # Beside another SQLite
//!
//! A program links one SQLite. This crate takes rusqlite 0.39 to 0.41, so it goes with sqlx 0.9
//! (both take rusqlite 0.39 then). It refuses to open anything with an SQLite before 3.51.3.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod error;
mod file;
mod rows;
mod schema;
mod writer;

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use futures_channel::oneshot;
use pyaday_core::daily::{Daily, Day, Pin, Pinned, Unpin};
use pyaday_core::{
    Catalogue, Create, Date, Delete, Draft, NormalizedName, Package, PackageStore, Page, Picker,
    Published, Query, Replacement, Revision, Seed, StoreError, StoreId, Stored, Tag, Update, Write,
};

pub use error::{OpenError, OpenFault};

use file::File;
use rows::Content;
use writer::{Answer, Job};

/// Packages in an SQLite file, which this store alone has open.
///
/// Dropping it waits for the writes that were begun and closes the file.
pub struct SqliteStore {
    id: StoreId,
    /// Of a file that nobody had written to when it was opened: the revision that it begins with.
    beginning: Option<Revision>,
    current: Arc<Published>,
    // Dropped before the thread is waited for, which ends when nobody can send.
    jobs: SyncSender<Job>,
    picker: Picker,
    _thread: Thread,
}

impl SqliteStore {
    /// Opens a file, or creates it in a folder that exists, and reads all packages: between one and
    /// two microseconds for each, during which the calling thread waits.
    ///
    /// # Errors
    /// What keeps the file from being used, and what to do about it. A file that is damaged is
    /// never taken for one with fewer packages.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        if let Some((scheme, _)) = path.to_string_lossy().split_once("://") {
            return Err(OpenError::new(Path::new(&format!("{scheme}://…")), OpenFault::Url));
        }
        let failed = |fault| OpenError::new(path, fault);
        let file = path.to_owned();
        let (jobs, queue) = mpsc::sync_channel(writer::QUEUE);
        let (opened, content) = mpsc::sync_channel(1);
        let work = move || match File::open(&file) {
            Err(fault) => drop(opened.send(Err(fault))),
            Ok((file, Content { id, catalogue, is_new })) => {
                let beginning = is_new.then(|| catalogue.revision());
                let current = Arc::new(Published::new(catalogue));
                // If nobody waits for it any more, then nobody sends jobs either.
                drop(opened.send(Ok((id, beginning, Arc::clone(&current)))));
                writer::run(file, &current, &queue);
            }
        };
        let thread = thread::Builder::new()
            .name("pyaday-sqlite".to_owned())
            .spawn(work)
            .map_err(|error| failed(OpenFault::Io { source: error.into() }))?;
        // If the thread panicked, then nothing comes.
        let opened = content.recv().map_err(|_| failed(OpenFault::Io { source: Bug.into() }))?;
        let (id, beginning, current) = opened.map_err(failed)?;
        Ok(Self {
            id,
            beginning,
            current,
            jobs,
            picker: Picker::new(),
            _thread: Thread(Some(thread)),
        })
    }

    /// All packages of this moment: a clone that later writes do not change.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        self.current.catalogue()
    }

    /// True if nobody has ever written to the catalogue. One whose packages were all deleted is not new.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.current.read(|it| self.beginning == Some(it.revision()))
    }

    /// Has the thread carry out a write, and waits for its outcome.
    async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Draft) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        /// When a write should come again that finds the queue full: it moves with every commit.
        const RETRY: Duration = Duration::from_secs(1);

        let (sender, outcome) = oneshot::channel();
        let job: Job = Box::new(move |draft| {
            let outcome = draft.attempt(operation);
            let answer: Answer = Box::new(move |committed| {
                let answer = committed.and_then(|()| {
                    outcome.map_err(|_| StoreError::Internal { source: Bug.into() })
                });
                // Whoever asked may have gone away.
                drop(sender.send(answer));
            });
            answer
        });
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

/// The version of SQLite that the program is linked with.
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

/// A thread that is waited for.
struct Thread(Option<JoinHandle<()>>);

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // If it panicked, then its writes were answered so.
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

    /// Nothing else writes to the file, so there is nothing to wait for.
    async fn refresh(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        self.write(move |draft| draft.create(package, &write)).await
    }

    async fn create_many(&self, packages: Vec<Package>) -> Result<Vec<Create>, StoreError> {
        self.write(|draft| draft.create_many(packages)).await
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
        Ok(self.current.read(|it| it.sample(count, tag, seed)))
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        Ok(self.current.read(|it| it.list(query)))
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
}
