//! The file: how it is opened, and all that is asked of SQLite for its sake.

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

/// SQLite 3.51.3 mends the WAL-reset bug, which loses committed transactions.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How many pages the log may have that are not in the database yet, 128 MiB. Moving them takes
/// synchronisations of its own, so it should be rare; reading them after a crash should be fast.
const MAX_LOG_PAGES: i64 = 32_768;

/// A file that this connection alone has open.
#[derive(Debug)]
pub(crate) struct File {
    connection: Connection,
}

impl File {
    /// Opens a file, or creates it, and reads what is in it.
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
        // It is ours, so that what is in its log may be moved when it is closed.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        configure(&connection)?;
        if origin == Origin::Existing {
            check(&connection)?;
        }
        schema::migrate(&mut connection)?;
        let content = rows::load(&connection)?;
        // What an earlier process failed to synchronise may be in the system's memory and not on
        // the disk, and be taken for written. So all of the log is written again, before it is moved
        // to the database and begins anew.
        write_again(&log).map_err(|error| OpenFault::Io { source: error.into() })?;
        move_log(&connection, "TRUNCATE")?;
        Ok((Self { connection }, content))
    }

    /// Writes a draft as one transaction, which is on the disk when this returns.
    pub(crate) fn commit(&mut self, draft: &Draft) -> Result<(), (Failed, rusqlite::Error)> {
        let before = |error| (Failed::before_commit(&error), error);
        let result = self.connection.transaction().map_err(before).and_then(|transaction| {
            rows::write(&transaction, draft).map_err(before)?;
            transaction.commit().map_err(|error| (Failed::in_commit(&error), error))
        });
        match result {
            // It could not even be taken back.
            Err((failed, error)) if !self.connection.is_autocommit() && !failed.is_final() => {
                Err((Failed::ForGood, error))
            }
            result => result,
        }
    }

    /// Moves what was committed from the log to the database, when it has become much.
    ///
    /// SQLite would do it by itself and tell nobody of a synchronisation that failed.
    pub(crate) fn shorten_log(&self) -> Result<(), rusqlite::Error> {
        let (pages, moved) = move_log(&self.connection, "NOOP")?;
        if pages - moved >= MAX_LOG_PAGES {
            move_log(&self.connection, "PASSIVE")?;
        }
        Ok(())
    }

    /// Closes a file that must not be written again: what is in the log stays there, for whoever
    /// opens the file next.
    pub(crate) fn leave(self) {
        // If this has no effect, SQLite moves the log, which loses nothing either.
        let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    }
}

/// The path of the file itself, which need not exist: SQLite follows links, and has the log beside
/// what they lead to. It is absolute, so that it has none of the meanings that SQLite gives to some
/// names.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    /// As many as systems follow.
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

/// The log of a database.
fn log(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// Writes a file's own bytes over it and synchronises them.
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

/// What can be told of a file without opening it. Opening and closing it would end the lock of
/// another connection in this process (that is how POSIX has it).
fn inspect(path: &Path, log: &Path) -> Result<(), OpenFault> {
    let size = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(OpenFault::NotAFile),
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(OpenFault::Inaccessible { source: error.into() }),
    };
    // SQLite would delete it.
    if size == 0 && fs::metadata(log).is_ok_and(|metadata| metadata.len() > 0) {
        return Err(OpenFault::LogWithoutDatabase { log: log.to_owned() });
    }
    Ok(())
}

/// The only connection to a file.
fn connect(path: &Path) -> Result<Connection, OpenFault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        return Err(OpenFault::ReadOnly);
    }
    connection.busy_timeout(Duration::ZERO)?;
    // It may be another application's.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Before the log is touched: so no other connection can open the file, and the log's index is
    // in memory, not in a mapped file, where a fault of the disk would be a signal that kills.
    set(&connection, "locking_mode", "EXCLUSIVE", "exclusive")?;
    Ok(connection)
}

fn configure(connection: &Connection) -> Result<(), OpenFault> {
    set(connection, "journal_mode", "WAL", "wal")?;
    // Every commit synchronises the log before it returns.
    set(connection, "synchronous", "FULL", "2")?;
    // On macOS, down to the disk. Elsewhere it says nothing.
    connection.execute_batch("PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1")?;
    set(connection, "wal_autocheckpoint", "0", "0")?;
    set(connection, "mmap_size", "0", "0")?;
    set(connection, "cell_size_check", "ON", "1")?;
    Ok(())
}

/// Makes a setting and reads it back.
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

/// Whether pages refer to each other as they should: a write that trusted a list of free pages which
/// is damaged would destroy others.
fn check(connection: &Connection) -> Result<(), OpenFault> {
    let says: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    match says.as_str() {
        "ok" => Ok(()),
        fault => Err(OpenFault::Damaged { fault: fault.to_owned() }),
    }
}

/// Moves what is in the log to the database, as far as `mode` says; how many pages the log has and
/// how many of them are in the database.
fn move_log(connection: &Connection, mode: &str) -> Result<(i64, i64), rusqlite::Error> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    connection.prepare_cached(&sql)?.query_row((), |row| Ok((row.get(1)?, row.get(2)?)))
}
