//! Builds leaves from other leaves and new packages.

use std::ops::Range;

use super::leaf::{Fingerprint, Leaf, Start, fingerprint};
use super::separator::split;
use crate::package::{Package, Revision, render};
use crate::search::Facets;

/// The change of one package.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// Its normalised name.
    pub(super) name: &'a str,
    /// The new version. `None` if the package is removed.
    pub(super) package: Option<(&'a Package, Revision)>,
}

/// Applies these changes to a leaf. The changes are in the order of their names. The result is one
/// or more leaves.
pub(super) fn edit(leaf: &Leaf, changes: &[Change<'_>]) -> Vec<Leaf> {
    let mut packing = Packing::with_room_for(leaf);
    let mut copied = 0;
    for change in changes {
        let (at, next) = leaf.seek(change.name).map_or_else(|at| (at, at), |at| (at, at + 1));
        packing.copy(leaf, copied..at);
        copied = next;
        if let Some((package, revision)) = change.package {
            packing.add(change.name, package, revision);
        }
    }
    packing.copy(leaf, copied..leaf.len());
    packing.into_leaves()
}

/// Merges the packages of two neighbours into one leaf, or into two of about the same weight.
pub(super) fn join(left: &Leaf, right: &Leaf) -> Vec<Leaf> {
    let mut packing = Packing::with_room_for(left);
    packing.copy(left, 0..left.len());
    packing.copy(right, 0..right.len());
    packing.into_leaves()
}

/// Packages in the order of their names, which are gathered before they are packed into leaves.
struct Packing {
    fingerprints: Vec<Fingerprint>,
    /// The offsets where the texts of each package end.
    ends: Vec<Start>,
    texts: Vec<u8>,
    facets: Vec<u8>,
    leaves: Vec<Leaf>,
}

impl Packing {
    /// The maximum number of packages that are gathered before leaves are built. An import may add
    /// all packages at once.
    const MAX_GATHERED: usize = 16 * Leaf::MAX_LEN;

    /// Reserves room for the packages of this leaf and a few more.
    fn with_room_for(leaf: &Leaf) -> Self {
        let len = leaf.len();
        Self {
            fingerprints: Vec::with_capacity(len + 1),
            ends: Vec::with_capacity(len + 1),
            texts: Vec::with_capacity(leaf.texts(0..len).len() + 1024),
            facets: Vec::with_capacity(leaf.facet_bytes(0..len).len() + 256),
            leaves: Vec::new(),
        }
    }

    fn copy(&mut self, from: &Leaf, places: Range<usize>) {
        let base = self.end();
        self.fingerprints.extend_from_slice(from.fingerprints(places.clone()));
        self.texts.extend_from_slice(from.texts(places.clone()));
        self.facets.extend_from_slice(from.facet_bytes(places.clone()));
        let ends = from.ends(places);
        self.ends.extend(
            ends.map(|end| Start { text: base.text + end.text, facets: base.facets + end.facets }),
        );
    }

    fn add(&mut self, name: &str, package: &Package, revision: Revision) {
        if self.ends.len() >= Self::MAX_GATHERED {
            self.cut(0..self.ends.len());
            self.fingerprints.clear();
            self.ends.clear();
            self.texts.clear();
            self.facets.clear();
        }
        self.fingerprints.push(fingerprint(split(name.as_bytes())));
        render(package, revision, &mut self.texts);
        Facets::push(&package.details, &mut self.facets);
        self.ends.push(self.end());
    }

    /// The offsets where all texts end.
    fn end(&self) -> Start {
        Start { text: self.texts.len(), facets: self.facets.len() }
    }

    fn into_leaves(mut self) -> Vec<Leaf> {
        if !self.ends.is_empty() || self.leaves.is_empty() {
            self.cut(0..self.ends.len());
        }
        self.leaves
    }

    /// Builds as few leaves as possible from these packages, of about the same weight.
    fn cut(&mut self, places: Range<usize>) {
        let weight: usize = places.clone().map(|at| self.weight(at)).sum();
        if weight <= Leaf::MAX_WEIGHT || places.len() == 1 {
            self.leaves.push(self.leaf(places));
            return;
        }
        // The target is a little less than the maximum. Otherwise a leaf that becomes slightly too
        // heavy would be halved.
        let leaves = weight.div_ceil(Leaf::MAX_WEIGHT / 16 * 15).max(2);
        let half = weight / leaves * (leaves / 2);
        let mut left = 0;
        let is_left = |at: &usize| {
            left += self.weight(*at);
            left <= half
        };
        let middle = places.start + places.clone().take_while(is_left).count().max(1);
        self.cut(places.start..middle);
        self.cut(middle..places.end);
    }

    fn leaf(&self, places: Range<usize>) -> Leaf {
        let (start, end) = (self.start(places.start), self.start(places.end));
        let ends = self.ends[places.clone()]
            .iter()
            .map(|end| Start { text: end.text - start.text, facets: end.facets - start.facets });
        let texts = &self.texts[start.text..end.text];
        let facets = &self.facets[start.facets..end.facets];
        Leaf::new(&self.fingerprints[places], ends, texts, facets)
    }

    fn weight(&self, at: usize) -> usize {
        let (start, end) = (self.start(at), self.start(at + 1));
        Leaf::weight(Start { text: end.text - start.text, facets: end.facets - start.facets })
    }

    fn start(&self, at: usize) -> Start {
        at.checked_sub(1).map_or_else(Start::default, |before| self.ends[before])
    }
}
