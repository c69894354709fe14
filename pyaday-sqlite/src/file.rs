//! The file: how it is opened, and the settings of SQLite that it needs.

use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io, path};

use pyaday_core::Draft;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{Failed, OpenFault};
use crate::rows::{self, Content};
use crate::schema::{self, Origin};

/// SQLite 3.51.3 fixes the WAL-reset bug, which loses committed transactions.
const OLDEST_SQLITE: i32 = 3_051_003;

/// The maximum number of pages in the log that are not in the database yet (128 MiB). Moving pages
/// needs extra synchronisations, so it should be rare. But the log must be short enough to be read
/// quickly after a crash.
const MAX_LOG_PAGES: i64 = 32_768;

/// A file that only this connection has open.
#[derive(Debug)]
pub(crate) struct File {
    connection: Connection,
}

impl File {
    /// Opens or creates a file, and reads its content.
    pub(crate) fn open(path: &Path) -> Result<(Self, Content), OpenFault> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(OpenFault::OldSqlite { version: rusqlite::version() });
        }
        let path =
            resolve(path).map_err(|error| OpenFault::Inaccessible { source: error.into() })?;
        let log = log(&path);
        inspect(&path, &log)?;
        let mut connection = connect(&path)?;
        let origin = schema::identify(&connection)?;
        // The file belongs to a catalogue, so SQLite may move the log when the file is closed.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        configure(&connection)?;
        if origin == Origin::Existing {
            check(&connection)?;
        }
        schema::migrate(&mut connection)?;
        let content = rows::load(&connection)?;
        // An earlier process may have failed to synchronise the log. Then pages may be in the
        // memory of the operating system and not on the disk, although it considers them written.
        // So the whole log is written again before it is moved to the database and truncated.
        write_again(&log).map_err(|error| OpenFault::Io { source: error.into() })?;
        move_log(&connection, "TRUNCATE")?;
        Ok((Self { connection }, content))
    }

    /// Writes a draft as one transaction. When this returns, it is on the disk.
    pub(crate) fn commit(&mut self, draft: &Draft) -> Result<(), (Failed, rusqlite::Error)> {
        let before = |error| (Failed::before_commit(&error), error);
        let result = self.connection.transaction().map_err(before).and_then(|transaction| {
            rows::write(&transaction, draft).map_err(before)?;
            transaction.commit().map_err(|error| (Failed::in_commit(&error), error))
        });
        match result {
            // The transaction could not even be rolled back.
            Err((failed, error)) if !self.connection.is_autocommit() && !failed.is_final() => {
                Err((Failed::ForGood, error))
            }
            result => result,
        }
    }

    /// Moves the committed pages from the log to the database, if there are many.
    ///
    /// SQLite could do this itself, but it would not report a failed synchronisation.
    pub(crate) fn shorten_log(&self) -> Result<(), rusqlite::Error> {
        let (pages, moved) = move_log(&self.connection, "NOOP")?;
        if pages - moved >= MAX_LOG_PAGES {
            move_log(&self.connection, "PASSIVE")?;
        }
        Ok(())
    }

    /// Closes a file that must not be written again. The log stays as it is, for the next process
    /// that opens the file.
    pub(crate) fn close_without_moving_log(self) {
        // If this call fails, SQLite moves the log, which loses nothing either.
        let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    }
}

/// The absolute path of the file, after following symbolic links. The file need not exist. SQLite
/// follows links too, and puts the log next to the target. An absolute path has none of the special
/// meanings that SQLite gives to some names.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    /// The number of links that operating systems usually follow.
    const LINKS: usize = 40;

    let mut path = path::absolute(path)?;
    for _ in 0..LINKS {
        if !path.is_symlink() {
            break;
        }
        let target = fs::read_link(&path)?;
        path = path.parent().unwrap_or(Path::new("/")).join(target);
    }
    Ok(path)
}

/// The path of the log of a database.
fn log(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// Overwrites a file with its own content and synchronises it.
fn write_again(path: &Path) -> io::Result<()> {
    let mut file = match fs::File::options().read(true).write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    file.rewind()?;
    file.write_all(&bytes)?;
    file.sync_all()
}

/// Checks a file without opening it. By the rules of POSIX, opening and closing it would release
/// the lock of another connection in this process.
fn inspect(path: &Path, log: &Path) -> Result<(), OpenFault> {
    let size = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(OpenFault::NotAFile),
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(OpenFault::Inaccessible { source: error.into() }),
    };
    // SQLite would delete the log.
    if size == 0 && fs::metadata(log).is_ok_and(|metadata| metadata.len() > 0) {
        return Err(OpenFault::LogWithoutDatabase { log: log.to_owned() });
    }
    Ok(())
}

/// Makes the only connection to a file.
fn connect(path: &Path) -> Result<Connection, OpenFault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        return Err(OpenFault::ReadOnly);
    }
    connection.busy_timeout(Duration::ZERO)?;
    // The file may belong to another application, so its log must not be moved on close.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // This is set before the log is used. Then no other connection can open the file, and the index
    // of the log is in memory. In a memory-mapped file, an error of the disk would kill the process
    // with a signal.
    set(&connection, "locking_mode", "EXCLUSIVE", "exclusive")?;
    Ok(connection)
}

fn configure(connection: &Connection) -> Result<(), OpenFault> {
    set(connection, "journal_mode", "WAL", "wal")?;
    // Every commit synchronises the log before it returns.
    set(connection, "synchronous", "FULL", "2")?;
    // On macOS, this synchronises down to the disk. On other systems it has no effect.
    connection.execute_batch("PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1")?;
    set(connection, "wal_autocheckpoint", "0", "0")?;
    set(connection, "mmap_size", "0", "0")?;
    set(connection, "cell_size_check", "ON", "1")?;
    Ok(())
}

/// Sets a pragma and checks that it has the expected value.
fn set(
    connection: &Connection,
    setting: &'static str,
    value: &str,
    expected: &str,
) -> Result<(), OpenFault> {
    connection.execute_batch(&format!("PRAGMA {setting} = {value}"))?;
    let says = connection.pragma_query_value(None, setting, |row| {
        row.get_ref(0).map(|value| match value {
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            value => value.as_str().unwrap_or_default().to_owned(),
        })
    })?;
    if says != expected {
        return Err(OpenFault::Setting { setting, says });
    }
    Ok(())
}

/// Checks the structure of the pages. With a damaged list of free pages, a write could overwrite
/// other pages.
fn check(connection: &Connection) -> Result<(), OpenFault> {
    let says: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    match says.as_str() {
        "ok" => Ok(()),
        fault => Err(OpenFault::Damaged { fault: fault.to_owned() }),
    }
}

/// Moves pages from the log to the database, as `mode` says. Returns the number of pages in the log
/// and the number of those that are in the database.
fn move_log(connection: &Connection, mode: &str) -> Result<(i64, i64), rusqlite::Error> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    connection.prepare_cached(&sql)?.query_row((), |row| Ok((row.get(1)?, row.get(2)?)))
}
