//! What writes make of the catalogue, before anything of it is committed.

use pyaday_core::{Catalogue, Create, Delete, Details, NormalizedName, Package, Revision, Update};

use crate::rows::Change;

/// The catalogue as it is to be, and the changes that make its rows out of those in the file.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) catalogue: Catalogue,
    pub(crate) changes: Vec<Change>,
}

impl Draft {
    pub(crate) fn of(catalogue: &Catalogue) -> Self {
        Self { catalogue: catalogue.clone(), changes: Vec::new() }
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
        name: NormalizedName,
        expected: Option<Revision>,
        details: Details,
    ) -> Update {
        let outcome = self.catalogue.update(&name, expected, details);
        if let Update::Updated(stored) = &outcome {
            self.changes.push(Change::Update(name, stored.package(), stored.revision()));
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

    fn note_created(&mut self, package: Package, outcome: &Create) {
        if let Create::Created(stored) = outcome {
            self.changes.push(Change::Insert(package, stored.revision()));
        }
    }
}
