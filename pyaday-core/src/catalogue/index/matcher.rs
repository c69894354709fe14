//! Whether a package is what a query looks for.

use crate::catalogue::leaf::Leaf;
use crate::search::{Document, Score, Search, TagFinder};
use crate::store::Query;

/// Decides about packages that the index does not know, by their texts.
pub(super) struct Matcher<'a> {
    search: Option<&'a Search>,
    tags: Vec<TagFinder>,
    document: Document,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(query: &'a Query) -> Self {
        let tags = query.tags.iter().map(TagFinder::new).collect();
        Self { search: query.words(), tags, document: Document::default() }
    }

    /// The score of the package at a place of a leaf, which is zero without a search. `None` if the
    /// query does not select the package.
    pub(super) fn score(&mut self, leaf: &Leaf, at: usize) -> Option<Score> {
        let facets = leaf.facets(at);
        if !self.tags.iter().all(|tag| facets.have(tag)) {
            return None;
        }
        let Some(search) = self.search else { return Some(Score::default()) };
        let version = leaf.version(at);
        match self.document.may_match(search, version, facets) {
            true => self.document.read(version, facets).score(search),
            false => None,
        }
    }
}
