//! The index of the packages of one tree.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::ops::Range;

use super::bits::Bits;
use super::dictionary::{Dictionary, Field};
use super::grams::Grams;
use super::hits::{Candidates, Found, Hits};
use super::names::NameFilter;
use super::postings::Postings;
use super::ranked::Ranked;
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
    pub(super) popularity: Box<[u8]>,
    /// The lengths of the names without separators.
    pub(super) lengths: Box<[u8]>,
    pub(super) ranked: Ranked,
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
        self.words.size()
            + self.grams.size()
            + self.tags.size()
            + self.names.size()
            + 2 * self.len()
            + self.ranked.size()
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
