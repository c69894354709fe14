//! What writers do, as a function of who and when, so that a witness knows without being told.

use std::collections::BTreeMap;

use pyaday_core::{Details, Metadata, NormalizedName, Package, PackageStore, StoreError};
use serde_json::{Map, Value};

use crate::numbers::Numbers;

/// A write.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Adds a package.
    Create(Package),
    /// Adds packages as a batch.
    CreateMany(Vec<Package>),
    /// Replaces a package's details.
    Update(NormalizedName, Details),
    /// Removes a package.
    Delete(NormalizedName),
}

/// The packages that a writer has, by their normalised names.
pub type Model = BTreeMap<String, Package>;

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
    match below(8) {
        0..=2 => Operation::Create(package(0)),
        3 => Operation::CreateMany((0..1 + below(NAMES)).map(package).collect()),
        4..=6 => {
            let Package { name, details } = package(0);
            Operation::Update(name.normalized(), details)
        }
        _ => Operation::Delete(package(0).name.normalized()),
    }
}

/// A package that no other step makes.
fn package(writer: u32, number: u64, step: u64, size: u64) -> Package {
    let name = format!("w{writer}-{}", number % NAMES);
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
            Self::Create(package) => store.create(package).await.map(drop),
            Self::CreateMany(packages) => store.create_many(packages).await.map(drop),
            Self::Update(name, details) => store.update(&name, None, details).await.map(drop),
            Self::Delete(name) => store.delete(&name, None).await.map(drop),
        }
    }
}

/// What the packages are after a write.
pub fn apply(model: &mut Model, operation: Operation) {
    match operation {
        Operation::Create(package) => apply(model, Operation::CreateMany(vec![package])),
        Operation::CreateMany(packages) => {
            for package in packages {
                model.entry(package.name.normalized().as_str().to_owned()).or_insert(package);
            }
        }
        Operation::Update(name, details) => {
            if let Some(package) = model.get_mut(name.as_str()) {
                package.details = details;
            }
        }
        Operation::Delete(name) => {
            model.remove(name.as_str());
        }
    }
}
