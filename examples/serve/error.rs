//! Why a server did not start, in the one line that a person gets to read.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use pyaday_core::{InvalidValue, StoreError};

use crate::Summary;

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
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// What was given.
        address: String,
        /// The cause.
        source: io::Error,
    },
    /// No store has such a URL.
    #[error(
        "the store {url:?} is not supported: there are `memory:`, `sqlite:PATH` and \
         `postgres://USER@HOST/DATABASE`"
    )]
    UnknownStore {
        /// What was given.
        url: String,
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
    /// A file to import is none that can be: it has no usable header.
    #[error(
        "cannot import {name}: it {fault}; expected is TSV or CSV whose header names the columns \
         `name` and `summary` (or `short_desc`), or one JSON object a line"
    )]
    Header {
        /// What was to be imported.
        name: String,
        /// What is wrong, in words that follow the file's name.
        fault: String,
    },
    /// Reading stopped before the end of the file; what was read is in the store.
    #[error("cannot read {name} to its end, so far {summary}")]
    BrokenOff {
        /// What was being read.
        name: String,
        /// What became of the rows before.
        summary: Summary,
        /// The cause.
        source: io::Error,
    },
    /// The store failed during an import.
    #[error("the import of {name} failed with {added} packages added before")]
    Store {
        /// What was being imported.
        name: String,
        /// How many packages the store had added before it failed.
        added: u64,
        /// The cause.
        source: StoreError,
    },
    /// A signal came before the server listened; what an import had written by then is in the store.
    #[error("stopped by a signal before it listened; what was imported so far is in the store")]
    Stopped,
    /// The process cannot be told to stop, or the server failed.
    #[error("cannot serve")]
    Serve(#[from] io::Error),
}

/// Tells the error, if there is one, on standard error.
pub fn report(result: Result<(), Error>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    tell(&format!("error: {}", with_causes(&error)));
    ExitCode::FAILURE
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

/// Writes one line to standard error, whatever the text holds.
///
/// It may come from a stranger's file, and must neither look like several lines nor command the
/// terminal. A standard error that is closed is nothing to stop for.
pub(crate) fn tell(text: &str) {
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                line.extend(c.escape_unicode());
            }
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    line.push('\n');
    let _ = io::stderr().write_all(line.as_bytes());
}

/// The beginning of a text, up to so many characters.
pub(crate) fn excerpt(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}
