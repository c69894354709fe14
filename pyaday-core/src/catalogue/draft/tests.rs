//! Facts about drafts.

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
    fn apply(&mut self, change: &RowChange<'_>) {
        match *change {
            RowChange::Create { name, package, revision } => {
                let version = (package.clone(), revision);
                assert_eq!(self.packages.insert(name.clone(), version), None);
            }
            RowChange::Replace { name, package, revision } => {
                let version = (package.clone(), revision);
                let before = self.packages.insert(name.clone(), version.clone());
                assert!(before.is_some_and(|before| before != version));
            }
            RowChange::Delete(name) => assert!(self.packages.remove(name).is_some()),
            RowChange::Open(daily) => {
                assert_eq!(self.days.insert(daily.date(), daily.clone()), None);
            }
            RowChange::Pin(pinned) => {
                assert_ne!(self.pins.insert(pinned.date, pinned.clone()).as_ref(), Some(pinned));
            }
            RowChange::Unpin(date) => assert!(self.pins.remove(&date).is_some()),
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
    /// Packages and what they become, or `None` if they are removed.
    Batch(BTreeMap<u8, Option<u8>>),
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
        2 => prop::collection::btree_map(name(), prop::option::of(0..2_u8), 0..3)
            .prop_map(Call::Batch),
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

/// A batch that makes this of packages, whatever they are now. It is in the opposite order of the names.
fn batch(now: &Catalogue, them: &BTreeMap<u8, Option<u8>>) -> Batch {
    let swap = |batch: Batch, (it, text): (&u8, &Option<u8>)| match (
        now.get(&name(*it)),
        text.map(|text| package(*it, text)),
    ) {
        (None, None) => batch,
        (None, Some(package)) => batch.create(package),
        (Some(before), Some(package)) => batch.replace(&before, package),
        (Some(before), None) => batch.remove(name(*it), &before),
    };
    them.iter().rev().fold(Batch::new(ChangeKind::Bulk), swap)
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
            let created = draft.create_many(packages, &Write::new());
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
        Call::Batch(them) => {
            let batch = batch(draft.catalogue(), them);
            matches!(draft.write_batch(batch, any), Batched::Written(_))
        }
        Call::Panic(it) => {
            let attempt = draft.attempt(|draft| {
                draft.create(package(*it, 0), any);
                draft.delete(&name(*it), any);
                draft.write_batch(batch(draft.catalogue(), &[(*it, Some(7))].into()), any);
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
                prop_assert_eq!(&draft.row_changes(), &[]);
            }
            for LoggedChange { change, replaced, pins, .. } in draft.logged() {
                prop_assert_eq!(change.count, replaced.len() + pins.len());
                prop_assert!(replaced.is_sorted_by(|(one, _), (other, _)| one < other));
            }
            draft.row_changes().iter().for_each(|change| rows.apply(change));
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
    drop(draft.create_many(vec![package(1, 9)], &Write::new()));
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
    assert_eq!(draft.row_changes(), []);
    // This is the control: the next call does change something.
    assert_eq!(draft.unpin_daily(day(2), TODAY, any), Unpin::Unpinned);
    assert_eq!(draft.row_changes(), [RowChange::Unpin(day(2))]);
}

#[test]
fn a_package_that_came_and_went_leaves_a_revision_and_no_change() {
    let mut draft = Draft::new(Catalogue::new(Revision::new(0)));
    draft.create(package(1, 0), &Write::new());
    draft.delete(&name(1), &Write::new());
    assert!(!draft.is_empty());
    assert_eq!(draft.row_changes(), []);
}
