//! The rows of changes, and of the versions that they replaced.
//!
//! A list of changes reads only the heads of their rows, which have a checksum of their own. The names of the
//! packages, which may be very many, are read with the change itself.
//!
//! The catalogue in memory is as new as these rows, or older if it is not known whether the last
//! transaction is on the disk. So every answer is limited to what the catalogue shows.

use std::fmt::Display;

use pyaday_core::{
    Catalogue, Change, ChangeOrder, ChangedPackage, ChangedPin, LoggedChange, NormalizedName,
    Revision, Stored,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::names::{self, Names};
use super::totals::{LOG, checksum};
use super::{damaged, revision};
use crate::error::OpenFault;

/// The columns of the head of a change, in the order in which [`head`] reads them.
const HEAD: &str = "revision, at, actor, kind, note, count, checksum";

const PUT_CHANGE: &str = "INSERT INTO change \
     (revision, at, actor, kind, note, count, checksum, names, pins, content_checksum) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const PUT_REPLACED: &str = "INSERT INTO replaced \
     (normalized_name, revision, version, representation, checksum) VALUES (?1, ?2, ?3, ?4, ?5)";

/// The extent of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// The number of changes.
    pub(crate) changes: i64,
    /// The log has all changes after this revision.
    pub(crate) beginning: Revision,
}

impl Extent {
    /// Reads the extent. A file always has one.
    pub(crate) fn read(connection: &Connection) -> Result<Self, OpenFault> {
        match LOG.read(connection)? {
            Some([changes, beginning]) => Ok(Self { changes, beginning: revision(beginning)? }),
            None => damaged("the row of the table `log` is missing"),
        }
    }

    pub(crate) fn write(self, transaction: &Transaction<'_>) -> Result<(), rusqlite::Error> {
        LOG.write(transaction, [self.changes, self.beginning.to_i64()])
    }
}

/// Adds changes. Nothing is read.
pub(super) fn write(
    transaction: &Transaction<'_>,
    logged: &[LoggedChange],
) -> Result<(), rusqlite::Error> {
    let mut put_change = transaction.prepare_cached(PUT_CHANGE)?;
    let mut put_replaced = transaction.prepare_cached(PUT_REPLACED)?;
    for entry in logged {
        let LoggedChange { change, replaced, .. } = entry;
        let (revision, count) = (change.revision.to_i64(), change.count as i64);
        let actor = change.by.as_deref().unwrap_or_default();
        let kind = change.kind.as_str();
        let note = change.note.as_ref().map_or("", |note| note.as_str());
        let head = head_checksum([revision, change.at, count], [actor, kind, note]);
        let (first, rest) = replaced.split_at(replaced.len().min(names::PART));
        let (names, pins) = (names::text(first), pins_text(entry));
        let content = content_checksum(revision, &names, &pins);
        put_change.execute(params![
            revision, change.at, actor, kind, note, count, head, names, pins, content
        ])?;
        names::write(transaction, revision, rest)?;
        for (name, version) in replaced {
            if let Some(version) = version {
                put_version(&mut put_replaced, name, revision, version)?;
            }
        }
    }
    Ok(())
}

/// What a write did to pins. The text is empty if it did nothing to any, as most writes do.
fn pins_text(entry: &LoggedChange) -> String {
    if entry.pins.is_empty() { String::new() } else { entry.pins_text() }
}

/// The checksum of the columns that a list of changes needs.
fn head_checksum([revision, at, count]: [i64; 3], [actor, kind, note]: [&str; 3]) -> u32 {
    let [revision, at, count] = [revision, at, count].map(|number| number.to_string());
    checksum([&revision, &at, actor, kind, note, &count])
}

/// The checksum of the columns that only the change itself needs.
fn content_checksum(revision: i64, names: &str, pins: &str) -> u32 {
    checksum([revision.to_string().as_str(), names, pins])
}

fn put_version(
    put: &mut rusqlite::CachedStatement<'_>,
    name: &NormalizedName,
    replaced_in: i64,
    version: &Stored,
) -> Result<(), rusqlite::Error> {
    let representation = version.representation();
    // A representation is always UTF-8.
    let representation = String::from_utf8_lossy(&representation);
    let own = version.revision().to_i64();
    let (replaced_text, own_text) = (replaced_in.to_string(), own.to_string());
    let checksum = checksum([name.as_str(), &replaced_text, &own_text, &representation]);
    put.execute(params![name.as_str(), replaced_in, own, representation, checksum]).map(drop)
}

/// A change, the first names of its packages, and its pins.
pub(crate) struct Logged {
    pub(crate) change: Change,
    pub(crate) names: Names,
    pub(crate) pins: Vec<ChangedPin>,
}

/// The fault of a row that is not what was written.
pub(crate) fn damaged_change(revision: impl Display) -> OpenFault {
    let fault = format!("the row of the change {revision} is not what was written");
    OpenFault::Damaged { fault }
}

