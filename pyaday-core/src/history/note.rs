//! What an author says about a change.

use std::fmt;
use std::str::FromStr;

use crate::package::{InvalidValue, check_line};

/// What the author of a change says about it: one line of 1 to 200 characters.
///
/// ```
/// use pyaday_core::ChangeNote;
///
/// let note: ChangeNote = "The project has moved.".parse()?;
/// assert_eq!(note.as_str(), "The project has moved.");
/// assert!("two\nlines".parse::<ChangeNote>().is_err());
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeNote(Box<str>);

impl ChangeNote {
    /// The maximum length, in characters.
    pub const MAX_CHARS: usize = 200;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ChangeNote {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text.is_empty() {
            return Err(InvalidValue::new("must not be empty"));
        }
        if text.chars().count() > Self::MAX_CHARS {
            let limit = Self::MAX_CHARS;
            return Err(InvalidValue::new(format!("must be at most {limit} characters long")));
        }
        check_line(text)?;
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ChangeNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_line_of_at_most_200_characters() {
        let (longest, too_long) = ("é".repeat(200), "é".repeat(201));
        for (text, rule) in [
            ("a", None),
            (&*longest, None),
            (&*too_long, Some("must be at most 200 characters long")),
            ("", Some("must not be empty")),
            ("a\tb", Some("must not contain control characters or line breaks")),
            ("a\u{2028}b", Some("must not contain control characters or line breaks")),
            ("a\u{202e}b", Some("must not contain bidirectional overrides")),
        ] {
            let error = text.parse::<ChangeNote>().err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), rule, "{text:?}");
        }
    }
}
