//! The best of the packages that a search has found in a segment.

use std::ops::Range;

use memchr::memmem::Finder;

use super::best::Best;
use super::bits::{Bits, ones};
use super::hits::{Found, Hits};
use super::levels::Levels;
use super::names::hash;
use super::segment::Segment;
use super::sets::Lent;
use crate::search::{
    BEGINS, Document, MOST_POPULAR, PHRASE, Parts, Place, Relation, Score, Search, average,
    coverage, score_of,
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

    fn score_all(&self, search: &Search, mut set: Lent<'_>, hits: &[Hits<'_>], best: &mut Ranking) {
        // Only names that the query spells have other relations to it. They are scored by their
        // texts.
        let mut document = Document::default();
        for name in search.spelled().names() {
            if !self.names.may_contain(hash(name.as_bytes())) {
                continue;
            }
            let Ok(package) = self.tree.rank(name).map(|at| at as u32) else { continue };
            if set.contains(package) {
                set.remove(package);
                if let Some(score) = self.score_text(search, package, &mut document) {
                    best.add(score, package);
                }
            }
        }
        let mut ranked = self.sets.lend();
        let mut adding = ranked.adding();
        set.take(&self.ranked.set, |package| adding.add(package));
        let mut scoring = Scoring::new(self, search);
        scoring.phrase = self.phrase(search, hits, &ranked);
        scoring.score_all(hits, &mut ranked, best);
        scoring.phrase = None;
        scoring.is_ranked = false;
        scoring.score_all(hits, &mut set, best);
    }

    /// Those of these packages with a rank that may have the words of the search as one phrase.
    fn phrase<'a>(
        &'a self,
        search: &'a Search,
        hits: &[Hits<'_>],
        ranked: &Bits,
    ) -> Option<Phrase<'a>> {
        let phrase = search.phrase()?;
        let mut packages = self.sets.lend();
        packages.union(ranked);
        for hits in hits {
            packages.intersect(hits.at(Place::Text)?);
        }
        packages.has_more_than(0).then_some(Phrase { phrase, packages })
    }
}

/// The packages that may have the query as one phrase. Their texts are looked at only if it matters.
struct Phrase<'a> {
    phrase: &'a Finder<'static>,
    packages: Lent<'a>,
}

/// What the scores of a search in a segment have in common.
struct Scoring<'a> {
    segment: &'a Segment,
    /// The packages whose names begin with the query.
    hyphenated: Range<u32>,
    joined: Range<u32>,
    phrase: Option<Phrase<'a>>,
    /// Whether all packages that are scored have a rank. Otherwise none of them has one.
    is_ranked: bool,
    /// The average points for each sum.
    averages: Vec<u64>,
    /// The coverage for each length of a name.
    coverages: Vec<u64>,
}

impl<'a> Scoring<'a> {
    fn new(segment: &'a Segment, search: &Search) -> Self {
        let (spelled, words) = (search.spelled(), search.terms().len() as u64);
        let hyphenated = segment.beginning_with(&spelled.hyphenated);
        let joined = match spelled.joined == spelled.hyphenated {
            true => hyphenated.clone(),
            false => segment.beginning_with(&spelled.joined),
        };
        Self {
            segment,
            hyphenated,
            joined,
            phrase: None,
            is_ranked: true,
            averages: (0..=Place::MAX * words).map(|sum| average(sum, words)).collect(),
            coverages: (0..=255).map(|length| coverage(spelled.length, length)).collect(),
        }
    }

    /// Scores these packages, all of which the search finds.
    fn score_all(&self, hits: &[Hits<'_>], packages: &mut Bits, best: &mut Ranking) {
        let all = self.averages.len().saturating_sub(1);
        if !best.best.would_take(self.at_most(all)) {
            return;
        }
        match hits {
            [hits] => self.score_by_place(hits, packages, best),
            _ => self.score_by_sum(hits, packages, best),
        }
    }

    /// With one word, the packages with the best place come first, and often they are enough.
    fn score_by_place(&self, hits: &Hits<'_>, packages: &mut Bits, best: &mut Ranking) {
        for (place, set) in hits.places() {
            let fifths = usize::from(place.fifths());
            if self.at_most(fifths) < best.least() {
                break;
            }
            packages.take(set, |package| self.score(package, fifths, best));
        }
    }

    /// With several words, the sum of the points decides. Where it is too low for a score among the
    /// best, the packages are not looked at one by one.
    fn score_by_sum(&self, hits: &[Hits<'_>], packages: &Bits, best: &mut Ranking) {
        let mut levels = Levels::default();
        let mut needed = 0;
        for (at, packages) in packages.words() {
            while needed < self.averages.len() && self.at_most(needed) < best.least() {
                needed += 1;
            }
            levels.read(hits, at, packages);
            let left = levels.packages_with(needed);
            if left == 0 {
                continue;
            }
            let sums = levels.sums(left);
            for bit in ones(left) {
                let sum = usize::from(sums[bit as usize]);
                self.score(at as u32 * 64 + bit, sum, best);
            }
        }
    }

    /// A package with these points has at most this score.
    fn at_most(&self, fifths: usize) -> Score {
        let begins = !self.hyphenated.is_empty() || !self.joined.is_empty();
        let bonus = if begins { BEGINS } else { 0 } + self.phrase_bonus();
        let most = if self.is_ranked { MOST_POPULAR } else { 0 };
        score_of(self.averages[fifths] + coverage(1, 1) + bonus, most)
    }

    /// What a phrase may add.
    fn phrase_bonus(&self) -> u64 {
        if self.phrase.is_some() { PHRASE } else { 0 }
    }

    #[inline]
    fn score(&self, package: u32, fifths: usize, best: &mut Ranking) {
        let popularity = match self.is_ranked {
            true => self.segment.ranked.popularity(package),
            false => 0,
        };
        let average = self.averages[fifths];
        let coverage = self.coverages[usize::from(self.segment.lengths[package as usize])];
        let begins = self.hyphenated.contains(&package) || self.joined.contains(&package);
        let text = average + coverage + if begins { BEGINS } else { 0 };
        // Most packages are not among the best, with or without the phrase.
        if score_of(text + self.phrase_bonus(), popularity) < best.least() {
            return;
        }
        let has_phrase = self.has_phrase(package);
        let parts = Parts { average, coverage, begins, has_phrase, popularity };
        best.add(parts.score(Relation::Other), package);
    }

    fn has_phrase(&self, package: u32) -> bool {
        self.phrase.as_ref().is_some_and(|Phrase { phrase, packages }| {
            packages.contains(package) && phrase.find(self.segment.ranked.text(package)).is_some()
        })
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
