//! What an import would do.

use std::sync::Arc;

use super::reader::{Refusal, Row};
use crate::package::{Package, PackageName};
use crate::store::Batch;

/// What an import would do: what becomes of each row, and the write that does it.
///
/// The write compares each package that it adds or changes with the version for which the preview was
/// made, and with [`OnExisting::Update`](super::OnExisting::Update) also the packages that stay the same.
/// So it does exactly what the preview says, or it reports a conflict and does nothing. Packages that
/// stay as they are because they exist may be edited meanwhile.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Preview {
    /// What becomes of the rows, in their order.
    pub rows: Vec<PreviewedRow>,
    /// The write, for [`PackageStore::write_batch`](crate::PackageStore::write_batch).
    pub batch: Batch,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PreviewedRow {
    /// The line that the row begins in, counted from 1.
    pub line: u64,
    /// What the row says of a package, which this shares with the row.
    package: Option<Arc<Package>>,
    /// What the import does.
    pub effect: Effect,
    /// If the row adds a package: another package whose name is easily taken for its name. Perhaps
    /// the row has a typing error, or its package imitates the other one.
    pub look_alike: Option<PackageName>,
}

impl PreviewedRow {
    /// A row of which it is not known yet what becomes of it, unless it is refused.
    pub(super) fn of(row: &Row) -> Self {
        let (package, effect) = match &row.package {
            Ok(given) => (Some(Arc::clone(given.shared())), Effect::Present),
            Err(refusal) => (None, Effect::Refused(refusal.clone())),
        };
        Self { line: row.line, package, effect, look_alike: None }
    }

    /// The name of the package, as the row spells it. `None` if the row is not a package.
    #[must_use]
    pub fn name(&self) -> Option<&PackageName> {
        self.package.as_ref().map(|package| &package.name)
    }
}

/// What an import does with a row.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// The package is added.
    Added,
    /// The package is changed, in these members of its representation.
    Changed(Vec<&'static str>),
    /// The package already has everything that the row says.
    Same,
    /// The package exists already, and stays as it is.
    Present,
    /// The package was deleted after an earlier import, and stays deleted.
    Deleted,
    /// The row is not a package, or cannot become one.
    Refused(Refusal),
}

impl Effect {
    /// The name of the effect: `added`, `changed`, `same`, `present`, `deleted` or `refused`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed(_) => "changed",
            Self::Same => "same",
            Self::Present => "present",
            Self::Deleted => "deleted",
            Self::Refused(_) => "refused",
        }
    }
}

/// The numbers of rows by what becomes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Rows that add a package.
    pub added: u64,
    /// Rows that change a package.
    pub changed: u64,
    /// Rows whose packages already have everything that they say.
    pub same: u64,
    /// Rows whose packages exist and stay as they are.
    pub present: u64,
    /// Rows whose packages were deleted and stay deleted.
    pub deleted: u64,
    /// Rows that are not a package, or cannot become one.
    pub refused: u64,
}

impl Preview {
    /// Counts the rows.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(&self.rows)
    }
}

impl Counts {
    /// Counts these rows.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a PreviewedRow>) -> Self {
        let mut counts = Self::default();
        for row in rows {
            *counts.of_effect(&row.effect) += 1;
        }
        counts
    }

    fn of_effect(&mut self, effect: &Effect) -> &mut u64 {
        match effect {
            Effect::Added => &mut self.added,
            Effect::Changed(_) => &mut self.changed,
            Effect::Same => &mut self.same,
            Effect::Present => &mut self.present,
            Effect::Deleted => &mut self.deleted,
            Effect::Refused(_) => &mut self.refused,
        }
    }
}
