//! The text in which a search looks, and what it looks for.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use memchr::memchr;
use memchr::memmem::Finder;

use crate::package::{Details, Tag};

/// Ends the name in a search text.
const NAME_END: u8 = b'\0';
/// Ends the description, and behind it each tag. Neither of the two can be part of what it ends:
/// all three exclude control characters.
const END: u8 = b'\x01';

/// Appends the search text of a package: its normalised name and its description in lower case,
/// in which words are found, and its tags.
pub(super) fn push(out: &mut Vec<u8>, name: &str, details: &Details) {
    out.extend_from_slice(name.as_bytes());
    out.push(NAME_END);
    push_lower(out, details.short_desc.as_str());
    out.push(END);
    for tag in details.tags.iter() {
        out.extend_from_slice(tag.as_str().as_bytes());
        out.push(END);
    }
}

/// The name that a search text begins with.
pub(super) fn name(text: &[u8]) -> &str {
    let name = &text[..memchr(NAME_END, text).unwrap_or_default()];
    // Names are ASCII.
    str::from_utf8(name).unwrap_or_default()
}

/// Character by character, unlike [`str::to_lowercase`], which looks at a sigma's neighbours: a
/// part of a text must have the same lower case as in the whole.
fn push_lower(out: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        let start = out.len();
        out.extend_from_slice(text.as_bytes());
        out[start..].make_ascii_lowercase();
    } else {
        for c in text.chars().flat_map(char::to_lowercase) {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// What a package must have to be selected.
#[derive(Debug)]
pub(super) struct Filter(Vec<Word>);

impl Filter {
    /// The filter for these words and tags; `None` if no package can have them.
    pub(super) fn new(words: &[String], tags: &BTreeSet<Tag>) -> Option<Self> {
        if words.iter().any(|word| word.bytes().any(|byte| byte == NAME_END || byte == END)) {
            return None;
        }
        let words = words.iter().filter(|word| !word.is_empty()).map(|word| Word::text(word));
        let mut all: Vec<_> = tags.iter().map(Word::tag).chain(words).collect();
        // A longer word is likely the rarer one, and spares looking for the others.
        all.sort_by_key(|word| Reverse(word.finder.needle().len()));
        Some(Self(all))
    }

    /// The filter for packages with one tag.
    pub(super) fn tagged(tag: &Tag) -> Self {
        Self(vec![Word::tag(tag)])
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &Word> {
        self.0.iter()
    }
}

/// A word or a tag to find in search texts.
#[derive(Debug)]
pub(super) struct Word {
    finder: Finder<'static>,
    is_tag: bool,
}

impl Word {
    fn text(word: &str) -> Self {
        let mut lower = Vec::new();
        push_lower(&mut lower, word);
        Self { finder: Finder::new(&lower).into_owned(), is_tag: false }
    }

    /// With what ends the field before it, so that only a whole tag is found.
    fn tag(tag: &Tag) -> Self {
        Self {
            finder: Finder::new(&[&[END], tag.as_str().as_bytes(), &[END]].concat()).into_owned(),
            is_tag: true,
        }
    }

    /// Where it first occurs.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        self.finder.find(text)
    }

    /// True if an occurrence counts that has `before` in front of it in its package's search text:
    /// a word's does not when it is in a tag.
    pub(super) fn counts_behind(&self, before: &[u8]) -> bool {
        self.is_tag || memchr(END, before).is_none()
    }
}
