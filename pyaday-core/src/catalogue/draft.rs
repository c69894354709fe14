//! Writes that are not committed yet, and the changes that a store must save for them.

#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

use super::Catalogue;
use super::row_change::RowChange;
use crate::daily::{Daily, Date, Opening, Pick, Pin, Pinned, Unpin};
use crate::history::{ChangeKind, ChangedPin, LoggedChange};
use crate::package::{NormalizedName, Package, Revision, Stored};
use crate::store::{Batch, Batched, Create, Delete, Replacement, Update, Write};

/// Writes that are not committed yet. A draft holds the catalogue after the writes, and the changes
/// that a store must make to its rows.
///
/// A store with a database uses a draft instead of the clone in the steps of [`Catalogue`]:
///
/// 1. Begin a draft with the current catalogue.
/// 2. Carry out all writes of the transaction, each with [`attempt`](Self::attempt).
/// 3. If the draft [is not empty](Self::is_empty), write its [changes](Self::row_changes) and the
///    [revision](Catalogue::revision) of its catalogue to the database, and commit. A store that
///    keeps a history also writes [what it must log](Self::logged).
/// 4. Publish its [catalogue](Self::into_catalogue).
///
/// The methods that write have the same names and results as those of [`Catalogue`].
///
/// ```
/// use pyaday_core::{Catalogue, Draft, Package, Revision, RowChange, Write};
///
/// let mut draft = Draft::new(Catalogue::new(Revision::new(0)));
/// let flask = Package::new("flask", "A microframework.")?;
/// draft.create(flask.clone(), &Write::new());
/// // This package exists already, so there is nothing to save.
/// draft.create(flask.clone(), &Write::new());
///
/// let changes = draft.row_changes();
/// assert!(matches!(changes[..], [RowChange::Create { package, .. }] if *package == flask));
/// # Ok::<(), pyaday_core::InvalidPackage>(())
/// ```
pub struct Draft {
    base: Catalogue,
    catalogue: Catalogue,
    /// The writes to packages, in their order.
    packages: Vec<Written>,
    days: Vec<Entry>,
    /// The log of the writes, in their order.
    logged: Vec<LoggedChange>,
}

/// A write to a package.
#[derive(Debug)]
struct Written {
    name: NormalizedName,
    /// True if the package existed before the write.
    existed: bool,
    /// The version after the write. `None` stands for a removed package.
    version: Option<(Arc<Package>, Revision)>,
}

/// A write to a date.
#[derive(Debug)]
enum Entry {
    Open(Daily),
    Pin(Pinned),
    Unpin(Date),
}

impl Entry {
    fn date(&self) -> Date {
        match self {
            Self::Open(daily) => daily.date(),
            Self::Pin(pinned) => pinned.date,
            Self::Unpin(date) => *date,
        }
    }
}

impl Draft {
    /// Makes a draft without writes. `base` has the content of the store's rows.
    #[must_use]
    pub fn new(base: Catalogue) -> Self {
        let (packages, days, logged) = (Vec::new(), Vec::new(), Vec::new());
        Self { catalogue: base.clone(), base, packages, days, logged }
    }

    /// The catalogue after the writes.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Returns the catalogue after the writes. Call it when they are committed.
    #[must_use]
    pub fn into_catalogue(self) -> Catalogue {
        self.catalogue
    }

