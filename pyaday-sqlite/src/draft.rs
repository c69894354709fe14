//! The result of writes, before they are committed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::SystemTime;

use pyaday_core::daily::{Opening, Pick, Pin, Unpin};
use pyaday_core::{
    Catalogue, Create, Date, Delete, NormalizedName, Package, Replacement, Update, Write,
};

use crate::rows::Change;

/// The next catalogue, and the changes that make the rows in the file match it.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) catalogue: Catalogue,
    pub(crate) changes: Vec<Change>,
}

impl Draft {
    pub(crate) fn of(catalogue: Catalogue) -> Self {
        Self { catalogue, changes: Vec::new() }
    }

    /// Carries out a write. If it panics, its changes are undone.
    pub(crate) fn attempt<T>(&mut self, write: impl FnOnce(&mut Self) -> T) -> thread::Result<T> {
        let (catalogue, changes) = (self.catalogue.clone(), self.changes.len());
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let outcome = write(self);
            debug_assert_eq!(
                self.catalogue.revision() > catalogue.revision(),
                self.changes.len() > changes,
                "rows are written if the catalogue has changed, and only then"
            );
            outcome
        }));
        if outcome.is_err() {
            self.catalogue = catalogue;
            self.changes.truncate(changes);
        }
        outcome
    }

    pub(crate) fn create(&mut self, package: Package, write: &Write) -> Create {
        let outcome = self.catalogue.create(&package, write);
        self.note_created(package, &outcome);
        outcome
    }

    pub(crate) fn create_many(&mut self, packages: Vec<Package>) -> Vec<Create> {
        let outcomes = self.catalogue.create_many(&packages);
        for (package, outcome) in packages.into_iter().zip(&outcomes) {
            self.note_created(package, outcome);
        }
        outcomes
    }

    pub(crate) fn update(
        &mut self,
        name: &NormalizedName,
        replacement: Replacement,
        write: &Write,
    ) -> Update {
        let outcome = self.catalogue.update(name, replacement, write);
        if let Update::Updated(stored) = &outcome {
            self.changes.push(Change::Update(stored.package(), stored.revision()));
        }
        outcome
    }

    pub(crate) fn delete(&mut self, name: NormalizedName, write: &Write) -> Delete {
        let outcome = self.catalogue.delete(&name, write);
        if outcome == Delete::Deleted {
            self.changes.push(Change::Delete(name));
        }
        outcome
    }

    pub(crate) fn open_daily(&mut self, pick: &Pick, picked_at: SystemTime) -> Opening {
        let opening = self.catalogue.open_daily(pick, picked_at);
        if let Opening::Open { opened, .. } = &opening {
            self.changes.extend(opened.iter().cloned().map(Change::Open));
        }
        opening
    }

    pub(crate) fn pin_daily(
        &mut self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: &Write,
    ) -> Pin {
        let pin = self.catalogue.pin_daily(date, last_open, name, write);
        if let Pin::Pinned(pinned) = &pin {
            self.changes.push(Change::Pin(pinned.clone()));
        }
        pin
    }

    pub(crate) fn unpin_daily(&mut self, date: Date, last_open: Date, write: &Write) -> Unpin {
        let unpin = self.catalogue.unpin_daily(date, last_open, write);
        if unpin == Unpin::Unpinned {
            self.changes.push(Change::Unpin(date));
        }
        unpin
    }

    fn note_created(&mut self, package: Package, outcome: &Create) {
        if let Create::Created(stored) = outcome {
            self.changes.push(Change::Insert(package, stored.revision()));
        }
    }
}
