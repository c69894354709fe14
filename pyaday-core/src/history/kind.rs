//! What a change did.

use std::fmt;
use std::str::FromStr;

use crate::package::InvalidValue;

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It added a package.
    Create,
    /// It replaced the content of a package.
    Update,
    /// It removed a package.
    Delete,
    /// It changed all packages that a query selects.
    Bulk,
    /// It wrote the packages of a list.
    Import,
    /// It took another change back.
    Undo,
    /// It pinned a package to a day.
    Pin,
    /// It removed the pin of a day.
    Unpin,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Bulk,
        Self::Import,
        Self::Undo,
        Self::Pin,
        Self::Unpin,
    ];

    /// The word for the kind, in lower case, as responses and databases have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Bulk => "bulk",
            Self::Import => "import",
            Self::Undo => "undo",
            Self::Pin => "pin",
            Self::Unpin => "unpin",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ChangeKind {
    type Err = InvalidValue;

    /// Reads what [`as_str`](Self::as_str) returns.
    fn from_str(word: &str) -> Result<Self, InvalidValue> {
        Self::ALL.iter().find(|kind| kind.as_str() == word).copied().ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            InvalidValue::new(format!("must be one of {}", words.join(", ")))
        })
    }
}