    /// True if no write has changed anything. Then there is nothing to commit.
    ///
    /// A draft that is not empty may have no [changes](Self::row_changes), for example if a package
    /// was created and deleted again. The store must save the revision of the catalogue in this
    /// case too, because clients have seen revisions up to it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.catalogue.revision() == self.base.revision()
    }

    /// What the writes changed, for the log of a store that keeps a history. There is an entry for
    /// each write that changed a package or a pin, in the order of the writes.
    #[must_use]
    pub fn logged(&self) -> &[LoggedChange] {
        &self.logged
    }

    /// Returns the catalogue after the writes, and what they changed.
    pub(super) fn into_parts(self) -> (Catalogue, Vec<LoggedChange>) {
        (self.catalogue, self.logged)
    }

    /// Returns the changes from the rows of the base to the rows of the catalogue. Each row has at
    /// most one change. The packages come first, in the order of their names, and then the pins and
    /// days, in the order of their dates.
    #[must_use]
    pub fn row_changes(&self) -> Vec<RowChange<'_>> {
        let mut changes = Vec::with_capacity(self.packages.len() + self.days.len());
        let mut packages: Vec<_> = self.packages.iter().collect();
        // The sort is stable, so the last write to a name stays the last.
        packages.sort_by_key(|written| &written.name);
        for same in packages.chunk_by(|left, right| left.name == right.name) {
            if let (Some(first), Some(last)) = (same.first(), same.last()) {
                changes.extend(change_of_package(first.existed, last));
            }
        }
        let mut days: Vec<_> = self.days.iter().collect();
        days.sort_by_key(|entry| entry.date());
        for same in days.chunk_by(|left, right| left.date() == right.date()) {
            if let Some(last) = same.last() {
                self.add_changes_of_day(last, &mut changes);
            }
        }
        changes
    }

    fn add_changes_of_day<'a>(&self, last: &'a Entry, changes: &mut Vec<RowChange<'a>>) {
        if let Entry::Pin(pinned) = last {
            changes.push(RowChange::Pin(pinned));
        } else if self.base.pinned(last.date()).is_some() {
            changes.push(RowChange::Unpin(last.date()));
        }
        if let Entry::Open(daily) = last {
            changes.push(RowChange::Open(daily));
        }
    }

    /// Carries out a write. If it panics, the draft has the same state as before.
    ///
    /// # Errors
    ///
    /// The payload of the panic.
    pub fn attempt<T>(&mut self, write: impl FnOnce(&mut Self) -> T) -> thread::Result<T> {
        let catalogue = self.catalogue.clone();
        let (packages, days) = (self.packages.len(), self.days.len());
        let logged = self.logged.len();
        let outcome = catch_unwind(AssertUnwindSafe(|| write(self)));
        if outcome.is_err() {
            self.catalogue = catalogue;
            self.packages.truncate(packages);
            self.days.truncate(days);
            self.logged.truncate(logged);
        }
        outcome
    }

    /// Carries out [`Catalogue::create`].
    pub fn create(&mut self, package: Package, write: &Write) -> Create {
        let outcome = self.catalogue.create(&package, write);
        let created = self.note_created(package, &outcome);
        if let Create::Created(stored) = &outcome {
            self.log(write, ChangeKind::Create, stored.revision(), created.into_iter().collect());
        }
        outcome
    }

    /// Carries out [`Catalogue::create_many`].
    pub fn create_many(&mut self, packages: Vec<Package>, write: &Write) -> Vec<Create> {
        let outcomes = self.catalogue.create_many(&packages, write);
        let each = packages.into_iter().zip(&outcomes);
        let created: Vec<_> =
            each.filter_map(|(package, outcome)| self.note_created(package, outcome)).collect();
        if !created.is_empty() {
            self.log(write, ChangeKind::Import, self.catalogue.revision(), created);
        }
        outcomes
    }

    /// Carries out [`Catalogue::update`].
    pub fn update(
        &mut self,
        name: &NormalizedName,
        replacement: Replacement,
        write: &Write,
    ) -> Update {
        let (outcome, replaced) = self.catalogue.replace(name, replacement, write);
        if let Some((before, package)) = replaced {
            let revision = self.catalogue.revision();
            self.packages.push(Written {
                name: name.clone(),
                existed: true,
                version: Some((Arc::new(package), revision)),
            });
            let replaced = vec![(name.clone(), Some(before))];
            self.log(write, ChangeKind::Update, revision, replaced);
        }
        outcome
    }

    /// Carries out [`Catalogue::delete`].
    pub fn delete(&mut self, name: &NormalizedName, write: &Write) -> Delete {
        let (outcome, removed) = self.catalogue.remove(name, write);
        if let Some(before) = removed {
            self.packages.push(Written { name: name.clone(), existed: true, version: None });
            let revision = self.catalogue.revision();
            let removed = vec![(name.clone(), Some(before))];
            self.log(write, ChangeKind::Delete, revision, removed);
        }
        outcome
    }

    /// Carries out [`Catalogue::open_daily`].
    pub fn open_daily(&mut self, pick: &Pick, picked_at: SystemTime) -> Opening {
        let opening = self.catalogue.open_daily(pick, picked_at);
        if let Opening::Open { opened, .. } = &opening {
            self.days.extend(opened.iter().cloned().map(Entry::Open));
        }
        opening
    }

    /// Carries out [`Catalogue::pin_daily`].
    pub fn pin_daily(
        &mut self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: &Write,
    ) -> Pin {
        let before = self.catalogue.pinned(date).map(|pinned| pinned.name);
        let pin = self.catalogue.pin_daily(date, last_open, name, write);
        if let Pin::Pinned(pinned) = &pin {
            self.days.push(Entry::Pin(pinned.clone()));
            let pin = ChangedPin::new(date, before, Some(name.clone()));
            self.log_pin(write, ChangeKind::Pin, pin);
        }
        pin
    }

    /// Carries out [`Catalogue::unpin_daily`].
    pub fn unpin_daily(&mut self, date: Date, last_open: Date, write: &Write) -> Unpin {
        let before = self.catalogue.pinned(date).map(|pinned| pinned.name);
        let unpin = self.catalogue.unpin_daily(date, last_open, write);
        if unpin == Unpin::Unpinned {
            self.days.push(Entry::Unpin(date));
            self.log_pin(write, ChangeKind::Unpin, ChangedPin::new(date, before, None));
        }
        unpin
    }

    /// Carries out [`Catalogue::write_batch`].
    pub fn write_batch(&mut self, batch: &Batch, write: &Write) -> Batched {
        let before: Vec<_> = batch.packages().map(|(name, _)| self.catalogue.get(name)).collect();
        let outcome = self.catalogue.write_batch_over(&before, batch, write);
        let Batched::Written(revision) = outcome else {
            return outcome;
        };
        // There may be very many.
        self.packages.reserve_exact(before.len());
        let mut replaced = Vec::with_capacity(before.len());
        for ((name, swap), before) in batch.packages().zip(before) {
            // What is replaced by the same keeps its revision.
            let is_new = before.is_none() && swap.after.is_some();
            if is_new || before != self.catalogue.get(name) {
                let after = swap.after.as_ref();
                let version = after.map(|it| (Arc::clone(it), revision));
                let existed = before.is_some();
                self.packages.push(Written { name: name.clone(), existed, version });
                replaced.push((name.clone(), before));
            }
        }
        let pins: Vec<_> = batch.pins().filter(|pin| pin.before != pin.after).cloned().collect();
        for ChangedPin { date, after, .. } in &pins {
            self.days.push(match after {
                Some(name) => Entry::Pin(Pinned::new(*date, name.clone(), revision)),
                None => Entry::Unpin(*date),
            });
        }
        let change = write.change(revision, batch.kind());
        self.logged.push(LoggedChange::new(change, replaced, pins));
        outcome
    }

    /// Records a created package. Returns what the log must have about it.
    fn note_created(
        &mut self,
        package: Package,
        outcome: &Create,
    ) -> Option<(NormalizedName, Option<Stored>)> {
        let Create::Created(stored) = outcome else {
            return None;
        };
        let (name, revision) = (package.name.normalized(), stored.revision());
        let version = Some((Arc::new(package), revision));
        self.packages.push(Written { name: name.clone(), existed: false, version });
        Some((name, None))
    }

    fn log(
        &mut self,
        write: &Write,
        kind: ChangeKind,
        revision: Revision,
        replaced: Vec<(NormalizedName, Option<Stored>)>,
    ) {
        let change = write.change(revision, kind);
        self.logged.push(LoggedChange::new(change, replaced, Vec::new()));
    }

    fn log_pin(&mut self, write: &Write, kind: ChangeKind, pin: ChangedPin) {
        let change = write.change(self.catalogue.revision(), kind);
        self.logged.push(LoggedChange::new(change, Vec::new(), vec![pin]));
    }
}

/// The change of a row, by whether the package exists in the base and by the last write to it.
fn change_of_package(existed: bool, last: &Written) -> Option<RowChange<'_>> {
    let name = &last.name;
    match (existed, &last.version) {
        (false, Some((package, revision))) => {
            Some(RowChange::Create { name, package, revision: *revision })
        }
        (true, Some((package, revision))) => {
            Some(RowChange::Replace { name, package, revision: *revision })
        }
        (true, None) => Some(RowChange::Delete(name)),
        // The package was created and deleted again.
        (false, None) => None,
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("base", &self.base)
            .field("catalogue", &self.catalogue)
            .finish_non_exhaustive()
    }
}
