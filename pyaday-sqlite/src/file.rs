//! The file: how it is opened, and the settings of SQLite that it needs.

use std::io::{ErrorKind, Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use pyaday_core::{Draft, Retention};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction};

use crate::error::{Cause, Failed, OpenFault, is_want_of_space};
use crate::place::{Files, Held, Identity, Moved, Place};
use crate::rows::{self, Content, Extent};
use crate::schema::{self, Origin};

/// SQLite 3.51.3 fixes the WAL-reset bug, which loses committed transactions.
const OLDEST_SQLITE: i32 = 3_051_003;

/// The maximum number of pages in the log that are not in the database yet (128 MiB). Moving pages
/// needs extra synchronisations, so it should be rare. But the log must be short enough to be read
/// quickly after a crash.
const MAX_LOG_PAGES: i64 = 32_768;

/// The memory for pages, in KiB; negative, as SQLite wants it (16 MiB). The pages of a transaction with
/// as many writes as can queue fit in, each of which changes a page of a package and a page of the
/// history. With a smaller cache, SQLite would write some of them twice, and read them again.
const CACHE: &str = "-16384";

/// The same while very many packages are written (4 MiB). They come in the order of the pages, so each page
/// is written once whatever the size of the cache.
const CACHE_OF_MANY: &str = "-4096";

/// How many packages are very many.
const MANY: usize = 10_000;

/// A file that only this connection has open.
#[derive(Debug)]
pub(crate) struct File {
    connection: Connection,
    held: Held,
    /// The extent of the log of changes.
    extent: Extent,
}

impl File {
    /// Opens or creates a file, and reads its content.
    pub(crate) fn open(path: &Path) -> Result<(Self, Content), OpenFault> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(OpenFault::OldSqlite { version: rusqlite::version() });
        }
        let place = Place::new(path).map_err(inaccessible)?;
        let files = place.files().map_err(inaccessible)?;
        inspect(&files)?;
        let mut connection = connect(&files)?;
        // Of the file that was just opened. What is at the path later may be another one.
        let opened = files.identity().map_err(inaccessible)?;
        let origin = schema::identify(&connection)?;
        // The file belongs to a catalogue, so SQLite may move the log when the file is closed.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        configure(&connection)?;
        let held = match origin {
            Origin::Existing => {
                let held = hold(&connection, place, opened)?;
                check(&connection)?;
                schema::migrate(&mut connection)?;
                held
            }
            Origin::New => {
                schema::migrate(&mut connection)?;
                hold(&connection, place, opened)?
            }
        };
        let content = rows::load(&connection)?;
        // Reading all rows needs no cache, so only what is written later fills it.
        set(&connection, "cache_size", CACHE, CACHE)?;
        empty_log(&connection, &files.log)?;
        held.check()?;
        Ok((Self { connection, held, extent: content.extent }, content))
    }

    /// Writes a draft as one transaction. When this returns, it is on the disk, in the file to which the
    /// path leads.
    pub(crate) fn commit(&mut self, draft: &Draft) -> Result<(), (Failed, Cause)> {
        let extent = self.extent;
        let packages: usize = draft.logged().iter().map(|entry| entry.replaced.len()).sum();
        if packages > MANY {
            self.resize_cache(CACHE_OF_MANY);
        }
        let written = self.transact(|transaction| rows::write(transaction, draft, extent));
        if packages > MANY {
            self.resize_cache(CACHE);
        }
        self.extent = written?;
        Ok(())
    }

    fn resize_cache(&self, size: &str) {
        // With a cache of another size, the file works as well.
        drop(self.connection.execute_batch(&format!("PRAGMA cache_size = {size}")));
    }

    /// Carries out a transaction.
    fn transact<T>(
        &mut self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<T, (Failed, Cause)> {
        let before = |error| (Failed::before_commit(&error), error.into());
        let result = self.connection.transaction().map_err(before).and_then(|transaction| {
            let written = write(&transaction).map_err(before)?;
            self.held.check().map_err(|moved| (Failed::before_moved(&moved), moved.into()))?;
            transaction.commit().map_err(|error| (Failed::in_commit(&error), error.into()))?;
            self.held.check().map_err(|moved| (Failed::Unknown, moved.into()))?;
            Ok(written)
        });
        match result {
            // The transaction could not even be rolled back.
            Err((failed, error)) if !self.connection.is_autocommit() && !failed.is_final() => {
                Err((Failed::ForGood, error))
            }
            result => result,
        }
    }

    /// The connection and the extent of the log of changes, for reads.
    pub(crate) fn history(&self) -> (&Connection, Extent) {
        (&self.connection, self.extent)
    }

    /// Removes the oldest changes that need not be kept, or a part of them. Returns true if there was
    /// something to remove.
    pub(crate) fn trim(&mut self, retention: Retention) -> Result<bool, (Failed, Cause)> {
        let (extent, now) = (self.extent, SystemTime::now());
        let trimmed =
            self.transact(|transaction| rows::trim::trim(transaction, extent, retention, now))?;
        self.extent = trimmed.unwrap_or(extent);
        Ok(trimmed.is_some())
    }

    /// Moves the committed pages from the log to the database, if there are many.
    ///
    /// SQLite could do this itself, but it would not report a failed synchronisation.
    pub(crate) fn shorten_log(&self) -> Result<(), rusqlite::Error> {
        self.move_from(MAX_LOG_PAGES)
    }

    /// Moves all committed pages from the log to the database, because the disk is full. SQLite then
    /// writes the next transactions over the pages in the log, so that the log need not grow for them.
    pub(crate) fn reuse_log(&self) -> Result<(), rusqlite::Error> {
        self.move_from(1)
    }

    /// Moves the committed pages, if there are at least so many that are not in the database.
    fn move_from(&self, least: i64) -> Result<(), rusqlite::Error> {
        let (pages, moved) = move_log(&self.connection, "NOOP")?;
        if pages - moved >= least {
            move_log(&self.connection, "PASSIVE")?;
        }
        Ok(())
    }

    /// Closes a file that must not be written again. The log stays as it is, for the next process
    /// that opens the file.
    pub(crate) fn close_without_moving_log(self) {
        // This call does not fail for a connection that is open.
        let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    }
}

