//! Removes old changes from the log, in small transactions however large a change is.
//!
//! The first transaction for a change moves the beginning of the log after it, so from then on nothing is
//! answered from it. Its names are removed together with the versions that they name, and the row of the
//! change is removed last. So the next transaction finds what is left, also in another process.

#[cfg(test)]
mod tests;

use std::time::SystemTime;

use pyaday_core::{Retention, Revision};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::log::Extent;
use super::names;

/// How much one transaction may do. Looking for a version that a change replaced costs 1. Removing a row costs
/// [`REMOVAL`] more. A transaction goes over this by the names of one row at most ([`names::PART`]), and takes
/// about a millisecond.
const ROOM: usize = 500;
const REMOVAL: usize = 4;

/// Removes the oldest changes that need not be kept, or a part of them. Returns the new extent, or `None` if
/// there is nothing to remove.
pub(crate) fn trim(
    transaction: &Transaction<'_>,
    extent: Extent,
    retention: Retention,
    now: SystemTime,
) -> Result<Option<Extent>, rusqlite::Error> {
    let since = retention.since(now).unwrap_or(i64::MIN);
    let kept = retention.count().map_or(i64::MAX, |count| count as i64);
    let (mut trimmed, mut cost) = (extent, 0);
    while cost < ROOM
        && let Some((revision, at)) = oldest(transaction)?
    {
        if revision > trimmed.beginning.to_i64() {
            if at >= since && trimmed.changes <= kept {
                break;
            }
            let beginning = Revision::from_i64(revision).unwrap_or(trimmed.beginning);
            trimmed = Extent { changes: trimmed.changes - 1, beginning };
        }
        cost += remove(transaction, revision)?;
    }
    if cost == 0 {
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

/// Removes a row with names of a change, and the versions of these packages that the change replaced. The row
/// of the change itself comes last. Returns what this costs.
fn remove(transaction: &Transaction<'_>, revision: i64) -> Result<usize, rusqlite::Error> {
    let names = match names::remove_some(transaction, revision)? {
        Some(names) => names,
        None => {
            let sql = "DELETE FROM change WHERE revision = ?1 RETURNING names";
            transaction.prepare_cached(sql)?.query_row([revision], names::unchecked)?
        }
    };
    let sql = "DELETE FROM replaced WHERE normalized_name = ?1 AND revision = ?2";
    let mut replaced = transaction.prepare_cached(sql)?;
    let mut cost = 1 + REMOVAL;
    // These texts are not checked: a row that is damaged must not keep the others from being removed.
    for name in names::split(&names) {
        cost += 1 + REMOVAL * replaced.execute(params![name, revision])?;
    }
    Ok(cost)
}
