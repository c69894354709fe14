//! Requests about many packages: they take long, so only a few run at once, and none occupies a
//! thread of the server for long.

use std::sync::Arc;

use async_lock::SemaphoreGuardArc;

use crate::catalogue::in_thread;
use crate::http::{Api, Problem};

/// How many bytes of JSON are read at once in the task of a request, which takes less than a
/// millisecond.
pub(super) const SHORT: usize = 16 * 1024;

/// How many packages a request can import, or take back, at most.
pub(super) const MAX_PACKAGES: usize = 250_000;

/// How much JSON of packages a request can take back at most, in MiB: all versions before the change and
/// after it. They are in memory at once.
pub(super) const MAX_MIB: usize = 64;

/// The turn of a request that takes long. It ends when the request and all its threads have dropped it: a
/// thread goes on after the client has gone away. A request that is carried out quickly needs no turn.
#[derive(Clone, Default)]
pub(super) struct Turn(Option<Arc<SemaphoreGuardArc>>);

impl Turn {
    /// Takes the turn of a request that reads `length` bytes of JSON, or reports that too many such
    /// requests are carried out.
    pub(super) fn take<S>(api: &Api<S>, length: usize) -> Result<Self, Problem> {
        let admitted = if length > SHORT { Some(Arc::new(api.admit()?)) } else { None };
        Ok(Self(admitted))
    }

    /// True if the request has needed a turn so far.
    pub(super) fn is_taken(&self) -> bool {
        self.0.is_some()
    }

    /// Runs work that reads `length` bytes of JSON. Long work gets a thread of its own, so that the
    /// server's threads are free for other requests.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        length: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        if length <= SHORT {
            return Ok(work());
        }
        let turn = self.clone();
        let work = move || {
            let result = work();
            drop(turn);
            result
        };
        Ok(in_thread("pyaday-many", work).await?)
    }
}
