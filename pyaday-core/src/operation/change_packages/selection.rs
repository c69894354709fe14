//! Reads the packages that a request selects.

use std::collections::BTreeSet;

use super::request::{MAX_PACKAGES, Select};
use crate::catalogue::Pace;
use crate::http::facts::Facts;
use crate::http::guard::{Access, ask_about};
use crate::http::{Operation, Options, Problem, ProblemType};
use crate::package::{NormalizedName, Stored};
use crate::store::{Actor, PackageStore};

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

    /// Asks whether the package may be changed. `false` if the client may not know that it exists.
    fn shows(&mut self, name: &NormalizedName) -> Result<bool, Problem> {
        if self.options.guard.is_none() || self.allowed.contains(name) {
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

/// Reads the packages that a request selects, in the order of their names.
///
/// A package that the guard hides is treated like one that does not exist. If there is such a package,
/// nothing may be changed.
pub(super) async fn select<S: PackageStore>(
    store: &S,
    select: &Select,
    guard: &mut Guarded<'_>,
) -> Result<Vec<(NormalizedName, Stored)>, Problem> {
    let (mut packages, mut missing, mut pace) = (Vec::new(), Vec::new(), Pace::new());
    match select {
        Select::Names(names) => {
            for name in names {
                let is_shown = guard.shows(name)?;
                match store.read(name).await? {
                    Some(version) if is_shown => packages.push((name.clone(), version)),
                    _ => missing.push(name.clone()),
                }
                pace.pause().await;
            }
        }
        Select::Query(query) => {
            let mut selected = store.select(query).await?;
            while let Some(page) = selected.next_page().await {
                for version in page? {
                    let Some(name) = version.name().map(|name| name.normalized()) else { continue };
                    match guard.shows(&name)? {
                        true => packages.push((name, version)),
                        false => missing.push(name),
                    }
                    if packages.len() > MAX_PACKAGES {
                        return Err(Problem::too_many_selected(MAX_PACKAGES));
                    }
                }
                pace.pause().await;
            }
        }
    }
    match missing.is_empty() {
        true => Ok(packages),
        false => Err(Problem::packages_not_found(&missing)),
    }
}
