//! What becomes of packages that exist already.

use std::fmt;
use std::str::FromStr;

use crate::package::InvalidValue;

/// What an import does with a row about a package that exists already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnExisting {
    /// The package stays as it is.
    #[default]
    Skip,
    /// The row is [merged](super::Given::merge_into) into the package, as `PATCH` does it.
    Update,
    /// The package stays as it is, and the caller takes the row for an error.
    Error,
}

impl OnExisting {
    /// Every value.
    pub const ALL: &'static [Self] = &[Self::Skip, Self::Update, Self::Error];

    /// The name of the value: `skip`, `update` or `error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Update => "update",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for OnExisting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OnExisting {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let value = Self::ALL.iter().find(|value| value.as_str() == text).copied();
        value.ok_or_else(|| InvalidValue::new("must be `skip`, `update` or `error`"))
    }
}
