//! The rows of the tables. Changes are written one by one, and all rows are read when the file is
//! opened.

mod identity;
mod journal;
pub(crate) mod log;
mod names;
pub(crate) mod package;
mod totals;
pub(crate) mod trim;

use std::fmt::Display;

use pyaday_core::{Catalogue, Draft, Revision, RowChange, StoreId};
use rusqlite::{Connection, Transaction};

use crate::error::OpenFault;

pub(crate) use log::Extent;
pub(crate) use names::Names;
pub(crate) use totals::{CATALOGUE, LOG, checksum};

/// Writes the changes of a draft, and then the totals of its catalogue. Returns the new extent of the
/// log.
pub(crate) fn write(
    transaction: &Transaction<'_>,
    draft: &Draft,
    extent: Extent,
) -> Result<Extent, rusqlite::Error> {
    let (changes, catalogue) = (draft.row_changes(), draft.catalogue());
    for change in &changes {
        let changed = write_change(transaction, change)?;
        // Otherwise the rows and the catalogue differ, and no more rows may be written.
        if changed != 1 {
            return Err(rusqlite::Error::StatementChangedRows(changed));
        }
    }
    let totals = [catalogue.len() as i64, catalogue.revision().to_i64()];
    CATALOGUE.write(transaction, totals)?;
    let is_of_journal = |it: &RowChange<'_>| {
        matches!(it, RowChange::Open(_) | RowChange::Pin(_) | RowChange::Unpin(_))
    };
    if changes.iter().any(is_of_journal) {
        let (days, pins) = catalogue.journal_len();
        totals::JOURNAL.write(transaction, [days as i64, pins as i64])?;
    }
    let logged = draft.logged();
    if logged.is_empty() {
        return Ok(extent);
    }
    log::write(transaction, logged)?;
    let extent = Extent { changes: extent.changes + logged.len() as i64, ..extent };
    extent.write(transaction)?;
    Ok(extent)
}

/// Writes a change. Returns the number of rows that were written.
fn write_change(
    transaction: &Transaction<'_>,
    change: &RowChange<'_>,
) -> Result<usize, rusqlite::Error> {
    match *change {
        RowChange::Create { name, package, revision } => {
            package::put(transaction, &package::INSERT, name, package, revision)
        }
        RowChange::Replace { name, package, revision } => {
            package::put(transaction, &package::UPDATE, name, package, revision)
        }
        RowChange::Delete(name) => package::delete(transaction, name),
        RowChange::Open(daily) => journal::open(transaction, daily),
        RowChange::Pin(pinned) => journal::pin(transaction, pinned),
        RowChange::Unpin(date) => journal::unpin(transaction, date),
    }
}

/// The content of a file.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) id: StoreId,
    pub(crate) catalogue: Catalogue,
    /// The extent of the log. Its rows are not read.
    pub(crate) extent: Extent,
    /// True if nothing was ever written to the file.
    pub(crate) is_new: bool,
}

/// Reads all rows, and checks that they are unchanged since they were written.
pub(crate) fn load(connection: &Connection) -> Result<Content, OpenFault> {
    let written = CATALOGUE.read(connection)?;
    let (id, catalogue) = (identity::load(connection)?, load_catalogue(connection, written)?);
    Ok(Content { id, catalogue, extent: Extent::read(connection)?, is_new: written.is_none() })
}

/// Reads the rows of packages, days and pins. `written` is the number of packages and the newest
/// revision.
fn load_catalogue(
    connection: &Connection,
    written: Option<[i64; 2]>,
) -> Result<Catalogue, OpenFault> {
    let (packages, newest) = match written {
        Some([packages, revision]) => (packages, self::revision(revision)?),
        None => (0, Revision::now()),
    };
    let mut catalogue = Catalogue::new(newest);
    package::load(connection, &mut catalogue)?;
    journal::load(connection, &mut catalogue)?;
    if catalogue.revision() != newest {
        return damaged("a row is newer than the newest write");
    }
    let found = catalogue.len();
    if found as i64 != packages {
        return damaged(format!("it has {found} packages, but had {packages}"));
    }
    let [days, pins] = totals::JOURNAL.read(connection)?.unwrap_or_default();
    let (found_days, found_pins) = catalogue.journal_len();
    if (found_days as i64, found_pins as i64) != (days, pins) {
        return damaged(format!(
            "it has {found_days} days and {found_pins} pins, but had {days} and {pins}"
        ));
    }
    Ok(catalogue)
}

pub(crate) fn damaged<T>(fault: impl Display) -> Result<T, OpenFault> {
    Err(OpenFault::Damaged { fault: fault.to_string() })
}

fn revision(integer: i64) -> Result<Revision, OpenFault> {
    Revision::from_i64(integer).map_or_else(|| damaged("a revision is negative"), Ok)
}
