//! Why a file cannot be opened, and why a transaction failed.

use std::error::Error;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

use crate::place::Moved;

/// Why a file cannot be opened as a catalogue.
///
/// No package, day or pin in the file was changed. Committed changes of an earlier process may have
/// been moved from the log to the file, and the tables may have been updated to the current schema.
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

    /// The reason.
    #[must_use]
    pub fn fault(&self) -> &OpenFault {
        &self.fault
    }
}

/// The reason why a file cannot be opened as a catalogue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenFault {
    /// The program is linked with an old SQLite that may lose data.
    #[error(
        "this program is linked with SQLite {version}, but versions before 3.51.3 can lose \
         committed data (the WAL-reset bug): build it with a newer one"
    )]
    OldSqlite {
        /// The linked version.
        version: &'static str,
    },
    /// Another connection has the file open, in another process or in this one.
    #[error("it is in use: end the process that has it open, or open another file")]
    InUse,
    /// The process may not write to the file.
    #[error("it is read-only, or on a read-only file system: give this process write permission")]
    ReadOnly,
    /// The path is a folder or a device.
    #[error("it is not a file: name a file, which need not exist yet")]
    NotAFile,
    /// The path is a URL. [`OpenError::path`] returns only its scheme, because the URL may contain
    /// a password.
    #[error("it is a URL: give the path of a file")]
    Url,
    /// The file cannot be opened or created.
    #[error(
        "it can neither be opened nor created: check that its folder exists and that this process \
         may read and write there"
    )]
    Inaccessible {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file is not an SQLite database.
    #[error("it is not an SQLite database: name another file")]
    NotADatabase,
    /// The file is an SQLite database of another application.
    #[error("it is an SQLite database of another application: name another file")]
    Foreign,
    /// A newer release has written the file.
    #[error(
        "it is from a newer release (schema {found}, this one knows {known}): use that release"
    )]
    NewerSchema {
        /// The schema of the file.
        found: i64,
        /// The newest schema that this release knows.
        known: i64,
    },
    /// The file does not exist, but its log does.
    #[error(
        "it is missing or empty, but {} is there and may hold its packages: put the file back, or \
         move the log away",
        log.display()
    )]
    LogWithoutDatabase {
        /// The log.
        log: PathBuf,
    },
    /// The file or its log was removed, renamed or replaced while it was being opened.
    #[error(
        "it or its log was removed, renamed or replaced while it was being opened: see that nobody \
         does so, and try again"
    )]
    Moved {
        /// What happened.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The content of the file is not what was written.
    #[error("it is damaged ({fault}): restore it from a backup")]
    Damaged {
        /// The fault that was found.
        fault: String,
    },
    /// The file cannot be read or written now.
    #[error("it cannot be read or written")]
    Io {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// SQLite does not apply a setting that durability needs.
    #[error(
        "SQLite refuses the setting {setting}, without which it may lose data: it says {says:?}"
    )]
    Setting {
        /// The setting.
        setting: &'static str,
        /// The actual value.
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
            // The statements are correct, so any other error comes from the content of the file.
            _ => Self::Damaged { fault: error.to_string() },
        }
    }
}

impl From<Moved> for OpenFault {
    fn from(moved: Moved) -> Self {
        Self::Moved { source: moved.into() }
    }
}

/// Why a transaction failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Moved(#[from] Moved),
}

/// The result of a transaction that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Nothing was written, because the disk is full or writing is not permitted. A later
    /// transaction may succeed.
    NotNow,
    /// Nothing was written, because a constraint was violated. Another transaction may succeed.
    Rejected,
    /// Nothing was written. Nothing may be written until the file is opened again.
    ForGood,
    /// The transaction may exist when the file is opened again. Until then nothing may be written.
    Unknown,
}

impl Failed {
    /// Classifies an error before `COMMIT`. Without the commit frame, SQLite ignores the other
    /// frames of the transaction in the log.
    pub(crate) fn before_commit(error: &rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(error) if is_want_of_space(error) => Self::NotNow,
            Some(error) if error.code == ErrorCode::ConstraintViolation => Self::Rejected,
            _ => Self::ForGood,
        }
    }

    /// Classifies the absence of the file, found before `COMMIT`.
    pub(crate) fn before_moved(moved: &Moved) -> Self {
        match moved {
            // The folder may become visible again.
            Moved::Unseen { .. } => Self::NotNow,
            Moved::Missing { .. } | Moved::Replaced { .. } => Self::ForGood,
        }
    }

    /// Classifies an error of `COMMIT` itself.
    ///
    /// The commit frame is written last, and then the log is synchronised. If writing the frame
    /// fails, its checksum does not match, so SQLite ignores it. If the synchronisation fails, it
    /// is not known what is on the disk. A second attempt would not help, because the operating
    /// system may have marked the unwritten pages as clean.
    pub(crate) fn in_commit(error: &rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(error) if is_want_of_space(error) => Self::NotNow,
            _ => Self::Unknown,
        }
    }

    /// True if nothing may be written until the file is opened again.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::ForGood | Self::Unknown)
    }
}

/// True if the disk is full, or if the operating system refuses to write.
pub(crate) fn is_want_of_space(error: &ffi::Error) -> bool {
    error.code == ErrorCode::DiskFull || error.extended_code == ffi::SQLITE_IOERR_WRITE
}
