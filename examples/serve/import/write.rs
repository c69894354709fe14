//! Writes what rows say into a store. Nothing else of the import knows the store.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use pyaday_core::{
    Create, NormalizedName, PackageStore, Replacement, StoreError, Stored, Update, Write,
};

use super::report::Report;
use super::{OnExisting, Summary};
use crate::reader::Given;

/// How many packages are updated at once: a store commits together what comes together.
const AT_ONCE: usize = 512;

/// How often an update is tried anew because somebody else has changed the package.
const ATTEMPTS: usize = 8;

/// A row that says something of a package.
pub(super) struct Item {
    /// The line that it begins in.
    pub(super) line: u64,
    pub(super) given: Given,
}

/// Where packages go.
pub(super) struct Writer<'a, S> {
    pub(super) store: &'a S,
    pub(super) on_existing: OnExisting,
    pub(super) report: &'a Report,
}

/// What became of a row.
enum Done {
    Added,
    Updated,
    /// The package says the same already.
    Same,
    Refused,
}

impl<S: PackageStore> Writer<'_, S> {
    /// Writes rows, and counts what becomes of them.
    pub(super) async fn write(
        &self,
        batch: Vec<Item>,
        summary: &mut Summary,
    ) -> Result<(), StoreError> {
        match self.on_existing {
            OnExisting::Skip | OnExisting::Error => self.add(batch, summary).await,
            OnExisting::Update => self.update(batch, summary).await,
        }
    }

    async fn add(&self, batch: Vec<Item>, summary: &mut Summary) -> Result<(), StoreError> {
        let lines: Vec<_> = batch.iter().map(|item| item.line).collect();
        let packages = batch.into_iter().map(|item| item.given.into_package()).collect();
        for (line, result) in lines.into_iter().zip(self.store.create_many(packages).await?) {
            match result {
                Create::Created(_) => summary.added += 1,
                // A batch has no terms that could be stale.
                Create::Exists(_) | Create::Stale(_) => {
                    summary.present += 1;
                    if self.on_existing == OnExisting::Error {
                        self.report.name(line, "a package of this name exists already");
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds what is new and updates the rest. Rows of one name are taken in their order.
    async fn update(&self, batch: Vec<Item>, summary: &mut Summary) -> Result<(), StoreError> {
        let (whole, partial): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|item| item.given.is_whole());
        let mut existing: HashMap<NormalizedName, Vec<(Item, Stored)>> = HashMap::new();
        let mut exists = |item: Item, stored| {
            let name = item.given.package().name.normalized();
            existing.entry(name).or_default().push((item, stored));
        };
        let packages = whole.iter().map(|item| item.given.package().clone()).collect();
        for (item, result) in whole.into_iter().zip(self.store.create_many(packages).await?) {
            match result {
                Create::Exists(stored) => exists(item, stored),
                // A batch has no terms that could be stale.
                Create::Created(_) | Create::Stale(_) => summary.added += 1,
            }
        }
        for item in partial {
            match self.store.read(&item.given.package().name.normalized()).await? {
                Some(stored) => exists(item, stored),
                None => summary.count(&self.refuse(item.line, NO_SUMMARY)),
            }
        }
        let updates = existing.into_iter().map(|(name, rows)| self.update_in_turn(name, rows));
        let mut updates = stream::iter(updates).buffer_unordered(AT_ONCE);
        while let Some(done) = updates.try_next().await? {
            done.iter().for_each(|done| summary.count(done));
        }
        Ok(())
    }

    async fn update_in_turn(
        &self,
        name: NormalizedName,
        rows: Vec<(Item, Stored)>,
    ) -> Result<Vec<Done>, StoreError> {
        let mut done = Vec::with_capacity(rows.len());
        for (item, stored) in rows {
            done.push(self.update_one(&name, &item, stored).await?);
        }
        Ok(done)
    }

    async fn update_one(
        &self,
        name: &NormalizedName,
        item: &Item,
        mut stored: Stored,
    ) -> Result<Done, StoreError> {
        for _ in 0..ATTEMPTS {
            let package = stored.package();
            let details = match item.given.merge_into(&package) {
                Ok(details) => details,
                Err(reason) => return Ok(self.refuse(item.line, &reason)),
            };
            // The name of a row says which package it is, not how it is to be spelled.
            let replacement = Replacement::new(details);
            let write = Write::new().if_revision(stored.revision());
            stored = match self.store.update(name, replacement, write).await? {
                Update::Updated(_) => return Ok(Done::Updated),
                Update::Unchanged(_) => return Ok(Done::Same),
                Update::Stale(stored) => stored,
                Update::Absent if !item.given.is_whole() => {
                    return Ok(self.refuse(item.line, NO_SUMMARY));
                }
                Update::Absent => {
                    let package = item.given.package().clone();
                    match self.store.create(package, Write::new()).await? {
                        Create::Exists(stored) => stored,
                        // A write without terms is not stale.
                        Create::Created(_) | Create::Stale(_) => return Ok(Done::Added),
                    }
                }
            };
        }
        Ok(self.refuse(item.line, "others change this package all the time: import the row again"))
    }

    fn refuse(&self, line: u64, reason: &str) -> Done {
        self.report.name(line, reason);
        Done::Refused
    }
}

const NO_SUMMARY: &str = "there is no such package, and no `summary` to add it with";

impl Summary {
    fn count(&mut self, done: &Done) {
        match done {
            Done::Added => self.added += 1,
            Done::Updated => self.updated += 1,
            Done::Same => self.present += 1,
            Done::Refused => self.refused += 1,
        }
    }
}
