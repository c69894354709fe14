//! A mark that is an empty file.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::Fault;
use crate::folder;

/// Whether there is such a file. A file that has something in it, a link or a folder is not a mark: somebody
/// else has made it.
pub(super) fn exists(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(metadata.is_file() && metadata.len() == 0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Creates the file, on the disk.
pub(super) fn create(path: &Path) -> Result<(), Fault> {
    match File::create_new(path) {
        Ok(file) => file.sync_all()?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let path = path.display();
            return Err(format!("{path} exists and is not a mark: move it elsewhere").into());
        }
        Err(error) => return Err(error.into()),
    }
    Ok(folder::synchronize(path)?)
}

/// Removes the file if there is one, on the disk. What is not a mark stays.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    if exists(path)? {
        fs::remove_file(path)?;
        folder::synchronize(path)?;
    }
    Ok(())
}
