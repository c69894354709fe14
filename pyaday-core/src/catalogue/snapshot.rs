//! The packages of one moment, in memory, in the order of their names.

use std::fmt;

use super::tree::Tree;
use crate::daily::Journal;
use crate::package::Revision;

/// The packages of one moment: what a store answers reads from.
///
/// A clone takes no time and shares everything; a write to one of the clones copies the few
/// kilobytes around its place and leaves the others as they are. So a store has its readers look
/// at a catalogue that never changes, and makes the next one beside it:
///
/// 1. clone the current catalogue,
/// 2. write to the clone, as often as belongs together,
/// 3. commit to the database, if there is one,
/// 4. publish the clone if the commit succeeded, drop it if it surely did not happen.
///
/// What becomes of the clone depends on how the commit ends:
///
/// | the commit | the caller is told | the clone | the next write begins with |
/// |---|---|---|---|
/// | succeeded | the answer | is published | the published catalogue |
/// | surely did not happen | [`Unavailable`](crate::StoreError::Unavailable) or [`Internal`](crate::StoreError::Internal) | is dropped | the published catalogue |
/// | may have happened | [`OutcomeUnknown`](crate::StoreError::OutcomeUnknown) | is dropped | a catalogue that was loaded anew |
///
/// In the last row the published catalogue may be older than the database. A write that began with it
/// could get the revision that the lost one has, and two versions would share an entity tag. So the
/// store takes no write until it has loaded from the database, by [`Catalogue::new`] and the
/// `restore` methods, what the database has now, and has published that. Readers may go on with the
/// old one until then.
///
/// [`MemoryStore`](crate::MemoryStore) is this without the third step. No write changes anything
/// before its last step, so one that panics leaves the catalogue as it was.
///
/// Revisions are compared within one history. [`Catalogue::new`] begins one, and clones go on with
/// it. A catalogue that is loaded anew, after a database lost writes for one, is another history: what
/// was [picked](Self::pick_daily) from the former is stale.
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
    pub(super) journal: Journal,
    pub(super) revision: Revision,
    /// Drawn at random.
    pub(super) history: u64,
}

impl Catalogue {
    /// A catalogue without packages, the beginning of a history. Its first write has the revision that
    /// [follows](Revision::next) `revision`.
    #[must_use]
    pub fn new(revision: Revision) -> Self {
        let history = rand::random();
        Self { tree: Tree::empty(), journal: Journal::default(), revision, history }
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

    /// The newest revision: any write that changes something makes it a greater one.
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
