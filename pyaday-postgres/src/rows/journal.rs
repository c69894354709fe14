//! Days and pins as rows, and rows as days and pins.

use deadpool_postgres::ClientWrapper;
use pyaday_core::daily::Daily;
use pyaday_core::{Catalogue, Date, NormalizedName, Package, Revision};
use tokio_postgres::Row;

use super::{integer, revision, same};
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

/// The date in a column, and what it is pinned to in the next.
fn read_pin(row: &Row, at: usize) -> Result<(Date, Option<NormalizedName>), Fault> {
    let (date, name): (&str, Option<&str>) = (row.try_get(at)?, row.try_get(at + 1)?);
    match (date.parse().ok(), name.map(str::parse).transpose().ok()) {
        (Some(day), Some(name)) => Ok((day, name)),
        _ => Err(Fault::Damaged(format!("the row of the pin of {date} is not what was written"))),
    }
}

/// Writes what was done to the journal, in its order.
pub(crate) async fn write(
    client: &ClientWrapper,
    schema: &Schema,
    days: &[Day],
) -> Result<(), Fault> {
    for day in days {
        match day {
            Day::Open(daily) => {
                unpin(client, schema, daily.date()).await?;
                open(client, schema, daily).await?;
            }
            Day::Pin(date, name) => {
                let sql = schema.sql(
                    "INSERT INTO pyaday.pin (date, normalized_name) VALUES ($1, $2)
                     ON CONFLICT (date) DO UPDATE SET normalized_name = excluded.normalized_name",
                );
                client.execute(&sql, &[&date.to_string(), &name.as_str()]).await?;
            }
            Day::Unpin(date) => same("pin", 1, unpin(client, schema, *date).await?)?,
        }
    }
    Ok(())
}

async fn open(client: &ClientWrapper, schema: &Schema, daily: &Daily) -> Result<(), Fault> {
    let sql = schema.sql(
        "INSERT INTO pyaday.daily
             (date, cycle, normalized_name, representation, picked_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6)",
    );
    // A representation is UTF-8.
    let representation = String::from_utf8_lossy(&daily.representation()).into_owned();
    let (date, cycle) = (daily.date().to_string(), daily.cycle() as i32);
    let (picked_at, revision) = (daily.picked_at(), integer(daily.revision()));
    let name = daily.name().as_str();
    client.execute(&sql, &[&date, &cycle, &name, &representation, &picked_at, &revision]).await?;
    Ok(())
}

async fn unpin(client: &ClientWrapper, schema: &Schema, date: Date) -> Result<usize, Fault> {
    let sql = schema.sql("DELETE FROM pyaday.pin WHERE date = $1");
    Ok(client.execute(&sql, &[&date.to_string()]).await? as usize)
}

/// Reads all days and pins into a catalogue, where the newest write to any of them is `newest`.
pub(crate) async fn load(
    client: &ClientWrapper,
    schema: &Schema,
    catalogue: &mut Catalogue,
    newest: Revision,
) -> Result<(), Fault> {
    catalogue.follow_journal(newest);
    let sql = schema.sql(&format!("SELECT {COLUMNS} FROM pyaday.daily AS daily"));
    for row in client.query(&sql, &[]).await? {
        catalogue.restore_daily(read(&row, 0)?);
    }
    let sql = schema.sql("SELECT date, normalized_name FROM pyaday.pin");
    for row in client.query(&sql, &[]).await? {
        if let (date, Some(name)) = read_pin(&row, 0)? {
            catalogue.restore_pin(date, name);
        }
    }
    Ok(())
}

/// Brings the days and pins of some dates in a catalogue up to what the tables have, where the
/// newest write to any of them is `newest`.
pub(crate) async fn follow(
    client: &ClientWrapper,
    schema: &Schema,
    catalogue: &mut Catalogue,
    dates: &[String],
    newest: Revision,
) -> Result<(), Fault> {
    let sql = schema.sql(
        "SELECT asked.date, pin.normalized_name
         FROM unnest($1::text[]) AS asked (date) LEFT JOIN pyaday.pin AS pin USING (date)",
    );
    for row in client.query(&sql, &[&dates]).await? {
        let (date, pinned) = read_pin(&row, 0)?;
        catalogue.follow_pin(date, pinned, newest);
    }
    let sql = schema.sql(&format!(
        "SELECT {COLUMNS} FROM pyaday.daily AS daily WHERE date = ANY($1) ORDER BY revision"
    ));
    for row in client.query(&sql, &[&dates]).await? {
        catalogue.restore_daily(read(&row, 0)?);
    }
    Ok(())
}
