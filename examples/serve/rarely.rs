//! Lines about what may happen thousands of times a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long nothing is said after a line.
const PAUSE: Duration = Duration::from_secs(60);

/// Says at most once a minute that something happens, and how often it has happened since the last line.
#[derive(Debug, Default)]
pub(crate) struct Rarely(Mutex<(u64, Option<Instant>)>);

impl Rarely {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Counts `times`, and writes the line for the count if the last line is long enough ago.
    pub(crate) fn tell(&self, times: u64, line: impl FnOnce(u64) -> String) {
        let now = Instant::now();
        let count = {
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            told.0 += times;
            if told.1.is_some_and(|last| now.duration_since(last) < PAUSE) {
                return;
            }
            told.1 = Some(now);
            std::mem::take(&mut told.0)
        };
        tracing::warn!("{}", line(count));
    }
}
