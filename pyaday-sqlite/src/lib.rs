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
//! store:
//!
//! ```sql
#![doc = include_str!("schema/1.sql")]
#![doc = include_str!("schema/2.sql")]
//! ```
//!
//! `PRAGMA application_id` is 0x70796164 (`pyad`), `PRAGMA user_version` the schema's number. Opening
//! a file verifies every checksum and brings an older schema up to date. Who changes a row by hand
//! computes its checksum, and keeps the counts in `catalogue` and `journal`. The checksum is that of
//! all columns before it but `id`: in Python, `zlib.crc32("\0".join(map(str, columns)).encode())`.
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
//! Reads go on in all of these. To be the first who asks for a day is a write.
//!
//! # Beside another SQLite
//!
//! A program links one SQLite. This crate takes rusqlite 0.39 to 0.41, so it goes with sqlx 0.9
//! (both take rusqlite 0.39 then). It refuses to open anything with an SQLite before 3.51.3.

mod draft;
mod error;
mod file;
mod rows;
mod schema;
mod writer;

use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use futures_channel::oneshot;
use pyaday_core::daily::{Daily, Day, Pin, Unpin};
use pyaday_core::{
    Catalogue, Create, Date, Delete, Details, NormalizedName, Package, PackageStore, Page, Picker,
    Published, Query, Revision, Seed, StoreError, Stored, Tag, Update,
};

pub use error::{OpenError, OpenFault};

use draft::Draft;
use file::File;
use writer::{Answer, Job};

/// Packages in an SQLite file, which this store alone has open.
///
/// Dropping it waits for the writes that were begun and closes the file.
pub struct SqliteStore {
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
        let (opened, catalogue) = mpsc::sync_channel(1);
        let work = move || match File::open(&file) {
            Err(fault) => drop(opened.send(Err(fault))),
            Ok((file, catalogue)) => {
                let current = Arc::new(Published::new(catalogue));
                // If nobody waits for it any more, then nobody sends jobs either.
                drop(opened.send(Ok(Arc::clone(&current))));
                writer::run(file, &current, &queue);
            }
        };
        let thread = thread::Builder::new()
            .name("pyaday-sqlite".to_owned())
            .spawn(work)
            .map_err(|error| failed(OpenFault::Io { source: error.into() }))?;
        // If the thread panicked, then nothing comes.
        let opened = catalogue.recv().map_err(|_| failed(OpenFault::Io { source: Bug.into() }))?;
        let current = opened.map_err(failed)?;
        Ok(Self { current, jobs, picker: Picker::new(), _thread: Thread(Some(thread)) })
    }

    /// All packages of this moment: a clone that later writes do not change.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        self.current.catalogue()
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
            let before = draft.catalogue.clone();
            let changes = draft.changes.len();
            let outcome = catch_unwind(AssertUnwindSafe(|| operation(draft)));
            if outcome.is_err() {
                // Nothing of a write that panicked is committed.
                draft.catalogue = before;
                draft.changes.truncate(changes);
            }
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
    async fn create(&self, package: Package) -> Result<Create, StoreError> {
        self.write(|draft| draft.create(package)).await
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
        expected: Option<Revision>,
        details: Details,
    ) -> Result<Update, StoreError> {
        let name = name.clone();
        self.write(move |draft| draft.update(&name, expected, details)).await
    }

    async fn delete(
        &self,
        name: &NormalizedName,
        expected: Option<Revision>,
    ) -> Result<Delete, StoreError> {
        let name = name.clone();
        self.write(move |draft| draft.delete(name, expected)).await
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
        date: Date,
        picked_at: SystemTime,
    ) -> Result<Option<Daily>, StoreError> {
        let write = |pick| self.write(move |draft| draft.open_daily(&pick, picked_at));
        self.picker.open(date, || self.catalogue(), write).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        Ok(self.current.read(|it| it.recent_daily(until, count)))
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
    ) -> Result<Pin, StoreError> {
        let name = name.clone();
        self.write(move |draft| draft.pin_daily(date, last_open, name)).await
    }

    async fn unpin_daily(&self, date: Date, last_open: Date) -> Result<Unpin, StoreError> {
        self.write(move |draft| draft.unpin_daily(date, last_open)).await
    }
}
