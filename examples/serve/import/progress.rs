//! The progress of an import, on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::tell;

/// A bar if the size of the import is known, a count of rows if not; nothing where standard error
/// is no terminal.
#[derive(Clone)]
pub(super) struct Progress {
    bar: ProgressBar,
    sized: bool,
}

impl Progress {
    pub(super) fn new(size: Option<u64>) -> Self {
        let (bar, template) = match size {
            Some(size) => (ProgressBar::new(size), "{wide_bar} {bytes}/{total_bytes} {eta}"),
            None => (ProgressBar::new_spinner(), "{spinner} {human_pos} rows, {elapsed}"),
        };
        let style = ProgressStyle::with_template(template);
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, sized: size.is_some() }
    }

    /// One row more, of so many bytes.
    pub(super) fn advance(&self, bytes: u64) {
        self.bar.inc(if self.sized { bytes } else { 1 });
    }

    /// Writes a line to standard error, above the bar.
    pub(super) fn tell(&self, line: &str) {
        self.bar.suspend(|| tell(line));
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
