//! The terms of a write: its conditions, who makes it, when and why.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::actor::Actor;
use crate::daily::seconds;
use crate::history::{Change, ChangeKind, ChangeNote};
use crate::package::{Details, Package, PackageName, Revision};

/// The terms of a write: which version may be replaced, who makes the write, when and why.
///
/// A store calls [`admits`](Self::admits) with the revision of the version that it would replace,
/// in the same transaction in which it writes. So the condition holds at the moment of the
/// replacement.
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
    actor: Option<Actor>,
    note: Option<ChangeNote>,
    time: Option<SystemTime>,
}

#[derive(Clone, Default)]
enum Condition {
    #[default]
    None,
    Revision(Revision),
    Predicate(Arc<dyn Fn(Option<Revision>) -> bool + Send + Sync>),
}

impl Write {
    /// A write without conditions, by nobody in particular.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition: the version to replace must have this revision. Earlier conditions stay.
    #[must_use]
    pub fn if_revision(self, revision: Revision) -> Self {
        match self.condition {
            Condition::None => Self { condition: Condition::Revision(revision), ..self },
            _ => self.only_if(move |current| current == Some(revision)),
        }
    }

    /// Adds a condition: this function must return true for the revision of the version to replace,
    /// or for `None` if there is no version. Earlier conditions stay.
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
            ..self
        }
    }

    /// Sets who makes the write. A store may keep it with the write, or ignore it.
    #[must_use]
    pub fn by(self, actor: Actor) -> Self {
        Self { actor: Some(actor), ..self }
    }

    /// Who makes the write. `None` if the host has not said.
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    /// Sets what the author says about the write.
    #[must_use]
    pub fn with_note(self, note: ChangeNote) -> Self {
        Self { note: Some(note), ..self }
    }

    /// What the author says about the write.
    #[must_use]
    pub fn note(&self) -> Option<&ChangeNote> {
        self.note.as_ref()
    }

    /// Sets when the write is made, for the log. The default is the time of the system when the
    /// store logs the write.
    #[must_use]
    pub fn at(self, time: SystemTime) -> Self {
        Self { time: Some(time), ..self }
    }

    /// The change that this write is when it gets a revision. Its count is still to be set.
    pub(crate) fn change(&self, revision: Revision, kind: ChangeKind) -> Change {
        let at = seconds(self.time.unwrap_or_else(SystemTime::now));
        let by = self.actor.as_ref().map(|actor| actor.name().into());
        Change { by, note: self.note.clone(), ..Change::new(revision, at, kind, 0) }
    }

    /// Returns whether the write may replace the version of this revision. `None` stands for
    /// something that does not exist yet.
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
        write.field("by", &self.actor.as_ref().map(Actor::name));
        write.field("note", &self.note.as_ref().map(ChangeNote::as_str));
        match &self.condition {
            Condition::None => write.finish(),
            Condition::Revision(revision) => write.field("revision", revision).finish(),
            Condition::Predicate(_) => write.finish_non_exhaustive(),
        }
    }
}

/// The new content of a package: everything except its identity.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Replacement {
    /// Another spelling of the package's name. With `None` the stored spelling stays. It also stays
    /// if this is the name of another package.
    pub spelling: Option<PackageName>,
    /// All other fields.
    pub details: Details,
}

impl Replacement {
    /// Replaces the details, and keeps the stored spelling of the name.
    #[must_use]
    pub fn new(details: Details) -> Self {
        Self { spelling: None, details }
    }

    /// Returns the package that `stored` becomes.
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
