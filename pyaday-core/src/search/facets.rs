//! The searched parts of a package that are not quickly found in its representation.

use memchr::memmem::Finder;
use serde_json::Value;

use super::fold::{self, PART};
use super::score;
use crate::package::{Details, Tag};

/// The byte after each of the first two sections. No tag and no word contains it.
const END: u8 = b'\0';

/// The popularity, tags, import names and keywords of a package, as a leaf keeps them:
///
/// ```text
/// popularity      one byte
/// tags            as they are, with a PART before and after each
/// END
/// import names    folded
/// END
/// keywords        folded, with a PART before each
/// ```
///
/// Most packages have none of these, and their facets are empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facets<'a>(&'a [u8]);

impl<'a> Facets<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Appends the facets of a package.
    pub(crate) fn push(details: &Details, out: &mut Vec<u8>) {
        let known = Known::of(details);
        let (start, popularity) = (out.len(), score::popularity(known.rank));
        out.push(popularity);
        for tag in details.tags.iter() {
            if out.last() != Some(&PART) || out.len() == start + 1 {
                out.push(PART);
            }
            out.extend_from_slice(tag.as_str().as_bytes());
            out.push(PART);
        }
        out.push(END);
        known.import_names.iter().for_each(|name| fold::push_words(name, out));
        out.push(END);
        for keyword in &known.keywords {
            out.push(PART);
            fold::push_words(keyword, out);
        }
        if out[start..] == [0, END, END] {
            out.truncate(start);
        }
    }

    pub(crate) fn popularity(self) -> u8 {
        self.0.first().copied().unwrap_or_default()
    }

    /// The tags.
    pub(crate) fn tags(self) -> impl Iterator<Item = &'a str> {
        let tags = self.sections().0.split(|byte| *byte == PART).filter(|tag| !tag.is_empty());
        tags.map(|tag| str::from_utf8(tag).unwrap_or_default())
    }

    /// True if the package has this tag.
    pub(crate) fn have(self, tag: &TagFinder) -> bool {
        tag.0.find(self.0).is_some()
    }

    /// True if a folded text stands anywhere in the facets.
    pub(crate) fn contain(self, text: &Finder<'_>) -> bool {
        text.find(self.0).is_some()
    }

    /// Appends the words of the tags and import names.
    pub(crate) fn push_labels(self, out: &mut Vec<u8>) {
        let (tags, import_names, _) = self.sections();
        if let Ok(tags) = str::from_utf8(tags) {
            fold::push_words(tags, out);
        }
        // Both texts have a space at each end.
        let rest = import_names.get(usize::from(!out.is_empty())..).unwrap_or_default();
        out.extend_from_slice(rest);
    }

    /// Appends the keywords to the text of the description.
    pub(crate) fn push_keywords(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.sections().2);
    }

    fn sections(self) -> (&'a [u8], &'a [u8], &'a [u8]) {
        let mut sections = self.0.get(1..).unwrap_or_default().splitn(3, |byte| *byte == END);
        let mut next = || sections.next().unwrap_or_default();
        (next(), next(), next())
    }
}

/// Finds a tag in facets.
#[derive(Debug)]
pub(crate) struct TagFinder(Finder<'static>);

impl TagFinder {
    pub(crate) fn new(tag: &Tag) -> Self {
        let needle = [&[PART], tag.as_str().as_bytes(), &[PART]].concat();
        Self(Finder::new(&needle).into_owned())
    }
}

/// The members of the metadata that the search uses.
#[derive(Default)]
struct Known {
    rank: u64,
    import_names: Vec<String>,
    keywords: Vec<String>,
}

impl Known {
    const RANK: &str = "rank";
    const IMPORT_NAME: &str = "import_name";
    const KEYWORDS: &str = "keywords";

    fn of(details: &Details) -> Self {
        let json = details.metadata.as_json();
        // Most metadata has none of the members. To parse it takes longer than to look for them.
        let has = |name: &str| memchr::memmem::find(json.as_bytes(), name.as_bytes()).is_some();
        if !(has(Self::RANK)
            || has(Self::IMPORT_NAME)
            || has(Self::KEYWORDS)
            || json.contains('\\'))
        {
            return Self::default();
        }
        let mut members = details.metadata.to_map();
        let mut take = |name: &str| members.remove(name).unwrap_or_default();
        Self {
            rank: rank(&take(Self::RANK)),
            import_names: texts(take(Self::IMPORT_NAME)),
            keywords: texts(take(Self::KEYWORDS)),
        }
    }
}

/// A rank is a positive whole number, or the digits of one. Zero means that there is none.
fn rank(value: &Value) -> u64 {
    match value {
        Value::Number(number) => number.as_u64().unwrap_or_default(),
        Value::String(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().unwrap_or_default()
        }
        _ => 0,
    }
}

/// The texts of a string or of an array of strings.
fn texts(value: Value) -> Vec<String> {
    let text = |value| match value {
        Value::String(text) => Some(text),
        _ => None,
    };
    match value {
        Value::Array(values) => values.into_iter().filter_map(text).collect(),
        value => text(value).into_iter().collect(),
    }
}
