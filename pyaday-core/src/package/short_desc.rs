//! The short description of a package.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::invalid::InvalidValue;
use super::line::check_line;

/// The short description of a package in one line. It may be empty.
///
/// It has at most 512 characters (Unicode scalar values). Control characters (C0, DEL, C1, U+2028,
/// U+2029) are not allowed. Characters that change the direction of the surrounding text
/// (U+202A–U+202E, U+2066–U+2069) are not allowed either: in a list, such a description could
/// change how its neighbours are displayed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ShortDesc(Box<str>);

impl ShortDesc {
    /// The maximum length of a description, in characters.
    pub const MAX_CHARS: usize = 512;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShortDesc {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text.chars().count() > Self::MAX_CHARS {
            let limit = Self::MAX_CHARS;
            return Err(InvalidValue::new(format!("must be at most {limit} characters long")));
        }
        check_line(text)?;
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ShortDesc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
