//! The catalogue that readers look at while writers make the next.

use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, thread};

use arc_swap::ArcSwap;

use super::snapshot::Catalogue;

/// The catalogue of the moment: what a store's readers look at, and its writer replaces.
///
/// Readers wait for nobody, and do none of a writer's work. That includes taking apart what was
/// replaced, which after a large batch takes milliseconds and would fall to whichever reader looked
/// at it last. What a reader looks at all the while is taken apart with the next that is replaced.
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
    /// Those that were replaced while a reader looked at them.
    replaced: Mutex<Vec<Arc<Catalogue>>>,
}

impl Published {
    /// Publishes a first catalogue.
    #[must_use]
    pub fn new(catalogue: Catalogue) -> Self {
        Self { current: ArcSwap::from_pointee(catalogue), replaced: Mutex::default() }
    }

    /// What a look at the catalogue of this moment gives.
    pub fn read<T>(&self, look: impl FnOnce(&Catalogue) -> T) -> T {
        look(&self.current.load())
    }

    /// The catalogue of this moment: a clone that later writes do not change.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        self.read(Catalogue::clone)
    }

    /// Has readers look at another catalogue from now on.
    ///
    /// It is the writer's part to see to it that this one has all that was published before.
    pub fn publish(&self, catalogue: Catalogue) {
        /// How often the others may go first. Looks take microseconds, so that is most often enough.
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
        // Nobody comes to look at one of these any more: a count of one stays one.
        waiting.retain(|catalogue| Arc::strong_count(catalogue) > 1);
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Published").field(&**self.current.load()).finish()
    }
}
