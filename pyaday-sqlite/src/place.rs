//! The place of a file: what is found at its path, and at the path of its log.
//!
//! A file that is open can be removed, renamed or replaced. The process then still writes to the file
//! that it has open, but nobody finds that file again by its path. So the store looks at the path
//! around each commit.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{self, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The identity of a file in its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Identity {
    /// The identity of the file to which a path leads. `None` if there is no file.
    fn at(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self::of(&metadata))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[cfg(unix)]
    fn of(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;

        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Other systems do not let anybody remove or rename a file that SQLite has open.
    #[cfg(not(unix))]
    fn of(_: &fs::Metadata) -> Self {
        Self {}
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The path of a database, absolute and as it was given.
#[derive(Clone, Debug)]
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        path::absolute(path).map(Self)
    }

    /// The paths of the database and of its log, after following symbolic links. The files need not
    /// exist. SQLite follows links too, and puts the log next to the target. An absolute path has none
    /// of the special meanings that SQLite gives to some names.
    pub(crate) fn files(&self) -> io::Result<Files> {
        /// The number of links that operating systems usually follow.
        const LINKS: usize = 40;

        let mut database = self.0.clone();
        for _ in 0..LINKS {
            if !database.is_symlink() {
                break;
            }
            let target = fs::read_link(&database)?;
            database = database.parent().unwrap_or(Path::new("/")).join(target);
        }
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        Ok(Files { database, log: log.into() })
    }

    /// The database and its log, if both are there.
    fn visible_files(&self) -> Result<(Visible, Visible), Moved> {
        let unseen = |source| Moved::Unseen { path: self.0.clone(), source };
        let Files { database, log } = self.files().map_err(unseen)?;
        Ok((Visible::at(database)?, Visible::at(log)?))
    }
}

/// The paths of a database and of its log.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) database: PathBuf,
    pub(crate) log: PathBuf,
}

impl Files {
    /// The identity of the database, if it is there.
    pub(crate) fn identity(&self) -> io::Result<Option<Identity>> {
        Identity::at(&self.database)
    }

    /// Creates the database as an empty file that only its owner may read and write, if there is no
    /// file. SQLite gives its log the same permissions.
    pub(crate) fn create(&self) -> io::Result<()> {
        /// Closing a file ends all locks that the process has on it (POSIX). With this lock, no other
        /// thread can open the store between the creation and the closing of its file.
        static CREATING: Mutex<()> = Mutex::new(());

        let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.database) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            created => created.map(drop),
        }
    }
}

/// The files that are open, and the place at which they must be found.
#[derive(Debug)]
pub(crate) struct Held {
    place: Place,
    database: Identity,
    log: Identity,
}

impl Held {
    /// The database that was opened, which must still be at the place, and the log that is there now.
    pub(crate) fn at(place: Place, opened: Option<Identity>) -> Result<Self, Moved> {
        let (database, log) = place.visible_files()?;
        if Some(database.identity) != opened {
            return Err(Moved::Replaced { path: database.path });
        }
        let (database, log) = (database.identity, log.identity);
        Ok(Self { place, database, log })
    }

    /// Checks that the place still leads to the files that are open.
    pub(crate) fn check(&self) -> Result<(), Moved> {
        let (database, log) = self.place.visible_files()?;
        for (found, open) in [(database, self.database), (log, self.log)] {
            if found.identity != open {
                return Err(Moved::Replaced { path: found.path });
            }
        }
        Ok(())
    }
}

/// A file that is there.
struct Visible {
    path: PathBuf,
    identity: Identity,
}

impl Visible {
    fn at(path: PathBuf) -> Result<Self, Moved> {
        match Identity::at(&path) {
            Ok(Some(identity)) => Ok(Self { path, identity }),
            Ok(None) => Err(Moved::Missing { path }),
            Err(source) => Err(Moved::Unseen { path, source }),
        }
    }
}

/// The files that are open are not at their place any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Moved {
    #[error(
        "{} was removed or renamed while the store had it open: {REMEDY}", path.display()
    )]
    Missing { path: PathBuf },
    #[error("{} was replaced by another file while the store had it open: {REMEDY}", path.display())]
    Replaced { path: PathBuf },
    #[error("cannot see whether {} is still the file that the store has open: {REMEDY}", path.display())]
    Unseen {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// What to do. The files that are open have everything that was acknowledged.
const REMEDY: &str = "nothing is written until the store is opened again; if the file was moved, put it \
                      and its log back first";
