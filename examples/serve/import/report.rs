//! What an import says while it runs: which rows it refuses, and how far it is.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::error::tell;
use crate::progress::{Pace, Progress};

/// How many rows are named. The others are counted.
const NAMED: u64 = 20;

/// The report on one source. Clones are one report.
#[derive(Clone)]
pub(super) struct Report {
    source: Arc<str>,
    progress: Progress,
    counts: Arc<Counts>,
}

/// How many rows there was something to say about.
#[derive(Default)]
struct Counts {
    /// Those that are named.
    named: AtomicU64,
    /// Those of the others that were refused.
    refused: AtomicU64,
    /// Those of the others whose packages exist already.
    existing: AtomicU64,
}

impl Report {
    /// The report on a source of this name and, if it is known, this many bytes.
    pub(super) fn new(source: &str, size: Option<u64>, pace: Arc<Pace>) -> Self {
        let progress = Progress::new(format!("importing {source}"), "rows", size, pace);
        Self { source: source.into(), progress, counts: Arc::default() }
    }

    /// The same input. What is read of it moves the bar.
    pub(super) fn watch(&self, input: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        self.progress.watch(input)
    }

    /// Counts a row.
    pub(super) fn advance(&self) {
        self.progress.advance(1);
    }

    /// Says why the row that begins in this line is refused, unless enough rows were named.
    pub(super) fn refused(&self, line: u64, reason: &str) {
        self.name(line, reason, &self.counts.refused);
    }

    /// Says that the package of the row that begins in this line exists, unless enough rows were named.
    pub(super) fn existing(&self, line: u64) {
        self.name(line, "a package of this name exists already", &self.counts.existing);
    }

    fn name(&self, line: u64, reason: &str, others: &AtomicU64) {
        if self.counts.named.fetch_add(1, Relaxed) < NAMED {
            self.progress.say(&format!("{}:{line}: {reason}", self.source));
        } else {
            others.fetch_add(1, Relaxed);
        }
    }

    /// Takes the bar away, and says how many rows were not named.
    pub(super) fn end(&self) {
        self.progress.end();
        let Counts { refused, existing, .. } = &*self.counts;
        for (count, one, many) in [
            (refused, "row was refused", "rows were refused"),
            (
                existing,
                "row is about a package that exists already",
                "rows are about packages that exist already",
            ),
        ] {
            match count.load(Relaxed) {
                0 => {}
                1 => tell(&format!("{}: 1 more {one}", self.source)),
                more => tell(&format!("{}: {more} more {many}", self.source)),
            }
        }
    }
}
