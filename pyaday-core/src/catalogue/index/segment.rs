//! The index of the packages of one tree.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::mem;
use std::ops::Range;

use super::best::Best;
use super::bits::Bits;
use super::dictionary::{Dictionary, Field};
use super::grams::Grams;
use super::names::NameFilter;
use super::postings::Postings;
use crate::catalogue::leaf::Leaf;
use crate::catalogue::tree::Tree;
use crate::package::{NormalizedName, Stored, Tag};
use crate::search::{
    Document, MOST_POPULAR, Parts, Place, Relation, Score, Search, Word, average, coverage,
    score_at_most,
};

/// A tree, and the index of its packages. A package is a number here: its rank in the order of the
/// names.
#[derive(Default)]
pub(in crate::catalogue) struct Segment {
    pub(super) tree: Tree,
    pub(super) words: Dictionary,
    pub(super) grams: Grams,
    /// The tags, as labels.
    pub(super) tags: Dictionary,
    pub(super) names: NameFilter,
    pub(super) popularity: Box<[u8]>,
    /// The lengths of the names without separators.
    pub(super) lengths: Box<[u8]>,
    pub(super) ranked: Ranked,
}

/// The packages that have a rank.
#[derive(Default)]
pub(super) struct Ranked {
    pub(super) set: Bits,
    pub(super) packages: Vec<u32>,
    /// The searched texts of the packages, for phrases.
    pub(super) texts: Vec<u8>,
    pub(super) ends: Vec<usize>,
    /// The hashes of the names, until the gathering has ended.
    pub(super) hashes: Vec<u64>,
    pub(super) names: NameFilter,
}

/// What a search has found in a segment.
pub(super) enum Found<'a> {
    /// All packages that match, and where the words of the search were found.
    Matching(Bits, Vec<Hits<'a>>),
    /// The few packages that match, with their scores.
    Scored(Vec<(Score, u32)>),
}

/// Where a word of a search is found: the packages for each place, the best place first. A package
/// may be in several of them.
pub(super) struct Hits<'a> {
    places: Vec<(Place, Cow<'a, Bits>)>,
}

impl<'a> Hits<'a> {
    fn add(&mut self, place: Place, packages: Postings<'a>, all: usize) {
        if packages.len() == 0 {
            return;
        }
        match (self.places.iter_mut().find(|(own, _)| *own == place), packages) {
            (Some((_, set)), packages) => packages.add_to(set.to_mut()),
            (None, Postings::Bits(bits, _)) => self.places.push((place, Cow::Borrowed(bits))),
            (None, packages) => {
                let mut set = Bits::none(all);
                packages.add_to(&mut set);
                self.places.push((place, Cow::Owned(set)));
            }
        }
    }

    /// The best place of a package, in fifths of points. Zero if the word is not found in it.
    fn fifths(&self, package: u32) -> u8 {
        let best = self.places.iter().find(|(_, set)| set.contains(package));
        best.map_or(0, |(place, _)| place.fifths())
    }
}

impl Found<'_> {
    /// The set of the packages, out of `all`.
    pub(super) fn into_set(self, all: usize) -> Bits {
        match self {
            Self::Matching(set, _) => set,
            Self::Scored(scored) => {
                let mut set = Bits::none(all);
                scored.iter().for_each(|(_, package)| set.add(*package));
                set
            }
        }
    }

    pub(super) fn count(&self) -> usize {
        match self {
            Self::Matching(set, _) => set.count(),
            Self::Scored(scored) => scored.len(),
        }
    }
}

impl Segment {
    /// If at most this many packages are left, the rest of the words is looked for in their texts.
    const FEW: usize = if cfg!(test) { 2 } else { 192 };

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// The name of a package.
    pub(super) fn name(&self, package: u32) -> NormalizedName {
        let (leaf, at) = self.tree.leaf_of(package as usize);
        leaf.normalized_name(at)
    }

    /// Where a package is.
    pub(super) fn place(&self, package: u32) -> (&Leaf, usize) {
        self.tree.leaf_of(package as usize)
    }

