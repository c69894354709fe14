//! Writes what rows say into a store. Nothing else of the import knows the store.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use pyaday_core::import::Given;
use pyaday_core::{
    Create, NormalizedName, PackageStore, Replacement, StoreError, Stored, Update, Write,
};

use super::report::Report;
use super::{OnExisting, Summary};

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

/// What became of a row, if it need not be tried again, and the package as it is now.
type Attempt = (Option<Done>, Option<Stored>);

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
        for (line, result) in
            lines.into_iter().zip(self.store.create_many(packages, Write::new()).await?)
        {
            match result {
                Create::Created(_) => summary.added += 1,
                // A batch has no terms that could be stale.
                Create::Exists(_) | Create::Stale(_) => {
                    summary.present += 1;
                    if self.on_existing == OnExisting::Error {
                        self.report.existing(line);
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds what is new and updates the rest. The rows of one name are taken in the order of the file.
    async fn update(&self, batch: Vec<Item>, summary: &mut Summary) -> Result<(), StoreError> {
        let groups = by_name(batch);
        // All new packages are added at once, which is much faster than one by one.
        let firsts = groups.iter().filter_map(|group| group.rows.first());
        let whole = firsts.filter(|item| item.given.is_whole());
        let packages: Vec<_> = whole.map(|item| item.given.package().clone()).collect();
        let is_any_partial = packages.len() < groups.len();
        let mut created = self.store.create_many(packages, Write::new()).await?.into_iter();
        if is_any_partial {
            // Another process may have added the packages that these rows are about.
            self.store.refresh().await?;
        }
        let groups = groups.into_iter().map(|group| {
            let is_whole = group.rows.first().is_some_and(|item| item.given.is_whole());
            let first = if is_whole { created.next() } else { None };
            self.write_group(group, first)
        });
        let mut groups = stream::iter(groups.collect::<Vec<_>>()).buffer_unordered(AT_ONCE);
        while let Some(done) = groups.try_next().await? {
            done.iter().for_each(|done| summary.count(done));
        }
        Ok(())
    }

    /// Writes the rows of one name, one after the other. `first` is what became of the first row, if
    /// the store was asked to add its package.
    async fn write_group(
        &self,
        group: Group,
        first: Option<Create>,
    ) -> Result<Vec<Done>, StoreError> {
        let Group { name, rows } = group;
        let mut done = Vec::with_capacity(rows.len());
        let mut stored = match &first {
            Some(create) => create.stored().cloned(),
            None => self.store.read(&name).await?,
        };
        let mut rows = rows.iter();
        if let Some(Create::Created(_)) = first {
            rows.next();
            done.push(Done::Added);
        }
        for item in rows {
            done.push(self.write_one(&name, item, &mut stored).await?);
        }
        Ok(done)
    }

    /// Writes one row. `stored` is the package as it was last seen, and is brought up to date.
    async fn write_one(
        &self,
        name: &NormalizedName,
        item: &Item,
        stored: &mut Option<Stored>,
    ) -> Result<Done, StoreError> {
        for _ in 0..ATTEMPTS {
            let (done, newest) = match stored.take() {
                Some(existing) => self.change(name, item, existing).await?,
                None => self.create(item).await?,
            };
            *stored = newest;
            if let Some(done) = done {
                return Ok(done);
            }
        }
        Ok(self.refuse(item.line, COLLISIONS))
    }

    /// Updates a package, unless it is another by now than the one that was last seen.
    async fn change(
        &self,
        name: &NormalizedName,
        item: &Item,
        existing: Stored,
    ) -> Result<Attempt, StoreError> {
        let replacement = match item.given.merge_into(&existing.package()) {
            Ok(package) => Replacement::new(package.details),
            Err(invalid) => {
                let done = self.refuse(item.line, &invalid.to_string());
                return Ok((Some(done), Some(existing)));
            }
        };
        let write = Write::new().if_revision(existing.revision());
        Ok(match self.store.update(name, replacement, write).await? {
            Update::Updated(stored) => (Some(Done::Updated), Some(stored)),
            Update::Unchanged(stored) => (Some(Done::Same), Some(stored)),
            Update::Stale(stored) => (None, Some(stored)),
            Update::Absent => (None, None),
        })
    }

    /// Adds a package, unless there is one by now.
    async fn create(&self, item: &Item) -> Result<Attempt, StoreError> {
        if !item.given.is_whole() {
            return Ok((Some(self.refuse(item.line, NO_SUMMARY)), None));
        }
        Ok(match self.store.create(item.given.package().clone(), Write::new()).await? {
            Create::Created(stored) => (Some(Done::Added), Some(stored)),
            Create::Exists(stored) => (None, Some(stored)),
            // A write without terms is not stale.
            Create::Stale(_) => (None, None),
        })
    }

    fn refuse(&self, line: u64, reason: &str) -> Done {
        self.report.refused(line, reason);
        Done::Refused
    }
}

const NO_SUMMARY: &str =
    "there is no package of this name yet, and the row has no `summary` to add one with";

const COLLISIONS: &str =
    "others changed this package whenever the row was about to be written: import the file again";

/// The rows about one package, in the order of the file.
struct Group {
    name: NormalizedName,
    rows: Vec<Item>,
}

/// The rows of a batch by the packages that they are about.
fn by_name(batch: Vec<Item>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places = HashMap::new();
    for item in batch {
        let name = item.given.package().name.normalized();
        let place = *places.entry(name.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.rows.push(item),
            None => groups.push(Group { name, rows: vec![item] }),
        }
    }
    groups
}

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
