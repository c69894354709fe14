//! The conditions of a write, in the form that the store evaluates.

use crate::http::conditions::{Failure, Preconditions, Verdict};
use crate::http::{Options, Problem};
use crate::package::{NormalizedName, Revision, Stored};
use crate::store::{PackageStore, Write};

/// The conditions of a write: the conditions of the request, and whether the host requires some.
pub(super) struct Terms {
    conditions: Preconditions,
    if_match_required: bool,
}

impl Terms {
    pub(super) fn new(options: &Options, conditions: Preconditions) -> Self {
        Self { conditions, if_match_required: options.if_match_required }
    }

    /// The terms of a creation. It replaces nothing, so no condition is required.
    pub(super) fn of_creation(conditions: Preconditions) -> Self {
        Self { conditions, if_match_required: false }
    }

    /// True if the request has no condition.
    pub(super) fn has_no_conditions(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The conditions that the store evaluates at the moment of the write.
    pub(super) fn write(&self) -> Write {
        if self.conditions.is_empty() && !self.if_match_required {
            return Write::new();
        }
        let terms = Self { conditions: self.conditions.clone(), ..*self };
        Write::new().only_if(move |current| terms.refusal(current).is_none())
    }

    /// Refuses the write if it may not replace the version with this revision.
    pub(super) fn check(&self, current: Option<Revision>) -> Result<(), Problem> {
        self.refusal(current).map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// Why the write may not replace the version with this revision. With `None`, why it may not
    /// create a new one.
    fn refusal(&self, current: Option<Revision>) -> Option<Refusal> {
        if current.is_some() && self.lacks_if_match() {
            return Some(Refusal::Required);
        }
        let verdict = match current {
            Some(current) => self.conditions.evaluate(&current.entity_tag()),
            None => self.conditions.evaluate_absent(),
        };
        match verdict {
            Verdict::Perform => None,
            Verdict::Matched => Some(Refusal::Failed(Failure::Exists)),
            Verdict::Failed(failure) => Some(Refusal::Failed(failure)),
        }
    }

    /// The problem to report after the store has refused the write because of this revision.
    pub(super) fn refused(&self, current: Option<Revision>) -> Problem {
        self.refusal(current).unwrap_or(Refusal::Failed(Failure::Changed)).into()
    }

    fn lacks_if_match(&self) -> bool {
        self.if_match_required && !self.conditions.has_if_match()
    }
}

/// Why a write was refused.
enum Refusal {
    Required,
    Failed(Failure),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Required => Self::precondition_required(),
            Refusal::Failed(failure) => Self::precondition_failed(failure),
        }
    }
}

/// The package of a name.
pub(super) async fn find<S: PackageStore>(
    store: &S,
    name: &NormalizedName,
) -> Result<Stored, Problem> {
    store.read(name).await?.ok_or_else(Problem::package_not_found)
}

/// The current version of the package, whichever process wrote it.
pub(super) async fn newest<S: PackageStore>(
    store: &S,
    name: &NormalizedName,
) -> Result<Stored, Problem> {
    store.refresh().await?;
    find(store, name).await
}
