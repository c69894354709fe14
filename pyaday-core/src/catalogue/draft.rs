//! Writes that are not committed yet, and the changes that a store must save for them.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::SystemTime;

use super::Catalogue;
use crate::daily::{Daily, Date, Opening, Pick, Pin, Pinned, Unpin};
use crate::package::{NormalizedName, Package, Revision};
use crate::store::{Create, Delete, Replacement, Update, Write};

/// Writes that are not committed yet. A draft holds the catalogue after the writes, and the changes
/// that a store must make to its rows.
///
/// A store with a database uses a draft instead of the clone in the steps of [`Catalogue`]:
///
/// 1. Begin a draft with the current catalogue.
/// 2. Carry out all writes of the transaction, each with [`attempt`](Self::attempt).
/// 3. If the draft [is not empty](Self::is_empty), write its [`changes`](Self::changes) and the
///    [revision](Catalogue::revision) of its catalogue to the database, and commit.
/// 4. Publish its [catalogue](Self::into_catalogue).
///
/// The methods that write have the same names and results as those of [`Catalogue`].
///
/// ```
/// use pyaday_core::{Catalogue, Change, Draft, Package, Revision, Write};
///
/// let mut draft = Draft::new(Catalogue::new(Revision::new(0)));
/// let flask = Package::new("flask", "A microframework.")?;
/// draft.create(flask.clone(), &Write::new());
/// This package exists already, so there is nothing to save.
/// draft.create(flask.clone(), &Write::new());
///
/// let changes = draft.changes();
/// assert!(matches!(changes[..], [Change::Create { package, .. }] if *package == flask));
/// # Ok::<(), pyaday_core::InvalidPackage>(())
/// ```
pub struct Draft {
    base: Catalogue,
    catalogue: Catalogue,
    /// The writes to packages, in their order. `None` stands for a removed package.
    packages: Vec<(NormalizedName, Option<(Package, Revision)>)>,
    days: Vec<Entry>,
}

