//! A mark that is an empty file.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Creates the file, on the disk.
pub(super) fn create(path: &Path) -> io::Result<()> {
    File::create(path)?.sync_all()?;
    synchronize_folder(path)
}

/// Removes the file if there is one, on the disk.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    if !path.try_exists()? {
        return Ok(());
    }
    fs::remove_file(path)?;
    synchronize_folder(path)
}

/// Puts on the disk which files there are in the folder of this one.
fn synchronize_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        // Other systems do not open folders as files.
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
