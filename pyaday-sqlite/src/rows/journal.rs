//! The rows of days and pins.

use pyaday_core::daily::{Daily, Pinned};
use pyaday_core::{Catalogue, Date};
use rusqlite::{Connection, Transaction, params};

use super::damaged;
use super::totals::checksum;
use crate::error::OpenFault;

/// Adds a day.
pub(super) fn open(transaction: &Transaction<'_>, daily: &Daily) -> Result<usize, rusqlite::Error> {
    let (date, cycle) = (daily.date().to_string(), daily.cycle());
    // A representation is always UTF-8.
    let representation = String::from_utf8_lossy(&daily.representation()).into_owned();
    let (picked_at, revision) = (daily.picked_at(), daily.revision().to_i64());
    let checksum = checksum([
        &date,
        &cycle.to_string(),
        &representation,
        &picked_at.to_string(),
        &revision.to_string(),
    ]);
    transaction.execute(
        "INSERT INTO daily (date, cycle, representation, picked_at, revision, checksum) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![date, cycle, representation, picked_at, revision, checksum],
    )
}

/// Adds a pin, and replaces another pin of the same date.
pub(super) fn pin(
    transaction: &Transaction<'_>,
    pinned: &Pinned,
) -> Result<usize, rusqlite::Error> {
    let (date, name) = (pinned.date.to_string(), pinned.name.as_str());
    let revision = pinned.revision.to_i64();
    let checksum = checksum([date.as_str(), name, &revision.to_string()]);
    transaction.execute(
        "INSERT OR REPLACE INTO pin (date, normalized_name, revision, checksum) \
         VALUES (?1, ?2, ?3, ?4)",
        params![date, name, revision, checksum],
    )
}

/// Removes the pin of a date.
pub(super) fn unpin(transaction: &Transaction<'_>, date: Date) -> Result<usize, rusqlite::Error> {
    transaction.execute("DELETE FROM pin WHERE date = ?1", [date.to_string()])
}

/// Reads the opened days and the pins.
pub(super) fn load(connection: &Connection, catalogue: &mut Catalogue) -> Result<(), OpenFault> {
    load_days(connection, catalogue)?;
    load_pins(connection, catalogue)
}

fn load_days(connection: &Connection, catalogue: &mut Catalogue) -> Result<(), OpenFault> {
    let mut statement = connection
        .prepare("SELECT date, cycle, representation, picked_at, revision, checksum FROM daily")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let (date, representation): (String, String) = (row.get(0)?, row.get(2)?);
        let [cycle, picked_at, revision]: [i64; 3] = [row.get(1)?, row.get(3)?, row.get(4)?];
        let [cycle_text, picked_at_text, revision_text] =
            [cycle, picked_at, revision].map(|number| number.to_string());
        let texts = [&date, &cycle_text, &representation, &picked_at_text, &revision_text];
        let is_sound = row.get::<_, i64>(5)? == i64::from(checksum(texts.map(String::as_str)));
        match Daily::restore(&date, cycle, &representation, picked_at, revision) {
            Some(daily) if is_sound => catalogue.restore_daily(daily),
            _ => return damaged(format!("the row of the day {date} is not what was written")),
        }
    }
    Ok(())
}

fn load_pins(connection: &Connection, catalogue: &mut Catalogue) -> Result<(), OpenFault> {
    let mut statement =
        connection.prepare("SELECT date, normalized_name, revision, checksum FROM pin")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let (date, name, revision): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let expected = checksum([date.as_str(), &name, &revision.to_string()]);
        let is_sound = row.get::<_, i64>(3)? == i64::from(expected);
        match Pinned::restore(&date, &name, revision) {
            Some(pinned) if is_sound => catalogue.restore_pin(pinned),
            _ => return damaged(format!("the row of the pin of {date} is not what was written")),
        }
    }
    Ok(())
}
