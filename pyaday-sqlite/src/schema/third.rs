//! The third schema. It adds the identity of the file and the revisions of pins.

use pyaday_core::StoreId;
use rusqlite::{Transaction, params};

use crate::error::OpenFault;
use crate::rows::{CATALOGUE, checksum, damaged};

/// SQL statements alone cannot do this: SQL can compute neither the checksums nor good random
/// numbers.
pub(super) fn migrate(transaction: &Transaction<'_>) -> Result<(), OpenFault> {
    let pins = pins(transaction)?;
    transaction.execute_batch(include_str!("3.sql"))?;
    draw_identity(transaction)?;
    // It is not known which write made a pin, so each pin gets the newest revision.
    match (CATALOGUE.read(transaction)?, &pins[..]) {
        (_, []) => Ok(()),
        (Some([_, revision]), pins) => restore(transaction, pins, revision),
        (None, _) => damaged("there are pins, but no package was ever written"),
    }
}

/// Reads the dates and the normalised names of the pins. Their checksums are verified here, because
/// the new checksums would hide earlier damage.
fn pins(transaction: &Transaction<'_>) -> Result<Vec<(String, String)>, OpenFault> {
    let mut statement = transaction.prepare("SELECT date, normalized_name, checksum FROM pin")?;
    let mut rows = statement.query(())?;
    let mut pins = Vec::new();
    while let Some(row) = rows.next()? {
        let (date, name): (String, String) = (row.get(0)?, row.get(1)?);
        if row.get::<_, i64>(2)? != i64::from(checksum([&date, &name])) {
            return damaged(format!("the row of the pin of {date} is not what was written"));
        }
        pins.push((date, name));
    }
    Ok(pins)
}

fn draw_identity(transaction: &Transaction<'_>) -> Result<(), rusqlite::Error> {
    let uuid = StoreId::random().to_string();
    let sql = "INSERT INTO identity (id, uuid, checksum) VALUES (1, ?1, ?2)";
    transaction.execute(sql, params![uuid, checksum([&uuid])]).map(drop)
}

fn restore(
    transaction: &Transaction<'_>,
    pins: &[(String, String)],
    revision: i64,
) -> Result<(), OpenFault> {
    let mut insert = transaction.prepare(
        "INSERT INTO pin (date, normalized_name, revision, checksum) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (date, name) in pins {
        let checksum = checksum([date, name, &revision.to_string()]);
        insert.execute(params![date, name, revision, checksum])?;
    }
    Ok(())
}
