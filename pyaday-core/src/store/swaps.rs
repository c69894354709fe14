//! What a batch does to its packages.

use std::collections::{BTreeMap, btree_map};
use std::slice;

use super::batch::PackageSwap;
use crate::package::NormalizedName;

/// What a batch does to each package, in the order of the names.
#[derive(Clone, Debug)]
pub(super) enum Swaps {
    /// As long as the names come in their order. A large batch takes half the memory of a tree then.
    InOrder(Vec<(NormalizedName, PackageSwap)>),
    Tree(BTreeMap<NormalizedName, PackageSwap>),
}

impl Swaps {
    /// Adds a package, or replaces what was to be done to it.
    pub(super) fn insert(&mut self, name: NormalizedName, swap: PackageSwap) {
        match self {
            Self::InOrder(swaps) if swaps.last().is_none_or(|(last, _)| *last < name) => {
                swaps.push((name, swap));
            }
            Self::InOrder(swaps) => {
                let mut tree: BTreeMap<_, _> = std::mem::take(swaps).into_iter().collect();
                tree.insert(name, swap);
                *self = Self::Tree(tree);
            }
            Self::Tree(tree) => drop(tree.insert(name, swap)),
        }
    }

    pub(super) fn get(&self, name: &NormalizedName) -> Option<&PackageSwap> {
        match self {
            Self::InOrder(swaps) => {
                let at = swaps.binary_search_by(|(own, _)| own.cmp(name)).ok()?;
                swaps.get(at).map(|(_, swap)| swap)
            }
            Self::Tree(tree) => tree.get(name),
        }
    }

    pub(super) fn into_vec(self) -> Vec<(NormalizedName, PackageSwap)> {
        match self {
            Self::InOrder(swaps) => swaps,
            Self::Tree(tree) => tree.into_iter().collect(),
        }
    }

    pub(super) fn iter(&self) -> Iter<'_> {
        match self {
            Self::InOrder(swaps) => Iter::InOrder(swaps.iter()),
            Self::Tree(tree) => Iter::Tree(tree.iter()),
        }
    }
}

impl PartialEq for Swaps {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// The packages in the order of their names.
pub(super) enum Iter<'a> {
    InOrder(slice::Iter<'a, (NormalizedName, PackageSwap)>),
    Tree(btree_map::Iter<'a, NormalizedName, PackageSwap>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a NormalizedName, &'a PackageSwap);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::InOrder(swaps) => swaps.next().map(|(name, swap)| (name, swap)),
            Self::Tree(tree) => tree.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::InOrder(swaps) => swaps.size_hint(),
            Self::Tree(tree) => tree.size_hint(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_in_which_packages_are_added_does_not_matter() {
        let name = |text: &str| text.parse::<NormalizedName>().unwrap();
        let swap = |text: &str| PackageSwap { before: Some(text.to_owned().into()), after: None };
        let of = |added: &[(&str, &str)]| {
            let mut swaps = Swaps::InOrder(Vec::new());
            added.iter().for_each(|(package, text)| swaps.insert(name(package), swap(text)));
            swaps
        };
        let in_order = of(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert!(matches!(in_order, Swaps::InOrder(_)));
        for other in [
            of(&[("c", "3"), ("a", "1"), ("b", "2")]),
            of(&[("a", "0"), ("a", "1"), ("b", "2"), ("c", "3")]),
            of(&[("a", "1"), ("c", "3"), ("b", "0"), ("b", "2")]),
        ] {
            assert!(matches!(other, Swaps::Tree(_)));
            assert_eq!(other, in_order);
            assert_eq!(other.iter().len(), 3);
            for (package, text) in [("a", "1"), ("b", "2"), ("c", "3")] {
                assert_eq!(other.get(&name(package)), Some(&swap(text)));
                assert_eq!(in_order.get(&name(package)), Some(&swap(text)));
            }
            assert_eq!((other.get(&name("d")), in_order.get(&name("d"))), (None, None));
        }
        assert_ne!(in_order, of(&[("a", "1"), ("b", "2")]));
    }
}
