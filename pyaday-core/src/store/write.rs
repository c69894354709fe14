//! What a write asks of a store.

use std::fmt;
use std::sync::Arc;

use crate::package::{Details, Package, PackageName, Revision};

/// The terms of a write: in which version what it replaces must be.
///
/// A store asks [`admits`](Self::admits) in the transaction in which it writes, about the version
/// that the write would replace. So a condition is true of what is replaced, at the moment when it is
/// replaced.
///
/// ```
/// use pyaday_core::{Revision, Write};
///
/// let seen = Revision::new(7);
/// assert!(Write::new().admits(None));
/// assert!(Write::new().if_revision(seen).admits(Some(seen)));
/// assert!(!Write::new().if_revision(seen).admits(Some(Revision::new(8))));
/// assert!(Write::new().only_if(|current| current.is_none()).admits(None));
/// // Both must hold.
/// assert!(!Write::new().if_revision(seen).only_if(|_| true).admits(None));
/// ```
#[derive(Clone, Default)]
pub struct Write {
    condition: Condition,
}

#[derive(Clone, Default)]
enum Condition {
    #[default]
    None,
    Revision(Revision),
    Predicate(Arc<dyn Fn(Option<Revision>) -> bool + Send + Sync>),
}

impl Write {
    /// A write of whatever is there.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only if what is written is in this revision, besides what was demanded before.
    #[must_use]
    pub fn if_revision(self, revision: Revision) -> Self {
        match self.condition {
            Condition::None => Self { condition: Condition::Revision(revision) },
            _ => self.only_if(move |current| current == Some(revision)),
        }
    }

    /// Only if this is true of the revision in which it is, or of `None` if it does not exist; besides
    /// what was demanded before.
    #[must_use]
    pub fn only_if(
        self,
        condition: impl Fn(Option<Revision>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            condition: match self.condition {
                Condition::None => Condition::Predicate(Arc::new(condition)),
                earlier => Condition::Predicate(Arc::new(move |current| {
                    earlier.admits(current) && condition(current)
                })),
            },
        }
    }

    /// Whether the write may replace what is there in this revision, or add what is not there.
    #[must_use]
    pub fn admits(&self, current: Option<Revision>) -> bool {
        self.condition.admits(current)
    }
}

impl Condition {
    fn admits(&self, current: Option<Revision>) -> bool {
        match self {
            Self::None => true,
            Self::Revision(revision) => current == Some(*revision),
            Self::Predicate(condition) => condition(current),
        }
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut write = f.debug_struct("Write");
        match &self.condition {
            Condition::None => write.finish(),
            Condition::Revision(revision) => write.field("revision", revision).finish(),
            Condition::Predicate(_) => write.finish_non_exhaustive(),
        }
    }
}

/// What a package becomes: all that it has besides its identity.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Replacement {
    /// Its name in another spelling; `None` keeps the spelling that is stored. The name of another
    /// package is not a spelling of this one, and keeps the spelling too.
    pub spelling: Option<PackageName>,
    /// Everything else.
    pub details: Details,
}

impl Replacement {
    /// These details, under the name as it is spelled.
    #[must_use]
    pub fn new(details: Details) -> Self {
        Self { spelling: None, details }
    }

    /// The package that `stored` becomes.
    #[must_use]
    pub fn apply(self, stored: &Package) -> Package {
        let is_spelling = |name: &PackageName| name.normalized() == stored.name.normalized();
        let name = self.spelling.filter(is_spelling).unwrap_or_else(|| stored.name.clone());
        Package { name, details: self.details }
    }
}

impl From<Package> for Replacement {
    fn from(package: Package) -> Self {
        Self { spelling: Some(package.name), details: package.details }
    }
}
