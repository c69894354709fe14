//! What a host mounts: a store and the options of its answers.

use std::fmt;
use std::sync::Arc;

use crate::store::Seed;

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

/// What a host may decide about the answers.
pub struct Options {
    pub(crate) body_limit: usize,
    seeds: Box<dyn Fn() -> Seed + Send + Sync>,
}

impl Options {
    /// The longest body that is read unless told otherwise, in bytes: 64 KiB.
    pub const BODY_LIMIT: usize = 64 * 1024;

    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self { body_limit: Self::BODY_LIMIT, seeds: Box::new(Seed::random) }
    }

    /// The longest body that is read, in bytes. A longer one is refused with 413.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        Self { body_limit: bytes, ..self }
    }

    /// Where each draw takes its randomness from; [`Seed::random`] unless told otherwise.
    ///
    /// A test passes seeds of its own and knows what `/rand` answers:
    ///
    /// ```
    /// use pyaday_core::{Options, Seed};
    ///
    /// let options = Options::new().seeds(|| Seed::new([7; 32]));
    /// ```
    #[must_use]
    pub fn seeds(self, seeds: impl Fn() -> Seed + Send + Sync + 'static) -> Self {
        Self { seeds: Box::new(seeds), ..self }
    }

    pub(crate) fn seed(&self) -> Seed {
        (self.seeds)()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("body_limit", &self.body_limit).finish_non_exhaustive()
    }
}
