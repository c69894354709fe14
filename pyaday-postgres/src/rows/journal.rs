//! Converts days and pins to rows, and rows to days and pins.

use deadpool_postgres::ClientWrapper;
use pyaday_core::daily::{Daily, Pinned};
use pyaday_core::{Catalogue, Date};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::{Parts, same};
use crate::connection::Connection;
use crate::error::Fault;

/// Reads all days. The columns here and in [`FOLLOW`] are those that [`read`] expects.
const LOAD: &str = "SELECT date, cycle, representation, picked_at, revision FROM daily";
const FOLLOW: &str = "SELECT date, cycle, representation, picked_at, revision
                      FROM daily WHERE date = ANY($1) ORDER BY revision";

/// Reads all pins. The columns here and in [`FOLLOW_PINS`] are those that [`read_pin`] expects.
const LOAD_PINS: &str = "SELECT date, normalized_name, revision FROM pin";
const FOLLOW_PINS: &str = "SELECT date, normalized_name, revision FROM pin WHERE date = ANY($1)";

/// Reads the dates that changed after a revision.
const FOLLOW_DATES: &str =
    "SELECT DISTINCT json_array_elements_text(days) FROM change WHERE revision > $1";

const OPEN: &str =
    "INSERT INTO daily (date, cycle, normalized_name, representation, picked_at, revision)
     SELECT date, cycle, normalized_name, representation, picked_at, revision
     FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
          AS new (date, cycle, normalized_name, representation, picked_at, revision)";
const PIN: &str = "INSERT INTO pin (date, normalized_name, revision)
                   SELECT date, normalized_name, revision
                   FROM unnest($1::text[], $2::text[], $3::bigint[])
                        AS new (date, normalized_name, revision)
                   ON CONFLICT (date) DO UPDATE
                       SET normalized_name = excluded.normalized_name,
                           revision = excluded.revision";
const UNPIN: &str = "DELETE FROM pin WHERE date = ANY($1)";

/// The day of a row.
fn read(row: &Row) -> Result<Daily, Fault> {
    let (date, representation): (&str, &str) = (row.try_get(0)?, row.try_get(2)?);
    let cycle = i64::from(row.try_get::<_, i32>(1)?);
    let (picked_at, revision) = (row.try_get(3)?, row.try_get(4)?);
    let daily = Daily::restore(date, cycle, representation, picked_at, revision);
    daily
        .ok_or_else(|| Fault::Damaged(format!("the row of the day {date} is not what was written")))
}

/// The pin of a row.
fn read_pin(row: &Row) -> Result<Pinned, Fault> {
    let (date, name): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
    Pinned::restore(date, name, row.try_get(2)?).ok_or_else(|| {
        Fault::Damaged(format!("the row of the pin of {date} is not what was written"))
    })
}

/// Rows of days to write, by columns.
#[derive(Default)]
pub(crate) struct Days<'a> {
    dates: Vec<String>,
    cycles: Vec<i32>,
    names: Vec<&'a str>,
    representations: Vec<String>,
    picked_at: Vec<i64>,
    revisions: Vec<i64>,
}

impl<'a> Days<'a> {
    pub(crate) fn push(&mut self, daily: &'a Daily) {
        self.dates.push(daily.date().to_string());
        self.cycles.push(daily.cycle() as i32);
        self.names.push(daily.name().as_str());
        // A representation is UTF-8.
        self.representations.push(String::from_utf8_lossy(&daily.representation()).into_owned());
        self.picked_at.push(daily.picked_at());
        self.revisions.push(daily.revision().to_i64());
    }
}

/// Rows of pins to write, by columns.
#[derive(Default)]
pub(crate) struct Pins<'a> {
    dates: Vec<String>,
    names: Vec<&'a str>,
    revisions: Vec<i64>,
}

impl<'a> Pins<'a> {
    pub(crate) fn push(&mut self, pinned: &'a Pinned) {
        self.dates.push(pinned.date.to_string());
        self.names.push(pinned.name.as_str());
        self.revisions.push(pinned.revision.to_i64());
    }
}

/// Adds days.
pub(crate) async fn open(client: &ClientWrapper, days: &Days<'_>) -> Result<(), Fault> {
    if days.dates.is_empty() {
        return Ok(());
    }
    let statement = client.prepare_cached(OPEN).await?;
    let Days { dates, cycles, names, representations, picked_at, revisions } = days;
    let parameters: [&(dyn ToSql + Sync); 6] =
        [dates, cycles, names, representations, picked_at, revisions];
    let opened = client.execute(&statement, &parameters).await?;
    same("daily", dates.len(), opened as usize)
}

/// Adds pins, or replaces those of the same dates.
pub(crate) async fn pin(client: &ClientWrapper, pins: &Pins<'_>) -> Result<(), Fault> {
    if pins.dates.is_empty() {
        return Ok(());
    }
    let statement = client.prepare_cached(PIN).await?;
    let Pins { dates, names, revisions } = pins;
    let pinned = client.execute(&statement, &[dates, names, revisions]).await?;
    same("pin", pins.dates.len(), pinned as usize)
}

/// Removes the pins of these dates.
pub(crate) async fn unpin(client: &ClientWrapper, dates: &[String]) -> Result<(), Fault> {
    if dates.is_empty() {
        return Ok(());
    }
    let statement = client.prepare_cached(UNPIN).await?;
    let unpinned = client.execute(&statement, &[&dates]).await?;
    same("pin, removed", dates.len(), unpinned as usize)
}

/// Reads all days and pins into a catalogue.
pub(crate) async fn load(connection: &Connection, catalogue: &mut Catalogue) -> Result<(), Fault> {
    let mut days = Parts::of(connection, LOAD, &[]).await?;
    while let Some(rows) = days.next().await? {
        for row in rows {
            catalogue.restore_daily(read(&row)?);
        }
    }
    let mut pins = Parts::of(connection, LOAD_PINS, &[]).await?;
    while let Some(rows) = pins.next().await? {
        for row in rows {
            catalogue.restore_pin(read_pin(&row)?);
        }
    }
    Ok(())
}

/// Updates the days and pins of a catalogue that changed after a revision.
pub(crate) async fn follow(
    client: &ClientWrapper,
    catalogue: &mut Catalogue,
    after: i64,
) -> Result<(), Fault> {
    let statement = client.prepare_cached(FOLLOW_DATES).await?;
    let rows = client.query(&statement, &[&after]).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let dates = rows.iter().map(|row| date(row.try_get(0)?)).collect::<Result<Vec<_>, _>>()?;
    dates.iter().for_each(|date| catalogue.forget_pin(*date));
    let dates: Vec<_> = dates.iter().map(Date::to_string).collect();
    let statement = client.prepare_cached(FOLLOW_PINS).await?;
    for row in client.query(&statement, &[&dates]).await? {
        catalogue.restore_pin(read_pin(&row)?);
    }
    let statement = client.prepare_cached(FOLLOW).await?;
    for row in client.query(&statement, &[&dates]).await? {
        catalogue.restore_daily(read(&row)?);
    }
    Ok(())
}

fn date(text: &str) -> Result<Date, Fault> {
    text.parse().map_err(|_| Fault::Damaged(format!("the change of `{text}` is of no day")))
}
