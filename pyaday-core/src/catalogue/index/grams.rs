//! Which words of names contain a text.

use hashbrown::HashMap;

use memchr::memmem;

use super::bits::Bits;
use super::dictionary::{COSTLY, Dictionary, WORD, key};
use super::postings::{Encoded, List, Postings};

/// The words of names by the texts of a few characters inside them.
///
/// It has the words with each text of [`MIN`](Self::MIN) characters. Where these words have too many
/// packages, it has the union of the packages instead, and the words with each longer text. So
/// what a query looks up costs a bounded time, but for texts of more than 8 characters that have these
/// in common with many words.
#[derive(Debug, Default)]
pub(super) struct Grams {
    packages: usize,
    entries: Encoded,
    /// Where the entry of a text is, and what it is.
    places: HashMap<u64, Place>,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// The places in the dictionary of the words with this text.
    Words(u32),
    /// The packages with this text in their names.
    Union(u32),
}

/// A text inside a word: the word's place in the dictionary, and where the text begins.
type Occurrence = (u32, u8);

impl Grams {
    const MIN: usize = 3;
    const MAX: usize = 8;
    /// It costs as much to look at a word as to read about this many numbers of a list, because the
    /// word is far away in memory.
    const LOOK: usize = 16;
    /// The number of words that are fetched at a time. They fit in the first cache.
    const FETCHED: usize = 128;

    /// Reads the names' words of a dictionary.
    pub(super) fn build(dictionary: &Dictionary, packages: usize) -> Self {
        let mut grams = Self { packages, ..Self::default() };
        let mut occurrences: Vec<(u32, Occurrence)> = Vec::new();
        for at in 0..dictionary.len() {
            let (word, packages) = dictionary.name_word(at);
            if packages.len() == 0 {
                continue;
            }
            for (offset, gram) in word.windows(Self::MIN).enumerate() {
                let gram = (key(gram) >> 32) as u32;
                occurrences.push((gram, (at as u32, offset as u8)));
            }
        }
        occurrences.sort_unstable();
        let mut set = Bits::none(packages);
        for same in occurrences.chunk_by(|left, right| left.0 == right.0) {
            let same: Vec<_> = same.iter().map(|(_, occurrence)| *occurrence).collect();
            grams.add(dictionary, &same, Self::MIN, &mut set);
        }
        grams.entries.shrink();
        grams.places.shrink_to_fit();
        grams
    }

    /// Adds the entry of the text of this length that begins at each of these places, and those of
    /// longer texts if needed. The occurrences are in the order of the dictionary.
    fn add(
        &mut self,
        dictionary: &Dictionary,
        occurrences: &[Occurrence],
        length: usize,
        set: &mut Bits,
    ) {
        let Some(&(first, offset)) = occurrences.first() else { return };
        let offset = usize::from(offset);
        let gram = key(&dictionary.word(first as usize)[offset..offset + length]);
        let mut words: Vec<_> = occurrences.iter().map(|(word, _)| *word).collect();
        words.dedup();
        let names = |word: &u32| dictionary.name_word(*word as usize).1;
        let cost: usize = words.iter().map(|word| WORD + names(word).cost()).sum();
        let place = self.entries.end() as u32;
        if cost <= COSTLY || length == Self::MAX {
            self.entries.push(&words, usize::MAX);
            self.places.insert(gram, Place::Words(place));
            return;
        }
        set.clear();
        words.iter().for_each(|word| names(word).add_to(set, None));
        self.entries.push(&set.iter().collect::<Vec<_>>(), self.packages);
        self.places.insert(gram, Place::Union(place));
        let next = |(word, offset): &Occurrence| {
            let at = usize::from(*offset) + length;
            dictionary.word(*word as usize).get(at).copied()
        };
        let mut longer: Vec<_> =
            occurrences.iter().filter_map(|at| Some((next(at)?, *at))).collect();
        longer.sort_unstable();
        for same in longer.chunk_by(|left, right| left.0 == right.0) {
            let same: Vec<_> = same.iter().map(|(_, occurrence)| *occurrence).collect();
            self.add(dictionary, &same, length + 1, set);
        }
    }

    /// The packages that have this text of at least [`MIN`](Self::MIN) characters in their names. Those
    /// with names that have a word that begins with it may be left out.
    pub(super) fn inside<'a>(
        &'a self,
        dictionary: &'a Dictionary,
        text: &[u8],
        mut each: impl FnMut(Postings<'a>),
    ) {
        let mut lists = Vec::new();
        for offset in 0..=text.len().saturating_sub(Self::MIN) {
            match self.entry(&text[offset..]) {
                None => return,
                Some(Entry::Union(packages)) if offset == 0 => return each(packages),
                Some(Entry::Union(_)) => {}
                Some(Entry::Words(words)) => lists.push(words),
            }
        }
        lists.sort_unstable_by_key(|words| words.len);
        let mut words = lists.first().map_or_else(Vec::new, |words| words.to_vec());
        for others in lists.iter().skip(1) {
            if words.len() * Self::LOOK < others.len as usize {
                break;
            }
            others.retain_in(&mut words);
        }
        let beginning = dictionary.places(text);
        words.retain(|word| !beginning.contains(&(*word as usize)));
        let finder = memmem::Finder::new(text);
        for words in words.chunks(Self::FETCHED) {
            dictionary.fetch(words);
            for word in words {
                let (word, packages) = dictionary.name_word(*word as usize);
                if text.len() == Self::MIN || finder.find(word).is_some() {
                    each(packages);
                }
            }
        }
    }

    /// The entry of the longest beginning of this text that has one.
    fn entry(&self, text: &[u8]) -> Option<Entry<'_>> {
        let mut length = Self::MIN;
        loop {
            match *self.places.get(&key(text.get(..length)?))? {
                Place::Words(at) => {
                    return match self.entries.postings(&mut (at as usize), usize::MAX) {
                        Postings::List(words) => Some(Entry::Words(words)),
                        Postings::Blocks(_) | Postings::Bits(..) => None,
                    };
                }
                Place::Union(at) if length == text.len() => {
                    let packages = self.entries.postings(&mut (at as usize), self.packages);
                    return Some(Entry::Union(packages));
                }
                Place::Union(_) => length += 1,
            }
        }
    }

    /// The size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        self.entries.size() + self.places.capacity() * size_of::<(u64, Place)>()
    }
}

/// What a beginning of a text has.
enum Entry<'a> {
    /// The words that contain the beginning.
    Words(List<'a>),
    /// The packages that contain the whole text.
    Union(Postings<'a>),
}
