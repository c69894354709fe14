//! The store that a URL names, with what is to be in it.

use std::path::Path;

use pyaday_core::MemoryStore;

use crate::error::tell;
use crate::{Error, Source, import};

/// The packages of a catalogue that nobody filled.
const FIRST_PACKAGES: &str = "\
name\tsummary
flask\tA simple framework for building complex web applications.
sanic\tA web server and web framework that's written to go fast. Build fast. Run fast.
poetry\tPython dependency management and packaging made easy.
";

/// Opens the store of a URL and adds the packages of a file; without a file, a new store holds a
/// few packages to begin with.
///
/// # Errors
/// No store has such a URL, or the file cannot be imported.
pub async fn open_store(url: &str, file: Option<&Path>) -> Result<MemoryStore, Error> {
    if url != "memory:" {
        return Err(Error::UnknownStore { url: url.to_owned() });
    }
    let store = MemoryStore::new();
    match file {
        Some(file) => {
            let source = Source::open(file)?;
            let name = source.name().to_owned();
            let summary = import(&store, source).await?;
            tell(&format!("imported {name}: {summary}"));
        }
        None => {
            import(&store, Source::new("the first packages", FIRST_PACKAGES.as_bytes())).await?;
        }
    }
    Ok(store)
}
