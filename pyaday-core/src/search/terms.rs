//! What a client searches for.

use std::fmt;
use std::str::FromStr;

use memchr::memmem::Finder;

use super::fold::{self, SPACE};
use crate::package::InvalidValue;

/// The words of a search, and the names that they spell.
///
/// [`from_str`](Self::from_str) makes one of what a person typed.
#[derive(Clone)]
pub struct Search {
    words: Vec<Word>,
    /// All words of the query in order, with one space around each.
    phrase: Finder<'static>,
    spelled: Spelled,
}

/// The names that the words of a query spell.
#[derive(Clone, Debug)]
pub(crate) struct Spelled {
    /// The words with `-` between them: a normalised name.
    pub(crate) hyphenated: String,
    /// The words without anything between them.
    pub(crate) joined: String,
    /// Names that add a usual affix to the query, such as `pyyaml` to `yaml`.
    pub(crate) affixed: [String; AFFIXES],
    /// The number of characters of all words.
    pub(crate) length: usize,
}

const AFFIXES: usize = 10;

/// A word of a search.
#[derive(Clone)]
pub(crate) struct Word {
    /// Finds the word anywhere. Its needle is the folded word.
    anywhere: Finder<'static>,
    /// Finds the beginnings of words. Its needle is a space and the folded word.
    beginning: Finder<'static>,
    /// True for a word of one or two characters. It is not found as a part of a word, except at the
    /// beginning of the name.
    is_short: bool,
}

impl Search {
    /// The maximum length of a query, in bytes.
    pub const MAX_BYTES: usize = 512;
    /// The maximum number of different words.
    pub const MAX_WORDS: usize = 16;
    /// The maximum length of a word, in characters after folding.
    pub const MAX_WORD_CHARS: usize = 64;
    /// A word with fewer characters is short.
    const LONG: usize = 3;

    /// True if there are no words. Such a search selects nothing and means the same as no search.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The different words, folded, in the order of the query.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| str::from_utf8(word.text()).unwrap_or_default())
    }

    pub(crate) fn terms(&self) -> &[Word] {
        &self.words
    }

    /// Finds all words of the query as one phrase. There is one only if there are several words.
    pub(crate) fn phrase(&self) -> Option<&Finder<'static>> {
        Some(&self.phrase).filter(|_| self.words.len() > 1)
    }

    /// The words of the query with `-` between them: the normalised name that it spells.
    pub(crate) fn hyphenated(&self) -> &str {
        &self.spelled.hyphenated
    }

    pub(crate) fn spelled(&self) -> &Spelled {
        &self.spelled
    }
}

impl FromStr for Search {
    type Err = InvalidValue;

    /// Cuts a query into words: runs of letters and digits, case-folded and without combining
    /// marks. Duplicates count once.
    ///
    /// # Errors
    /// The query is too long, or it has too many words or a word that is too long.
    fn from_str(query: &str) -> Result<Self, InvalidValue> {
        let refuse = |rule: fmt::Arguments<'_>| Err(InvalidValue::new(rule.to_string()));
        if query.len() > Self::MAX_BYTES {
            return refuse(format_args!("must be at most {} bytes long", Self::MAX_BYTES));
        }
        let mut folded = Vec::new();
        fold::push_words(query, &mut folded);
        let all: Vec<_> = fold::split(&folded).collect();
        let mut words: Vec<Word> = Vec::new();
        for word in &all {
            let chars = String::from_utf8_lossy(word).chars().count();
            if chars > Self::MAX_WORD_CHARS {
                return refuse(format_args!(
                    "must not have a word of more than {} characters",
                    Self::MAX_WORD_CHARS
                ));
            }
            if words.iter().any(|known| known.text() == *word) {
                continue;
            }
            if words.len() == Self::MAX_WORDS {
                return refuse(format_args!(
                    "must not have more than {} different words",
                    Self::MAX_WORDS
                ));
            }
            words.push(Word::new(word, chars < Self::LONG));
        }
        let text = |separator: &str| {
            let words: Vec<_> = all.iter().map(|word| String::from_utf8_lossy(word)).collect();
            words.join(separator)
        };
        let spelled = Spelled::new(text("-"), text(""));
        Ok(Self { words, phrase: Finder::new(&folded).into_owned(), spelled })
    }
}

/// Two searches are equal if they have the same words in the same order.
impl PartialEq for Search {
    fn eq(&self, other: &Self) -> bool {
        self.phrase.needle() == other.phrase.needle()
    }
}

impl Eq for Search {}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Search").field(&self.words().collect::<Vec<_>>()).finish()
    }
}

impl Spelled {
    fn new(hyphenated: String, joined: String) -> Self {
        let name = &hyphenated;
        let affixed = [
            format!("py{name}"),
            format!("py-{name}"),
            format!("python{name}"),
            format!("python-{name}"),
            format!("aio{name}"),
            format!("aio-{name}"),
            format!("{name}py"),
            format!("{name}-py"),
            format!("{name}python"),
            format!("{name}-python"),
        ];
        let length = joined.chars().count();
        Self { hyphenated, joined, affixed, length }
    }

    /// True if a normalised name begins with the query.
    pub(crate) fn begins(&self, name: &str) -> bool {
        name.starts_with(&self.hyphenated) || name.starts_with(&self.joined)
    }

    /// All names, without duplicates.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let joined = Some(&self.joined).filter(|joined| **joined != self.hyphenated);
        let names = std::iter::once(&self.hyphenated).chain(joined).chain(&self.affixed);
        names.map(String::as_str)
    }
}

impl Word {
    fn new(text: &[u8], is_short: bool) -> Self {
        let beginning = [&[SPACE], text].concat();
        Self {
            anywhere: Finder::new(text).into_owned(),
            beginning: Finder::new(&beginning).into_owned(),
            is_short,
        }
    }

    pub(crate) fn text(&self) -> &[u8] {
        self.anywhere.needle()
    }

    pub(crate) fn anywhere(&self) -> &Finder<'static> {
        &self.anywhere
    }

    pub(crate) fn beginning(&self) -> &Finder<'static> {
        &self.beginning
    }

    pub(crate) fn is_short(&self) -> bool {
        self.is_short
    }
}
