//! Why a row is refused.

use std::borrow::Cow;
use std::fmt;

use super::excerpt;
use crate::package::InvalidPackage;

/// Why a row is not a package, or cannot become one.
///
/// It displays all faults of the row, as a sentence without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Few rows are refused, so the others have no room for this.
    faults: Box<Faults>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Faults {
    pointer: Cow<'static, str>,
    reason: Cow<'static, str>,
}

impl Refusal {
    /// How much is said about a row, in characters.
    const MAX_CHARS: usize = 1_000;

    /// A fault of the row as a whole.
    pub(crate) fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::at("", reason)
    }

    /// Faults of a row, the first of which is at this place in the package.
    pub(crate) fn at(
        pointer: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (pointer, reason) = (pointer.into(), reason.into());
        let reason = match excerpt(&reason, Self::MAX_CHARS) {
            Cow::Borrowed(_) => reason,
            Cow::Owned(excerpt) => excerpt.into(),
        };
        Self { faults: Box::new(Faults { pointer, reason }) }
    }

    /// The place of the first fault in the package, as a JSON Pointer ([RFC
    /// 6901](https://www.rfc-editor.org/rfc/rfc6901)) into its representation. It is empty if the
    /// row as a whole is wrong.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.faults.pointer
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.faults.reason)
    }
}

impl std::error::Error for Refusal {}

impl From<InvalidPackage> for Refusal {
    fn from(invalid: InvalidPackage) -> Self {
        let first = invalid.errors().first().map(|error| error.pointer().to_owned());
        Self::at(first.unwrap_or_default(), invalid.to_string())
    }
}
