//! Days and pins as rows, and rows as days and pins.

use std::collections::BTreeMap;

use deadpool_postgres::ClientWrapper;
use pyaday_core::daily::{Daily, Pinned};
use pyaday_core::{Catalogue, Date, Package};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::{Parts, integer, revision, same};
use crate::draft::Day;
use crate::error::Fault;
use crate::schema::Schema;

/// The columns that [`read`] takes.
pub(crate) const COLUMNS: &str =
    "daily.date, daily.cycle, daily.representation, daily.picked_at, daily.revision";

/// The day of a row whose columns from `at` on are [`COLUMNS`].
pub(crate) fn read(row: &Row, at: usize) -> Result<Daily, Fault> {
    let (date, representation): (&str, &str) = (row.try_get(at)?, row.try_get(at + 2)?);
    let (cycle, picked_at): (i32, i64) = (row.try_get(at + 1)?, row.try_get(at + 3)?);
    let revision = revision(row.try_get(at + 4)?)?;
    let package = Package::from_json(representation.as_bytes()).ok();
    match (date.parse().ok(), u32::try_from(cycle).ok(), package) {
        (Some(date), Some(cycle), Some(package)) => {
            Ok(Daily::new(date, cycle, package, picked_at, revision))
        }
        _ => Err(Fault::Damaged(format!("the row of the day {date} is not what was written"))),
    }
}

/// The columns that [`read_pin`] takes.
pub(crate) const PIN_COLUMNS: &str = "pin.date, pin.normalized_name, pin.revision";

/// The pin of a row whose columns from `at` on are [`PIN_COLUMNS`].
pub(crate) fn read_pin(row: &Row, at: usize) -> Result<Pinned, Fault> {
    let (date, name): (&str, &str) = (row.try_get(at)?, row.try_get(at + 1)?);
    let revision = revision(row.try_get(at + 2)?)?;
    match (date.parse().ok(), name.parse().ok()) {
        (Some(date), Some(name)) => Ok(Pinned::new(date, name, revision)),
        _ => Err(Fault::Damaged(format!("the row of the pin of {date} is not what was written"))),
    }
}

/// Writes what was done to the journal of `base`: one statement for each kind of row, however many there
/// are.
pub(crate) async fn write(
    client: &ClientWrapper,
    schema: &Schema,
    base: &Catalogue,
    days: &BTreeMap<Date, &Day>,
) -> Result<(), Fault> {
    let (mut opened, mut pins) = (Days::default(), Pins::default());
    let mut unpinned = Vec::new();
    for (date, day) in days {
        match day {
            Day::Pin(pinned) => pins.push(pinned),
            Day::Open(daily) => opened.push(daily),
            Day::Unpin(_) => {}
        }
        // A pin that is replaced stays where it is; one that came and went was never there.
        if !matches!(day, Day::Pin(_)) && base.pinned(*date).is_some() {
            unpinned.push(date.to_string());
        }
    }
    unpin(client, schema, &unpinned).await?;
    open(client, schema, &opened).await?;
    pin(client, schema, &pins).await
}

/// Rows of days to write, by columns.
#[derive(Default)]
struct Days<'a> {
    dates: Vec<String>,
    cycles: Vec<i32>,
    names: Vec<&'a str>,
    representations: Vec<String>,
    picked_at: Vec<i64>,
    revisions: Vec<i64>,
}

impl<'a> Days<'a> {
    fn push(&mut self, daily: &'a Daily) {
        self.dates.push(daily.date().to_string());
        self.cycles.push(daily.cycle() as i32);
        self.names.push(daily.name().as_str());
        // A representation is UTF-8.
        self.representations.push(String::from_utf8_lossy(&daily.representation()).into_owned());
        self.picked_at.push(daily.picked_at());
        self.revisions.push(integer(daily.revision()));
    }
}

/// Rows of pins to write, by columns.
#[derive(Default)]
struct Pins<'a> {
    dates: Vec<String>,
    names: Vec<&'a str>,
    revisions: Vec<i64>,
}

