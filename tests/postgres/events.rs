//! Waiting for something to come about.

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take on a machine that does much else.
const DEADLINE: Duration = Duration::from_secs(60);

/// Looks again and again until there is an answer, which it gives.
///
/// # Panics
/// When there is none for a minute.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = look() {
            return answer;
        }
        assert!(begin.elapsed() < DEADLINE, "waited in vain until {what}");
        // Whom it waits for cannot wake it: another program, which also wants the processor.
        thread::sleep(Duration::from_millis(10));
    }
}
