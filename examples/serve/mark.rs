//! The note that the first import into a store was begun and is not finished.

mod file;
mod table;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use pyaday_postgres::Database;
use table::Table;

/// Why a note cannot be read or written.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Where the note is: beside the packages, so that the next start finds it.
///
/// It is there from before the first package is written until the import has ended without an error,
/// whatever ends the process. So a start without an import can distinguish a part of the packages from all.
///
/// Only a process that holds the lock of the mark may use the mark, and may write to a store that is new
/// or marked. The lock ends with the process, so the mark of a process that was killed can be taken over,
/// and that of a process that lives cannot.
#[derive(Debug)]
pub(crate) enum Mark {
    /// There is no need for one, because the store ends with the process.
    Nowhere,
    /// A file beside that of the store. The lock is that of the store, which only one process can open.
    File(PathBuf),
    /// A table in the database of the store. The lock is one of the database.
    Table(Box<Table>),
}

impl Mark {
    /// The mark of the store in a file that exists, by whatever links lead to it.
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        let mut mark = OsString::from(fs::canonicalize(path)?);
        mark.push("-import");
        Ok(Self::File(mark.into()))
    }

    /// The mark of the store in a database.
    pub(crate) fn within(database: Database) -> Self {
        Self::Table(Box::new(Table::new(database)))
    }

    /// Takes the lock. False if another process has it.
    pub(crate) async fn lock(&mut self) -> Result<bool, Fault> {
        match self {
            Self::Nowhere | Self::File(_) => Ok(true),
            Self::Table(table) => table.lock().await,
        }
    }

    /// Lets other processes take the lock.
    pub(crate) fn unlock(&mut self) {
        if let Self::Table(table) = self {
            table.unlock();
        }
    }

    /// Whether the first import was begun and not finished.
    pub(crate) async fn is_set(&self) -> Result<bool, Fault> {
        match self {
            Self::Nowhere => Ok(false),
            Self::File(path) => Ok(file::exists(path)?),
            Self::Table(table) => table.exists().await,
        }
    }

    /// Notes that the first import is begun. It lasts when this returns.
    pub(crate) async fn set(&self) -> Result<(), Fault> {
        match self {
            Self::Nowhere => Ok(()),
            Self::File(path) => file::create(path),
            Self::Table(table) => table.create().await,
        }
    }

    /// Notes that the first import is finished.
    pub(crate) async fn clear(&self) -> Result<(), Fault> {
        match self {
            Self::Nowhere => Ok(()),
            Self::File(path) => Ok(file::remove(path)?),
            Self::Table(table) => table.remove().await,
        }
    }

    /// How to remove it by hand, in words that follow "or".
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::Nowhere => "try again".to_owned(),
            Self::File(path) => format!("delete the file {}", path.display()),
            Self::Table(_) => format!("drop the table {}", table::NAME),
        }
    }
}
