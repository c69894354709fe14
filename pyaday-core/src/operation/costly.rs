//! Requests about many packages: they take long, so only a few run at once, and none occupies a
//! thread of the server for long.

use std::thread;

use async_lock::SemaphoreGuard;
use futures_channel::oneshot;

use crate::http::{Api, Problem};

/// How many bytes of JSON are read at once in the task of a request, which takes less than a
/// millisecond.
pub(super) const SHORT: usize = 16 * 1024;

/// How many packages a request can import, or take back, at most.
pub(super) const MAX_PACKAGES: usize = 250_000;

/// How much JSON of packages a request can take back at most, in MiB: all versions before the change and
/// after it. They are in memory at once.
pub(super) const MAX_MIB: usize = 64;

/// Takes the turn of a request that reads `length` bytes of JSON from the store, or reports that too
/// many such requests are carried out. The turn ends when the result is dropped. A request that reads
/// little needs no turn.
pub(super) fn turn<S>(api: &Api<S>, length: usize) -> Result<Option<SemaphoreGuard<'_>>, Problem> {
    Ok(if length > SHORT { Some(api.admit()?) } else { None })
}

/// Runs work that reads `length` bytes of JSON. Long work gets a thread of its own, so that the
/// server's threads are free for other requests.
pub(super) async fn run<T: Send + 'static>(
    length: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    if length <= SHORT {
        return Ok(work());
    }
    let (reply, result) = oneshot::channel();
    // The client may have gone.
    let work = move || drop(reply.send(work()));
    thread::Builder::new()
        .name("pyaday-many".to_owned())
        .spawn(work)
        .map_err(|error| Problem::internal().with_source(error))?;
    // If the work panicked, the sender was dropped without a reply.
    result.await.map_err(|error| Problem::internal().with_source(error))
}
