//! Why a catalogue cannot be opened, and why one that is open cannot be written.

use std::error::Error;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

/// Why a file cannot be opened as a catalogue.
///
/// No package, day or pin in it was changed. What an earlier process had committed may have been moved
/// from its log, and the tables of an older schema may have been brought up to date.
#[derive(Debug, thiserror::Error)]
#[error("cannot open {}", path.display())]
pub struct OpenError {
    path: PathBuf,
    #[source]
    fault: OpenFault,
}

impl OpenError {
    pub(crate) fn new(path: &Path, fault: OpenFault) -> Self {
        Self { path: path.to_owned(), fault }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with it.
    #[must_use]
    pub fn fault(&self) -> &OpenFault {
        &self.fault
    }
}

/// What is wrong with a file that is to be opened as a catalogue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenFault {
    /// The program is linked with an SQLite that may lose data.
    #[error(
        "this program is linked with SQLite {version}, but versions before 3.51.3 can lose \
         committed data (the WAL-reset bug): build it with a newer one"
    )]
    OldSqlite {
        /// The linked version.
        version: &'static str,
    },
    /// Another connection has it: of another process, or of this one.
    #[error("it is in use: end the process that has it open, or open another file")]
    InUse,
    /// The process may not write it.
    #[error("it is read-only, or on a read-only file system: give this process write permission")]
    ReadOnly,
    /// It is a folder or a device.
    #[error("it is not a file: name a file, which need not exist yet")]
    NotAFile,
    /// It is a URL, of which [`OpenError::path`] has the scheme alone, since there may be a password
    /// in it.
    #[error("it is a URL: give the path of a file")]
    Url,
    /// It cannot be opened or created.
    #[error(
        "it can neither be opened nor created: check that its folder exists and that this process \
         may read and write there"
    )]
    Inaccessible {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It is no SQLite database.
    #[error("it is not an SQLite database: name another file")]
    NotADatabase,
    /// It is an SQLite database with something else in it.
    #[error("it is an SQLite database of another application: name another file")]
    Foreign,
    /// A newer release has written it.
    #[error(
        "it is from a newer release (schema {found}, this one knows {known}): use that release"
    )]
    NewerSchema {
        /// The schema of the file.
        found: i64,
        /// The newest schema that this release knows.
        known: i64,
    },
    /// It is not there, but its log is.
    #[error(
        "it is missing or empty, but {} is there and may hold its packages: put the file back, or \
         move the log away",
        log.display()
    )]
    LogWithoutDatabase {
        /// The log.
        log: PathBuf,
    },
    /// It does not hold what was written into it.
    #[error("it is damaged ({fault}): restore it from a backup")]
    Damaged {
        /// How it shows.
        fault: String,
    },
    /// It cannot be read or written now.
    #[error("it cannot be read or written")]
    Io {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// SQLite does not do what no durable store can do without.
    #[error(
        "SQLite refuses the setting {setting}, without which it may lose data: it says {says:?}"
    )]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What it is instead.
        says: String,
    },
}

impl From<rusqlite::Error> for OpenFault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::CannotOpen) => Self::Inaccessible { source: error.into() },
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            Some(
                ErrorCode::SystemIoFailure | ErrorCode::DiskFull | ErrorCode::PermissionDenied,
            ) => Self::Io { source: error.into() },
            // What else there is comes from what is in the file: it was made by these statements.
            _ => Self::Damaged { fault: error.to_string() },
        }
    }
}

/// What became of a transaction that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// It did not happen for want of space or of permission; a later one may.
    NotNow,
    /// It did not happen, since it goes against a constraint; another may.
    Rejected,
    /// It did not happen, and nothing may be written until the file is opened anew.
    ForGood,
    /// It may be found when the file is opened anew, until when nothing may be written.
    Unknown,
}

impl Failed {
    /// What an error before `COMMIT` means: nothing in the log counts before the commit's own frame.
    pub(crate) fn before_commit(error: &rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(error) if is_want_of_space(error) => Self::NotNow,
            Some(error) if error.code == ErrorCode::ConstraintViolation => Self::Rejected,
            _ => Self::ForGood,
        }
    }

    /// What an error of `COMMIT` itself means.
    ///
    /// The commit's frame is the last that is written, and then the log is synchronised. If it was
    /// not written it lacks its content, does not fit its checksum and never counts. If the log was
    /// not synchronised, nobody knows what is on the disk, and another try would not tell: the
    /// system may have marked as clean what it failed to write.
    pub(crate) fn in_commit(error: &rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(error) if is_want_of_space(error) => Self::NotNow,
            _ => Self::Unknown,
        }
    }

    /// True if nothing may be written until the file is opened anew.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::ForGood | Self::Unknown)
    }
}

/// A disk that is full, or writes that the system refuses.
fn is_want_of_space(error: &ffi::Error) -> bool {
    error.code == ErrorCode::DiskFull || error.extended_code == ffi::SQLITE_IOERR_WRITE
}
