//! The value that a host mounts: a store and the options of the service.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_lock::{Semaphore, SemaphoreGuard, SemaphoreGuardArc};

use super::options::Options;
use crate::store::StoreError;

/// A store and the options of the service.
///
/// A clone shares both. An adapter keeps a clone for each mounted path.
///
/// ```
/// use pyaday_core::{Api, MemoryStore};
///
/// let api = Api::new(MemoryStore::new());
/// ```
pub struct Api<S> {
    shared: Arc<Shared<S>>,
}

struct Shared<S> {
    store: S,
    options: Options,
    /// The turns of requests about many packages.
    costly: Arc<Semaphore>,
    /// The turns of requests that send many packages.
    uploads: Semaphore,
}

/// How many requests about many packages are carried out at once. Each may need some hundred megabytes.
const COSTLY: usize = 2;
/// What clients that were refused get.
const BUSY: StoreError = StoreError::Busy { retry_after: Duration::from_secs(1) };

impl<S> Api<S> {
    /// Makes an API from `store` with the default options.
    pub fn new(store: S) -> Self {
        Self::with_options(store, Options::new())
    }

    /// Makes an API from `store` with these options.
    pub fn with_options(store: S, options: Options) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                options,
                costly: Arc::new(Semaphore::new(COSTLY)),
                uploads: Semaphore::new(COSTLY),
            }),
        }
    }

    /// The store. A host can read and write it directly, besides the mounted endpoints.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.shared.store
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Admits a request about many packages, unless too many run already. It ends when the result is
    /// dropped.
    pub(crate) fn admit(&self) -> Result<SemaphoreGuardArc, StoreError> {
        self.shared.costly.try_acquire_arc().ok_or(BUSY)
    }

    /// Admits a request that sends many packages, before its body is read, unless too many are sent
    /// already. It ends when the result is dropped.
    pub(crate) fn admit_upload(&self) -> Result<SemaphoreGuard<'_>, StoreError> {
        self.shared.uploads.try_acquire().ok_or(BUSY)
    }
}

impl<S> Clone for Api<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<S: fmt::Debug> fmt::Debug for Api<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("store", self.store()).field("options", self.options()).finish()
    }
}
