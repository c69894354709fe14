//! The current catalogue of a store, for its readers.

use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, thread};

use arc_swap::ArcSwap;

use super::snapshot::Catalogue;

/// Holds the current catalogue of a store. Readers look at it, and the writer replaces it.
///
/// Readers never wait, and they do none of the writer's work. In particular they do not free a
/// replaced catalogue, which takes milliseconds after a large batch. The writer frees it. If a
/// reader still looks at a replaced catalogue, the writer frees it at a later
/// [`publish`](Self::publish).
///
/// ```
/// use pyaday_core::{Catalogue, Package, Published, Revision, Write};
///
/// let published = Published::new(Catalogue::new(Revision::new(0)));
/// let mut next = published.catalogue();
/// next.create(&Package::new("dynaconf", "The dynamic configurator.")?, &Write::new());
/// assert_eq!(published.read(Catalogue::len), 0);
/// published.publish(next);
/// assert_eq!(published.read(Catalogue::len), 1);
/// # Ok::<(), pyaday_core::InvalidPackage>(())
/// ```
pub struct Published {
    current: ArcSwap<Catalogue>,
    /// The replaced catalogues that a reader was still looking at.
    replaced: Mutex<Vec<Arc<Catalogue>>>,
}

impl Published {
    /// Publishes the first catalogue.
    #[must_use]
    pub fn new(catalogue: Catalogue) -> Self {
        Self { current: ArcSwap::from_pointee(catalogue), replaced: Mutex::default() }
    }

    /// Calls `look` with the current catalogue and returns its result.
    pub fn read<T>(&self, look: impl FnOnce(&Catalogue) -> T) -> T {
        look(&self.current.load())
    }

    /// Returns the current catalogue: a clone that later writes do not change.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        self.read(Catalogue::clone)
    }

    /// Replaces the current catalogue.
    ///
    /// The writer must make sure that the new catalogue contains everything that was published
    /// before.
    pub fn publish(&self, catalogue: Catalogue) {
        /// How often the writer yields to the readers. Most readers finish in microseconds, so this
        /// is usually enough.
        const YIELDS: usize = 100;

        let replaced = self.current.swap(Arc::new(catalogue));
        for _ in 0..YIELDS {
            if Arc::strong_count(&replaced) == 1 {
                break;
            }
            thread::yield_now();
        }
        let mut waiting = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(replaced);
        // No new reader can reach a replaced catalogue, so a count of one stays one.
        waiting.retain(|catalogue| Arc::strong_count(catalogue) > 1);
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Published").field(&**self.current.load()).finish()
    }
}
