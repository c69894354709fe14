//! The tree above the leaves. It finds a package by its name or its rank. An edit replaces the
//! nodes that it changes.

use std::ops::Range;
use std::sync::Arc;
use std::{iter, slice};

use super::leaf::Leaf;
use super::packing::{self, Change};
use super::separator::{Separator, Separators, Split, split};
use crate::package::Stored;

/// A B+-tree of packages in the order of their names, or a subtree of one. All leaves have the same
/// depth.
///
/// A tree is immutable. An edit makes a new tree: it makes new nodes on the paths to the changes,
/// and shares all other nodes with the old tree.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Leaf(Leaf),
    Inner(Arc<Inner>),
}

/// A node with subtrees.
///
/// The numbers that decide the way are within the node itself, so a read does not wait for a pointer to
/// them first.
#[derive(Debug)]
pub(super) struct Inner {
    /// The separator before each subtree.
    separators: Separators,
    /// The number of packages up to and including each subtree, and then the largest number.
    ends: [u32; Inner::MAX_CHILDREN],
    subtrees: Box<[Tree]>,
}

/// A subtree, together with its separator, during an edit.
#[derive(Clone)]
struct Child {
    separator: Separator,
    tree: Tree,
    len: usize,
}

impl Tree {
    /// A tree without packages.
    pub(super) fn empty() -> Self {
        Self::Leaf(Leaf::new(&[], [].into_iter(), &[], &[]))
    }

    /// The number of packages.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.len(),
            Self::Inner(inner) => inner.end(inner.subtrees.len()),
        }
    }

    /// The package of a normalised name.
    pub(super) fn get(&self, name: &str) -> Option<Stored> {
        self.place(name).map(|(leaf, at)| leaf.stored(at))
    }

    /// The leaf of a normalised name, and its index there.
    pub(super) fn place(&self, name: &str) -> Option<(&Leaf, usize)> {
        let split = split(name.as_bytes());
        let mut tree = self;
        loop {
            match tree {
                Self::Leaf(leaf) => return leaf.find(name, split).map(|at| (leaf, at)),
                Self::Inner(inner) => tree = &inner.subtrees[inner.place_of(split)],
            }
        }
    }

    /// The number of packages before the one with this name, or before where it would be.
    pub(super) fn rank(&self, name: &str) -> Result<usize, usize> {
        let split = split(name.as_bytes());
        let (mut before, mut tree) = (0, self);
        loop {
            match tree {
                Self::Leaf(leaf) => {
                    return leaf.seek(name).map(|at| before + at).map_err(|at| before + at);
                }
                Self::Inner(inner) => {
                    let at = inner.place_of(split);
                    before += inner.end(at);
                    tree = &inner.subtrees[at];
                }
            }
        }
    }

    /// The package that has `rank` packages before it. There must be more than `rank` packages.
    pub(super) fn nth(&self, rank: usize) -> Stored {
        let (leaf, at) = self.leaf_of(rank);
        leaf.stored(at)
    }

    /// The leaf of the package that has `rank` packages before it, and its index there. There must
    /// be more than `rank` packages.
    pub(super) fn leaf_of(&self, mut rank: usize) -> (&Leaf, usize) {
        let mut tree = self;
        loop {
            match tree {
                Self::Leaf(leaf) => return (leaf, rank),
                Self::Inner(inner) => {
                    let at = inner.child_of(rank);
                    rank -= inner.end(at);
                    tree = &inner.subtrees[at];
                }
            }
        }
    }

    /// All leaves, in order.
    pub(super) fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        let mut subtrees = vec![slice::from_ref(self).iter()];
        iter::from_fn(move || {
            loop {
                match subtrees.last_mut()?.next() {
                    None => drop(subtrees.pop()),
                    Some(Self::Leaf(leaf)) => break Some(leaf),
                    Some(Self::Inner(inner)) => subtrees.push(inner.subtrees.iter()),
                }
            }
        })
    }

    /// The tree after these changes. They must be in the order of their names, without duplicates.
    pub(super) fn edit(&self, changes: &[Change<'_>]) -> Self {
        let root = Child { separator: Separator::default(), len: self.len(), tree: self.clone() };
        let mut siblings = Siblings::default();
        siblings.extend_edited(root.edit(changes));
        let mut trees = siblings.children;
        while trees.len() > 1 {
            trees = Inner::over(trees);
        }
        let mut root = trees.pop().map_or_else(Self::empty, |child| child.tree);
        while let Self::Inner(inner) = &root
            && let [only] = &*inner.subtrees
        {
            root = only.clone();
        }
        root
    }

    fn is_small(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.is_small(),
            Self::Inner(inner) => inner.subtrees.len() < Inner::SMALL,
        }
    }
}

