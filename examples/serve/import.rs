//! Puts the packages that curators have in files into a store.
//!
//! A thread reads the file, since reading blocks, and hands batches to the task that writes them:
//! while one batch is written the next is read, and a third may wait. No more than that is in memory.

mod report;
mod sources;
mod write;

use std::fmt;
use std::fs::{self, File};
use std::future::pending;
use std::io::{self, Read};
use std::panic::resume_unwind;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use pyaday_core::PackageStore;
use pyaday_core::import::{Import, OnExisting, ReadError, ReaderBuilder, Refusal, Row};
use tokio::sync::mpsc;

use self::report::Report;
pub(crate) use self::sources::Sources;
use self::write::Writer;
use crate::progress::Pace;
use crate::url::shown;
use crate::{Error, Signal};

/// How many packages are written at once.
const BATCH: usize = 5_000;

/// How long their texts may be together, in bytes, but for those of the last package.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// How many rows may be refused until the file is taken for something else, if none is accepted.
const HOPELESS: u64 = 100;

/// A text to import and what to call it.
pub struct Source {
    name: String,
    /// Of a file, in bytes.
    size: Option<u64>,
    input: Box<dyn Read + Send>,
}

impl Source {
    /// A file, or standard input if the path is `-`.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path == Path::new("-") {
            return Ok(Self::new("standard input", io::stdin()));
        }
        let name = shown(&path.display().to_string());
        match File::open(path).and_then(|file| Ok((file.metadata()?, file))) {
            Ok((metadata, file)) => {
                let size = metadata.is_file().then_some(metadata.len());
                Ok(Self { size, ..Self::new(name, file) })
            }
            Err(source) => Err(Error::Unreadable { name, source }),
        }
    }

    /// A file that was found in a directory.
    ///
    /// # Errors
    /// It cannot be opened, or it is something else. Nobody has named it, and to open a pipe or to read a
    /// device may take for ever.
    fn found(path: &Path) -> Result<Self, Error> {
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => {
                let name = shown(&path.display().to_string());
                let source = io::Error::other("it is not a file, but a pipe, a socket or a device");
                Err(Error::Unreadable { name, source })
            }
            _ => Self::open(path),
        }
    }

    /// What is read from `input`, called `name` in messages.
    #[must_use]
    pub fn new(name: impl Into<String>, input: impl Read + Send + 'static) -> Self {
        Self { name: name.into(), size: None, input: Box::new(input) }
    }

    /// What the source is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How files are imported.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions {
    /// What becomes of packages that the store has already.
    pub on_existing: OnExisting,
    /// Whether a package stays deleted if it was deleted after an earlier import.
    pub keep_deleted: bool,
}

impl From<OnExisting> for ImportOptions {
    /// Adds deleted packages again.
    fn from(on_existing: OnExisting) -> Self {
        Self { on_existing, keep_deleted: false }
    }
}

/// What became of the rows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// What was to become of packages that the store had.
    pub on_existing: OnExisting,
    /// Packages that are new in the store.
    pub added: u64,
    /// Packages that the store had, with something else in them.
    pub updated: u64,
    /// Packages that the store had; they stayed as they were.
    pub present: u64,
    /// Packages that were deleted after an earlier import; they stayed deleted.
    pub deleted: u64,
    /// Rows that are no package.
    pub refused: u64,
}

impl Summary {
    /// How many rows were read.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.added + self.updated + self.present + self.deleted + self.refused
    }

    /// Adds what became of the rows of another file.
    fn add(&mut self, other: Self) {
        self.added += other.added;
        self.updated += other.updated;
        self.present += other.present;
        self.deleted += other.deleted;
        self.refused += other.refused;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { on_existing, added, updated, present, deleted, refused } = self;
        write!(f, "{} read, {added} added, ", self.read())?;
        match on_existing {
            OnExisting::Update => write!(f, "{updated} updated, {present} unchanged, ")?,
            _ => write!(f, "{present} present, ")?,
        }
        match deleted {
            0 => {}
            deleted => write!(f, "{deleted} deleted before, ")?,
        }
        write!(f, "{refused} refused")
    }
}

/// Adds the packages of a source to a store.
///
/// A row that is not a package is reported on standard error with its line, if it is one of the first
/// 20, and the others are added.
///
/// # Errors
/// The source is not a list of packages, all of its first 100 rows are refused, reading it fails, or
/// the store fails; with [`OnExisting::Error`] also that the store had some of the packages. What was
/// read before is in the store.
pub async fn import<S: PackageStore>(
    store: &S,
    source: Source,
    options: impl Into<ImportOptions>,
) -> Result<Summary, Error> {
    import_until(store, source, options, pending()).await
}

/// Adds the packages of a source to a store, until `stop`. The batch that is being written then is finished.
///
/// # Errors
/// Those of [`import`], or `stop` came first.
pub async fn import_until<S: PackageStore>(
    store: &S,
    source: Source,
    options: impl Into<ImportOptions>,
    stop: impl Future<Output = Signal>,
) -> Result<Summary, Error> {
    import_one(store, source, options.into(), stop, Pace::new()).await
}

