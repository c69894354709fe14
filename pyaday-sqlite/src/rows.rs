//! Packages as rows, and rows as packages.

use std::collections::BTreeSet;
use std::fmt::Display;

use pyaday_core::daily::Daily;
use pyaday_core::{Catalogue, Date, Details, Metadata, NormalizedName, Package, Revision, Tag};
use rusqlite::{Connection, OptionalExtension, Row, Statement, Transaction, params};

use crate::error::OpenFault;

/// What becomes of a row.
#[derive(Debug)]
pub(crate) enum Change {
    Insert(Package, Revision),
    Update(Package, Revision),
    Delete(NormalizedName),
    Open(Daily),
    Pin(Date, NormalizedName),
    Unpin(Date),
}

/// The texts of a row.
struct Columns<'a> {
    normalized_name: &'a str,
    name: &'a str,
    short_desc: &'a str,
    tags: &'a str,
    metadata: &'a str,
    revision: i64,
}

impl Columns<'_> {
    fn checksum(&self) -> u32 {
        let Self { normalized_name, name, short_desc, tags, metadata, revision } = self;
        checksum([normalized_name, name, short_desc, tags, metadata, &revision.to_string()])
    }
}

/// Of these texts, joined by a NUL, which none of them can hold.
fn checksum<const N: usize>(texts: [&str; N]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for (at, text) in texts.into_iter().enumerate() {
        hasher.update(if at == 0 { b"" } else { b"\0" });
        hasher.update(text.as_bytes());
    }
    hasher.finalize()
}

/// Writes changes in their order, and what the catalogue is behind them.
pub(crate) fn write(
    transaction: &Transaction<'_>,
    changes: &[Change],
    catalogue: &Catalogue,
) -> Result<(), rusqlite::Error> {
    let mut insert =
        transaction.prepare_cached("INSERT INTO package VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    let mut update = transaction.prepare_cached(
        "UPDATE package SET name = ?2, short_desc = ?3, tags = ?4, metadata = ?5, revision = ?6, \
         checksum = ?7 WHERE normalized_name = ?1",
    )?;
    let mut delete =
        transaction.prepare_cached("DELETE FROM package WHERE normalized_name = ?1")?;
    for change in changes {
        let changed = match change {
            Change::Open(daily) => open(transaction, daily)?,
            Change::Pin(date, name) => pin(transaction, *date, name)?,
            Change::Unpin(date) => unpin(transaction, *date)?,
            Change::Insert(package, revision) => put(&mut insert, package, *revision)?,
            Change::Update(package, revision) => put(&mut update, package, *revision)?,
            Change::Delete(name) => delete.execute([name.as_str()])?,
        };
        // Otherwise the rows are not those of the catalogue, and nothing may be added to that.
        if changed != 1 {
            return Err(rusqlite::Error::StatementChangedRows(changed));
        }
    }
    let (packages, revision) = (catalogue.len() as i64, integer(catalogue.revision()));
    transaction
        .prepare_cached("INSERT OR REPLACE INTO catalogue VALUES (1, ?1, ?2, ?3)")?
        .execute(params![
            packages,
            revision,
            checksum([&packages.to_string(), &revision.to_string()])
        ])?;
    if changes.iter().any(|it| matches!(it, Change::Open(_) | Change::Pin(..) | Change::Unpin(_))) {
        let (days, pins) = catalogue.journal_len();
        let checksum = checksum([&days.to_string(), &pins.to_string()]);
        transaction.execute(
            "INSERT OR REPLACE INTO journal VALUES (1, ?1, ?2, ?3)",
            params![days as i64, pins as i64, checksum],
        )?;
    }
    Ok(())
}

