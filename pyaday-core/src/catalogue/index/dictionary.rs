//! The words of all packages, and which packages have them.

use std::hint;
use std::ops::Range;

use hashbrown::HashMap;

use super::bits::Bits;
use super::postings::{Encoded, Postings};

/// Where a word stands in a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// In the name.
    Name,
    /// In a tag or an import name.
    Label,
    /// In the description or the keywords.
    Text,
}

impl Field {
    pub(super) const ALL: [Self; 3] = [Self::Name, Self::Label, Self::Text];
}

/// The packages that have a word, or words with the same beginning, by the field.
pub(super) type Fields<'a> = [Postings<'a>; 3];

/// All words in order, each with the packages that have it.
///
/// Where words with the same beginning of 3 to 8 bytes have many packages together, the union is stored
/// too. So it takes a bounded time to look up such a beginning.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    /// The number of packages.
    packages: usize,
    /// The words. Each begins with a number, its length and a bit for each field, and is followed by
    /// the postings of the fields that it is in.
    entries: Encoded,
    /// The number of words.
    len: usize,
    /// Where each [`STRIDE`](Self::STRIDE)th entry begins.
    starts: Box<[u32]>,
    /// The first bytes of each [`STEP`](Self::STEP)th word. A search for a word begins here.
    heads: Box<[u64]>,
    /// The unions of the words with the same beginning.
    unions: Encoded,
    /// Where the union of a beginning is.
    beginnings: HashMap<u64, u32>,
}

/// If it costs more than this to read the postings of all words with the same beginning, their union is
/// stored.
pub(super) const COSTLY: usize = if cfg!(test) { 40 } else { 16_000 };
/// What it costs to look at a word.
pub(super) const WORD: usize = 2;

impl Dictionary {
    const STEP: usize = 16;
    /// The entry between two of them is found by reading over the first one.
    const STRIDE: usize = 2;
    /// The beginnings that have their unions stored have at least this length, in bytes.
    const MIN_BEGINNING: usize = 3;
    const MAX_BEGINNING: usize = 8;

    /// Begins a dictionary for this number of packages.
    pub(super) fn new(packages: usize) -> Self {
        Self { packages, ..Self::default() }
    }

