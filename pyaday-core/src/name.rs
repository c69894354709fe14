//! Names of packages, as people spell them and as the catalogue compares them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::invalid::InvalidValue;

/// The longest name that the catalogue takes, in bytes.
const MAX_BYTES: usize = 255;

/// A valid package name in the spelling its author chose: `Flask`, `zope.interface`.
///
/// Valid means the [PyPA name format]: ASCII letters and digits, inside also `.`, `_` and `-`,
/// the first and the last character alphanumeric; 1 to 255 bytes.
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
    /// The name as it was spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name's identity: its [PEP 503](https://peps.python.org/pep-0503/#normalized-names)
    /// normal form.
    #[must_use]
    pub fn normalized(&self) -> NormalizedName {
        NormalizedName(normalize(&self.0).into())
    }
}

impl FromStr for PackageName {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        match fault(name.as_bytes()) {
            None => Ok(Self(name.into())),
            Some(fault) => Err(InvalidValue::new(fault)),
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

/// A package's identity: its name in the [PEP 503] normal form, lower case with each run of `-`,
/// `_` and `.` as one `-`.
///
/// Names order by the bytes of this form. Parsing takes any valid spelling and normalises it.
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
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NormalizedName(Box<str>);

impl NormalizedName {
    /// The name of a text that is in the normal form already.
    pub(crate) fn from_normal(name: &str) -> Self {
        debug_assert_eq!(normalize(name), name);
        Self(name.into())
    }

    /// The name in its normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NormalizedName {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        match fault(name.as_bytes()) {
            None => Ok(Self(normalize(name).into())),
            Some(fault) => Err(InvalidValue::new(fault)),
        }
    }
}

impl From<&PackageName> for NormalizedName {
    fn from(name: &PackageName) -> Self {
        name.normalized()
    }
}

impl fmt::Display for NormalizedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What makes `name` no package name, if anything does.
///
/// It looks at bytes: a regular expression that folds case would let U+212A, U+017F and U+0131
/// through, whose lower or upper case is an ASCII letter.
fn fault(name: &[u8]) -> Option<&'static str> {
    let (Some(first), Some(last)) = (name.first(), name.last()) else {
        return Some("must not be empty");
    };
    if name.len() > MAX_BYTES {
        return Some("must be at most 255 characters long");
    }
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || is_separator(*byte);
    if !name.iter().all(inside) {
        return Some("must consist of ASCII letters, digits, `.`, `_` and `-` only");
    }
    if !(first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric()) {
        return Some("must begin and end with an ASCII letter or digit");
    }
    None
}

/// The PEP 503 normal form of a valid name; borrowed when the name is in that form already.
fn normalize(name: &str) -> Cow<'_, str> {
    let bytes = name.as_bytes();
    let normal = bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'-' => bytes.get(at + 1) != Some(&b'-'),
        b'.' | b'_' | b'A'..=b'Z' => false,
        _ => true,
    });
    if normal {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    for byte in bytes {
        if !is_separator(*byte) {
            out.push(char::from(byte.to_ascii_lowercase()));
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    Cow::Owned(out)
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'.')
}
