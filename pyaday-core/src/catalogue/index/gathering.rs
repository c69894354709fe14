//! Everything that a query selects, as sets.

use super::bits::Bits;
use super::cursor::{Cursor, Source};
use super::matcher::Matcher;
use super::rest::Rest;
use crate::catalogue::leaf::Leaf;
use crate::catalogue::snapshot::Catalogue;
use crate::store::Query;

/// The sets of all packages that a query selects, which are being made. The packages that the index
/// does not know are looked at in [steps](Self::step), because there may be many.
pub(in crate::catalogue) struct Gathering<'a> {
    catalogue: &'a Catalogue,
    /// What the index knows.
    known: Vec<Source>,
    rest: Rest<'a>,
    matcher: Matcher<'a>,
    /// The other packages, as their ranks in the catalogue.
    others: Bits,
}

impl<'a> Gathering<'a> {
    /// Begins to gather. What the index knows is gathered already.
    pub(in crate::catalogue) fn new(catalogue: &'a Catalogue, query: &'a Query) -> Self {
        let segments = catalogue.index.segments().into_iter();
        let segments = segments.flat_map(|segments| segments.all(&catalogue.index));
        let known = segments.map(|(segment, gone)| {
            let found = segment.find(query.words(), query.tags.iter(), &gone);
            let set = found.into_set(&segment.sets);
            Source::some(segment.tree().clone(), set.clone())
        });
        let known = known.collect();
        let (rest, matcher) = (Rest::of(catalogue), Matcher::new(query));
        Self { catalogue, known, rest, matcher, others: Bits::default() }
    }

    /// Looks at about `count` more packages. Returns false if there are no more.
    pub(in crate::catalogue) fn step(&mut self, count: usize) -> bool {
        let Self { catalogue, rest, matcher, others, .. } = self;
        let tree = &catalogue.tree;
        let look = |leaf: &'a Leaf, at| {
            if matcher.score(leaf, at).is_some()
                && let Ok(rank) = tree.rank(leaf.normalized_name(at).as_str())
            {
                others.add_within(rank as u32, tree.len());
            }
        };
        rest.step(catalogue, count, look)
    }

    /// A cursor over the packages. All steps must be done. It shares the packages with the
    /// catalogue, but not the index.
    pub(in crate::catalogue) fn into_cursor(self) -> Cursor {
        let Self { catalogue, mut known, others, .. } = self;
        known.push(Source::some(catalogue.tree.clone(), others));
        Cursor::new(known)
    }
}
