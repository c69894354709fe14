//! How far an import or an export is: a bar on a terminal, and elsewhere a line from time to time.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::tell;
use crate::log::escaped;

/// How long nothing is said after a line. Most imports and exports end before the first line.
const PAUSE: Duration = Duration::from_secs(5);

/// Decides when it is time to say how much was done. Several files that are imported one after another
/// have one pace together.
#[derive(Debug)]
pub(crate) struct Pace(Mutex<Done>);

#[derive(Debug)]
struct Done {
    count: u64,
    /// When the last line was written, or when the work began.
    told: Instant,
}

impl Pace {
    /// The pace of work that begins now.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::since(Instant::now()))
    }

    fn since(now: Instant) -> Self {
        Self(Mutex::new(Done { count: 0, told: now }))
    }

    /// Counts what was done. Returns how much that is in all if it is time to say so.
    fn advance(&self, count: u64, now: Instant) -> Option<u64> {
        let mut done = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        done.count += count;
        if now.saturating_duration_since(done.told) < PAUSE {
            return None;
        }
        done.told = now;
        Some(done.count)
    }
}

/// A bar if the size of the work is known, a number that grows if it is not, and lines where standard error is
/// not a terminal. Clones show the same work.
#[derive(Clone)]
pub(crate) struct Progress {
    /// `importing packages.csv`
    work: Arc<str>,
    /// `rows`
    unit: &'static str,
    bar: ProgressBar,
    /// Whether standard error is not a terminal. The system is asked once, and not for each row.
    is_hidden: bool,
    is_sized: bool,
    pace: Arc<Pace>,
}

impl Progress {
    /// The progress of work on, if it is known, this many bytes.
    pub(crate) fn new(
        work: String,
        unit: &'static str,
        size: Option<u64>,
        pace: Arc<Pace>,
    ) -> Self {
        let (bar, template) = match size {
            Some(size) => {
                (ProgressBar::new(size), "{wide_bar} {bytes}/{total_bytes} {eta}".to_owned())
            }
            None => (
                ProgressBar::new_spinner(),
                format!("{{spinner}} {{human_pos}} {unit}, {{elapsed}}"),
            ),
        };
        let style = ProgressStyle::with_template(&template);
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let (is_hidden, is_sized) = (bar.is_hidden(), size.is_some());
        Self { work: work.into(), unit, bar, is_hidden, is_sized, pace }
    }

    /// The same input. What is read of it moves the bar.
    pub(crate) fn watch(&self, input: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        if self.is_sized && !self.is_hidden { Box::new(self.bar.wrap_read(input)) } else { input }
    }

    /// Counts what was done.
    pub(crate) fn advance(&self, count: u64) {
        if !self.is_hidden {
            if !self.is_sized {
                self.bar.inc(count);
            }
        } else if let Some(done) = self.pace.advance(count, Instant::now()) {
            tell(&format!("{}: {done} {} so far", self.work, self.unit));
        }
    }

    /// Writes a line. If there is a bar, it stays below the line.
    pub(crate) fn say(&self, text: &str) {
        match self.is_hidden {
            true => tell(text),
            // The log is written later, and would be mixed with the bar.
            false => self.bar.println(escaped(text)),
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_after_a_pause_and_counts_everything() {
        let begin = Instant::now();
        let pace = Pace::since(begin);
        let due =
            |count, milliseconds| pace.advance(count, begin + Duration::from_millis(milliseconds));
        assert_eq!(due(1, 0), None);
        assert_eq!(due(10, 4_999), None);
        assert_eq!(due(100, 5_000), Some(111));
        assert_eq!(due(1_000, 5_001), None);
        assert_eq!(due(1, 9_999), None);
        assert_eq!(due(1, 10_000), Some(1_113));
    }
}