impl<'a> Pins<'a> {
    fn push(&mut self, pinned: &'a Pinned) {
        self.dates.push(pinned.date.to_string());
        self.names.push(pinned.name.as_str());
        self.revisions.push(integer(pinned.revision));
    }
}

async fn open(client: &ClientWrapper, schema: &Schema, days: &Days<'_>) -> Result<(), Fault> {
    if days.dates.is_empty() {
        return Ok(());
    }
    let sql = schema.sql(
        "INSERT INTO pyaday.daily
             (date, cycle, normalized_name, representation, picked_at, revision)
         SELECT * FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::bigint[],
                              $6::bigint[])",
    );
    let statement = client.prepare_cached(&sql).await?;
    let Days { dates, cycles, names, representations, picked_at, revisions } = days;
    let parameters: [&(dyn ToSql + Sync); 6] =
        [dates, cycles, names, representations, picked_at, revisions];
    let opened = client.execute(&statement, &parameters).await?;
    same("daily", dates.len(), opened as usize)
}

async fn pin(client: &ClientWrapper, schema: &Schema, pins: &Pins<'_>) -> Result<(), Fault> {
    if pins.dates.is_empty() {
        return Ok(());
    }
    let sql = schema.sql(
        "INSERT INTO pyaday.pin (date, normalized_name, revision)
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
         ON CONFLICT (date) DO UPDATE
             SET normalized_name = excluded.normalized_name, revision = excluded.revision",
    );
    let statement = client.prepare_cached(&sql).await?;
    let Pins { dates, names, revisions } = pins;
    let pinned = client.execute(&statement, &[dates, names, revisions]).await?;
    same("pin", pins.dates.len(), pinned as usize)
}

/// Removes the pins of these dates.
async fn unpin(client: &ClientWrapper, schema: &Schema, dates: &[String]) -> Result<(), Fault> {
    if dates.is_empty() {
        return Ok(());
    }
    let sql = schema.sql("DELETE FROM pyaday.pin WHERE date = ANY($1)");
    let statement = client.prepare_cached(&sql).await?;
    let unpinned = client.execute(&statement, &[&dates]).await?;
    same("pin, removed", dates.len(), unpinned as usize)
}

/// Reads all days and pins into a catalogue.
pub(crate) async fn load(
    client: &ClientWrapper,
    schema: &Schema,
    catalogue: &mut Catalogue,
) -> Result<(), Fault> {
    let sql = schema.sql(&format!("SELECT {COLUMNS} FROM pyaday.daily AS daily"));
    let mut days = Parts::of(client, &sql, &[]).await?;
    while let Some(rows) = days.next().await? {
        for row in rows {
            catalogue.restore_daily(read(&row, 0)?);
        }
    }
    let sql = schema.sql(&format!("SELECT {PIN_COLUMNS} FROM pyaday.pin AS pin"));
    let mut pins = Parts::of(client, &sql, &[]).await?;
    while let Some(rows) = pins.next().await? {
        for row in rows {
            catalogue.restore_pin(read_pin(&row, 0)?);
        }
    }
    Ok(())
}

/// Brings the days and pins of some dates in a catalogue up to what the tables have.
pub(crate) async fn follow(
    client: &ClientWrapper,
    schema: &Schema,
    catalogue: &mut Catalogue,
    dates: &[Date],
) -> Result<(), Fault> {
    dates.iter().for_each(|date| catalogue.forget_pin(*date));
    let dates: Vec<_> = dates.iter().map(Date::to_string).collect();
    let sql =
        schema.sql(&format!("SELECT {PIN_COLUMNS} FROM pyaday.pin AS pin WHERE date = ANY($1)"));
    for row in client.query(&sql, &[&dates]).await? {
        catalogue.restore_pin(read_pin(&row, 0)?);
    }
    let sql = schema.sql(&format!(
        "SELECT {COLUMNS} FROM pyaday.daily AS daily WHERE date = ANY($1) ORDER BY revision"
    ));
    for row in client.query(&sql, &[&dates]).await? {
        catalogue.restore_daily(read(&row, 0)?);
    }
    Ok(())
}
