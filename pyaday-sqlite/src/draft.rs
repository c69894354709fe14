//! What writes make of the catalogue, before anything of it is committed.

use std::time::SystemTime;

use pyaday_core::daily::{Opening, Pick, Pin, Unpin};
use pyaday_core::{
    Catalogue, Create, Date, Delete, Details, NormalizedName, Package, Revision, Update,
};

use crate::rows::Change;

/// The catalogue as it is to be, and the changes that make its rows out of those in the file.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) catalogue: Catalogue,
    pub(crate) changes: Vec<Change>,
}

impl Draft {
    pub(crate) fn of(catalogue: Catalogue) -> Self {
        Self { catalogue, changes: Vec::new() }
    }

    pub(crate) fn create(&mut self, package: Package) -> Create {
        let outcome = self.catalogue.create(&package);
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
        expected: Option<Revision>,
        details: Details,
    ) -> Update {
        let outcome = self.catalogue.update(name, expected, details);
        if let Update::Updated(stored) = &outcome {
            self.changes.push(Change::Update(stored.package(), stored.revision()));
        }
        outcome
    }

    pub(crate) fn delete(&mut self, name: NormalizedName, expected: Option<Revision>) -> Delete {
        let outcome = self.catalogue.delete(&name, expected);
        if outcome == Delete::Deleted {
            self.changes.push(Change::Delete(name));
        }
        outcome
    }

    pub(crate) fn open_daily(&mut self, pick: &Pick, picked_at: SystemTime) -> Opening {
        let opening = self.catalogue.open_daily(pick, picked_at);
        if let Opening::Opened(daily) = &opening {
            self.changes.push(Change::Open(daily.clone()));
        }
        opening
    }

    pub(crate) fn pin_daily(&mut self, date: Date, last_open: Date, name: NormalizedName) -> Pin {
        let pin = self.catalogue.pin_daily(date, last_open, &name);
        if pin == Pin::Pinned {
            self.changes.push(Change::Pin(date, name));
        }
        pin
    }

    pub(crate) fn unpin_daily(&mut self, date: Date, last_open: Date) -> Unpin {
        let unpin = self.catalogue.unpin_daily(date, last_open);
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
