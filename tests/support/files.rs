//! Files for stores, each used by one test.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A path at which there is no file, in a folder that `cargo clean` removes.
pub(crate) fn fresh(purpose: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);

    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{purpose}-{number}.db");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    remove(&path);
    path
}

/// The log beside a database.
pub(crate) fn log(path: &Path) -> PathBuf {
    let mut log = OsString::from(path);
    log.push("-wal");
    log.into()
}

/// Removes a database and its log, as far as they exist.
pub(crate) fn remove(path: &Path) {
    drop(fs::remove_file(path));
    drop(fs::remove_file(log(path)));
}
