//! Builds the index of a tree.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher as _;

use super::dictionary::{Dictionary, Field};
use super::grams::Grams;
use super::names::{NameFilter, hash};
use super::ranked::Ranked;
use super::segment::Segment;
use super::sets::Sets;
use crate::catalogue::tree::Tree;
use crate::search::{Document, split};

/// A longer word is cut here. No query has a word of this length, so nothing is lost. Names are shorter,
/// so they are never cut.
const MAX_WORD_BYTES: usize = 300;

impl Segment {
    /// Builds the index of the packages of a tree. This takes about 2 microseconds for each package.
    pub(in crate::catalogue) fn build(tree: Tree) -> Self {
        let packages = tree.len();
        let mut words = Words::default();
        let mut tags = Words::default();
        let mut lengths = Vec::with_capacity(packages);
        let mut ranked = Ranked::new(packages);
        let mut names = Vec::with_capacity(packages);
        let mut document = Document::default();
        let mut package = 0;
        for leaf in tree.leaves() {
            for at in 0..leaf.len() {
                let facets = leaf.facets(at);
                document.read(leaf.version(at), facets);
                words.add_all(Field::Name, package, document.name_words());
                words.add_all(Field::Label, package, document.labels());
                words.add_all(Field::Text, package, document.text());
                facets.tags().for_each(|tag| tags.add(Field::Label, package, tag.as_bytes()));
                lengths.push(document.name_length() as u8);
                let hash = hash(document.name().as_bytes());
                names.push(hash);
                if document.popularity() > 0 {
                    ranked.add(package, document.popularity(), document.text(), hash);
                }
                package += 1;
            }
        }
        let words = words.into_dictionary(packages).with_unions();
        let grams = Grams::build(&words, packages);
        let tags = tags.into_dictionary(packages);
        Self {
            tree,
            words,
            grams,
            tags,
            names: NameFilter::new(&names, 8),
            lengths: lengths.into(),
            ranked: ranked.finish(packages),
            sets: Sets::new(packages),
        }
    }
}

/// The words of packages while they are gathered. Each word gets a number.
#[derive(Default)]
struct Words {
    texts: Vec<u8>,
    /// Where the text of each word ends.
    ends: Vec<u32>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// What was added, by the field.
    fields: [Occurrences; 3],
}

/// Which words stand in which packages.
#[derive(Default)]
struct Occurrences {
    pairs: Vec<(u32, u32)>,
    /// The last package of each word, and the number of its packages.
    words: Vec<(u32, u32)>,
}

impl Words {
    fn add_all(&mut self, field: Field, package: u32, folded: &[u8]) {
        split(folded).for_each(|word| self.add(field, package, word));
    }

    fn add(&mut self, field: Field, package: u32, word: &[u8]) {
        let number = self.number(&word[..word.len().min(MAX_WORD_BYTES)]);
        let occurrences = &mut self.fields[field as usize];
        if occurrences.words.len() <= number as usize {
            occurrences.words.resize(number as usize + 1, (u32::MAX, 0));
        }
        let (last, count) = &mut occurrences.words[number as usize];
        if *last != package {
            (*last, *count) = (package, *count + 1);
            occurrences.pairs.push((number, package));
        }
    }

    fn number(&mut self, word: &[u8]) -> u32 {
        let Self { texts, ends, numbers, hasher, .. } = self;
        let is_word = |number: &u32| text(texts, ends, *number) == word;
        let hash = hasher.hash_one(word);
        if let Some(number) = numbers.find(hash, is_word) {
            return *number;
        }
        let number = ends.len() as u32;
        texts.extend_from_slice(word);
        ends.push(texts.len() as u32);
        numbers.insert_unique(hash, number, |number| hasher.hash_one(text(texts, ends, *number)));
        number
    }

    fn into_dictionary(self, packages: usize) -> Dictionary {
        let Self { texts, ends, numbers, fields, .. } = self;
        drop(numbers);
        let mut order: Vec<u32> = (0..ends.len() as u32).collect();
        order.sort_unstable_by_key(|number| text(&texts, &ends, *number));
        let fields = fields.map(|field| field.into_lists(ends.len()));
        let entries = order.into_iter().map(|number| {
            (text(&texts, &ends, number), fields.each_ref().map(|lists| lists.get(number)))
        });
        Dictionary::build(packages, entries)
    }
}

fn text<'a>(texts: &'a [u8], ends: &[u32], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &texts[start as usize..ends[number] as usize]
}

/// The packages of each word, in order.
struct Lists {
    starts: Vec<u32>,
    packages: Vec<u32>,
}

impl Occurrences {
    fn into_lists(self, words: usize) -> Lists {
        let mut starts = Vec::with_capacity(words + 1);
        let mut end = 0;
        for number in 0..words {
            starts.push(end);
            end += self.words.get(number).map_or(0, |(_, count)| *count);
        }
        starts.push(end);
        let mut packages = vec![0; self.pairs.len()];
        let mut next = starts.clone();
        for (number, package) in self.pairs {
            let at = &mut next[number as usize];
            packages[*at as usize] = package;
            *at += 1;
        }
        Lists { starts, packages }
    }
}

impl Lists {
    fn get(&self, number: u32) -> &[u32] {
        let number = number as usize;
        &self.packages[self.starts[number] as usize..self.starts[number + 1] as usize]
    }
}
