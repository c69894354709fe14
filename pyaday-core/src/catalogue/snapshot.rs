//! A catalogue: all packages at one moment, in memory, in the order of their names.

use std::fmt;

use super::index::Live;
use super::tree::Tree;
use crate::daily::Journal;
use crate::package::Revision;

/// All packages, days and pins at one moment, in memory. A store reads from it and writes to it.
///
/// A clone is cheap, because it shares everything. A write to a clone copies a few kilobytes around
/// the change and does not affect the other clones. So readers can use a catalogue that never
/// changes while the store prepares the next one:
///
/// 1. Clone the current catalogue.
/// 2. Make one or more writes to the clone.
/// 3. Commit them to the database, if there is one.
/// 4. If the commit succeeded, [publish](crate::Published) the clone. If it certainly did not
///    happen, drop the clone.
///
/// The store treats the clone according to the result of the commit:
///
/// | the commit | the caller gets | the clone | the next write begins with |
/// |---|---|---|---|
/// | succeeded | the result | is published | the published catalogue |
/// | certainly did not happen | [`Unavailable`](crate::StoreError::Unavailable) or [`Internal`](crate::StoreError::Internal) | is dropped | the published catalogue |
/// | may have happened | [`OutcomeUnknown`](crate::StoreError::OutcomeUnknown) | is dropped | a catalogue that is loaded again |
///
/// In the last case the database may be newer than the published catalogue. If the next write began
/// with that catalogue, it could get the same revision as the lost write, and two versions would
/// have the same entity tag. So the store first loads the current state of the database with
/// [`Catalogue::new`] and the `restore` methods, publishes it, and only then accepts the next
/// write. Meanwhile readers may use the old catalogue.
///
/// [`MemoryStore`](crate::MemoryStore) follows these steps without the third one. A write changes
/// the catalogue only in its last step, so a write that panics leaves the catalogue unchanged.
///
/// Revisions can be compared only within one history. [`Catalogue::new`] begins a history, and its
/// clones continue it. A catalogue that is loaded again has a new history, because the database may
/// have lost writes. A [pick](Self::pick_daily) from the old history is stale.
///
/// ```
/// use pyaday_core::{Catalogue, Create, Package, Revision, Write};
///
/// let current = Catalogue::new(Revision::new(0));
/// let mut draft = current.clone();
/// let dynaconf = Package::new("dynaconf", "The dynamic configurator.")?;
/// assert!(matches!(draft.create(&dynaconf, &Write::new()), Create::Created(_)));
///
/// let name = dynaconf.name.normalized();
/// assert!(draft.get(&name).is_some());
/// assert!(current.get(&name).is_none());
/// # Ok::<(), pyaday_core::InvalidPackage>(())
/// ```
#[derive(Clone)]
pub struct Catalogue {
    pub(super) tree: Tree,
    pub(super) index: Live,
    pub(super) journal: Journal,
    pub(super) revision: Revision,
    /// The next write gets at least this revision.
    pub(super) least: Revision,
    /// A random number.
    pub(super) history: u64,
}

impl Catalogue {
    /// Makes a catalogue without packages, which begins a history. Its first write gets the
    /// revision that [follows](Revision::next) `revision`.
    #[must_use]
    pub fn new(revision: Revision) -> Self {
        let history = rand::random();
        let (tree, index) = (Tree::empty(), Live::default());
        let least = Revision::new(0);
        Self { tree, index, journal: Journal::default(), revision, least, history }
    }

    /// The number of packages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    /// True if there are no packages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The newest revision. Every write that changes something makes it greater.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogue")
            .field("len", &self.len())
            .field("revision", &self.revision)
            .finish()
    }
}
