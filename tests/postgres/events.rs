//! Waiting for something to come about.

use std::thread;
use std::time::{Duration, Instant};

use super::PATIENCE;

/// Looks again and again until there is an answer, which it gives.
///
/// # Panics
/// When there is none for longer than anything may take.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = look() {
            return answer;
        }
        assert!(begin.elapsed() < PATIENCE, "waited in vain until {what}");
        // Whom it waits for cannot wake it: another program, which also wants the processor.
        thread::sleep(Duration::from_millis(10));
    }
}
