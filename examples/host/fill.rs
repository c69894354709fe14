//! The first packages of a catalogue.

use std::error::Error;

use pyaday_core::{Package, PackageStore, Seed, Write};

/// The packages that a new catalogue begins with, and their descriptions.
const FIRST_PACKAGES: [(&str, &str); 2] = [
    ("flask", "A simple framework for building complex web applications."),
    ("poetry", "Python dependency management and packaging made easy."),
];

/// Adds the first packages to a catalogue that has no packages.
pub async fn fill<S: PackageStore>(store: &S) -> Result<(), Box<dyn Error + Send + Sync>> {
    if store.random(Seed::random()).await?.is_none() {
        for (name, short_desc) in FIRST_PACKAGES {
            store.create(Package::new(name, short_desc)?, Write::new()).await?;
        }
    }
    Ok(())
}
