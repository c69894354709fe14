//! The packages that the index does not know.

use crate::catalogue::leaf::Leaf;
use crate::catalogue::snapshot::Catalogue;

/// The packages of a catalogue that its index does not know. They must be looked at one by one, and
/// there may be many. So this is done in steps.
pub(super) enum Rest<'a> {
    /// All packages from this one on: there is no index.
    All(usize),
    /// Those of these names that exist.
    Names(Box<dyn Iterator<Item = &'a str> + Send + 'a>),
}

impl<'a> Rest<'a> {
    pub(super) fn of(catalogue: &'a Catalogue) -> Self {
        match catalogue.index.segments() {
            None => Self::All(0),
            Some(_) => Self::Names(Box::new(catalogue.index.written_names())),
        }
    }

    /// Calls `look` with the places of about `count` more packages. Returns false if there are no
    /// more.
    pub(super) fn step(
        &mut self,
        catalogue: &'a Catalogue,
        count: usize,
        mut look: impl FnMut(&'a Leaf, usize),
    ) -> bool {
        let tree = &catalogue.tree;
        let mut looked = 0;
        while looked < count {
            match self {
                Self::Names(names) => {
                    let Some(name) = names.next() else { return false };
                    looked += 1;
                    if let Some((leaf, at)) = tree.place(name) {
                        look(leaf, at);
                    }
                }
                Self::All(next) if *next < tree.len() => {
                    let (leaf, first) = tree.leaf_of(*next);
                    *next += leaf.len() - first;
                    looked += leaf.len() - first;
                    (first..leaf.len()).for_each(|at| look(leaf, at));
                }
                Self::All(_) => return false,
            }
        }
        true
    }
}