/// The same for one of several sources, which have one pace.
async fn import_one<S: PackageStore>(
    store: &S,
    source: Source,
    ImportOptions { on_existing, keep_deleted }: ImportOptions,
    stop: impl Future<Output = Signal>,
    pace: Arc<Pace>,
) -> Result<Summary, Error> {
    let Source { name, size, input } = source;
    let report = Report::new(&name, size, pace);
    let (sender, mut batches) = mpsc::channel(1);
    let refused = Arc::<AtomicU64>::default();
    let mut reading = Reading {
        report: report.clone(),
        on_existing,
        accepted: 0,
        refused: Arc::clone(&refused),
        bytes: 0,
    };
    let reader = {
        let input = report.watch(input);
        thread::spawn(move || reading.read(input, &sender))
    };
    let import = Import::new().on_existing(on_existing).keep_deleted(keep_deleted);
    // An import has no reader who could decide about look-alikes.
    let import = import.look_alikes(false);
    let writer = Writer { store, import, on_existing, report: &report };
    let mut summary = Summary { on_existing, ..Summary::default() };
    let mut stop = pin!(stop);
    loop {
        let batch = tokio::select! {
            biased;
            signal = &mut stop => {
                report.end();
                summary.refused += refused.load(Relaxed);
                // The reader ends as if the store had failed.
                return Err(Error::Stopped { signal, import: Some((name, summary)) });
            }
            batch = batches.recv() => batch,
        };
        let Some(batch) = batch else { break };
        if let Err(source) = writer.write(batch, &mut summary).await {
            report.end();
            // The reader ends with its next batch; it may wait for its input until then.
            return Err(Error::Store { name, summary, source });
        }
    }
    let end = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
    report.end();
    summary.refused += refused.load(Relaxed);
    finish(name, summary, end)
}

/// What an import came to.
fn finish(name: String, summary: Summary, end: Result<(), ReadError>) -> Result<Summary, Error> {
    let broken = |source: io::Error| match summary.read() {
        0 => Error::Unreadable { name: name.clone(), source },
        _ => Error::BrokenOff { name: name.clone(), summary, source },
    };
    match end {
        Err(ReadError::NotAList(fault)) => Err(Error::NotAList { name, fault }),
        Err(ReadError::Read(source)) => Err(broken(source)),
        Err(malformed) => Err(broken(io::Error::new(io::ErrorKind::InvalidData, malformed))),
        Ok(()) if summary.refused > 0 && summary.refused == summary.read() => {
            Err(Error::AllRefused { name, refused: summary.refused })
        }
        Ok(()) if summary.on_existing == OnExisting::Error && summary.present > 0 => {
            Err(Error::Existing { name, summary })
        }
        Ok(()) => Ok(summary),
    }
}

/// The side of an import that reads.
struct Reading {
    report: Report,
    on_existing: OnExisting,
    accepted: u64,
    /// How many rows were refused so far, whether or not the reading ends.
    refused: Arc<AtomicU64>,
    /// How long the texts of the current batch are.
    bytes: usize,
}

impl Reading {
    /// Reads all rows and sends the packages in batches, until nobody takes them.
    fn read(
        &mut self,
        input: Box<dyn Read + Send>,
        batches: &mpsc::Sender<Vec<Row>>,
    ) -> Result<(), ReadError> {
        let mut batch = Vec::new();
        let end = self.read_into(&mut batch, input, batches);
        if !batch.is_empty() {
            // If nobody takes it, then the import has failed already.
            let _ = batches.blocking_send(batch);
        }
        end
    }

    fn read_into(
        &mut self,
        batch: &mut Vec<Row>,
        input: Box<dyn Read + Send>,
        batches: &mpsc::Sender<Vec<Row>>,
    ) -> Result<(), ReadError> {
        let is_partial = self.on_existing == OnExisting::Update;
        let mut reader = ReaderBuilder::new().partial(is_partial).open(input)?;
        while let Some(row) = reader.next_row()? {
            self.report.advance();
            batch.extend(self.accept(row));
            if batch.len() == BATCH || self.bytes >= BATCH_BYTES {
                self.bytes = 0;
                if batches.blocking_send(std::mem::take(batch)).is_err() {
                    break;
                }
            }
            if self.accepted == 0 && self.refused.load(Relaxed) == HOPELESS {
                break;
            }
        }
        Ok(())
    }

    /// Admits a row, or reports why it is refused.
    fn accept(&mut self, row: Row) -> Option<Row> {
        let refusal = match &row.package {
            Ok(given) if given.is_whole() || self.on_existing == OnExisting::Update => {
                self.accepted += 1;
                self.bytes += given.size();
                return Some(row);
            }
            Ok(_) => "there is no `summary` or `short_desc`".to_owned(),
            Err(refusal) => Refusal::to_string(refusal),
        };
        self.refused.fetch_add(1, Relaxed);
        self.report.refused(row.line, &refusal);
        None
    }
}
