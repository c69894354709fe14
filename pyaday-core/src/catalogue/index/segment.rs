//! The index of the packages of one tree.

use std::ops::Range;

use super::bits::Bits;
use super::dictionary::{Dictionary, Field};
use super::grams::Grams;
use super::hits::{Candidates, Found, Hits};
use super::names::NameFilter;
use super::postings::Postings;
use super::ranked::Ranked;
use super::sets::Sets;
use crate::catalogue::leaf::Leaf;
use crate::catalogue::tree::Tree;
use crate::package::{NormalizedName, Stored, Tag};
use crate::search::{Document, Place, Score, Search, Word};

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
    /// The lengths of the names without separators.
    pub(super) lengths: Box<[u8]>,
    pub(super) ranked: Ranked,
    pub(super) sets: Sets,
}

impl Segment {
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
        self.words.size()
            + self.grams.size()
            + self.tags.size()
            + self.names.size()
            + self.lengths.len()
            + self.ranked.size()
            + self.sets.size()
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
        let mut candidates = Candidates { sets: &self.sets, gone, set: None };
        for tag in tags {
            let mut hits = Hits::default();
            if let Some(fields) = self.tags.get(tag.as_str().as_bytes()) {
                hits.add(Place::Label, fields[Field::Label as usize], &self.sets, None);
            }
            candidates.intersect(hits.places().map(|(_, set)| set));
        }
        let Some(search) = search else {
            return Found::Matching(candidates.into_set(self.len()), Vec::new());
        };
        let words = search.terms().iter().map(|word| (self.frequency(word), word));
        let mut words: Vec<_> = words.collect();
        words.sort_by_key(|(frequency, _)| frequency.packages);
        let mut hits: Vec<Hits<'_>> = Vec::with_capacity(words.len());
        for (at, (_, word)) in words.iter().enumerate() {
            let of_word = self.hits(word, candidates.set.as_deref());
            candidates.intersect(of_word.places().map(|(_, set)| set));
            hits.push(of_word);
            let others = &words[at + 1..];
            let texts = others.iter().map(|(frequency, _)| frequency.texts()).sum();
            if !others.is_empty() && candidates.has_at_most(texts) {
                let few = candidates.into_set(self.len());
                return Found::Scored(self.score_texts(search, &few));
            }
        }
        Found::Matching(candidates.into_set(self.len()), hits)
    }

    /// How frequent a word is.
    fn frequency(&self, word: &Word) -> Frequency {
        let fields = self.words.get(word.text());
        fields.map_or_else(Frequency::default, |fields| Frequency {
            packages: fields.map(Postings::len).iter().sum(),
            cost: fields.map(Postings::cost).iter().sum(),
        })
    }

    /// Where a word is found. With `within`, packages that are not in that set may be left out.
    fn hits(&self, word: &Word, within: Option<&Bits>) -> Hits<'_> {
        let (text, sets) = (word.text(), &self.sets);
        let mut hits = Hits::default();
        if let Some(fields) = self.words.get(text) {
            for (place, packages) in
                [Place::Name, Place::Label, Place::Text].into_iter().zip(fields)
            {
                hits.add(place, packages, sets, within);
            }
        }
        if word.is_short() {
            let first = str::from_utf8(text).map_or(0..0, |text| self.beginning_with(text));
            let mut set = sets.lend();
            set.add_range(first);
            hits.add_set(Place::NameBeginning, set);
        } else {
            self.words.beginning(text, |field, packages| match field {
                Field::Name => hits.add(Place::NameBeginning, packages, sets, within),
                Field::Label | Field::Text => hits.add(Place::Beginning, packages, sets, within),
            });
            self.grams.inside(&self.words, text, |packages| {
                hits.add(Place::InsideName, packages, sets, within);
            });
        }
        hits
    }

    /// The packages whose names begin with this text.
    pub(super) fn beginning_with(&self, text: &str) -> Range<u32> {
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

    pub(super) fn score_text(
        &self,
        search: &Search,
        package: u32,
        document: &mut Document,
    ) -> Option<Score> {
        let (leaf, at) = self.tree.leaf_of(package as usize);
        document.read(leaf.version(at), leaf.facets(at)).score(search)
    }

    /// The first package whose name comes after this one.
    pub(super) fn first_after(&self, name: &str) -> u32 {
        self.tree.rank(name).map_or_else(|at| at, |at| at + 1) as u32
    }
}

/// About how frequent a word is. This need not be exact, because it decides only how a search is
/// answered: the rarest word is looked up first.
#[derive(Default)]
struct Frequency {
    packages: usize,
    /// What it costs to add these packages to a set, in numbers to read.
    cost: usize,
}

impl Frequency {
    /// The number of texts that can be looked at in the time that it takes to look up the word.
    ///
    /// These are estimates. A text is far away in memory, so looking at one takes as long as adding some
    /// hundred packages to a set.
    fn texts(&self) -> usize {
        if cfg!(test) { 2 } else { 30 + self.cost / 250 }
    }
}
