//! The store that a URL names, and what is in it when the server begins.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use pyaday_core::PackageStore;

use crate::error::tell;
use crate::{Error, Source, import};

/// The packages of a catalogue that nobody filled.
const FIRST_PACKAGES: &str = "\
name\tsummary
flask\tA simple framework for building complex web applications.
sanic\tA web server and web framework that's written to go fast. Build fast. Run fast.
poetry\tPython dependency management and packaging made easy.
";

/// Where packages are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// `memory:`
    Memory,
    /// `sqlite:PATH`
    Sqlite(PathBuf),
    /// `postgres://…`
    Postgres(String),
}

impl FromStr for StoreUrl {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        match url.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                Ok(Self::Postgres(url.to_owned()))
            }
            _ => Err(Error::UnknownStore { url: url.to_owned() }),
        }
    }
}

/// Adds the packages of a file to a store; without a file, a new store gets a few to begin with.
///
/// # Errors
/// The file cannot be imported.
pub(crate) async fn fill<S: PackageStore>(
    store: &S,
    is_new: bool,
    file: Option<&Path>,
) -> Result<(), Error> {
    match file {
        Some(file) => {
            let source = Source::open(file)?;
            let name = source.name().to_owned();
            let summary = import(store, source).await?;
            tell(&format!("imported {name}: {summary}"));
        }
        None if is_new => {
            import(store, Source::new("the first packages", FIRST_PACKAGES.as_bytes())).await?;
        }
        None => {}
    }
    Ok(())
}