impl Inner {
    /// The maximum number of children. A write copies one node of each level.
    const MAX_CHILDREN: usize = Separators::MAX_LEN;

    /// A node with fewer children is merged with a neighbour when it is edited.
    const SMALL: usize = Self::MAX_CHILDREN / 4;

    /// The index of the subtree that may contain a name.
    fn place_of(&self, name: Split<'_>) -> usize {
        self.separators.count_up_to(name).saturating_sub(1)
    }

    /// The index of the subtree with the package that has `rank` packages before it.
    fn child_of(&self, rank: usize) -> usize {
        self.ends.partition_point(|end| *end as usize <= rank)
    }

    /// The number of packages in the first `subtrees` subtrees.
    fn end(&self, subtrees: usize) -> usize {
        subtrees.checked_sub(1).map_or(0, |last| self.ends[last] as usize)
    }

    /// Builds as few nodes as possible over these children. The numbers of children differ by at
    /// most one.
    fn over(children: Vec<Child>) -> Vec<Child> {
        let nodes = children.len().div_ceil(Self::MAX_CHILDREN);
        let mut children = children.into_iter();
        let node = |nodes_left| {
            let size = children.len().div_ceil(nodes_left + 1);
            Self::node(children.by_ref().take(size).collect())
        };
        (0..nodes).rev().map(node).collect()
    }

    fn node(children: Vec<Child>) -> Child {
        let separator = children.first().map(|child| child.separator.clone());
        let mut len = 0;
        let mut ends = [u32::MAX; Self::MAX_CHILDREN];
        for (end, child) in ends.iter_mut().zip(&children) {
            len += child.len;
            // 32 bits are enough for a terabyte of packages.
            *end = len as u32;
        }
        let children = children.into_iter().map(|child| (child.separator, child.tree));
        let (separators, subtrees): (Vec<_>, Vec<_>) = children.unzip();
        let separators = Separators::new(separators);
        let inner = Self { separators, ends, subtrees: subtrees.into() };
        Child { separator: separator.unwrap_or_default(), len, tree: Tree::Inner(Arc::new(inner)) }
    }

    fn child(&self, at: usize) -> Child {
        let (separator, tree) = (self.separators.get(at), self.subtrees[at].clone());
        Child { separator, tree, len: self.end(at + 1) - self.end(at) }
    }

    fn children(&self, places: Range<usize>) -> impl Iterator<Item = Child> {
        places.map(|at| self.child(at))
    }

