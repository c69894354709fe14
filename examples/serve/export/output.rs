//! Where an export is written to.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use crate::progress::{Pace, Progress};
use crate::server::in_thread;
use crate::url::shown;
use crate::{Error, StoreUrl, folder};

/// Where an export is written to, and what it is called.
pub(crate) struct Output {
    name: String,
    is_standard: bool,
    file: Option<Writing>,
    replacement: Option<Replacement>,
}

/// What is written to. A thread has it.
pub(super) enum Writing {
    StandardOutput,
    /// A pipe or a device. It has no name to be given to a new file.
    Directly(File),
    /// A new file beside the one that it will replace.
    Beside(File),
}

/// A new file that takes the place of another when it is complete. It is removed if it is dropped before.
struct Replacement {
    new: TempPath,
    place: PathBuf,
}

impl Output {
    /// Prepares to write to a file, or to standard output if the path is `-`. Nothing that exists is changed.
    ///
    /// # Errors
    /// Nothing can be written there, or it is the file of the store.
    pub(crate) fn open(path: &Path, store: &StoreUrl) -> Result<Self, Error> {
        let name = Self::name_of(path);
        let is_standard = path == Path::new("-");
        let opened =
            if is_standard { Ok((Writing::StandardOutput, None)) } else { open(path, store) };
        match opened {
            Ok((file, replacement)) => {
                Ok(Self { name, is_standard, file: Some(file), replacement })
            }
            Err(source) => Err(Error::Unwritten { name, source }),
        }
    }

    /// What messages call the output of this path.
    pub(crate) fn name_of(path: &Path) -> String {
        match path == Path::new("-") {
            true => "standard output".to_owned(),
            false => shown(&path.display().to_string()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The progress of an export. It says nothing if its lines and the packages would go to one terminal.
    pub(super) fn progress(&self) -> Option<Progress> {
        let is_shown = !self.is_standard || !io::stdout().is_terminal();
        let work = format!("exporting to {}", self.name);
        is_shown.then(|| Progress::new(work, "packages", None, Pace::new()))
    }

    /// What is written to.
    pub(super) fn take_file(&mut self) -> Writing {
        // It is taken once.
        self.file.take().unwrap_or(Writing::StandardOutput)
    }

    /// The error about a page that was not written.
    pub(super) fn unwritten(self, source: io::Error) -> Error {
        if self.is_standard && source.kind() == ErrorKind::BrokenPipe {
            return Error::Closed;
        }
        Error::Unwritten { name: self.name, source }
    }

    /// Puts the new file in the place of the other, if the output is a file.
    pub(super) async fn replace(self) -> Result<(), Error> {
        let Self { name, replacement, .. } = self;
        let Some(Replacement { new, place }) = replacement else { return Ok(()) };
        let replaced = in_thread(move || {
            new.persist(&place)?;
            folder::synchronize(&place)
        });
        replaced.await?.map_err(|source| Error::Unwritten { name, source })
    }
}

impl Writing {
    pub(super) fn write_page(&mut self, page: &[u8]) -> io::Result<()> {
        match self {
            Self::StandardOutput => io::stdout().write_all(page),
            Self::Directly(file) | Self::Beside(file) => file.write_all(page),
        }
    }

    /// Makes sure that everything is where it belongs, which is the disk if it is a file.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::StandardOutput => io::stdout().flush(),
            Self::Directly(_) => Ok(()),
            Self::Beside(file) => file.sync_all(),
        }
    }
}

fn open(path: &Path, store: &StoreUrl) -> io::Result<(Writing, Option<Replacement>)> {
    let existing = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if existing.as_ref().is_some_and(|it| !it.is_file()) {
        // A folder cannot be opened. A pipe waits here for its reader.
        return Ok((Writing::Directly(OpenOptions::new().write(true).open(path)?), None));
    }
    let place = folder::resolve(path)?;
    if is_of_store(&place, store) {
        return Err(io::Error::other("it is a file of the store itself"));
    }
    let permissions = existing.map(|it| it.permissions());
    let (file, new) = create_beside(&place, permissions)?.into_parts();
    Ok((Writing::Beside(file), Some(Replacement { new, place })))
}

/// Creates a file with a name that nobody else has, in the same folder.
fn create_beside(
    place: &Path,
    permissions: Option<Permissions>,
) -> io::Result<tempfile::NamedTempFile> {
    let mut prefix = OsString::from(".");
    prefix.push(place.file_name().unwrap_or_default());
    prefix.push(".");
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    let ordinary: Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    // Without this, only the owner could read the file. The umask takes its part of them.
    #[cfg(unix)]
    builder.permissions(ordinary);
    let file = builder.tempfile_in(place.parent().unwrap_or(Path::new(".")))?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    Ok(file)
}

/// True for the file of an SQLite store, and for those beside it that belong to it.
fn is_of_store(place: &Path, store: &StoreUrl) -> bool {
    let StoreUrl::Sqlite(path) = store else { return false };
    let Ok(store) = folder::resolve(path) else { return false };
    ["", "-wal", "-journal", "-shm", "-import"].iter().any(|end| {
        let mut file = store.clone().into_os_string();
        file.push(end);
        place == file
    })
}