/// Reads the head of a change from the columns [`HEAD`].
fn head(row: &Row<'_>) -> Result<Change, OpenFault> {
    let [revision, at, count]: [i64; 3] = [row.get(0)?, row.get(1)?, row.get(5)?];
    let [actor, kind, note]: [String; 3] = [row.get(2)?, row.get(3)?, row.get(4)?];
    let expected = head_checksum([revision, at, count], [&actor, &kind, &note]);
    let is_sound = row.get::<_, i64>(6)? == i64::from(expected);
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (actor, note) = (given(&actor), given(&note));
    match Change::restore(revision, at, actor.as_deref(), &kind, count, note.as_deref()) {
        Some(change) if is_sound => Ok(change),
        _ => Err(damaged_change(revision)),
    }
}

/// Reads the head of a change.
fn read_head(connection: &Connection, revision: i64) -> Result<Option<Change>, OpenFault> {
    let sql = format!("SELECT {HEAD} FROM change WHERE revision = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([revision])?;
    rows.next()?.map(head).transpose()
}

/// Reads a change.
pub(crate) fn read(
    connection: &Connection,
    revision: Revision,
) -> Result<Option<Logged>, OpenFault> {
    let sql =
        format!("SELECT {HEAD}, names, pins, content_checksum FROM change WHERE revision = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([revision.to_i64()])?;
    rows.next()?.map(logged).transpose()
}

fn logged(row: &Row<'_>) -> Result<Logged, OpenFault> {
    let change = head(row)?;
    let fault = || damaged_change(change.revision);
    let [names, pins]: [String; 2] = [row.get(7)?, row.get(8)?];
    let expected = content_checksum(change.revision.to_i64(), &names, &pins);
    if row.get::<_, i64>(9)? != i64::from(expected) {
        return Err(fault());
    }
    let pins = match pins.as_str() {
        "" => Vec::new(),
        pins => LoggedChange::restore_pins(pins).ok_or_else(fault)?,
    };
    let total = change.count.checked_sub(pins.len()).ok_or_else(fault)?;
    let names = Names::new(change.revision, &names, 0, total).ok_or_else(fault)?;
    Ok(Logged { change, names, pins })
}

/// Reads the next changes in an order: those after or before a revision, up to a number.
pub(crate) fn list(
    connection: &Connection,
    now: &Catalogue,
    extent: Extent,
    order: ChangeOrder,
    count: usize,
) -> Result<Vec<Change>, OpenFault> {
    let direction = match order {
        ChangeOrder::Newest { .. } => "DESC",
        ChangeOrder::After(_) => "ASC",
    };
    let sql = format!(
        "SELECT {HEAD} FROM change WHERE revision <= ?1 AND revision > ?2 \
         ORDER BY revision {direction} LIMIT ?3"
    );
    let (after, last) = bounds(order, now, extent);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![last, after, count as i64])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(head(row)?);
    }
    Ok(changes)
}

/// The revisions of a list, as integers: those after the first one, up to the second one.
fn bounds(order: ChangeOrder, now: &Catalogue, extent: Extent) -> (i64, i64) {
    let (after, last) = order.bounds(extent.beginning, now.revision());
    (after.to_i64(), last.to_i64())
}

/// Reads the next changes of a package in an order, up to a number.
pub(crate) fn list_of(
    connection: &Connection,
    now: &Catalogue,
    extent: Extent,
    name: &NormalizedName,
    order: ChangeOrder,
    count: usize,
) -> Result<Vec<Change>, OpenFault> {
    let (after, last) = bounds(order, now, extent);
    let mut revisions = match order {
        ChangeOrder::Newest { .. } => revisions_before(connection, now, name, last, count)?,
        ChangeOrder::After(_) => revisions_after(connection, now, name, after, count)?,
    };
    // One change replaces a version and makes the next one.
    revisions.dedup();
    let mut changes = Vec::new();
    for number in revisions.into_iter().filter(|number| (after + 1..=last).contains(number)) {
        if changes.len() == count {
            break;
        }
        // The log may begin later than the version.
        changes.extend(read_head(connection, number)?);
    }
    Ok(changes)
}

