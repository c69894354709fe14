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
    days: Vec<Entry>,
    /// The log of the writes, in their order.
    logged: Vec<LoggedChange>,
    /// What each of these writes has made of its packages, in the order of the log's entry. `None`
    /// stands for a removed package.
    written: Vec<Vec<Option<Arc<Package>>>>,
}

/// A write to a package.
struct Written<'a> {
    /// Its name, and the version before the write.
    replaced: &'a (NormalizedName, Option<Stored>),
    /// The package after the write.
    package: Option<&'a Package>,
    revision: Revision,
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
        let (days, logged, written) = (Vec::new(), Vec::new(), Vec::new());
        Self { catalogue: base.clone(), base, days, logged, written }
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
        let mut changes = self.changes_of_packages();
        let mut days: Vec<_> = self.days.iter().collect();
        days.sort_by_key(|entry| entry.date());
        for same in days.chunk_by(|left, right| left.date() == right.date()) {
            if let Some(last) = same.last() {
                self.add_changes_of_day(last, &mut changes);
            }
        }
        changes
    }

    fn changes_of_packages(&self) -> Vec<RowChange<'_>> {
        if let [only] = &self.logged[..] {
            // It has each package once, in the order of the names. There may be very many.
            let mut changes = Vec::with_capacity(only.replaced.len());
            changes.extend(self.written().filter_map(|it| change_of_package(&it, &it)));
            return changes;
        }
        let mut packages: Vec<_> = self.written().collect();
        // The sort is stable, so the last write to a name stays the last.
        packages.sort_by_key(|written| &written.replaced.0);
        let same = packages.chunk_by(|left, right| left.replaced.0 == right.replaced.0);
        same.filter_map(|same| change_of_package(same.first()?, same.last()?)).collect()
    }

    /// The writes to packages, in their order.
    fn written(&self) -> impl Iterator<Item = Written<'_>> {
        self.logged.iter().zip(&self.written).flat_map(|(logged, after)| {
            let revision = logged.change.revision;
            logged.replaced.iter().zip(after).map(move |(replaced, after)| Written {
                replaced,
                package: after.as_deref(),
                revision,
            })
        })
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
        let (days, logged) = (self.days.len(), self.logged.len());
        let outcome = catch_unwind(AssertUnwindSafe(|| write(self)));
        if outcome.is_err() {
            self.catalogue = catalogue;
            self.days.truncate(days);
            self.logged.truncate(logged);
            self.written.truncate(logged);
        }
        outcome
    }

    /// Carries out [`Catalogue::create`].
    pub fn create(&mut self, package: Package, write: &Write) -> Create {
        let outcome = self.catalogue.create(&package, write);
        if let Create::Created(_) = &outcome {
            self.log(write, ChangeKind::Create, vec![Changed::created(package)]);
        }
        outcome
    }

    /// Carries out [`Catalogue::create_many`].
    pub fn create_many(&mut self, packages: Vec<Package>, write: &Write) -> Vec<Create> {
        let outcomes = self.catalogue.create_many(&packages, write);
        let each = packages.into_iter().zip(&outcomes);
        let created = each.filter(|(_, outcome)| matches!(outcome, Create::Created(_)));
        let created: Vec<_> = created.map(|(package, _)| Changed::created(package)).collect();
        if !created.is_empty() {
            self.log(write, ChangeKind::Import, created);
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
            let (name, after) = (name.clone(), Some(Arc::new(package)));
            let replaced = Changed { name, before: Some(before), after };
            self.log(write, ChangeKind::Update, vec![replaced]);
        }
        outcome
    }

    /// Carries out [`Catalogue::delete`].
    pub fn delete(&mut self, name: &NormalizedName, write: &Write) -> Delete {
        let (outcome, removed) = self.catalogue.remove(name, write);
        if let Some(before) = removed {
            let removed = Changed { name: name.clone(), before: Some(before), after: None };
            self.log(write, ChangeKind::Delete, vec![removed]);
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
    pub fn write_batch(&mut self, batch: Batch, write: &Write) -> Batched {
        let base = self.catalogue.clone();
        let outcome = self.catalogue.write_batch(&batch, write);
        let Batched::Written(revision) = outcome else {
            return outcome;
        };
        let change = write.change(revision, batch.kind());
        let pins: Vec<_> = batch.pins().filter(|pin| pin.before != pin.after).cloned().collect();
        let mut written = Vec::with_capacity(batch.packages().len());
        // There may be very many. An entry of the log has the size of an entry of the batch, so the log
        // takes the memory of the batch over.
        let replaced = batch.into_packages().into_iter().filter_map(|(name, swap)| {
            let before = swap.before.and_then(|_| base.get(&name));
            // What is replaced by the same keeps its revision.
            let is_changed = match &before {
                None => swap.after.is_some(),
                Some(_) => before != self.catalogue.get(&name),
            };
            is_changed.then(|| {
                written.push(swap.after);
                (name, before)
            })
        });
        let replaced: Vec<_> = replaced.collect();
        for ChangedPin { date, after, .. } in &pins {
            self.days.push(match after {
                Some(name) => Entry::Pin(Pinned::new(*date, name.clone(), revision)),
                None => Entry::Unpin(*date),
            });
        }
        self.logged.push(LoggedChange::new(change, replaced, pins));
        self.written.push(written);
        outcome
    }

    fn log(&mut self, write: &Write, kind: ChangeKind, mut changed: Vec<Changed>) {
        // The log has the packages in this order.
        changed.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        let changed = changed.into_iter().map(|it| ((it.name, it.before), it.after));
        let (replaced, written) = changed.unzip();
        let change = write.change(self.catalogue.revision(), kind);
        self.logged.push(LoggedChange::new(change, replaced, Vec::new()));
        self.written.push(written);
    }

    fn log_pin(&mut self, write: &Write, kind: ChangeKind, pin: ChangedPin) {
        let change = write.change(self.catalogue.revision(), kind);
        self.logged.push(LoggedChange::new(change, Vec::new(), vec![pin]));
        self.written.push(Vec::new());
    }
}

/// What a write does to a package.
struct Changed {
    name: NormalizedName,
    before: Option<Stored>,
    after: Option<Arc<Package>>,
}

impl Changed {
    fn created(package: Package) -> Self {
        Self { name: package.name.normalized(), before: None, after: Some(Arc::new(package)) }
    }
}

/// The change of a row, by the first and the last write to it.
fn change_of_package<'a>(first: &Written<'a>, last: &Written<'a>) -> Option<RowChange<'a>> {
    let ((name, before), revision) = (first.replaced, last.revision);
    match (before, last.package) {
        (None, Some(package)) => Some(RowChange::Create { name, package, revision }),
        (Some(_), Some(package)) => Some(RowChange::Replace { name, package, revision }),
        (Some(_), None) => Some(RowChange::Delete(name)),
        // The package was created and deleted again.
        (None, None) => None,
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
