//! The rows of days and pins.

use pyaday_core::daily::{Daily, Pinned};
use pyaday_core::{Catalogue, Date, Package};
use rusqlite::{Connection, Transaction, params};

use super::totals::checksum;
use super::{damaged, integer};
use crate::error::OpenFault;

/// Adds a day.
pub(super) fn open(transaction: &Transaction<'_>, daily: &Daily) -> Result<usize, rusqlite::Error> {
    let (date, cycle) = (daily.date().to_string(), daily.cycle());
    // A representation is always UTF-8.
    let representation = String::from_utf8_lossy(&daily.representation()).into_owned();
    let (picked_at, revision) = (daily.picked_at(), integer(daily.revision()));
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
    let revision = integer(pinned.revision);
    let checksum = checksum([&date, name, &revision.to_string()]);
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
        let (cycle, picked_at, revision): (u32, i64, i64) = (row.get(1)?, row.get(3)?, row.get(4)?);
        let texts = [
            &date,
            &cycle.to_string(),
            &representation,
            &picked_at.to_string(),
            &revision.to_string(),
        ];
        let is_sound = row.get::<_, i64>(5)? == i64::from(checksum(texts.map(String::as_str)));
        let day = date.parse().ok().zip(Package::from_json(representation.as_bytes()).ok());
        let (Some((date, package)), true) = (day, is_sound) else {
            return damaged(format!("the row of the day {date} is not what was written"));
        };
        let revision = super::revision(revision)?;
        catalogue.restore_daily(Daily::new(date, cycle, package, picked_at, revision));
    }
    Ok(())
}

fn load_pins(connection: &Connection, catalogue: &mut Catalogue) -> Result<(), OpenFault> {
    let mut statement =
        connection.prepare("SELECT date, normalized_name, revision, checksum FROM pin")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let (date, name, revision): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let expected = checksum([&date, &name, &revision.to_string()]);
        let is_sound = row.get::<_, i64>(3)? == i64::from(expected);
        let (Some(day), Some(name), true) = (date.parse().ok(), name.parse().ok(), is_sound) else {
            return damaged(format!("the row of the pin of {date} is not what was written"));
        };
        catalogue.restore_pin(Pinned::new(day, name, super::revision(revision)?));
    }
    Ok(())
}