/// Adds a day, which uses up its pin.
fn open(transaction: &Transaction<'_>, daily: &Daily) -> Result<usize, rusqlite::Error> {
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

fn pin(
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

fn unpin(transaction: &Transaction<'_>, date: Date) -> Result<usize, rusqlite::Error> {
    transaction.execute("DELETE FROM pin WHERE date = ?1", [date.to_string()])
}

fn put(
    statement: &mut Statement<'_>,
    package: &Package,
    revision: Revision,
) -> Result<usize, rusqlite::Error> {
    let normalized_name = package.name.normalized();
    let Details { short_desc, tags, metadata } = &package.details;
    // Serialising strings into memory has no way to fail.
    let tags = serde_json::to_string(tags).unwrap_or_default();
    let columns = Columns {
        normalized_name: normalized_name.as_str(),
        name: package.name.as_str(),
        short_desc: short_desc.as_str(),
        tags: &tags,
        metadata: metadata.as_json(),
        revision: integer(revision),
    };
    statement.execute(params![
        columns.normalized_name,
        columns.name,
        columns.short_desc,
        columns.tags,
        columns.metadata,
        columns.revision,
        columns.checksum(),
    ])
}

/// Reads all rows, and that they are what was written.
pub(crate) fn load(connection: &Connection) -> Result<Catalogue, OpenFault> {
    // As many as make the catalogue's own work on a batch cheap.
    const BATCH: usize = 4096;

    let written = read_catalogue(connection)?;
    let mut statement = connection.prepare(
        "SELECT normalized_name, name, short_desc, tags, metadata, revision, checksum \
         FROM package ORDER BY normalized_name",
    )?;
    let mut rows = statement.query(())?;
    let mut catalogue = Catalogue::new(written.map_or_else(Revision::now, |(_, newest)| newest));
    let newest = catalogue.revision();
    let mut batch = Vec::with_capacity(BATCH);
    let mut last = String::new();
    while let Some(row) = rows.next()? {
        let (package, revision) = read(row, &mut last)?;
        if revision > newest {
            return damaged(format!("`{last}` is newer than the newest write"));
        }
        batch.push((package, revision));
        if batch.len() == BATCH {
            catalogue.restore(&batch);
            batch.clear();
        }
    }
    catalogue.restore(&batch);
    let (packages, expected) = (catalogue.len(), written.map_or(0, |(packages, _)| packages));
    if packages != expected {
        return damaged(format!("it has {packages} packages, but had {expected}"));
    }
    load_journal(connection, &mut catalogue)?;
    if catalogue.revision() != newest {
        return damaged("a day was opened behind the newest write");
    }
    Ok(catalogue)
}

/// Reads the days that were opened and the pins.
fn load_journal(connection: &Connection, catalogue: &mut Catalogue) -> Result<(), OpenFault> {
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
        let (Some((date, package)), Ok(revision), true) = (day, u64::try_from(revision), is_sound)
        else {
            return damaged(format!("the row of the day {date} is not what was written"));
        };
        let revision = Revision::new(revision);
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

    let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let row: Option<(i64, i64, u32)> =
        connection.query_row("SELECT days, pins, checksum FROM journal", (), columns).optional()?;
    let (days, pins, expected) = row.unwrap_or((0, 0, checksum(["0", "0"])));
    let (found_days, found_pins) = catalogue.journal_len();
    if (found_days as i64, found_pins as i64) != (days, pins)
        || checksum([&days.to_string(), &pins.to_string()]) != expected
    {
        return damaged(format!(
            "it has {found_days} days and {found_pins} pins, but had {days} and {pins}"
        ));
    }
    Ok(())
}

/// How many packages there are and the newest revision, if anything was ever written.
fn read_catalogue(connection: &Connection) -> Result<Option<(usize, Revision)>, OpenFault> {
    let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let row: Option<(i64, i64, u32)> = connection
        .query_row("SELECT packages, revision, checksum FROM catalogue", (), columns)
        .optional()?;
    let Some((packages, revision, expected)) = row else {
        return Ok(None);
    };
    match (usize::try_from(packages), u64::try_from(revision)) {
        (Ok(number), Ok(revision_number))
            if checksum([&packages.to_string(), &revision.to_string()]) == expected =>
        {
            Ok(Some((number, Revision::new(revision_number))))
        }
        _ => damaged("the row of the table `catalogue` does not fit its checksum".to_owned()),
    }
}

/// Reads the row of a package, which must come behind that of the name `last`, and notes its name
/// there.
fn read(row: &Row<'_>, last: &mut String) -> Result<(Package, Revision), OpenFault> {
    let text = |at| match row.get_ref(at).map(|value| value.as_str()) {
        Ok(Ok(text)) => Ok(text),
        _ => damaged(format!("column {at} of the row behind `{last}` is no text")),
    };
    let columns = Columns {
        normalized_name: text(0)?,
        name: text(1)?,
        short_desc: text(2)?,
        tags: text(3)?,
        metadata: text(4)?,
        revision: row.get(5)?,
    };
    let name = columns.normalized_name;
    if row.get::<_, i64>(6)? != i64::from(columns.checksum()) {
        return damaged(format!("the row of `{name}` does not fit its checksum"));
    }
    if name <= last.as_str() && !last.is_empty() {
        return damaged(format!("the row of `{name}` comes behind that of `{last}`"));
    }
    let Some(package) = package(&columns).filter(|it| it.name.normalized().as_str() == name) else {
        return damaged(format!("the row of `{name}` is no package"));
    };
    let revision = u64::try_from(columns.revision).map(Revision::new);
    let Ok(revision) = revision else {
        return damaged(format!("the row of `{name}` has a negative revision"));
    };
    name.clone_into(last);
    Ok((package, revision))
}

fn package(columns: &Columns<'_>) -> Option<Package> {
    let tags = match columns.tags {
        "[]" => BTreeSet::new(),
        tags => {
            let tags: Vec<String> = serde_json::from_str(tags).ok()?;
            tags.iter().map(|tag| tag.parse()).collect::<Result<BTreeSet<Tag>, _>>().ok()?
        }
    };
    Some(Package {
        name: columns.name.parse().ok()?,
        details: Details {
            short_desc: columns.short_desc.parse().ok()?,
            tags: tags.try_into().ok()?,
            metadata: Metadata::from_stored_json(columns.metadata).ok()?,
        },
    })
}

fn damaged<T>(fault: impl Display) -> Result<T, OpenFault> {
    Err(OpenFault::Damaged { fault: fault.to_string() })
}

/// As SQLite has it. A sequence that begins with the clock's microseconds is at its end after some
/// hundred thousand years.
fn integer(revision: Revision) -> i64 {
    revision.get() as i64
}
