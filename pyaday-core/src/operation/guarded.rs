//! The guard of the host, for requests about packages that their path does not name.

use std::collections::BTreeSet;

use crate::http::facts::Facts;
use crate::http::guard::{Access, ask_about};
use crate::http::{Operation, Options, Problem, ProblemType};
use crate::package::NormalizedName;
use crate::store::Actor;

/// The guard of the host, which is asked once about each package.
pub(super) struct Guarded<'a> {
    options: &'a Options,
    operation: Operation,
    actor: Option<Actor>,
    /// The packages that it has allowed.
    allowed: BTreeSet<NormalizedName>,
}

impl<'a> Guarded<'a> {
    pub(super) fn new(options: &'a Options, facts: &'static Facts, actor: Option<Actor>) -> Self {
        Self { options, operation: Operation::new(facts), actor, allowed: BTreeSet::new() }
    }

    /// True if the host has no guard, so that nobody needs to be asked.
    pub(super) fn is_open(&self) -> bool {
        self.options.guard.is_none()
    }

    /// Asks whether the package may be changed. `false` if the client may not know that it exists.
    pub(super) fn shows(&mut self, name: &NormalizedName) -> Result<bool, Problem> {
        if self.is_open() || self.allowed.contains(name) {
            return Ok(true);
        }
        let access = || Access::new(self.operation).with_name(name.clone());
        match ask_about(self.options, self.actor.as_ref(), access) {
            Ok(()) => Ok(self.allowed.insert(name.clone())),
            Err(hidden) if hidden.kind() == Some(ProblemType::PackageNotFound) => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }
}
