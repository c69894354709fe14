//! Removes old changes from the log, in small transactions however large a change is.
//!
//! The first transaction for a change moves the beginning of the log after it, so from then on nothing is
//! answered from it. The row of the change is removed last: if the process ends before that, the next one
//! finds what is left.

#[cfg(test)]
mod tests;

use std::time::SystemTime;

use pyaday_core::{LoggedNames, Retention, Revision};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::log::Extent;

/// How much one transaction may do. Looking for a version that a change replaced costs 1. Removing it, or a
/// change, costs [`REMOVAL`] more. A transaction takes about a millisecond.
const ROOM: usize = 1_000;
const REMOVAL: usize = 4;

/// A change whose removal has begun.
#[derive(Debug)]
pub(crate) struct Rest {
    revision: i64,
    /// The packages whose versions may be left.
    names: LoggedNames,
}

/// Removes the oldest changes that need not be kept, or a part of them. Returns the new extent, or `None` if
/// there is nothing to remove.
///
/// `rest` is what the last transaction has left. If a transaction fails, nothing is known about the rest.
pub(crate) fn trim(
    transaction: &Transaction<'_>,
    extent: Extent,
    retention: Retention,
    now: SystemTime,
    rest: &mut Option<Rest>,
) -> Result<Option<Extent>, rusqlite::Error> {
    let since = retention.since(now).unwrap_or(i64::MIN);
    let kept = retention.count().map_or(i64::MAX, |count| count as i64);
    let (mut trimmed, mut room) = (extent, ROOM);
    let mut is_trimmed = false;
    while room > 0
        && let Some((revision, at)) = oldest(transaction)?
    {
        if revision > trimmed.beginning.to_i64() {
            if at >= since && trimmed.changes <= kept {
                break;
            }
            let beginning = Revision::from_i64(revision).unwrap_or(trimmed.beginning);
            trimmed = Extent { changes: trimmed.changes - 1, beginning };
        }
        is_trimmed = true;
        let left = match rest.take() {
            Some(left) if left.revision == revision => Some(left),
            _ => read(transaction, revision)?,
        };
        *rest = remove(transaction, revision, left, &mut room)?;
    }
    if !is_trimmed {
        return Ok(None);
    }
    trimmed.write(transaction)?;
    Ok(Some(trimmed))
}

/// The revision and the time of the oldest change.
fn oldest(connection: &Connection) -> Result<Option<(i64, i64)>, rusqlite::Error> {
    let sql = "SELECT revision, at FROM change ORDER BY revision LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row((), |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Reads the packages of a change. If its row is damaged, there are none.
fn read(connection: &Connection, revision: i64) -> Result<Option<Rest>, rusqlite::Error> {
    let sql = "SELECT packages FROM change WHERE revision = ?1";
    let text = connection.prepare_cached(sql)?.query_row([revision], |row| row.get(0))?;
    Ok(LoggedNames::new(text).map(|names| Rest { revision, names }))
}

/// Removes the versions that a change replaced, and then the change, as far as there is room. Returns what is
/// left.
fn remove(
    transaction: &Transaction<'_>,
    revision: i64,
    left: Option<Rest>,
    room: &mut usize,
) -> Result<Option<Rest>, rusqlite::Error> {
    let sql = "DELETE FROM replaced WHERE normalized_name = ?1 AND revision = ?2";
    let mut replaced = transaction.prepare_cached(sql)?;
    if let Some(mut left) = left {
        while let Some(name) = left.names.take(1).and_then(|mut names| names.pop()) {
            let removed = replaced.execute(params![name.as_str(), revision])?;
            *room = room.saturating_sub(1 + REMOVAL * removed);
            if *room == 0 {
                return Ok(Some(left));
            }
        }
    }
    transaction.prepare_cached("DELETE FROM change WHERE revision = ?1")?.execute([revision])?;
    *room = room.saturating_sub(1 + REMOVAL);
    Ok(None)
}
