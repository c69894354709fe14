//! The search texts of packages, and the filters that search them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use memchr::memchr;
use memchr::memmem::Finder;

use crate::package::{Details, Tag};

/// The byte after the name in a search text.
const NAME_END: u8 = b'\0';
/// The byte after the description and after each tag. Names, descriptions and tags exclude control
/// characters, so none of them contains either byte.
const END: u8 = b'\x01';

/// Appends the search text of a package: its normalised name, its description in lower case, and
/// its tags. Words are searched for in the name and the description.
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

/// The name at the start of a search text.
pub(super) fn name(text: &[u8]) -> &str {
    let name = &text[..memchr(NAME_END, text).unwrap_or_default()];
    // Names are ASCII.
    str::from_utf8(name).unwrap_or_default()
}

/// Converts each character to lower case separately. [`str::to_lowercase`] looks at the neighbours
/// of a sigma, so a part of a text could have another lower case than the same part in the whole
/// text.
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

/// The words and tags that a package must have to be selected.
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
        // A longer word is probably rarer. It is searched for first, so that the others are often
        // not needed.
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

    /// The needle includes the bytes around the tag, so that only whole tags match.
    fn tag(tag: &Tag) -> Self {
        Self {
            finder: Finder::new(&[&[END], tag.as_str().as_bytes(), &[END]].concat()).into_owned(),
            is_tag: true,
        }
    }

    /// The offset of the first occurrence.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        self.finder.find(text)
    }

    /// True if an occurrence counts, given the part of the package's search text before it. An
    /// occurrence of a word inside a tag does not count.
    pub(super) fn counts_after(&self, before: &[u8]) -> bool {
        self.is_tag || memchr(END, before).is_none()
    }
}
