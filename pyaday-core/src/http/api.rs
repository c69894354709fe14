//! The value that a host mounts: a store and the options of the service.

use std::fmt;
use std::sync::Arc;

use super::options::Options;

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
    shared: Arc<(S, Options)>,
}

impl<S> Api<S> {
    /// Makes an API from `store` with the default options.
    pub fn new(store: S) -> Self {
        Self::with_options(store, Options::new())
    }

    /// Makes an API from `store` with these options.
    pub fn with_options(store: S, options: Options) -> Self {
        Self { shared: Arc::new((store, options)) }
    }

    /// The store. A host can read and write it directly, besides the mounted endpoints.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.shared.0
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.1
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
