//! The terms of a write, in the form that the store gets.

use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use crate::history::ChangeNote;
use crate::http::Problem;
use crate::http::conditions::{Evaluation, Failure, Preconditions};
use crate::http::head::Head;
use crate::package::{NormalizedName, Revision, Stored};
use crate::store::{Actor, PackageStore, Query, Write};

/// After how long an operation no longer tries again to write what other clients have changed in
/// between. Each try waits for the store. If the store is slow, a client would otherwise wait as long
/// as all tries take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The terms of a write, from its request. Every write that an operation passes to the store is made
/// of them, so that the store learns who makes it.
#[derive(Debug)]
pub(super) struct Terms {
    rule: Rule,
    actor: Option<Actor>,
    note: Option<ChangeNote>,
    time: SystemTime,
}

/// The conditions of the request, and whether the host requires some.
#[derive(Clone, Debug)]
struct Rule {
    conditions: Preconditions,
    if_match_required: bool,
}

impl Terms {
    pub(super) fn new(head: &Head<'_>) -> Self {
        Self::with(head, head.options.if_match_required)
    }

    /// The terms of a creation. It replaces nothing, so no condition is required.
    pub(super) fn of_creation(head: &Head<'_>) -> Self {
        Self::with(head, false)
    }

    fn with(head: &Head<'_>, if_match_required: bool) -> Self {
        let rule = Rule { conditions: head.conditions(), if_match_required };
        // A malformed note was refused before.
        let (note, time) = (head.note().unwrap_or_default(), head.options.now());
        Self { rule, actor: head.actor().cloned(), note, time }
    }

    /// True if the request has no condition.
    fn has_no_conditions(&self) -> bool {
        self.rule.conditions.is_empty()
    }

    /// The conditions that the store evaluates at the moment of the write.
    pub(super) fn write(&self) -> Write {
        let write = self.write_without_conditions();
        if self.has_no_conditions() && !self.rule.if_match_required {
            return write;
        }
        let rule = self.rule.clone();
        write.only_if(move |current| rule.refusal(current).is_none())
    }

    /// A write by the same actor, for an operation that has checked the conditions itself.
    pub(super) fn write_without_conditions(&self) -> Write {
        let write = Write::new().at(self.time);
        let write = self.actor.iter().fold(write, |write, actor| write.by(actor.clone()));
        self.note.iter().fold(write, |write, note| write.with_note(note.clone()))
    }

    /// Who makes the write.
    pub(super) fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    /// Refuses the write if its conditions, which are about the list of packages, do not hold now.
    pub(super) async fn check_list<S: PackageStore>(&self, store: &S) -> Result<(), Problem> {
        if self.has_no_conditions() {
            return Ok(());
        }
        store.refresh().await?;
        let list = store.list(&Query::new(NonZeroUsize::MIN)).await?;
        self.check(Some(list.revision))
    }

    /// Refuses the write if it may not replace the version with this revision.
    pub(super) fn check(&self, current: Option<Revision>) -> Result<(), Problem> {
        self.rule.refusal(current).map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// The problem to report after the store has refused the write because of this revision.
    pub(super) fn refused(&self, current: Option<Revision>) -> Problem {
        self.rule.refusal(current).unwrap_or(Refusal::Failed(Failure::Changed)).into()
    }
}

impl Rule {
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
            Evaluation::Perform => None,
            Evaluation::Matched => Some(Refusal::Failed(Failure::Exists)),
            Evaluation::Failed(failure) => Some(Refusal::Failed(failure)),
        }
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
