//! Days and pins as rows, and rows as days and pins.

use pyaday_core::daily::Daily;
use pyaday_core::{Catalogue, Date, NormalizedName, Package};
use rusqlite::{Connection, Transaction, params};

use super::totals::checksum;
use super::{damaged, integer};
use crate::error::OpenFault;

/// Adds a day, which uses up its pin.
pub(super) fn open(transaction: &Transaction<'_>, daily: &Daily) -> Result<usize, rusqlite::Error> {
    unpin(transaction, daily.date())?;
    let (date, cycle) = (daily.date().to_string(), daily.cycle());
    // A representation is UTF-8.
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
        "INSERT INTO daily VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![date, cycle, representation, picked_at, revision, checksum],
    )
}

pub(super) fn pin(
    transaction: &Transaction<'_>,
    date: Date,
    name: &NormalizedName,
) -> Result<usize, rusqlite::Error> {
    let date = date.to_string();
    let checksum = checksum([&date, name.as_str()]);
    transaction.execute(
        "INSERT OR REPLACE INTO pin VALUES (?1, ?2, ?3)",
        params![date, name.as_str(), checksum],
    )
}

pub(super) fn unpin(transaction: &Transaction<'_>, date: Date) -> Result<usize, rusqlite::Error> {
    transaction.execute("DELETE FROM pin WHERE date = ?1", [date.to_string()])
}

/// Reads the days that were opened and the pins.
pub(super) fn load(connection: &Connection, catalogue: &mut Catalogue) -> Result<(), OpenFault> {
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

    let mut statement = connection.prepare("SELECT date, normalized_name, checksum FROM pin")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let (date, name): (String, String) = (row.get(0)?, row.get(1)?);
        let is_sound = row.get::<_, i64>(2)? == i64::from(checksum([&date, &name]));
        let (Some(day), Some(name), true) = (date.parse().ok(), name.parse().ok(), is_sound) else {
            return damaged(format!("the row of the pin of {date} is not what was written"));
        };
        catalogue.restore_pin(day, name);
    }
    Ok(())
}