/// A change to one row of a store.
///
/// Each change affects a different row, so a store can save the changes in any order. There is one
/// exception: a store that keeps days and pins in one table removes pins first.
///
/// The enum is deliberately exhaustive. A store that ignored an unknown kind of change would lose a
/// write, so a new kind must be a breaking change of this crate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change<'a> {
    /// A package that has no row yet.
    Create {
        /// The normalised name, which identifies the row.
        name: &'a NormalizedName,
        /// The package.
        package: &'a Package,
        /// The revision of the write.
        revision: Revision,
    },
    /// A package that replaces the one in the row with the same normalised name.
    Replace {
        /// The normalised name, which identifies the row.
        name: &'a NormalizedName,
        /// The package. Its name may have another spelling than before.
        package: &'a Package,
        /// The revision of the write.
        revision: Revision,
    },
    /// A package whose row is removed.
    Delete(&'a NormalizedName),
    /// A day that has no row yet.
    Open(&'a Daily),
    /// A pin. It replaces an earlier pin of the same date.
    Pin(&'a Pinned),
    /// The date of a removed pin. The pin was removed by a caller, or its day was opened.
    Unpin(Date),
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
        Self { catalogue: base.clone(), base, packages: Vec::new(), days: Vec::new() }
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
    /// A draft that is not empty may have no [`changes`](Self::changes), for example if a package
    /// was created and deleted again. The store must save the revision of the catalogue in this
    /// case too, because clients have seen revisions up to it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.catalogue.revision() == self.base.revision()
    }

    /// Returns the changes from the rows of the base to the rows of the catalogue. Each row has at
    /// most one change. The packages come first, in the order of their names, and then the pins and
    /// days, in the order of their dates.
    #[must_use]
    pub fn changes(&self) -> Vec<Change<'_>> {
        let mut changes = Vec::with_capacity(self.packages.len() + self.days.len());
        let mut packages: Vec<_> = self.packages.iter().collect();
        // The sort is stable, so the last write to a name stays the last.
        packages.sort_by_key(|(name, _)| name);
        for same in packages.chunk_by(|(left, _), (right, _)| left == right) {
            if let Some((name, last)) = same.last() {
                changes.extend(self.change_of_package(name, last.as_ref()));
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

    fn change_of_package<'a>(
        &self,
        name: &'a NormalizedName,
        last: Option<&'a (Package, Revision)>,
    ) -> Option<Change<'a>> {
        match (self.base.get(name).is_some(), last) {
            (false, Some((package, revision))) => {
                Some(Change::Create { name, package, revision: *revision })
            }
            (true, Some((package, revision))) => {
                Some(Change::Replace { name, package, revision: *revision })
            }
            (true, None) => Some(Change::Delete(name)),
            // The package was created and deleted again.
            (false, None) => None,
        }
    }

    fn add_changes_of_day<'a>(&self, last: &'a Entry, changes: &mut Vec<Change<'a>>) {
        if let Entry::Pin(pinned) = last {
            changes.push(Change::Pin(pinned));
        } else if self.base.pinned(last.date()).is_some() {
            changes.push(Change::Unpin(last.date()));
        }
        if let Entry::Open(daily) = last {
            changes.push(Change::Open(daily));
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
        let outcome = catch_unwind(AssertUnwindSafe(|| write(self)));
        if outcome.is_err() {
            self.catalogue = catalogue;
            self.packages.truncate(packages);
            self.days.truncate(days);
        }
        outcome
    }

    /// Carries out [`Catalogue::create`].
    pub fn create(&mut self, package: Package, write: &Write) -> Create {
        let outcome = self.catalogue.create(&package, write);
        self.note_created(package, &outcome);
        outcome
    }

    /// Carries out [`Catalogue::create_many`].
    pub fn create_many(&mut self, packages: Vec<Package>) -> Vec<Create> {
        let outcomes = self.catalogue.create_many(&packages);
        for (package, outcome) in packages.into_iter().zip(&outcomes) {
            self.note_created(package, outcome);
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
        let outcome = self.catalogue.update(name, replacement, write);
        if let Update::Updated(stored) = &outcome {
            let version = (stored.package(), stored.revision());
            self.packages.push((name.clone(), Some(version)));
        }
        outcome
    }

    /// Carries out [`Catalogue::delete`].
    pub fn delete(&mut self, name: &NormalizedName, write: &Write) -> Delete {
        let outcome = self.catalogue.delete(name, write);
        if outcome == Delete::Deleted {
            self.packages.push((name.clone(), None));
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
        let pin = self.catalogue.pin_daily(date, last_open, name, write);
        if let Pin::Pinned(pinned) = &pin {
            self.days.push(Entry::Pin(pinned.clone()));
        }
        pin
    }

    /// Carries out [`Catalogue::unpin_daily`].
    pub fn unpin_daily(&mut self, date: Date, last_open: Date, write: &Write) -> Unpin {
        let unpin = self.catalogue.unpin_daily(date, last_open, write);
        if unpin == Unpin::Unpinned {
            self.days.push(Entry::Unpin(date));
        }
        unpin
    }

    fn note_created(&mut self, package: Package, outcome: &Create) {
        if let Create::Created(stored) = outcome {
            let (name, revision) = (package.name.normalized(), stored.revision());
            self.packages.push((name, Some((package, revision))));
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZeroUsize;
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::*;
    use crate::store::Query;

    const TODAY: Date = Date::MIN;

    /// The rows of a store, which only changes modify.
    #[derive(Debug, Default, PartialEq)]
    struct Rows {
        packages: BTreeMap<NormalizedName, (Package, Revision)>,
        days: BTreeMap<Date, Daily>,
        pins: BTreeMap<Date, Pinned>,
    }

    impl Rows {
        /// Applies a change. Like a database, it refuses a change that does not fit its rows.
        fn apply(&mut self, change: &Change<'_>) {
            match *change {
                Change::Create { name, package, revision } => {
                    let version = (package.clone(), revision);
                    assert_eq!(self.packages.insert(name.clone(), version), None);
                }
                Change::Replace { name, package, revision } => {
                    let version = (package.clone(), revision);
                    let before = self.packages.insert(name.clone(), version.clone());
                    assert!(before.is_some_and(|before| before != version));
                }
                Change::Delete(name) => assert!(self.packages.remove(name).is_some()),
                Change::Open(daily) => {
                    assert_eq!(self.days.insert(daily.date(), daily.clone()), None);
                }
                Change::Pin(pinned) => {
                    assert_ne!(
                        self.pins.insert(pinned.date, pinned.clone()).as_ref(),
                        Some(pinned)
                    );
                }
                Change::Unpin(date) => assert!(self.pins.remove(&date).is_some()),
            }
        }

        /// The rows that are equivalent to a catalogue.
        fn of(catalogue: &Catalogue) -> Self {
            let all = NonZeroUsize::MAX;
            let packages = catalogue.list(&Query::new(all)).items.into_iter().map(|stored| {
                let package = stored.package();
                (package.name.normalized(), (package, stored.revision()))
            });
            let days = catalogue.recent_daily(TODAY.plus_days(99), all).into_iter();
            let days = days.map(|daily| (daily.date(), daily.with_gone(false)));
            let pins = catalogue.pins(TODAY, all).into_iter();
            Self {
                packages: packages.collect(),
                days: days.collect(),
                pins: pins.map(|pinned| (pinned.date, pinned)).collect(),
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Call {
        Create(u8),
        CreateMany(Vec<u8>),
        Update(u8, u8),
        Respell(u8),
        Delete(u8),
        Open(u8),
        Pin(u8, u8),
        Unpin(u8),
        Panic(u8),
    }

    fn calls() -> impl Strategy<Value = Vec<Vec<Call>>> {
        let (name, day) = (|| 0..2_u8, || 1..3_u8);
        let call = prop_oneof![
            3 => name().prop_map(Call::Create),
            1 => prop::collection::vec(name(), 0..4).prop_map(Call::CreateMany),
            2 => (name(), 0..2_u8).prop_map(|(name, text)| Call::Update(name, text)),
            1 => name().prop_map(Call::Respell),
            1 => name().prop_map(Call::Delete),
            1 => day().prop_map(Call::Open),
            3 => (day(), name()).prop_map(|(day, name)| Call::Pin(day, name)),
            1 => day().prop_map(Call::Unpin),
            1 => name().prop_map(Call::Panic),
        ];
        prop::collection::vec(prop::collection::vec(call, 0..8), 1..6)
    }

    fn package(name: u8, text: u8) -> Package {
        Package::new(&format!("p{name}"), &format!("text {text}")).unwrap()
    }

    fn name(number: u8) -> NormalizedName {
        package(number, 0).name.normalized()
    }

    fn day(number: u8) -> Date {
        TODAY.plus_days(number.into())
    }

    /// Carries out a call. Returns true if the result says that something has changed.
    fn carry_out(draft: &mut Draft, call: &Call) -> bool {
        let any = &Write::new();
        match call {
            Call::Create(it) => {
                matches!(draft.create(package(*it, 0), any), Create::Created(_))
            }
            Call::CreateMany(them) => {
                let packages = them.iter().map(|it| package(*it, 0)).collect();
                let created = draft.create_many(packages);
                created.iter().any(|it| matches!(it, Create::Created(_)))
            }
            Call::Update(it, text) => {
                let replacement = Replacement::new(package(*it, *text).details);
                matches!(draft.update(&name(*it), replacement, any), Update::Updated(_))
            }
            Call::Respell(it) => {
                let mut replacement = Replacement::new(package(*it, 0).details);
                replacement.spelling = format!("P{it}").parse().ok();
                matches!(draft.update(&name(*it), replacement, any), Update::Updated(_))
            }
            Call::Delete(it) => draft.delete(&name(*it), any) == Delete::Deleted,
            Call::Open(it) => {
                let pick = draft.catalogue().pick_daily(day(*it)..=day(*it));
                let opening = draft.open_daily(&pick, UNIX_EPOCH);
                matches!(opening, Opening::Open { opened, .. } if !opened.is_empty())
            }
            Call::Pin(date, it) => {
                let pin = draft.pin_daily(day(*date), TODAY, &name(*it), any);
                matches!(pin, Pin::Pinned(_))
            }
            Call::Unpin(it) => draft.unpin_daily(day(*it), TODAY, any) == Unpin::Unpinned,
            Call::Panic(it) => {
                let attempt = draft.attempt(|draft| {
                    draft.create(package(*it, 0), any);
                    draft.delete(&name(*it), any);
                    draft.unpin_daily(day(*it), TODAY, any);
                    // This unwinds without a message on standard error.
                    std::panic::resume_unwind(Box::new(()));
                });
                assert!(attempt.is_err());
                false
            }
        }
    }

    proptest! {
        #[test]
        fn the_changes_of_a_draft_make_its_rows_and_nothing_else(transactions in calls()) {
            let mut catalogue = Catalogue::new(Revision::new(0));
            let mut rows = Rows::default();
            for transaction in transactions {
                let mut draft = Draft::new(catalogue);
                let mut has_changed = false;
                for call in &transaction {
                    let before = draft.catalogue().revision();
                    let changes = carry_out(&mut draft, call);
                    prop_assert_eq!(changes, draft.catalogue().revision() > before);
                    has_changed |= changes;
                }
                prop_assert_eq!(draft.is_empty(), !has_changed);
                if draft.is_empty() {
                    prop_assert_eq!(&draft.changes(), &[]);
                }
                draft.changes().iter().for_each(|change| rows.apply(change));
                catalogue = draft.into_catalogue();
                prop_assert_eq!(&rows, &Rows::of(&catalogue));
            }
        }
    }

    #[test]
    fn writes_that_change_nothing_give_no_change() {
        let mut base = Catalogue::new(Revision::new(0));
        let any = &Write::new();
        base.create(&package(1, 0), any);
        base.pin_daily(day(2), TODAY, &name(1), any);
        let pick = base.pick_daily(day(1)..=day(1));
        base.open_daily(&pick, UNIX_EPOCH);
        let stale = Write::new().if_revision(Revision::new(0));
        let mut draft = Draft::new(base);

        assert!(matches!(draft.create(package(1, 9), any), Create::Exists(_)));
        assert!(matches!(draft.create(package(3, 0), &stale), Create::Stale(_)));
        drop(draft.create_many(vec![package(1, 9)]));
        for (write, number, text) in [(any, 1, 0), (&stale, 1, 9), (any, 3, 9)] {
            let replacement = Replacement::new(package(number, text).details);
            draft.update(&name(number), replacement, write);
        }
        assert_eq!(draft.delete(&name(3), any), Delete::Absent);
        assert!(matches!(draft.delete(&name(1), &stale), Delete::Stale(_)));
        draft.open_daily(&pick, UNIX_EPOCH);
        assert!(matches!(draft.pin_daily(day(2), TODAY, &name(1), any), Pin::Unchanged(_)));
        assert!(matches!(draft.pin_daily(day(2), TODAY, &name(1), &stale), Pin::Stale(_)));
        assert_eq!(draft.pin_daily(day(3), TODAY, &name(3), any), Pin::Absent);
        assert_eq!(draft.pin_daily(day(1), TODAY, &name(1), any), Pin::Fixed);
        assert!(matches!(draft.unpin_daily(day(2), TODAY, &stale), Unpin::Stale(_)));
        assert_eq!(draft.unpin_daily(day(3), TODAY, any), Unpin::NotPinned);

        assert!(draft.is_empty());
        assert_eq!(draft.changes(), []);
        // This is the control: the next call does change something.
        assert_eq!(draft.unpin_daily(day(2), TODAY, any), Unpin::Unpinned);
        assert_eq!(draft.changes(), [Change::Unpin(day(2))]);
    }

    #[test]
    fn a_package_that_came_and_went_leaves_a_revision_and_no_change() {
        let mut draft = Draft::new(Catalogue::new(Revision::new(0)));
        draft.create(package(1, 0), &Write::new());
        draft.delete(&name(1), &Write::new());
        assert!(!draft.is_empty());
        assert_eq!(draft.changes(), []);
    }
}