/// The newest revisions in which a package was changed, up to a revision. There are at least `count`,
/// or all.
fn revisions_before(
    connection: &Connection,
    now: &Catalogue,
    name: &NormalizedName,
    last: i64,
    count: usize,
) -> Result<Vec<i64>, OpenFault> {
    let mut next = connection.prepare_cached(
        "SELECT version FROM replaced WHERE normalized_name = ?1 AND revision > ?2 \
         ORDER BY revision LIMIT 1",
    )?;
    let replaced_later = next.query_row(params![name.as_str(), last], |row| row.get(0));
    let current = || now.get(name).map(|version| version.revision().to_i64());
    // The version that exists at the last revision, if it was made by then.
    let mut revisions: Vec<_> = replaced_later.optional()?.or_else(current).into_iter().collect();
    let mut statement = connection.prepare_cached(
        "SELECT revision, version FROM replaced WHERE normalized_name = ?1 AND revision <= ?2 \
         ORDER BY revision DESC LIMIT ?3",
    )?;
    let mut rows = statement.query(params![name.as_str(), last, count as i64])?;
    while let Some(row) = rows.next()? {
        revisions.extend([row.get::<_, i64>(0)?, row.get(1)?]);
    }
    Ok(revisions)
}

/// The oldest revisions in which a package was changed, after a revision. There are at least `count`, or
/// all.
fn revisions_after(
    connection: &Connection,
    now: &Catalogue,
    name: &NormalizedName,
    after: i64,
    count: usize,
) -> Result<Vec<i64>, OpenFault> {
    let mut statement = connection.prepare_cached(
        "SELECT version, revision FROM replaced WHERE normalized_name = ?1 AND revision > ?2 \
         ORDER BY revision LIMIT ?3",
    )?;
    let mut rows = statement.query(params![name.as_str(), after, count as i64])?;
    let mut revisions = Vec::new();
    while let Some(row) = rows.next()? {
        revisions.extend([row.get::<_, i64>(0)?, row.get(1)?]);
    }
    if revisions.len() < 2 * count {
        revisions.extend(now.get(name).map(|version| version.revision().to_i64()));
    }
    Ok(revisions)
}

/// True if a follower who has this position has missed nothing that the log does not have.
pub(crate) fn has_position(
    connection: &Connection,
    now: &Catalogue,
    extent: Extent,
    position: Revision,
) -> Result<bool, OpenFault> {
    if position == extent.beginning || position == now.revision() {
        return Ok(true);
    }
    if position < extent.beginning || position > now.revision() {
        return Ok(false);
    }
    let exists = |sql: &str| {
        let mut statement = connection.prepare_cached(sql)?;
        statement.exists([position.to_i64()])
    };
    Ok(exists("SELECT 1 FROM change WHERE revision = ?1")?
        || exists("SELECT 1 FROM daily WHERE revision = ?1")?)
}

/// The version that a package had at a revision.
pub(crate) fn version_at(
    connection: &Connection,
    now: &Catalogue,
    name: &NormalizedName,
    at: Revision,
) -> Result<Option<Stored>, OpenFault> {
    let mut statement = connection.prepare_cached(
        "SELECT revision, version, representation, checksum FROM replaced \
         WHERE normalized_name = ?1 AND revision > ?2 ORDER BY revision LIMIT 1",
    )?;
    let mut rows = statement.query(params![name.as_str(), at.to_i64()])?;
    let version = match rows.next()? {
        Some(row) => Some(version(row, name)?),
        None => now.get(name),
    };
    Ok(version.filter(|version| version.revision() <= at))
}

/// The version that a change replaced or removed.
fn version_before(
    connection: &Connection,
    name: &NormalizedName,
    revision: Revision,
) -> Result<Option<Stored>, OpenFault> {
    let mut statement = connection.prepare_cached(
        "SELECT revision, version, representation, checksum FROM replaced \
         WHERE normalized_name = ?1 AND revision = ?2",
    )?;
    let mut rows = statement.query(params![name.as_str(), revision.to_i64()])?;
    rows.next()?.map(|row| version(row, name)).transpose()
}

fn version(row: &Row<'_>, name: &NormalizedName) -> Result<Stored, OpenFault> {
    let [replaced_in, own]: [i64; 2] = [row.get(0)?, row.get(1)?];
    let representation: String = row.get(2)?;
    let (replaced_text, own_text) = (replaced_in.to_string(), own.to_string());
    let expected = checksum([name.as_str(), &replaced_text, &own_text, &representation]);
    let is_sound = row.get::<_, i64>(3)? == i64::from(expected);
    match Stored::restore(&representation, own) {
        Some(version) if is_sound => Ok(version),
        _ => damaged(format!(
            "the row of the version of `{name}` that {replaced_in} replaced is not what was written"
        )),
    }
}

/// What a change did to these packages.
pub(crate) fn changed(
    connection: &Connection,
    now: &Catalogue,
    revision: Revision,
    names: &[NormalizedName],
) -> Result<Vec<ChangedPackage>, OpenFault> {
    let changed = names.iter().map(|name| {
        let before = version_before(connection, name, revision)?;
        let after = version_at(connection, now, name, revision)?;
        if before.is_none() && after.is_none() {
            return damaged(format!("a version of `{name}` before or after {revision} is missing"));
        }
        Ok(ChangedPackage::new(name.clone(), before, after))
    });
    changed.collect()
}
