//! Which packages a query selects.

use std::cmp::Ordering;
use std::mem;

use super::best::Best;
use super::hits::Found;
use super::live::Segments;
use super::matcher::Matcher;
use super::rest::Rest;
use super::segment::Segment;
use super::sets::Lent;
use crate::catalogue::leaf::Leaf;
use crate::catalogue::snapshot::Catalogue;
use crate::package::NormalizedName;
use crate::search::{Score, Search};
use crate::store::{Page, Position, Query};

/// A query that is being answered. The packages that the index does not know are looked at in
/// [steps](Self::step), because there may be many.
pub(in crate::catalogue) struct Selection<'a> {
    catalogue: &'a Catalogue,
    query: &'a Query,
    search: Option<&'a Search>,
    /// The packages after this position are selected.
    after: Option<(Score, &'a NormalizedName)>,
    /// The best of them so far, and one more than fit on the page.
    best: Best<Selected<'a>>,
    /// The number of packages that match.
    total: usize,
    rest: Rest<'a>,
    matcher: Matcher<'a>,
}

/// A selected package, in the order of the names.
struct Selected<'a> {
    name: NormalizedName,
    leaf: &'a Leaf,
    at: usize,
}

impl<'a> Selected<'a> {
    fn new((leaf, at): (&'a Leaf, usize)) -> Self {
        Self { name: leaf.normalized_name(at), leaf, at }
    }
}

impl PartialEq for Selected<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Selected<'_> {}

impl PartialOrd for Selected<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Selected<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl<'a> Selection<'a> {
    /// Begins to answer a query. What the index knows is answered already.
    pub(in crate::catalogue) fn new(catalogue: &'a Catalogue, query: &'a Query) -> Self {
        let search = query.words();
        let mut selection = Self {
            catalogue,
            query,
            search,
            after: query.after.as_ref().map(Position::parts),
            best: Best::new(query.limit.get().saturating_add(1)),
            total: 0,
            rest: Rest::of(catalogue),
            matcher: Matcher::new(query),
        };
        if let Some(segments) = catalogue.index.segments() {
            selection.ask(segments);
        }
        selection
    }

    fn ask(&mut self, segments: &'a Segments) {
        for (segment, gone) in segments.all(&self.catalogue.index) {
            let found = segment.find(self.search, self.query.tags.iter(), &gone);
            self.total += found.count();
            match self.search.filter(|_| self.query.is_by_relevance()) {
                Some(search) => self.take_best(segment, search, found),
                None => self.take_first(segment, found.into_set(&segment.sets)),
            }
        }
    }

    fn take_best(&mut self, segment: &'a Segment, search: &Search, found: Found<'a>) {
        let (limit, after) = (self.query.limit.get().saturating_add(1), self.after);
        let after = after.map(|(score, name)| (score, name.as_str()));
        // The places are far away in memory. The processor looks for several of them at a time if
        // nothing else happens in between.
        let best = segment.best(search, found, limit, after);
        let places: Vec<_> = best.map(|(score, package)| (score, segment.place(package))).collect();
        for (score, place) in places {
            self.best.add(score, Selected::new(place));
        }
    }

    fn take_first(&mut self, segment: &'a Segment, set: Lent<'a>) {
        let first = self.after.map_or(0, |(_, name)| segment.first_after(name.as_str()));
        let limit = self.query.limit.get().saturating_add(1);
        let packages = set.iter_from(first).take(limit);
        let places: Vec<_> = packages.map(|package| segment.place(package)).collect();
        for place in places {
            self.best.add(Score::default(), Selected::new(place));
        }
    }

    /// Looks at about `count` more packages. Returns false if there are no more.
    pub(in crate::catalogue) fn step(&mut self, count: usize) -> bool {
        let mut rest = mem::replace(&mut self.rest, Rest::All(usize::MAX));
        let has_more = rest.step(self.catalogue, count, |leaf, at| self.look(leaf, at));
        self.rest = rest;
        has_more
    }

    /// Takes the package at a place of a leaf if it matches.
    fn look(&mut self, leaf: &'a Leaf, at: usize) {
        let Some(own) = self.matcher.score(leaf, at) else { return };
        let score = if self.query.is_by_relevance() { own } else { Score::default() };
        self.total += 1;
        if self.best.would_take(score) {
            let selected = Selected::new((leaf, at));
            let is_after = |(last, after): (Score, &NormalizedName)| {
                score < last || (score == last && selected.name > *after)
            };
            if self.after.is_none_or(is_after) {
                self.best.add(score, selected);
            }
        }
    }

    /// The page of what was found. All steps must be done.
    pub(in crate::catalogue) fn into_page(self) -> Page {
        let Self { catalogue, query, search, after, best, total, .. } = self;
        let mut found: Vec<_> = best.into_sorted().collect();
        let has_more = found.len() > query.limit.get();
        found.truncate(query.limit.get());
        let next = found.last().filter(|_| has_more).map(|(score, Selected { name, .. })| {
            match query.is_by_relevance() {
                true => Position::Relevance(*score, name.clone()),
                false => Position::Name(name.clone()),
            }
        });
        let items = found.iter().map(|(_, Selected { leaf, at, .. })| leaf.stored(*at));
        let mut page = Page::new(items.collect(), next, catalogue.revision());
        if after.is_none() {
            page.total = Some(total);
            let first = found.first().map(|(_, first)| &first.name);
            // In the order of the names, the first package need not be the best one. And with tags,
            // another name need not have them.
            let may_suggest = query.tags.is_empty() && (query.is_by_relevance() || first.is_none());
            if let Some(search) = search.filter(|_| may_suggest) {
                page.did_you_mean = catalogue.suggestions(search, first);
            }
        }
        page
    }
}
