//! What a request about many packages does to each of them.

use super::request::Edit;
use crate::history::{ChangeKind, ChangedPackage};
use crate::package::{NormalizedName, Stored};
use crate::store::Batch;

/// What a request does to the packages that it selects.
pub(super) struct Plan {
    /// The write.
    pub(super) batch: Batch,
    /// How many packages are changed.
    pub(super) count: usize,
    /// The first of them, before and after.
    pub(super) first: Vec<ChangedPackage>,
}

impl Plan {
    /// Applies an edit to the packages. `shown` is how many of them are shown to the client at most.
    ///
    /// # Errors
    /// The names of the packages that would have too many tags.
    pub(super) fn new(
        packages: &[(NormalizedName, Stored)],
        edit: &Edit,
        shown: usize,
    ) -> Result<Self, Vec<NormalizedName>> {
        let mut plan = Self { batch: Batch::new(ChangeKind::Bulk), count: 0, first: Vec::new() };
        let mut overfull = Vec::new();
        for (name, before) in packages {
            let Ok(after) = edit.apply(before) else {
                overfull.push(name.clone());
                continue;
            };
            // Only the representation of this version is shown.
            let version = after.as_ref().map(|after| Stored::new(after, before.revision()));
            if version.as_ref() == Some(before) {
                continue;
            }
            plan.batch = match after {
                Some(after) => plan.batch.replace(before, after),
                None => plan.batch.remove(name.clone(), before),
            };
            plan.count += 1;
            if plan.first.len() < shown {
                plan.first.push(ChangedPackage::new(name.clone(), Some(before.clone()), version));
            }
        }
        if overfull.is_empty() { Ok(plan) } else { Err(overfull) }
    }
}
