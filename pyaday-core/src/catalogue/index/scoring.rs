//! The best of the packages that a search has found in a segment.

use std::ops::Range;

use super::best::Best;
use super::bits::Bits;
use super::dictionary::Field;
use super::hits::{Found, Hits};
use super::postings::Postings;
use super::segment::Segment;
use crate::search::{
    Document, MOST_POPULAR, Parts, Place, Relation, Score, Search, average, coverage, score_at_most,
};

impl Segment {
    /// The best packages that a search has found, and at most `limit` of them, in order. With
    /// `after`, only those that come after this score and name.
    pub(super) fn best(
        &self,
        search: &Search,
        found: Found<'_>,
        limit: usize,
        after: Option<(Score, &str)>,
    ) -> impl Iterator<Item = (Score, u32)> {
        let after = after.map(|(score, name)| (score, self.first_after(name)));
        let mut best = Ranking { after, best: Best::new(limit) };
        match found {
            Found::Scored(scored) => {
                scored.into_iter().for_each(|(score, package)| best.add(score, package));
            }
            Found::Matching(set, hits) => self.score_all(search, set, &hits, &mut best),
        }
        best.best.into_sorted()
    }

    fn score_all(&self, search: &Search, mut set: Bits, hits: &[Hits<'_>], best: &mut Ranking) {
        // Only names that the query spells have other relations to it. They are scored by their
        // texts.
        let mut document = Document::default();
        for name in search.spelled().names() {
            let Ok(package) = self.tree.rank(name).map(|at| at as u32) else { continue };
            if set.contains(package) {
                set.remove(package);
                if let Some(score) = self.score_text(search, package, &mut document) {
                    best.add(score, package);
                }
            }
        }
        let mut ranked = set.clone();
        ranked.intersect(&self.ranked.set);
        let phrases = self.phrases(search, &ranked);
        let scoring = Scoring::new(self, search, &phrases, MOST_POPULAR);
        scoring.score_all(hits, &ranked, best);
        if best.best.would_take(best_without_rank()) {
            set.subtract(&ranked);
            let scoring = Scoring::new(self, search, &[], 0);
            scoring.score_all(hits, &set, best);
        }
    }

    /// Those of these packages with a rank that have the words of the search as one phrase, in
    /// order.
    fn phrases(&self, search: &Search, ranked: &Bits) -> Vec<u32> {
        let Some(phrase) = search.phrase() else { return Vec::new() };
        let mut candidates = ranked.clone();
        for word in search.terms() {
            match self.words.get(word.text()).map(|fields| fields[Field::Text as usize]) {
                Some(Postings::Bits(bits, _)) => candidates.intersect(bits),
                Some(packages) => {
                    let mut with_word = Bits::none(self.len());
                    packages.add_to(&mut with_word);
                    candidates.intersect(&with_word);
                }
                None => return Vec::new(),
            }
            if !candidates.has_more_than(0) {
                return Vec::new();
            }
        }
        let has_phrase = |package: &u32| {
            let text = self.ranked.packages.binary_search(package).map(|at| self.ranked.text(at));
            text.is_ok_and(|text| phrase.find(text).is_some())
        };
        candidates.iter().filter(has_phrase).collect()
    }
}

/// What the scores of a search in a segment have in common.
struct Scoring<'a> {
    segment: &'a Segment,
    /// The packages whose names begin with the query.
    hyphenated: Range<u32>,
    joined: Range<u32>,
    /// The packages that have the query as one phrase, in order.
    phrases: &'a [u32],
    /// The popularity of the packages is at most this.
    most: u8,
    /// The average points for each sum.
    averages: Vec<u64>,
    /// The coverage for each length of a name.
    coverages: Vec<u64>,
}

impl<'a> Scoring<'a> {
    fn new(segment: &'a Segment, search: &Search, phrases: &'a [u32], most: u8) -> Self {
        let (spelled, words) = (search.spelled(), search.terms().len() as u64);
        Self {
            segment,
            hyphenated: segment.beginning_with(&spelled.hyphenated),
            joined: segment.beginning_with(&spelled.joined),
            phrases,
            most,
            averages: (0..=Place::MAX * words).map(|sum| average(sum, words)).collect(),
            coverages: (0..=255).map(|length| coverage(spelled.length, length)).collect(),
        }
    }

    /// Scores these packages, all of which the search finds.
    fn score_all(&self, hits: &[Hits<'_>], packages: &Bits, best: &mut Ranking) {
        let [hits] = hits else {
            for package in packages.iter() {
                let fifths = hits.iter().map(|hits| u64::from(hits.fifths(package))).sum();
                self.score(package, fifths, best);
            }
            return;
        };
        // With one word, the packages with the best place come first, and often they are enough.
        let mut rest = packages.clone();
        for (place, set) in &hits.places {
            let fifths = u64::from(place.fifths());
            if self.at_most(fifths) < best.least() {
                break;
            }
            let mut some = rest.clone();
            some.intersect(set);
            rest.subtract(set);
            some.iter().for_each(|package| self.score(package, fifths, best));
        }
    }

    /// A package with these points has at most this score.
    fn at_most(&self, fifths: u64) -> Score {
        score_at_most(self.averages[fifths as usize] + coverage(1, 1), self.most)
    }

    #[inline]
    fn score(&self, package: u32, fifths: u64, best: &mut Ranking) {
        let popularity = self.segment.popularity[package as usize];
        let average = self.averages[fifths as usize];
        let coverage = self.coverages[usize::from(self.segment.lengths[package as usize])];
        // Most packages are not among the best, whatever the rest of their scores is.
        if score_at_most(average + coverage, popularity) < best.least() {
            return;
        }
        let parts = Parts {
            average,
            coverage,
            begins: self.hyphenated.contains(&package) || self.joined.contains(&package),
            has_phrase: !self.phrases.is_empty() && self.phrases.binary_search(&package).is_ok(),
            popularity,
        };
        best.add(parts.score(Relation::Other), package);
    }
}

/// The best packages after a position.
struct Ranking {
    /// The score of the position, and the first package with this score after it.
    after: Option<(Score, u32)>,
    best: Best<u32>,
}

impl Ranking {
    /// A package with a lower score is not among the best.
    #[inline]
    fn least(&self) -> Score {
        self.best.least()
    }

    fn add(&mut self, score: Score, package: u32) {
        let is_after =
            |(last, first): (Score, u32)| score < last || (score == last && package >= first);
        if self.after.is_none_or(is_after) {
            self.best.add(score, package);
        }
    }
}

/// More than any score that a package without a rank can have, unless the query spells its name.
fn best_without_rank() -> Score {
    let parts = Parts {
        average: average(Place::MAX, 1),
        coverage: coverage(1, 1),
        begins: true,
        has_phrase: false,
        popularity: 0,
    };
    parts.score(Relation::Other)
}
