//! What writes make of the catalogue, before anything of it is committed.

use std::collections::BTreeMap;
use std::time::SystemTime;

use pyaday_core::daily::{Daily, Opening, Pick, Pin, Pinned, Unpin};
use pyaday_core::{
    Catalogue, Create, Date, Delete, NormalizedName, Package, Replacement, Revision, Update, Write,
};

use crate::size::Size;

/// A package as it is to be, or none.
type Version = Option<(Package, Revision)>;

/// The catalogue as it is to be, and what was done to become that.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) catalogue: Catalogue,
    packages: Vec<(NormalizedName, Version)>,
    days: Vec<Day>,
}

/// What becomes of a row of the journal.
#[derive(Clone, Debug)]
pub(crate) enum Day {
    Open(Daily),
    Pin(Pinned),
    Unpin(Date),
}

impl Day {
    pub(crate) fn date(&self) -> Date {
        match self {
            Self::Open(daily) => daily.date(),
            Self::Pin(pinned) => pinned.date,
            Self::Unpin(date) => *date,
        }
    }

    fn size(&self) -> Size {
        let bytes = match self {
            Self::Open(daily) => daily.name().as_str().len() + daily.representation().len(),
            Self::Pin(pinned) => pinned.name.as_str().len(),
            Self::Unpin(_) => 0,
        };
        Size { rows: 1, bytes }
    }
}

/// A place to come back to.
pub(crate) struct Mark(Catalogue, usize, usize);

impl Draft {
    pub(crate) fn of(catalogue: &Catalogue) -> Self {
        Self { catalogue: catalogue.clone(), packages: Vec::new(), days: Vec::new() }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark(self.catalogue.clone(), self.packages.len(), self.days.len())
    }

    /// Takes back what was done since.
    pub(crate) fn go_back(&mut self, Mark(catalogue, packages, days): Mark) {
        self.catalogue = catalogue;
        self.packages.truncate(packages);
        self.days.truncate(days);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.days.is_empty()
    }

    /// The last version of each package that was written.
    pub(crate) fn packages(&self) -> BTreeMap<&NormalizedName, Option<(&Package, Revision)>> {
        self.packages
            .iter()
            .map(|(name, version)| (name, version.as_ref().map(|(package, it)| (package, *it))))
            .collect()
    }

    /// What was done last to each date of the journal that was written to. It decides what is there
    /// then: a pin replaces an earlier one, and once a date was opened nothing more is done to it.
    pub(crate) fn days(&self) -> BTreeMap<Date, &Day> {
        self.days.iter().map(|day| (day.date(), day)).collect()
    }

    /// How much is to be written.
    pub(crate) fn size(&self) -> Size {
        let mut size = Size::default();
        for (package, _) in self.packages().into_values().flatten() {
            size += Size::of(package);
        }
        for day in self.days().into_values() {
            size += day.size();
        }
        size
    }

    pub(crate) fn create(&mut self, package: &Package, write: &Write) -> Create {
        let outcome = self.catalogue.create(package, write);
        self.note_created(package, &outcome);
        outcome
    }

    pub(crate) fn create_many(&mut self, packages: &[Package]) -> Vec<Create> {
        let outcomes = self.catalogue.create_many(packages);
        for (package, outcome) in packages.iter().zip(&outcomes) {
            self.note_created(package, outcome);
        }
        outcomes
    }

    pub(crate) fn update(
        &mut self,
        name: &NormalizedName,
        replacement: &Replacement,
        write: &Write,
    ) -> Update {
        let outcome = self.catalogue.update(name, replacement.clone(), write);
        if let Update::Updated(stored) = &outcome {
            let version = Some((stored.package(), stored.revision()));
            self.packages.push((name.clone(), version));
        }
        outcome
    }

    pub(crate) fn delete(&mut self, name: &NormalizedName, write: &Write) -> Delete {
        let outcome = self.catalogue.delete(name, write);
        if outcome == Delete::Deleted {
            self.packages.push((name.clone(), None));
        }
        outcome
    }

    pub(crate) fn open_daily(&mut self, pick: &Pick, picked_at: SystemTime) -> Opening {
        let opening = self.catalogue.open_daily(pick, picked_at);
        if let Opening::Open { opened, .. } = &opening {
            self.days.extend(opened.iter().cloned().map(Day::Open));
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
            self.days.push(Day::Pin(pinned.clone()));
        }
        pin
    }

    pub(crate) fn unpin_daily(&mut self, date: Date, last_open: Date, write: &Write) -> Unpin {
        let unpin = self.catalogue.unpin_daily(date, last_open, write);
        if unpin == Unpin::Unpinned {
            self.days.push(Day::Unpin(date));
        }
        unpin
    }

    fn note_created(&mut self, package: &Package, outcome: &Create) {
        if let Create::Created(stored) = outcome {
            let version = Some((package.clone(), stored.revision()));
            self.packages.push((package.name.normalized(), version));
        }
    }
}
