//! What a run of the server has created, so that it can be taken back.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a store that were not there before it was opened.
#[derive(Debug, Default)]
pub(crate) struct Begun {
    files: Vec<PathBuf>,
}

impl Begun {
    /// Looks which files of an SQLite store are missing, before it is opened.
    ///
    /// A file that cannot be looked at may exist. If only some of the files are missing, then the others
    /// belong to another store, and nothing is taken for new.
    pub(crate) fn before(path: &Path) -> Self {
        let files = ["", "-wal", "-journal", "-shm"].map(|end| {
            let mut file = OsString::from(path);
            file.push(end);
            PathBuf::from(file)
        });
        let is_missing = |file: &PathBuf| fs::symlink_metadata(file).is_err_and(is_not_found);
        let are_missing = files.iter().all(is_missing);
        Self { files: if are_missing { files.into() } else { Vec::new() } }
    }

    /// True if all that is there was there before.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Removes what the run has created. Nothing that was there before is touched.
    ///
    /// The store must be closed, and nothing may have been written to it.
    pub(crate) fn take_back(self) {
        for file in self.files {
            // Most of them do not exist. One that cannot be removed stays: the error is told.
            let _ = fs::remove_file(file);
        }
    }
}

fn is_not_found(error: std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}
