//! The store that a URL names, and what is in it when the server begins.

use std::path::PathBuf;

use pyaday_core::PackageStore;

use crate::import::Sources;
use crate::signal::Stopping;
use crate::url::without_user_info;
use crate::{Error, ImportOptions, Source, Url, import_until};

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
    Postgres(Url),
}

impl TryFrom<&Url> for StoreUrl {
    type Error = Error;

    fn try_from(url: &Url) -> Result<Self, Error> {
        match url.as_str().split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) if is_path(path) => Ok(Self::Sqlite(path.into())),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                Ok(Self::Postgres(url.clone()))
            }
            _ => Err(Error::UnknownStore { url: url.clone(), advice: advice(url.as_str()) }),
        }
    }
}

/// Whether what follows `sqlite:` is the path of a file, and not another program's way to name one.
fn is_path(path: &str) -> bool {
    let is_other = path.starts_with("//") || path.starts_with("file:") || path.contains('?');
    !path.is_empty() && !is_other && !is_memory(path)
}

fn is_memory(path: &str) -> bool {
    matches!(path.trim_matches('/'), ":memory:" | "memory:" | ":memory")
}

/// What to write in the place of a URL that names no store.
fn advice(url: &str) -> String {
    const FORMS: &str = "there are `memory:`, `sqlite:PATH` and `postgres://USER@HOST/DATABASE`";

    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    let scheme = scheme.to_lowercase();
    let path = rest.split('?').next().unwrap_or_default().trim_start_matches("file:");
    let relative = path.trim_start_matches('/');
    let is_file = [".db", ".sqlite", ".sqlite3"].iter().any(|end| path.ends_with(end));
    match scheme.as_str() {
        "memory" => "write `memory:`".to_owned(),
        "" | "sqlite" | "sqlite3" | "file" if is_memory(path) || path == "memory" => {
            "write `memory:`".to_owned()
        }
        "sqlite" | "sqlite3" | "file" if relative.is_empty() => FORMS.to_owned(),
        "sqlite" | "sqlite3" | "file" if path.starts_with("///") => {
            let relative = without_user_info(relative);
            format!("write `sqlite:{relative}`, or `sqlite:/{relative}` for an absolute path")
        }
        "sqlite" | "sqlite3" | "file" => {
            let path = without_user_info(path.strip_prefix("//").unwrap_or(path));
            format!("write `sqlite:{path}`")
        }
        "" if is_file => format!("write `sqlite:{}`", without_user_info(path)),
        it if it.starts_with("postgres") || it.ends_with("sql") && it.starts_with('p') => {
            "write `postgres://USER@HOST/DATABASE`".to_owned()
        }
        _ => FORMS.to_owned(),
    }
}

/// Which packages a store gets before it is used.
#[derive(Debug)]
pub(crate) enum Supply {
    /// Those of files.
    Sources(Sources),
    /// A few to begin with, if the store is new.
    FirstPackages,
    /// It has them already. A new store is an error.
    Nothing,
}

/// Adds packages to a store. A store is new until its first import is finished. `name` is what messages call
/// the store.
///
/// # Errors
/// The sources cannot be imported, they have nothing for a new store, a new store gets nothing, or `stop` came before the end.
pub(crate) async fn fill<S: PackageStore>(
    store: &S,
    name: &str,
    is_new: bool,
    supply: Supply,
    options: ImportOptions,
    stop: &Stopping,
) -> Result<(), Error> {
    // What a first import lacks was never imported. Without this, the rest of an import that was
    // interrupted would be looked up name by name.
    let options = ImportOptions { keep_deleted: options.keep_deleted && !is_new, ..options };
    match supply {
        Supply::Sources(sources) => sources.import(store, is_new, options, stop).await,
        Supply::FirstPackages if is_new => {
            let first = Source::new("the first packages", FIRST_PACKAGES.as_bytes());
            import_until(store, first, options, stop.clone()).await.map(drop)
        }
        Supply::Nothing if is_new => Err(Error::NothingToExport { store: name.to_owned() }),
        Supply::FirstPackages | Supply::Nothing => Ok(()),
    }
}
