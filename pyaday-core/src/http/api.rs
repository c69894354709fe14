//! What a host mounts: a store and the options of its answers.

use std::fmt;
use std::sync::Arc;

use super::options::Options;

/// A store with the options that its requests are answered by.
///
/// A clone shares both; adapters keep one for each mount.
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
    /// `store` with the default options.
    pub fn new(store: S) -> Self {
        Self::with_options(store, Options::new())
    }

    /// `store` with these options.
    pub fn with_options(store: S, options: Options) -> Self {
        Self { shared: Arc::new((store, options)) }
    }

    /// The store, for a host that reads or writes it beside the mounted endpoints.
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