    /// A package as the segment has it.
    pub(super) fn stored(&self, package: u32) -> Stored {
        self.tree.nth(package as usize)
    }

    /// The size of the index in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        let Ranked { set, packages, texts, ends, names, .. } = &self.ranked;
        self.words.size()
            + self.grams.size()
            + self.tags.size()
            + self.names.size()
            + 2 * self.len()
            + set.size()
            + 4 * packages.len()
            + texts.len()
            + size_of_val(&**ends)
            + names.size()
    }

    /// Whether a package may have the name with this hash, or a package with a rank if `is_ranked`.
    /// False positives are possible.
    pub(super) fn may_have(&self, hash: u64, is_ranked: bool) -> bool {
        let names = if is_ranked { &self.ranked.names } else { &self.names };
        names.may_contain(hash)
    }

    /// The packages that a search finds and that have all of these tags, without those that are
    /// `gone`.
    pub(super) fn find<'a, 'b>(
        &'a self,
        search: Option<&Search>,
        tags: impl Iterator<Item = &'b Tag>,
        gone: &Bits,
    ) -> Found<'a> {
        let mut candidates = Candidates { gone, set: None };
        for tag in tags {
            let mut set = Bits::none(self.len());
            if let Some(fields) = self.tags.get(tag.as_str().as_bytes()) {
                fields[Field::Label as usize].add_to(&mut set);
            }
            candidates.intersect(set);
        }
        let Some(search) = search else {
            return Found::Matching(candidates.into_set(self.len()), Vec::new());
        };
        let mut words: Vec<_> = search.terms().iter().collect();
        words.sort_by_cached_key(|word| self.frequency(word));
        let mut hits: Vec<Hits<'_>> = Vec::with_capacity(words.len());
        for (at, word) in words.iter().enumerate() {
            let of_word = self.hits(word);
            let mut set = Bits::none(self.len());
            of_word.places.iter().for_each(|(_, packages)| set.union(packages));
            candidates.intersect(set);
            hits.push(of_word);
            if at + 1 < words.len() && candidates.has_at_most(Self::FEW) {
                let few = candidates.into_set(self.len());
                return Found::Scored(self.score_texts(search, &few));
            }
        }
        Found::Matching(candidates.into_set(self.len()), hits)
    }

    /// About how many packages have a word. It need not be exact: the rarest word is looked up
    /// first.
    fn frequency(&self, word: &Word) -> usize {
        let fields = self.words.get(word.text());
        fields.map_or(0, |fields| fields.map(Postings::len).iter().sum())
    }

    /// Where a word is found.
    fn hits(&self, word: &Word) -> Hits<'_> {
        let (text, all) = (word.text(), self.len());
        let mut hits = Hits { places: Vec::with_capacity(6) };
        if let Some(fields) = self.words.get(text) {
            for (place, packages) in
                [Place::Name, Place::Label, Place::Text].into_iter().zip(fields)
            {
                hits.add(place, packages, all);
            }
        }
        if word.is_short() {
            let first = str::from_utf8(text).map_or(0..0, |text| self.beginning_with(text));
            let mut set = Bits::none(all);
            set.add_range(first);
            hits.places.push((Place::NameBeginning, Cow::Owned(set)));
        } else {
            self.words.beginning(text, |field, packages| match field {
                Field::Name => hits.add(Place::NameBeginning, packages, all),
                Field::Label | Field::Text => hits.add(Place::Beginning, packages, all),
            });
            self.grams.inside(&self.words, text, |packages| {
                hits.add(Place::InsideName, packages, all);
            });
        }
        hits.places.sort_unstable_by_key(|(place, _)| Reverse(*place));
        hits
    }

    /// The packages whose names begin with this text.
    fn beginning_with(&self, text: &str) -> Range<u32> {
        // The last character that a name may have is less than this one.
        let end = format!("{text}\x7f");
        self.tree.rank(text).unwrap_or_else(|at| at) as u32
            ..self.tree.rank(&end).unwrap_or_else(|at| at) as u32
    }

    fn score_texts(&self, search: &Search, candidates: &Bits) -> Vec<(Score, u32)> {
        let mut document = Document::default();
        let score = |package| Some((self.score_text(search, package, &mut document)?, package));
        candidates.iter().filter_map(score).collect()
    }

    fn score_text(&self, search: &Search, package: u32, document: &mut Document) -> Option<Score> {
        let (leaf, at) = self.tree.leaf_of(package as usize);
        document.read(leaf.version(at), leaf.facets(at)).score(search)
    }

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

    /// The first package whose name comes after this one.
    pub(super) fn first_after(&self, name: &str) -> u32 {
        self.tree.rank(name).map_or_else(|at| at, |at| at + 1) as u32
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
        self.score(search, hits, &ranked, &phrases, best);
        if best.best.would_take(best_without_rank()) {
            set.subtract(&ranked);
            self.score(search, hits, &set, &[], best);
        }
    }

    /// Scores these packages, all of which the search finds. Those in `phrases` have the query as
    /// one phrase.
    fn score(
        &self,
        search: &Search,
        hits: &[Hits<'_>],
        packages: &Bits,
        phrases: &[u32],
        best: &mut Ranking,
    ) {
        let scoring = Scoring::new(self, search, phrases);
        let [hits] = hits else {
            for package in packages.iter() {
                let fifths = hits.iter().map(|hits| u64::from(hits.fifths(package))).sum();
                scoring.score(package, fifths, best);
            }
            return;
        };
        // With one word, the packages with the best place come first, and often they are enough.
        let mut rest = packages.clone();
        for (place, set) in &hits.places {
            let fifths = u64::from(place.fifths());
            if scoring.at_most(fifths) < best.least() {
                break;
            }
            let mut some = rest.clone();
            some.intersect(set);
            rest.subtract(set);
            some.iter().for_each(|package| scoring.score(package, fifths, best));
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
    phrases: &'a [u32],
    /// The average points for each sum.
    averages: Vec<u64>,
    /// The coverage for each length of a name.
    coverages: Vec<u64>,
}

impl<'a> Scoring<'a> {
    fn new(segment: &'a Segment, search: &Search, phrases: &'a [u32]) -> Self {
        let (spelled, words) = (search.spelled(), search.terms().len() as u64);
        Self {
            segment,
            hyphenated: segment.beginning_with(&spelled.hyphenated),
            joined: segment.beginning_with(&spelled.joined),
            phrases,
            averages: (0..=Place::MAX * words).map(|sum| average(sum, words)).collect(),
            coverages: (0..=255).map(|length| coverage(spelled.length, length)).collect(),
        }
    }

    /// A package with these points has at most this score.
    fn at_most(&self, fifths: u64) -> Score {
        score_at_most(self.averages[fifths as usize] + coverage(1, 1), MOST_POPULAR)
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

/// The packages that have everything that was looked for so far.
struct Candidates<'a> {
    gone: &'a Bits,
    /// `None` if nothing was looked for yet.
    set: Option<Bits>,
}

impl Candidates<'_> {
    fn intersect(&mut self, mut other: Bits) {
        match &mut self.set {
            Some(set) => set.intersect(&other),
            None => {
                other.subtract(self.gone);
                self.set = Some(other);
            }
        }
    }

    fn has_at_most(&self, count: usize) -> bool {
        self.set.as_ref().is_some_and(|set| !set.has_more_than(count))
    }

    /// The set of the packages, out of `all`.
    fn into_set(self, all: usize) -> Bits {
        self.set.unwrap_or_else(|| Bits::complement(self.gone, all))
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

impl Ranked {
    /// Ends the gathering of packages.
    pub(super) fn finish(mut self) -> Self {
        self.names = NameFilter::new(&mem::take(&mut self.hashes), 64);
        self.packages.shrink_to_fit();
        self.texts.shrink_to_fit();
        self.ends.shrink_to_fit();
        self
    }

    fn text(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start..self.ends[at]]
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
