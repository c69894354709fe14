//! Work that takes long, in a thread of its own.

use std::thread;
use std::time::Duration;

use futures_channel::oneshot;

use crate::store::StoreError;

/// Calls `work` in a thread of its own, so that the caller's thread can do something else meanwhile. If the
/// caller stops waiting, the work goes on.
pub(crate) async fn in_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    /// When to try again to start a thread.
    const RETRY: Duration = Duration::from_secs(1);

    let (sender, result) = oneshot::channel();
    let work = move || drop(sender.send(work()));
    let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map_err(|error| StoreError::Unavailable { retry_after: RETRY, source: error.into() })?;
    // If the thread panicked, nothing is received.
    result.await.map_err(|canceled| StoreError::Internal { source: canceled.into() })
}
