//! The packages with a tag.

use std::iter;

use super::rest::Rest;
use super::segment::Segment;
use super::sets::Lent;
use crate::catalogue::leaf::Leaf;
use crate::catalogue::snapshot::Catalogue;
use crate::package::{Stored, Tag};
use crate::search::TagFinder;

/// The packages with a tag. Those that the index does not know are looked at in
/// [steps](Self::step).
pub(in crate::catalogue) struct Tagged<'a> {
    catalogue: &'a Catalogue,
    finder: TagFinder,
    /// The packages that the index knows, and their number, by the segment.
    known: Vec<(&'a Segment, Lent<'a>, usize)>,
    rest: Rest<'a>,
    /// Where the other packages are.
    others: Vec<(&'a Leaf, usize)>,
}

impl<'a> Tagged<'a> {
    pub(in crate::catalogue) fn new(catalogue: &'a Catalogue, tag: &Tag) -> Self {
        let segments = catalogue.index.segments().into_iter();
        let segments = segments.flat_map(|segments| segments.all(&catalogue.index));
        let known = segments.map(|(segment, gone)| {
            let set = segment.find(None, iter::once(tag), &gone).into_set(&segment.sets);
            let count = set.count();
            (segment, set, count)
        });
        let (finder, known, rest) = (TagFinder::new(tag), known.collect(), Rest::of(catalogue));
        Self { catalogue, finder, known, rest, others: Vec::new() }
    }

    /// Looks at about `count` more packages. Returns false if there are no more.
    pub(in crate::catalogue) fn step(&mut self, count: usize) -> bool {
        let Self { catalogue, finder, rest, others, .. } = self;
        rest.step(catalogue, count, |leaf, at| {
            if leaf.facets(at).have(finder) {
                others.push((leaf, at));
            }
        })
    }

    /// The number of packages with the tag. All steps must be done.
    pub(in crate::catalogue) fn len(&self) -> usize {
        self.known.iter().map(|(.., count)| count).sum::<usize>() + self.others.len()
    }

    /// One of these packages.
    pub(in crate::catalogue) fn nth(&self, mut at: usize) -> Option<Stored> {
        for (segment, set, count) in &self.known {
            if at < *count {
                return set.nth(at).map(|package| segment.stored(package));
            }
            at -= count;
        }
        self.others.get(at).map(|(leaf, at)| leaf.stored(*at))
    }
}
