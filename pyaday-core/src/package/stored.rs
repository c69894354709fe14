//! A version of a package as a store keeps it.

use std::borrow::Cow;
use std::fmt;
use std::io::Write as _;
use std::ops::Range;

use bytes::{Buf, Bytes};
use http::HeaderValue;
use memchr::{memchr, memchr2};

use super::name::PackageName;
use super::representation::Package;
use super::revision::Revision;

/// A version of a package in a store: its revision and its representation. The representation is
/// rendered once, when the version is written.
///
/// A clone shares the text and does not copy it.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// The bytes that [`render`] wrote.
    text: Bytes,
    entity_tag_end: u8,
}

impl Stored {
    /// Makes the version of this package with this revision.
    #[must_use]
    pub fn new(package: &Package, revision: Revision) -> Self {
        let mut text = Vec::new();
        render(package, revision, &mut text);
        let text = Bytes::from(text.into_boxed_slice());
        Self::within(&text, 0..text.len())
    }

    /// Makes the version that [`render`] wrote into this part of `texts`. It shares the memory of
    /// `texts`.
    pub(crate) fn within(texts: &Bytes, part: Range<usize>) -> Self {
        // An entity tag consists of digits in quotes, so the first brace begins the representation.
        let entity_tag_end = memchr(b'{', &texts[part.clone()]).unwrap_or_default() as u8;
        Self { text: texts.slice(part), entity_tag_end }
    }

    /// Returns the same version in memory of its own, which it does not share with other packages.
    pub(crate) fn alone(&self) -> Self {
        Self { text: Bytes::copy_from_slice(&self.text), entity_tag_end: self.entity_tag_end }
    }

    /// The revision of the version.
    #[must_use]
    pub fn revision(&self) -> Revision {
        let digits = self.text[..usize::from(self.entity_tag_end)].iter();
        let digits = digits.filter(|byte| byte.is_ascii_digit());
        Revision::new(digits.fold(0, |number, digit| 10 * number + u64::from(digit - b'0')))
    }

    /// The package.
    ///
    /// This parses the representation, so it takes as long as reading that much JSON.
    #[must_use]
    pub fn package(&self) -> Package {
        #[expect(clippy::expect_used, reason = "`new` rendered the text from a valid package")]
        Package::from_json(self.json()).expect("a representation is valid")
    }

    /// The name, in its spelling.
    pub(crate) fn name(&self) -> Option<PackageName> {
        str::from_utf8(spelling(&self.text)).ok()?.parse().ok()
    }

    /// The representation as compact JSON.
    #[must_use]
    pub fn representation(&self) -> Bytes {
        self.text.slice(usize::from(self.entity_tag_end)..)
    }

    /// Returns the representation and drops the rest of the version.
    pub(crate) fn into_representation(mut self) -> Bytes {
        self.text.advance(usize::from(self.entity_tag_end));
        self.text
    }

    /// The length of the representation, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.json().len()
    }

    pub(crate) fn json(&self) -> &[u8] {
        &self.text[usize::from(self.entity_tag_end)..]
    }

    /// The strong entity tag of the representation, with quotes ([RFC 9110
    /// §8.8.3](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3)).
    #[must_use]
    pub fn entity_tag(&self) -> HeaderValue {
        let text = self.text.slice(..usize::from(self.entity_tag_end));
        #[expect(clippy::expect_used, reason = "quotes and digits are what a field value may hold")]
        HeaderValue::from_maybe_shared(text).expect("digits are a field value")
    }
}

/// Appends the parts of a version that a response needs: its quoted entity tag and the
/// representation.
pub(crate) fn render(package: &Package, revision: Revision, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "\"{revision}\"");
    package.write_json(out);
}

/// The length of the text at the start of every representation.
const BEFORE_NAME: usize = "{\"name\":\"".len();

/// The spelling of the name in a version that [`render`] wrote.
pub(crate) fn spelling(text: &[u8]) -> &[u8] {
    let start = memchr(b'{', text).unwrap_or_default() + BEFORE_NAME;
    let name = text.get(start..).unwrap_or_default();
    &name[..memchr(b'"', name).unwrap_or_default()]
}

/// The description in a version that [`render`] wrote.
pub(crate) fn description(text: &[u8]) -> Cow<'_, str> {
    /// The text between the name and the description.
    const BETWEEN: usize = "\",\"short_desc\":".len();

    let name = spelling(text);
    let start = memchr(b'{', text).unwrap_or_default() + BEFORE_NAME + name.len() + BETWEEN;
    let string = text.get(start..).unwrap_or_default();
    let inside = string.get(1..).unwrap_or_default();
    match memchr2(b'"', b'\\', inside) {
        Some(end) if inside[end] == b'"' => String::from_utf8_lossy(&inside[..end]),
        _ => {
            let mut strings = serde_json::Deserializer::from_slice(string).into_iter::<String>();
            strings.next().and_then(Result::ok).unwrap_or_default().into()
        }
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("revision", &self.revision().get())
            .field("representation", &String::from_utf8_lossy(self.json()))
            .finish()
    }
}

/// Writes the representations as an array. The object around the array is left open.
pub(crate) fn write_items(packages: &[Stored]) -> Vec<u8> {
    /// Room for the other member of a page, the link to the next page.
    const REST: usize = 300;

    let length: usize = packages.iter().map(|package| package.len() + 1).sum();
    let mut body = Vec::with_capacity(length + REST);
    body.extend(b"{\"items\":[");
    for (at, package) in packages.iter().enumerate() {
        body.extend(if at == 0 { &b""[..] } else { b"," });
        body.extend(package.json());
    }
    body.push(b']');
    body
}
