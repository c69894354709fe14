//! What the server says on standard error, and how it never waits for that.
//!
//! A thread of its own writes. Everyone else puts lines into a bounded queue, and a line that finds no
//! room is counted instead. So a pipe that nobody reads costs lines, but no request and no signal.

pub(crate) mod access;
mod format;
mod limit;
mod options;
mod queue;

use std::error::Error as _;
use std::io::{self, Write as _};
use std::panic;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing::subscriber::set_global_default;

pub(crate) use self::format::escaped;
use self::format::subscriber;
use self::limit::Limit;
use self::queue::Queue;
use crate::error::with_causes;

pub use self::options::{LogFilter, LogFormat, LogOptions};

/// The target of the messages about the start and the end. In text they have neither time nor level,
/// since a person reads them at a terminal, and no level hides them.
const TOLD: &str = "pyaday_told";

/// The target of the access log.
const ACCESS: &str = "pyaday_access";

/// How long the last lines of a process may take. After that, nobody reads them.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The log of this process, once it was started.
static QUEUE: OnceLock<Arc<Queue>> = OnceLock::new();

/// Begins to write by the options. Until then, and in a process that never does it, lines are written
/// directly.
///
/// # Errors
/// The system has no thread for it.
pub(crate) fn start(options: &LogOptions) -> io::Result<()> {
    let (limit, format) = (Arc::new(Limit::default()), options.log_format);
    let queue = Queue::start(Arc::clone(&limit), format)?;
    let filter = options.targets();
    // Another log or another hook is not replaced: then somebody has embedded the server.
    if set_global_default(subscriber(format, filter, limit, Arc::clone(&queue))).is_ok()
        && QUEUE.set(queue).is_ok()
    {
        // The default hook would write directly, and wait.
        panic::set_hook(Box::new(|panic| tracing::error!("a thread {panic}")));
    }
    Ok(())
}

/// Writes what is still in the queue, for a second at most. Later lines are not written.
pub(crate) fn end() {
    if let Some(queue) = QUEUE.get() {
        queue.end(LAST_LINES);
    }
}

/// How many lines were not written because the queue was full.
pub(crate) fn lost() -> u64 {
    QUEUE.get().map_or(0, |queue| queue.lost())
}

/// Says something about the start or the end of the server, in one line, whatever the text holds.
pub(crate) fn tell(text: &str) {
    match QUEUE.get() {
        Some(_) => tracing::info!(target: TOLD, "{text}"),
        None => write(text),
    }
}

/// Says why the server ends, with all causes, in one line.
pub(crate) fn tell_error(error: &crate::Error) {
    let text = format!("error: {}", with_causes(error));
    match QUEUE.get() {
        Some(_) => tracing::error!(target: TOLD, "{text}"),
        None => write(&text),
    }
}

/// A standard error that is closed is nothing to stop for.
fn write(text: &str) {
    let line = escaped(text) + "\n";
    let _ = io::stderr().write_all(line.as_bytes());
}

/// The cause of an error without the error itself, which says what the caller says already.
pub(crate) fn cause(error: &pyaday_core::StoreError) -> String {
    error.source().map_or_else(|| error.to_string(), with_causes)
}