    /// Makes the dictionary of these words, in order, with the packages that have them.
    pub(super) fn build<'a>(
        packages: usize,
        words: impl Iterator<Item = (&'a [u8], [&'a [u32]; 3])>,
    ) -> Self {
        let mut entries = Encoded::default();
        let (mut len, mut starts, mut heads) = (0, Vec::new(), Vec::new());
        for (word, fields) in words {
            if len % Self::STEP == 0 {
                heads.push(key(word));
            }
            if len % Self::STRIDE == 0 {
                starts.push(entries.end() as u32);
            }
            len += 1;
            let is_used = fields.map(|packages_of| !packages_of.is_empty());
            let used =
                is_used.iter().rev().fold(0, |used, is_used| used << 1 | u32::from(*is_used));
            entries.push_number((word.len() as u32) << 3 | used);
            entries.push_bytes(word);
            for packages_of in fields.iter().filter(|packages_of| !packages_of.is_empty()) {
                entries.push(packages_of, packages);
            }
        }
        entries.shrink();
        let (starts, heads) = (starts.into(), heads.into());
        Self { entries, len, starts, heads, ..Self::new(packages) }
    }

    /// Stores the unions for [`beginning`](Self::beginning).
    pub(super) fn with_unions(mut self) -> Self {
        self.store_unions(0..self.len(), Self::MIN_BEGINNING);
        self.unions.shrink();
        self
    }

    /// The number of words.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The word at a place.
    pub(super) fn word(&self, at: usize) -> &[u8] {
        self.entry(at).0
    }

    /// The word at a place, which fields it is in, and where their postings begin.
    fn entry(&self, at: usize) -> (&[u8], u32, usize) {
        let mut place = self.starts[at / Self::STRIDE] as usize;
        for _ in 0..at % Self::STRIDE {
            let (_, used) = self.head(&mut place);
            for _ in 0..used.count_ones() {
                self.entries.postings(&mut place, self.packages);
            }
        }
        let (word, used) = self.head(&mut place);
        (word, used, place)
    }

    /// The word of the entry at this place, and which fields it is in. Moves the place to the postings.
    fn head(&self, place: &mut usize) -> (&[u8], u32) {
        let head = self.entries.number(place);
        (self.entries.bytes(place, (head >> 3) as usize), head & 0b111)
    }

    /// The packages that have the word at a place.
    pub(super) fn fields(&self, at: usize) -> Fields<'_> {
        let (_, used, mut place) = self.entry(at);
        Field::ALL.map(|field| match used >> field as u32 & 1 {
            0 => Postings::NONE,
            _ => self.entries.postings(&mut place, self.packages),
        })
    }

    /// The word at a place, and the packages that have it in their names.
    pub(super) fn name_word(&self, at: usize) -> (&[u8], Postings<'_>) {
        let (word, used, mut place) = self.entry(at);
        match used >> Field::Name as u32 & 1 {
            0 => (word, Postings::NONE),
            // Those of the names are the first ones.
            _ => (word, self.entries.postings(&mut place, self.packages)),
        }
    }

    /// Reads a byte of each of these words, which are far away in memory. The processor fetches several
    /// of them at a time if nothing else happens in between, so this makes the next look at them
    /// several times as fast.
    pub(super) fn fetch(&self, words: &[u32]) {
        let byte = |at: &u32| self.entries.byte(self.starts[*at as usize / Self::STRIDE] as usize);
        hint::black_box(words.iter().fold(0, |all, at| all ^ byte(at)));
    }

    /// The places of the words that begin with this text.
    pub(super) fn places(&self, text: &[u8]) -> Range<usize> {
        let end = [text, &[u8::MAX]].concat();
        self.place(text)..self.place(&end)
    }

    /// The packages that have this word in each field.
    pub(super) fn get(&self, word: &[u8]) -> Option<Fields<'_>> {
        let at = self.place(word);
        (at < self.len() && self.word(at) == word).then(|| self.fields(at))
    }

    /// The number of words that are less than this one.
    fn place(&self, word: &[u8]) -> usize {
        let head = key(word);
        let first = self.heads.partition_point(|own| *own < head);
        let equal = self.heads[first..].iter().take_while(|own| **own == head).count();
        let (mut low, mut high) =
            (first.saturating_sub(1) * Self::STEP, ((first + equal) * Self::STEP).min(self.len()));
        while low < high {
            let middle = low.midpoint(high);
            match self.word(middle) < word {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    /// The packages with words that begin with this text, each set together with its field. Costs
    /// at most about [`COSTLY`].
    pub(super) fn beginning<'a>(&'a self, text: &[u8], mut each: impl FnMut(Field, Postings<'a>)) {
        if text.len() <= Self::MAX_BEGINNING
            && let Some(start) = self.beginnings.get(&key(text))
        {
            let mut at = *start as usize;
            for field in Field::ALL {
                each(field, self.unions.postings(&mut at, self.packages));
            }
            return;
        }
        let words =
            (self.place(text)..self.len()).take_while(|at| self.word(*at).starts_with(text));
        for at in words {
            for (field, postings) in Field::ALL.into_iter().zip(self.fields(at)) {
                if postings.len() > 0 {
                    each(field, postings);
                }
            }
        }
    }

    /// Stores the unions of those of the words that have this many bytes in common, where reading
    /// their postings is costly.
    fn store_unions(&mut self, words: Range<usize>, length: usize) {
        let mut at = words.start;
        while at < words.end {
            let Some(text) = self.word(at).get(..length).map(<[u8]>::to_vec) else {
                at += 1;
                continue;
            };
            let (start, mut cost) = (at, 0);
            while at < words.end && self.word(at).starts_with(&text) {
                cost += WORD + self.fields(at).map(Postings::cost).iter().sum::<usize>();
                at += 1;
            }
            if cost > COSTLY {
                self.store_union(key(&text), start..at);
                if length < Self::MAX_BEGINNING {
                    self.store_unions(start..at, length + 1);
                }
            }
        }
    }

    fn store_union(&mut self, key: u64, words: Range<usize>) {
        let start = self.unions.end() as u32;
        let mut set = Bits::none(self.packages);
        for field in Field::ALL {
            set.clear();
            for at in words.clone() {
                self.fields(at)[field as usize].add_to(&mut set, None);
            }
            let packages: Vec<_> = set.iter().collect();
            self.unions.push(&packages, self.packages);
        }
        self.beginnings.insert(key, start);
    }

    /// The size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        self.entries.size()
            + self.unions.size()
            + size_of_val(&*self.starts)
            + size_of_val(&*self.heads)
            + self.beginnings.capacity() * size_of::<(u64, u32)>()
    }
}

/// The first 8 bytes of a text as a number, which compares like the text. A shorter text is padded
/// with zeros, which no word contains.
pub(super) fn key(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let len = text.len().min(8);
    bytes[..len].copy_from_slice(&text[..len]);
    u64::from_be_bytes(bytes)
}
