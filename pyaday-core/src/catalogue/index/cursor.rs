//! Reads selected packages in the order of their names.

use super::bits::Bits;
use crate::catalogue::tree::Tree;
use crate::package::{NormalizedName, Stored};

/// A position among packages of one or more trees. It owns the trees, which it shares with
/// catalogues, so it is independent of later writes.
pub(in crate::catalogue) struct Cursor {
    /// Those that have more packages.
    sources: Vec<Source>,
    /// The number of packages that were not taken yet.
    left: usize,
}

/// Some packages of a tree, of which those before a rank were taken already.
pub(super) struct Source {
    tree: Tree,
    /// The ranks of the packages. `None` if it is all of them.
    set: Option<Bits>,
    /// The rank of the next package. The number of all packages of the tree if there is none.
    next: usize,
}

impl Cursor {
    /// A cursor over all packages of a tree.
    pub(in crate::catalogue) fn all(tree: Tree) -> Self {
        Self::new(vec![Source { tree, set: None, next: 0 }])
    }

    /// A cursor over the packages of these sources. Each package is in one of them.
    pub(super) fn new(mut sources: Vec<Source>) -> Self {
        sources.retain(Source::has_more);
        let left = sources.iter().map(Source::len).sum();
        Self { sources, left }
    }

    /// The number of packages that were not taken yet.
    pub(in crate::catalogue) fn len(&self) -> usize {
        self.left
    }

    /// Takes at most `limit` packages. There are no more if it takes none.
    pub(in crate::catalogue) fn take(&mut self, limit: usize) -> Vec<Stored> {
        let mut page = Vec::with_capacity(limit.min(self.left));
        while page.len() < limit
            && let Some((at, end)) = self.first()
        {
            let source = &mut self.sources[at];
            source.take(limit, end.as_ref(), &mut page);
            if !source.has_more() {
                self.sources.swap_remove(at);
            }
        }
        self.left -= page.len();
        page
    }

    /// The index of the source with the next package, and the name of the first package of the
    /// others.
    fn first(&self) -> Option<(usize, Option<NormalizedName>)> {
        if self.sources.len() < 2 {
            // With one source, the names need not be compared.
            return (!self.sources.is_empty()).then_some((0, None));
        }
        let names = self.sources.iter().enumerate();
        let mut names: Vec<_> = names.map(|(at, source)| (source.next_name(), at)).collect();
        names.sort_unstable();
        let mut names = names.into_iter();
        let (_, first) = names.next()?;
        Some((first, names.next().map(|(name, _)| name)))
    }
}

impl Source {
    /// The packages of a tree that are in a set. The set is the default one, or one for as many
    /// packages as the tree has.
    pub(super) fn some(tree: Tree, set: Bits) -> Self {
        let mut source = Self { tree, set: Some(set), next: 0 };
        source.go_to(0);
        source
    }

    fn has_more(&self) -> bool {
        self.next < self.tree.len()
    }

    /// The number of packages, those that were taken already included.
    fn len(&self) -> usize {
        self.set.as_ref().map_or(self.tree.len(), Bits::count)
    }

    /// Goes to the first package that has at least this rank.
    fn go_to(&mut self, rank: usize) {
        self.next = match &self.set {
            None => rank,
            Some(set) => {
                set.iter_from(rank as u32).next().map_or(self.tree.len(), |rank| rank as usize)
            }
        };
    }

    /// The name of the next package. There must be one.
    fn next_name(&self) -> NormalizedName {
        let (leaf, at) = self.tree.leaf_of(self.next);
        leaf.normalized_name(at)
    }

    /// Takes the packages before this name, until the page has as many as it may have.
    fn take(&mut self, limit: usize, end: Option<&NormalizedName>, page: &mut Vec<Stored>) {
        while page.len() < limit && self.has_more() {
            let (leaf, first) = self.tree.leaf_of(self.next);
            let before_end = |end: &NormalizedName| leaf.seek(end.as_str()).unwrap_or_else(|at| at);
            let until = end.map_or(leaf.len(), before_end);
            let is_member = |at| {
                let rank = (self.next - first + at) as u32;
                self.set.as_ref().is_none_or(|set| set.contains(rank))
            };
            let mut at = first;
            while at < until && page.len() < limit {
                if is_member(at) {
                    page.push(leaf.stored(at));
                }
                at += 1;
            }
            // The next package may also be in a later leaf than the last one before the end.
            let is_at_end = at >= until && until < leaf.len();
            self.go_to(self.next - first + at);
            if is_at_end {
                return;
            }
        }
    }
}
