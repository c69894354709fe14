//! Writes what rows say into a store. Nothing else of the import knows the store.

use std::collections::HashSet;

use pyaday_core::import::{Effect, Import, OnExisting, Row};
use pyaday_core::{Batched, NormalizedName, PackageStore, StoreError, Write};

use super::Summary;
use super::report::Report;

/// How often a batch is tried again because others have changed one of its packages in between.
const ATTEMPTS: usize = 8;

const COLLISIONS: &str =
    "others changed this package whenever the row was about to be written: import the file again";

/// Where packages go.
pub(super) struct Writer<'a, S> {
    pub(super) store: &'a S,
    pub(super) import: Import,
    pub(super) on_existing: OnExisting,
    pub(super) report: &'a Report,
}

impl<S: PackageStore> Writer<'_, S> {
    /// Writes rows, and counts what becomes of them.
    pub(super) async fn write(
        &self,
        mut rows: Vec<Row>,
        summary: &mut Summary,
    ) -> Result<(), StoreError> {
        let is_partial = |row: &Row| row.package.as_ref().is_ok_and(|given| !given.is_whole());
        if rows.iter().any(is_partial) {
            // Another process may have added the packages that these rows are about.
            self.store.refresh().await?;
        }
        loop {
            let Some(contended) = self.attempt(&rows, summary).await? else {
                return Ok(());
            };
            rows.retain(|row| {
                let is_contended = name(row).is_some_and(|name| contended.contains(&name));
                if is_contended {
                    self.report.refused(row.line, COLLISIONS);
                    summary.refused += 1;
                }
                !is_contended
            });
        }
    }

    /// Writes all rows, or none: then returns the names of packages that others keep changing.
    async fn attempt(
        &self,
        rows: &[Row],
        summary: &mut Summary,
    ) -> Result<Option<HashSet<NormalizedName>>, StoreError> {
        let mut contended = Vec::new();
        for _ in 0..ATTEMPTS {
            let preview = self.import.preview(self.store, rows).await?;
            match self.store.write_batch(preview.batch, Write::new()).await? {
                Batched::Conflict(conflict) => {
                    contended = conflict.packages;
                    self.store.refresh().await?;
                }
                // A write without terms is not stale.
                Batched::Written(_) | Batched::Unwritten(_) | Batched::Stale(_) => {
                    for row in &preview.rows {
                        self.count(row.line, &row.effect, summary);
                    }
                    return Ok(None);
                }
            }
        }
        Ok(Some(contended.into_iter().collect()))
    }

    fn count(&self, line: u64, effect: &Effect, summary: &mut Summary) {
        match effect {
            Effect::Added => summary.added += 1,
            Effect::Changed(_) => summary.updated += 1,
            Effect::Deleted => summary.deleted += 1,
            Effect::Refused(refusal) => {
                summary.refused += 1;
                self.report.refused(line, &refusal.to_string());
            }
            _ => {
                summary.present += 1;
                if self.on_existing == OnExisting::Error {
                    self.report.existing(line);
                }
            }
        }
    }
}

/// The package that a row is about.
fn name(row: &Row) -> Option<NormalizedName> {
    row.package.as_ref().ok().map(|given| given.package().name.normalized())
}
