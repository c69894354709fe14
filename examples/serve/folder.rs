//! Folders, and where a path leads.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Puts on the disk which files there are in the folder of this one.
pub(crate) fn synchronize(path: &Path) -> io::Result<()> {
    match path.parent() {
        // Other systems do not open folders as files.
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// The path of a file without links. The file need not exist, but its folder must.
pub(crate) fn resolve(path: &Path) -> io::Result<PathBuf> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink());
    match fs::canonicalize(path) {
        Err(error) if error.kind() == ErrorKind::NotFound && !is_link => {}
        resolved => return resolved,
    }
    let name = path.file_name().ok_or(ErrorKind::NotFound)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(fs::canonicalize(folder.unwrap_or(Path::new(".")))?.join(name))
}