    /// The children of this node after these changes.
    fn edit(&self, changes: &[Change<'_>]) -> Vec<Child> {
        let mut siblings = Siblings::default();
        siblings.children.reserve(self.subtrees.len() + 1);
        let (mut taken, mut rest) = (0, changes);
        while let Some(change) = rest.first() {
            let place = self.place_of(split(change.name.as_bytes()));
            let is_here =
                |change: &Change<'_>| self.place_of(split(change.name.as_bytes())) == place;
            let (here, later) = rest.split_at(rest.partition_point(is_here));
            siblings.extend(self.children(taken..place));
            siblings.extend_edited(self.child(place).edit(here));
            (taken, rest) = (place + 1, later);
        }
        siblings.extend(self.children(taken..self.subtrees.len()));
        siblings.children
    }
}

impl Child {
    /// Applies these changes to this subtree. The result is one or more subtrees of the same depth.
    /// The first one keeps the separator.
    fn edit(&self, changes: &[Change<'_>]) -> Vec<Self> {
        match &self.tree {
            Tree::Leaf(leaf) => Self::of(&self.separator, packing::edit(leaf, changes)),
            Tree::Inner(inner) => Inner::over(inner.edit(changes)),
        }
    }

    /// Merges this subtree with the next one.
    fn join(&self, next: &Self) -> Vec<Self> {
        match (&self.tree, &next.tree) {
            (Tree::Leaf(left), Tree::Leaf(right)) => {
                Self::of(&self.separator, packing::join(left, right))
            }
            (Tree::Inner(left), Tree::Inner(right)) => {
                let children = [left, right]
                    .into_iter()
                    .flat_map(|inner| inner.children(0..inner.subtrees.len()));
                Inner::over(children.collect())
            }
            // Siblings have the same depth, so this cannot happen.
            _ => vec![self.clone(), next.clone()],
        }
    }

    /// Makes children of these leaves. The first one comes after `separator`.
    fn of(separator: &Separator, leaves: Vec<Leaf>) -> Vec<Self> {
        let between = leaves.windows(2).map(|pair| {
            let [left, right] = pair else { return Separator::default() };
            let (left, right) = (left.normalized_name(left.len() - 1), right.normalized_name(0));
            Separator::between(left.as_str(), right.as_str())
        });
        let separators: Vec<_> = iter::once(separator.clone()).chain(between).collect();
        let child = |(separator, leaf): (_, Leaf)| Self {
            separator,
            len: leaf.len(),
            tree: Tree::Leaf(leaf),
        };
        separators.into_iter().zip(leaves).map(child).collect()
    }
}

/// The children of a node during an edit.
#[derive(Default)]
struct Siblings {
    children: Vec<Child>,
    last_is_edited: bool,
}

impl Siblings {
    /// Adds subtrees that have not changed.
    fn extend(&mut self, children: impl Iterator<Item = Child>) {
        for child in children {
            self.push(child, false);
        }
    }

    /// Adds the subtrees that an edit has made.
    fn extend_edited(&mut self, children: Vec<Child>) {
        for child in children {
            self.push(child, true);
        }
    }

    /// Adds a subtree at the end, and merges it with the last one if one of them was edited and one
    /// of them is small. A small leaf may stay small if its neighbour is too heavy to merge, until
    /// one of them is edited again.
    fn push(&mut self, child: Child, is_edited: bool) {
        let may_merge = is_edited || self.last_is_edited;
        let is_due =
            |last: &mut Child| may_merge && (last.tree.is_small() || child.tree.is_small());
        match self.children.pop_if(is_due) {
            None => {
                self.children.push(child);
                self.last_is_edited = is_edited;
            }
            Some(last) => {
                self.children.extend(last.join(&child));
                self.last_is_edited = true;
            }
        }
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::empty()
    }
}

#[cfg(test)]
impl Tree {
    /// Checks the invariants of the whole tree. The root may have few children.
    pub(super) fn check(&self) {
        self.check_within(None, None, self.depth(), true);
    }

    fn depth(&self) -> usize {
        match self {
            Self::Leaf(_) => 0,
            Self::Inner(inner) => 1 + inner.subtrees[0].depth(),
        }
    }

    fn check_within(
        &self,
        from: Option<&Separator>,
        to: Option<&Separator>,
        depth: usize,
        root: bool,
    ) {
        match self {
            Self::Leaf(leaf) => {
                assert_eq!(depth, 0);
                assert!(root || leaf.len() > 0);
                leaf.check();
                for at in 0..leaf.len() {
                    let name = leaf.normalized_name(at);
                    let name = split(name.as_str().as_bytes());
                    assert!(from.is_none_or(|from| from.is_before(name)));
                    assert!(to.is_none_or(|to| !to.is_before(name)));
                }
            }
            Self::Inner(inner) => {
                for pair in inner.subtrees.windows(2) {
                    if let [Self::Leaf(left), Self::Leaf(right)] = pair {
                        left.check_with_neighbour(right);
                    }
                }
                let len = inner.subtrees.len();
                assert!(len <= Inner::MAX_CHILDREN && len >= if root { 2 } else { Inner::SMALL });
                assert!(inner.ends[len..].iter().all(|end| *end == u32::MAX));
                let mut end = 0;
                for at in 0..len {
                    end += inner.subtrees[at].len();
                    assert_eq!(inner.end(at + 1), end);
                    let from = inner.separators.get(at);
                    let next = (at + 1 < len).then(|| inner.separators.get(at + 1));
                    let to = next.as_ref().or(to);
                    inner.subtrees[at].check_within(Some(&from), to, depth - 1, false);
                }
            }
        }
    }
}
