//! The names of packages: spellings and their normal form.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use arrayvec::ArrayString;
use serde::{Serialize, Serializer};

use super::invalid::InvalidValue;

/// A valid package name, in the spelling that its author chose: `Flask`, `zope.interface`.
///
/// A valid name follows the [PyPA name format]. It has 1 to 255 bytes. It consists of ASCII
/// letters, digits, `.`, `_` and `-`, and begins and ends with a letter or digit.
///
/// `==` compares spellings. Two spellings name the same package when their [normal
/// forms](Self::normalized) are equal.
///
/// ```
/// use pyaday_core::PackageName;
///
/// let zope: PackageName = "Zope.Interface".parse()?;
/// assert_eq!(zope.as_str(), "Zope.Interface");
/// assert_eq!(zope.normalized().as_str(), "zope-interface");
/// assert!("-flask".parse::<PackageName>().is_err());
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
///
/// [PyPA name format]: https://packaging.python.org/en/latest/specifications/name-normalization/#name-format
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PackageName(Box<str>);

impl PackageName {
    /// The maximum length of a name, in bytes.
    pub const MAX_BYTES: usize = 255;

    /// The name as it is spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The [PEP 503](https://peps.python.org/pep-0503/#normalized-names) normal form of the name,
    /// which identifies the package.
    #[must_use]
    pub fn normalized(&self) -> NormalizedName {
        NormalizedName::of(&self.0)
    }
}

impl FromStr for PackageName {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        match broken_rule(name.as_bytes()) {
            None => Ok(Self(name.into())),
            Some(rule) => Err(InvalidValue::new(rule)),
        }
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PackageName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The identity of a package: its name in the [PEP 503] normal form. The normal form is in lower
/// case, and each run of `-`, `_` and `.` is one `-`.
///
/// Names are ordered by the bytes of this form. Parsing accepts any valid spelling and normalises
/// it.
///
/// ```
/// use pyaday_core::NormalizedName;
///
/// let name: NormalizedName = "Zope_.Interface".parse()?;
/// assert_eq!(name.as_str(), "zope-interface");
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
///
/// [PEP 503]: https://peps.python.org/pep-0503/#normalized-names
#[derive(Clone)]
pub struct NormalizedName(Text);

/// A short name is stored in place, so a request for most packages needs no allocation. Three names in a
/// hundred are longer and are allocated. A write of very many packages keeps a name of each, so the place is
/// not larger.
#[derive(Clone)]
enum Text {
    Short(ArrayString<SHORT>),
    Long(Box<str>),
}

/// The maximum length of a name that is stored in place, in bytes. With it, a [`NormalizedName`]
/// has a size of 40 bytes.
const SHORT: usize = 32;

impl NormalizedName {
    /// Makes a name from a text that is already in the normal form.
    pub(crate) fn from_normal(name: &str) -> Self {
        debug_assert!(is_normal(name.as_bytes()));
        Self(ArrayString::from(name).map_or_else(|_| Text::Long(name.into()), Text::Short))
    }

    /// Normalises a valid name.
    fn of(name: &str) -> Self {
        if is_normal(name.as_bytes()) {
            return Self::from_normal(name);
        }
        if name.len() > SHORT {
            let mut normal = String::with_capacity(name.len());
            normalize(name, |c| normal.push(c));
            return Self::from_normal(&normal);
        }
        let mut normal = ArrayString::new();
        // The normal form is never longer than the name.
        normalize(name, |c| normal.push(c));
        Self(Text::Short(normal))
    }

    /// The name in its normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Short(name) => name,
            Text::Long(name) => name,
        }
    }
}

impl FromStr for NormalizedName {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        match broken_rule(name.as_bytes()) {
            None => Ok(Self::of(name)),
            Some(rule) => Err(InvalidValue::new(rule)),
        }
    }
}

impl PartialEq for NormalizedName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for NormalizedName {}

impl PartialOrd for NormalizedName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NormalizedName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for NormalizedName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for NormalizedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NormalizedName").field(&self.as_str()).finish()
    }
}

impl From<&PackageName> for NormalizedName {
    fn from(name: &PackageName) -> Self {
        name.normalized()
    }
}

