//! Why a server did not start, in the one line that a person gets to read.

use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use pyaday_core::{InvalidValue, StoreError};

pub(crate) use crate::log::tell;
use crate::{AccessError, Signal, Summary, Url, log};

/// What can be imported, for messages.
const TAKEN: &str = "what can be imported is TSV or CSV whose header has the columns `name` and \
                     `summary`, or JSON objects with these members, one a line or in an array, or the \
                     METADATA of a package";

/// The exit code of a process that SIGPIPE has ended, as shells report it.
const CLOSED_PIPE: u8 = 141;

/// What keeps a server from starting, or ends it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The prefix is no path to mount at.
    #[error("the prefix {prefix:?} {rule}")]
    Prefix {
        /// What was given.
        prefix: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The public URL is none. It is not repeated: it may hold a password.
    #[error("the public URL {0}")]
    PublicUrl(InvalidValue),
    /// The options about access cannot be used, or they would leave the server open to everyone.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// What was given.
        address: String,
        /// The cause.
        source: io::Error,
    },
    /// No store has such a URL.
    #[error("the store \"{url}\" is not supported: {advice}")]
    UnknownStore {
        /// What was given.
        url: Url,
        /// What to write instead.
        advice: String,
    },
    /// The file of the store cannot be used.
    #[error(transparent)]
    Sqlite(#[from] pyaday_sqlite::OpenError),
    /// The database of the store cannot be used, and not by waiting either.
    #[error(transparent)]
    Postgres(#[from] pyaday_postgres::ConnectError),
    /// A file to import cannot be read at all.
    #[error("cannot read {name}")]
    Unreadable {
        /// What was to be read.
        name: String,
        /// The cause.
        source: io::Error,
    },
    /// A file to import is not a list of packages.
    #[error("cannot import {name}: it {fault}; {TAKEN}")]
    NotAList {
        /// What was to be imported.
        name: String,
        /// What is wrong, in words that follow the file's name.
        fault: String,
    },
    /// All rows were refused, or so many of the first that the others were not read.
    #[error(
        "cannot import {name}: all of its first {refused} rows were refused; the lines above say why; \
         {TAKEN}"
    )]
    AllRefused {
        /// What was being imported.
        name: String,
        /// How many rows were read.
        refused: u64,
    },
    /// A directory has no list of packages.
    #[error(
        "cannot import {name}: none of the {files} files in it is a list of packages; {TAKEN}; \
         directories within it are not read, unless they are those of installed packages \
         (`*.dist-info`)"
    )]
    NoLists {
        /// The directory.
        name: String,
        /// How many files it has.
        files: usize,
    },
    /// A new store got nothing, so that there is nothing to serve.
    #[error("the import of {name} added nothing to a new store: it has no rows; {TAKEN}")]
    NothingAdded {
        /// What was imported.
        name: String,
    },
    /// Packages exist that must not.
    #[error(
        "the import of {name} found packages that exist already ({summary}); the others were added; \
         import with `--on-existing skip` to leave them as they are, or with `--on-existing update` \
         to change them"
    )]
    Existing {
        /// What was imported.
        name: String,
        /// What became of its rows.
        summary: Summary,
    },
    /// Reading stopped before the end of the file; what was read is in the store.
    #[error("cannot read {name} to its end; until then: {summary}")]
    BrokenOff {
        /// What was being read.
        name: String,
        /// What became of the rows before.
        summary: Summary,
        /// The cause.
        source: io::Error,
    },
    /// The store failed during an import.
    #[error("the store failed during the import of {name}; until then: {summary}")]
    Store {
        /// What was being imported.
        name: String,
        /// What became of the rows before.
        summary: Summary,
        /// The cause.
        source: StoreError,
    },
    /// A signal came before the server listened.
    #[error("stopped by {signal} before it listened{}", progress(import.as_ref()))]
    Stopped {
        /// The signal.
        signal: Signal,
        /// What was being imported, and what had become of its rows. These are in the store.
        import: Option<(String, Summary)>,
    },
    /// There is no file of an SQLite store to export.
    #[error("cannot export {store}: there is no such file")]
    NoStore {
        /// The path.
        store: String,
    },
    /// Nobody has ever written to the store, so there is nothing to export.
    #[error("cannot export {store}: it is new and has no packages; `--import` adds some before")]
    NothingToExport {
        /// What the store is called.
        store: String,
    },
    /// The store failed during an export.
    #[error("the export to {name} failed")]
    ExportFailed {
        /// What was to be written.
        name: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An export cannot be written.
    #[error("cannot write the export to {name}")]
    Unwritten {
        /// What was to be written.
        name: String,
        /// The cause.
        source: io::Error,
    },
    /// Whoever read standard output has closed it, and has probably seen enough. Nothing is said about it.
    #[error("standard output was closed before the end of the export")]
    Closed,
    /// A signal came before the end of an export.
    #[error(
        "stopped by {signal}: the export to {name} is not complete{}", progress(import.as_ref())
    )]
    ExportStopped {
        /// The signal.
        signal: Signal,
        /// What was to be written.
        name: String,
        /// What was being imported before, and what had become of its rows. These are in the store.
        import: Option<(String, Summary)>,
    },
    /// The store has a part of the packages of its first import.
    #[error(
        "the first import into {store} was not finished, so packages are missing: start the server \
         with `--import` and the same file to add the rest, or {remedy} to serve what is there"
    )]
    Unfinished {
        /// What the store is called.
        store: String,
        /// How to serve it as it is, in words that follow "or".
        remedy: String,
    },
    /// It cannot be noted beside the store whether its first import is finished.
    #[error("cannot note beside {store} whether its first import is finished")]
    Mark {
        /// What the store is called.
        store: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The process cannot be told to stop, or the server failed.
    #[error("cannot serve")]
    Serve(#[from] io::Error),
}

/// Tells the error, if there is one, on standard error, and ends the log.
pub(crate) fn report(result: Result<(), Error>) -> ExitCode {
    let Err(error) = result else {
        log::end();
        return ExitCode::SUCCESS;
    };
    let code = match &error {
        // Whoever sends it asks for an end in good order, and this is one.
        Error::Stopped { signal: Signal::Terminate, .. } => {
            tell(&error.to_string());
            ExitCode::SUCCESS
        }
        // A script must not take the part of an export that there is for the whole.
        Error::Stopped { signal, .. } | Error::ExportStopped { signal, .. } => {
            tell(&error.to_string());
            signal.exit_code().into()
        }
        Error::Closed => CLOSED_PIPE.into(),
        error => {
            log::tell_error(error);
            ExitCode::FAILURE
        }
    };
    log::end();
    code
}

/// How far an import had come that a signal has stopped, to follow a message.
fn progress(import: Option<&(String, Summary)>) -> String {
    import.map_or_else(String::new, |(name, summary)| {
        format!(
            "; the import of {name} is not finished; until then: {summary}; the same import adds the rest"
        )
    })
}

/// An error and what caused it, in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string does not fail.
        let _ = write!(message, ": {error}");
        cause = error.source();
    }
    message
}
