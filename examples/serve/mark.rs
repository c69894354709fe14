//! The note that the first import into a store was begun and is not finished.

mod file;
mod table;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Url;

/// Why a note cannot be read or written.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Where the note is: beside the packages, so that the next start finds it.
///
/// It is there from before the first package is written until the import has ended without an error,
/// whatever ends the process. So a start without an import can tell a part of the packages from all.
/// In a store to which nothing was ever written it means nothing.
#[derive(Debug)]
pub(crate) enum Mark {
    /// There is no place for one: the store ends with the process, or it is away.
    Nowhere,
    /// A file beside that of the store.
    File(PathBuf),
    /// A table in the database of this URL.
    Table(Url),
}

impl Mark {
    /// What the name of the file has after that of the store's file.
    pub(crate) const ENDING: &str = "-import";

    /// The mark of the store in a file that exists, by whatever links lead to it.
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        let mut mark = OsString::from(fs::canonicalize(path)?);
        mark.push(Self::ENDING);
        Ok(Self::File(mark.into()))
    }

    /// Whether the first import was begun and not finished.
    pub(crate) async fn is_set(&self) -> Result<bool, Fault> {
        match self {
            Self::Nowhere => Ok(false),
            Self::File(path) => Ok(path.try_exists()?),
            Self::Table(url) => Ok(table::exists(url).await?),
        }
    }

    /// Notes that the first import is begun. It lasts when this returns.
    pub(crate) async fn set(&self) -> Result<(), Fault> {
        match self {
            Self::Nowhere => Ok(()),
            Self::File(path) => Ok(file::create(path)?),
            Self::Table(url) => Ok(table::create(url).await?),
        }
    }

    /// Notes that the first import is finished.
    pub(crate) async fn clear(&self) -> Result<(), Fault> {
        match self {
            Self::Nowhere => Ok(()),
            Self::File(path) => Ok(file::remove(path)?),
            Self::Table(url) => Ok(table::remove(url).await?),
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