impl fmt::Display for NormalizedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rule that `name` breaks, if it is not a valid name.
///
/// This checks bytes. A regular expression that ignores case would also accept U+212A, U+017F and
/// U+0131, because their lower or upper case is an ASCII letter.
fn broken_rule(name: &[u8]) -> Option<Cow<'static, str>> {
    let (Some(first), Some(last)) = (name.first(), name.last()) else {
        return Some("must not be empty".into());
    };
    if name.len() > PackageName::MAX_BYTES {
        let limit = PackageName::MAX_BYTES;
        return Some(format!("must be at most {limit} characters long").into());
    }
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || is_separator(*byte);
    if !name.iter().all(inside) {
        let rule = "must consist of ASCII letters, digits, `.`, `_` and `-` only";
        return Some(rule.into());
    }
    if !(first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric()) {
        return Some("must begin and end with an ASCII letter or digit".into());
    }
    None
}

/// True if a valid name is in the PEP 503 normal form.
///
/// The pick of a day asks this for every name. The loop has no branch for a byte, because the next
/// byte of a name is hard to predict.
fn is_normal(name: &[u8]) -> bool {
    let (mut is_normal, mut previous) = (true, 0);
    for byte in name {
        let is_other = matches!(byte, b'.' | b'_' | b'A'..=b'Z');
        is_normal &= !is_other & !((*byte == b'-') & (previous == b'-'));
        previous = *byte;
    }
    is_normal
}

/// Yields the PEP 503 normal form of a valid name, character by character.
fn normalize(name: &str, mut push: impl FnMut(char)) {
    let mut is_in_run = false;
    for byte in name.bytes() {
        if !is_separator(byte) {
            push(char::from(byte.to_ascii_lowercase()));
        } else if !is_in_run {
            push('-');
        }
        is_in_run = is_separator(byte);
    }
}

/// The normal form of a valid name.
pub(crate) fn normal_form(name: &[u8]) -> Cow<'_, str> {
    // Names are ASCII.
    let text = str::from_utf8(name).unwrap_or_default();
    if is_normal(name) {
        return Cow::Borrowed(text);
    }
    let mut normal = String::with_capacity(text.len());
    normalize(text, |c| normal.push(c));
    Cow::Owned(normal)
}

/// Compares the normal form of a valid name with a text.
pub(crate) fn cmp_normal(name: &[u8], other: &str) -> Ordering {
    let is_again = |at: usize| at > 0 && is_separator(name[at]) && is_separator(name[at - 1]);
    let bytes = (0..name.len()).filter(|at| !is_again(*at)).map(|at| match name[at] {
        byte if is_separator(byte) => b'-',
        byte => byte.to_ascii_lowercase(),
    });
    bytes.cmp(other.bytes())
}

/// True if a text is a spelling of the name with this normal form.
pub(crate) fn is_spelling_of(text: &[u8], normal: &str) -> bool {
    let normal = normal.as_bytes();
    if text == normal {
        return true;
    }
    let mut rest = normal.iter();
    let mut is_in_run = false;
    for byte in text {
        let expected = match is_separator(*byte) {
            true if is_in_run => continue,
            true => b'-',
            false => byte.to_ascii_lowercase(),
        };
        if rest.next() != Some(&expected) {
            return false;
        }
        is_in_run = expected == b'-';
    }
    rest.next().is_none()
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_normal_form_or_is_refused() {
        for (name, normal) in [
            ("flask", Some("flask")),
            ("Flask", Some("flask")),
            ("zope.interface", Some("zope-interface")),
            ("Zope_.-Interface", Some("zope-interface")),
            ("a--b", Some("a-b")),
            ("a-b-c", Some("a-b-c")),
            ("a", Some("a")),
            ("0", Some("0")),
            ("", None),
            ("-a", None),
            ("a.", None),
            ("a b", None),
            ("a/b", None),
            // Their lower or upper case is an ASCII letter.
            ("\u{212a}", None),
            ("\u{17f}", None),
            ("\u{131}", None),
            ("flask\n", None),
        ] {
            let spelled = name.parse::<PackageName>().ok();
            let found = spelled.as_ref().map(PackageName::normalized);
            assert_eq!(found.as_ref().map(NormalizedName::as_str), normal, "{name:?}");
            assert_eq!(name.parse::<NormalizedName>().ok(), found, "{name:?}");
            if let Some(normal) = normal {
                assert!(is_spelling_of(name.as_bytes(), normal), "{name:?}");
            }
        }
        assert!(!is_spelling_of(b"flas", "flask") && !is_spelling_of(b"flask-", "flask"));
    }

    #[test]
    fn a_name_longer_than_the_limit_is_refused() {
        for length in [SHORT, SHORT + 1, PackageName::MAX_BYTES] {
            let name = "A".repeat(length).parse::<NormalizedName>();
            assert_eq!(name.as_ref().map(NormalizedName::as_str), Ok(&*"a".repeat(length)));
        }
        assert!("A".repeat(PackageName::MAX_BYTES + 1).parse::<PackageName>().is_err());
    }
}