/// Notes which files are open. The database must not be empty, because SQLite then opens the log late.
fn hold(
    connection: &Connection,
    place: Place,
    opened: Option<Identity>,
) -> Result<Held, OpenFault> {
    // With the first read, SQLite opens the log if it has not done so. It keeps the log open.
    let _: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(Held::at(place, opened)?)
}

/// Moves the log to the database and makes it empty. If there is no space for that, the log stays: the
/// catalogue can still be read, and SQLite goes on with this log.
///
/// An earlier process may have failed to synchronise the log. Then pages may be in the memory of the
/// operating system and not on the disk, although it considers them written. So the whole log is written
/// again before.
fn empty_log(connection: &Connection, log: &Path) -> Result<(), OpenFault> {
    write_again(log).map_err(|error| OpenFault::Io { source: error.into() })?;
    match move_log(connection, "TRUNCATE") {
        Err(error) if error.sqlite_error().is_some_and(is_want_of_space) => Ok(()),
        moved => Ok(moved.map(drop)?),
    }
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

/// Checks the files without opening them. By the rules of POSIX, opening and closing the database would
/// release the lock of another connection in this process. A database that is missing is created.
fn inspect(files: &Files) -> Result<(), OpenFault> {
    let size = match fs::metadata(&files.database) {
        Ok(metadata) if !metadata.is_file() => return Err(OpenFault::NotAFile),
        Ok(metadata) => Some(metadata.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(inaccessible(error)),
    };
    // SQLite would delete the log.
    if size.unwrap_or(0) == 0 && fs::metadata(&files.log).is_ok_and(|log| log.len() > 0) {
        return Err(OpenFault::LogWithoutDatabase { log: files.log.clone() });
    }
    if size.is_none() {
        files.create().map_err(inaccessible)?;
    }
    Ok(())
}

fn inaccessible(error: io::Error) -> OpenFault {
    OpenFault::Inaccessible { source: error.into() }
}

/// Makes the only connection to the file to which the path leads.
fn connect(files: &Files) -> Result<Connection, OpenFault> {
    /// Opening a file for writing may give it another identity, once (overlay file systems).
    const TRIES: u32 = 3;

    for _ in 0..TRIES {
        let before = files.identity().map_err(inaccessible)?;
        let connection = connect_to_database(&files.database)?;
        if files.identity().map_err(inaccessible)? == before {
            return Ok(connection);
        }
    }
    Err(Moved::Replaced { path: files.database.clone() }.into())
}

fn connect_to_database(path: &Path) -> Result<Connection, OpenFault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
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
