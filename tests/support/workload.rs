//! The workload of the durability tests: what a writer does at a step is a function of the writer and
//! the step, so that a verifier knows it from these two numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::ops::RangeInclusive;
use std::time::UNIX_EPOCH;

use pyaday_core::{
    Date, Metadata, NormalizedName, Package, PackageStore, Replacement, StoreError, Write,
};
use serde_json::{Map, Value};

use crate::numbers::Numbers;

/// A write.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Adds a package.
    Create(Package),
    /// Adds packages as a batch.
    CreateMany(Vec<Package>),
    /// Replaces the package of the same name, which may be spelled in another way.
    Update(Package),
    /// Removes a package.
    Delete(NormalizedName),
    /// Opens days, all of them in one write.
    Open(RangeInclusive<Date>),
    /// Pins a package to a day to come.
    Pin(Date, NormalizedName),
    /// Takes a pin back.
    Unpin(Date),
}

/// What a writer has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// Its packages, by their normalised names.
    pub packages: BTreeMap<String, Package>,
    /// Its days that were opened.
    pub days: BTreeSet<Date>,
    /// Its days that are pinned, and to what.
    pub pins: BTreeMap<Date, NormalizedName>,
}

/// The packages that are there before anybody writes and stay, so that there is always one to be shown
/// and some to be pinned.
pub fn anchors() -> impl Iterator<Item = Package> {
    let names = ["anchor-0", "anchor-1", "anchor-2", "anchor-3"].into_iter();
    names.map(|name| Package::new(name, "").expect("a package"))
}

/// As many days as a writer opens, and as it pins.
const DAYS: u64 = 8;

/// The first of a writer's days that are opened.
#[must_use]
pub fn days(writer: u32) -> Date {
    Date::MIN.plus_days(1_000 * writer as i32)
}

/// The first of a writer's days that are pinned, all of which are still to come.
#[must_use]
pub fn pins(writer: u32) -> Date {
    days(writer).plus_days(1_000_000)
}

/// Those of a writer's days that may be pinned.
pub fn days_to_come(writer: u32) -> impl Iterator<Item = Date> {
    (0..DAYS as i32).map(move |number| pins(writer).plus_days(number))
}

/// How many names a writer writes to, which no other writer does.
const NAMES: u64 = 8;

/// What a writer does at a step of its life.
#[must_use]
pub fn operation(writer: u32, step: u64) -> Operation {
    let mut numbers = Numbers::new((u64::from(writer) << 48) ^ step);
    let mut below = |limit| numbers.below(limit);
    let first = below(NAMES);
    let size = if below(8) == 0 { below(9_000) } else { below(200) };
    let package = |at: u64| package(writer, first + at, step, size);
    let day = below(DAYS) as i32;
    match below(11) {
        8 => {
            let first = days(writer).plus_days(day);
            Operation::Open(first..=first.plus_days(below(3) as i32))
        }
        9 => {
            let anchor = anchors().nth(first as usize % 4).expect("an anchor");
            Operation::Pin(pins(writer).plus_days(day), anchor.name.normalized())
        }
        10 => Operation::Unpin(pins(writer).plus_days(day)),
        0..=2 => Operation::Create(package(0)),
        3 => Operation::CreateMany((0..1 + below(NAMES)).map(package).collect()),
        4..=6 => Operation::Update(package(0)),
        _ => Operation::Delete(package(0).name.normalized()),
    }
}

/// A package that no other step makes.
fn package(writer: u32, number: u64, step: u64, size: u64) -> Package {
    let initial = if step.is_multiple_of(2) { 'w' } else { 'W' };
    let name = format!("{initial}{writer}-{}", number % NAMES);
    let mut package = Package::new(&name, &format!("step {step}")).expect("a package");
    if size > 0 {
        let filler = Value::from("x".repeat(size as usize));
        let members = Map::from_iter([("filler".to_owned(), filler)]);
        package.details.metadata = Metadata::try_from(members).expect("metadata");
    }
    package
}

impl Operation {
    /// Carries it out.
    ///
    /// # Errors
    /// What the store says.
    pub async fn write<S: PackageStore>(self, store: &S) -> Result<(), StoreError> {
        match self {
            Self::Create(package) => store.create(package, Write::new()).await.map(drop),
            Self::CreateMany(packages) => store.create_many(packages, Write::new()).await.map(drop),
            Self::Update(package) => {
                let name = package.name.normalized();
                store.update(&name, Replacement::from(package), Write::new()).await.map(drop)
            }
            Self::Delete(name) => store.delete(&name, Write::new()).await.map(drop),
            Self::Open(dates) => store.open_daily(dates, UNIX_EPOCH).await.map(drop),
            Self::Pin(date, name) => {
                store.pin_daily(date, LAST_OPEN, &name, Write::new()).await.map(drop)
            }
            Self::Unpin(date) => store.unpin_daily(date, LAST_OPEN, Write::new()).await.map(drop),
        }
    }
}

/// Before all days that are pinned.
const LAST_OPEN: Date = Date::MIN;

/// What a writer has after a write.
pub fn apply(model: &mut Model, operation: Operation) {
    match operation {
        Operation::Create(package) => apply(model, Operation::CreateMany(vec![package])),
        Operation::CreateMany(packages) => {
            for package in packages {
                model
                    .packages
                    .entry(package.name.normalized().as_str().to_owned())
                    .or_insert(package);
            }
        }
        Operation::Update(package) => {
            if let Some(stored) = model.packages.get_mut(package.name.normalized().as_str()) {
                *stored = package;
            }
        }
        Operation::Delete(name) => {
            model.packages.remove(name.as_str());
        }
        Operation::Open(dates) => {
            let next = |date: &Date| Some(date.plus_days(1)).filter(|next| next <= dates.end());
            model.days.extend(iter::successors(Some(*dates.start()), next));
        }
        Operation::Pin(date, name) => {
            model.pins.insert(date, name);
        }
        Operation::Unpin(date) => {
            model.pins.remove(&date);
        }
    }
}
