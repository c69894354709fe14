//! Puts the packages that curators have in files into a store.
//!
//! A thread reads the file, since reading blocks, and hands batches to the task that writes them:
//! while one batch is written the next is read, and no more than that is in memory.

mod fields;
mod lines;
mod progress;
mod rows;
mod table;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use pyaday_core::{Create, Package, PackageStore};
use tokio::sync::mpsc;

use self::progress::Progress;
use self::rows::{ReadError, Rows};
use crate::Error;
use crate::error::excerpt;

/// How many packages are written at once.
const BATCH: usize = 5_000;

/// The longest reason that is told for a row, in characters.
const REASON: usize = 1_000;

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
        let name = path.display().to_string();
        match File::open(path).and_then(|file| Ok((file.metadata()?, file))) {
            Ok((metadata, file)) => {
                let size = metadata.is_file().then_some(metadata.len());
                Ok(Self { size, ..Self::new(name, file) })
            }
            Err(source) => Err(Error::Unreadable { name, source }),
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

/// What became of the rows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Packages that are new in the store.
    pub added: u64,
    /// Packages whose names the store had; they stayed as they were.
    pub present: u64,
    /// Rows that are no package.
    pub refused: u64,
}

impl Summary {
    /// How many rows were read.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.added + self.present + self.refused
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, present, refused } = self;
        write!(f, "{} read, {added} added, {present} present, {refused} refused", self.read())
    }
}

/// Adds the packages of a source to a store.
///
/// A row that is no package is reported on standard error with its line, and the others are added.
/// A package whose name the store has stays as it is.
///
/// # Errors
/// The source is of no known format, reading it fails, or the store fails. What was read before is
/// in the store.
pub async fn import<S: PackageStore>(store: &S, source: Source) -> Result<Summary, Error> {
    let Source { name, size, input } = source;
    let progress = Progress::new(size);
    let (sender, mut batches) = mpsc::channel(1);
    let reader = {
        let (name, progress) = (name.clone(), progress.clone());
        thread::spawn(move || read(&name, input, &sender, &progress))
    };
    let mut summary = Summary::default();
    while let Some(batch) = batches.recv().await {
        let results = match store.create_many(batch).await {
            Ok(results) => results,
            Err(source) => {
                progress.end();
                // The reader ends with its next batch; it may wait for its input until then.
                return Err(Error::Store { name, added: summary.added, source });
            }
        };
        for result in results {
            match result {
                Create::Created(_) => summary.added += 1,
                // A batch has no terms that it could break.
                Create::Exists(_) | Create::Stale(_) => summary.present += 1,
            }
        }
    }
    progress.end();
    let Reading { refused, end } = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
    summary.refused = refused;
    match end {
        Ok(()) => Ok(summary),
        Err(ReadError::Header(fault)) => Err(Error::Header { name, fault }),
        Err(ReadError::Read(source)) if summary.read() == 0 => {
            Err(Error::Unreadable { name, source })
        }
        Err(ReadError::Read(source)) => Err(Error::BrokenOff { name, summary, source }),
    }
}

/// What the reader has to say when it is done.
struct Reading {
    refused: u64,
    end: Result<(), ReadError>,
}

/// Reads all rows and sends the packages in batches, until nobody takes them.
fn read(
    name: &str,
    input: Box<dyn Read + Send>,
    batches: &mpsc::Sender<Vec<Package>>,
    progress: &Progress,
) -> Reading {
    let mut refused = 0;
    let mut batch = Vec::new();
    let end = Rows::open(input).and_then(|mut rows| {
        while let Some(row) = rows.next()? {
            progress.advance(row.bytes);
            match row.package {
                Ok(package) => batch.push(package),
                Err(reason) => {
                    refused += 1;
                    let reason = excerpt(&reason, REASON);
                    progress.tell(&format!("{name}:{}: {reason}", row.line));
                }
            }
            if batch.len() == BATCH && batches.blocking_send(std::mem::take(&mut batch)).is_err() {
                break;
            }
        }
        Ok(())
    });
    if !batch.is_empty() {
        // If nobody takes it, then the import has failed already.
        let _ = batches.blocking_send(batch);
    }
    Reading { refused, end }
}
