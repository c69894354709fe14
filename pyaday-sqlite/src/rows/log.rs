//! The rows of changes, and of the versions that they replaced.
//!
//! The catalogue in memory is as new as these rows, or older if it is not known whether the last
//! transaction is on the disk. So every answer is limited to what the catalogue shows.

use std::fmt::Display;

use pyaday_core::{
    Catalogue, Change, ChangeOrder, ChangedPackage, ChangedPin, LoggedChange, LoggedNames,
    NormalizedName, Revision, Stored,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::totals::{LOG, checksum};
use super::{damaged, revision};
use crate::error::OpenFault;

/// The columns of a change, in the order in which [`change`] reads them.
const CHANGE: &str = "revision, at, actor, kind, note, count, packages, pins, checksum";

const PUT_CHANGE: &str = "INSERT INTO change \
     (revision, at, actor, kind, note, count, packages, pins, checksum) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
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
        let (at_revision, at) = (change.revision.to_i64(), change.at);
        let actor = change.by.as_deref().unwrap_or_default();
        let note = change.note.as_ref().map_or("", |note| note.as_str());
        let count = change.count as i64;
        let (packages, pins) = (entry.names_text(), entry.pins_text());
        let kind = change.kind.as_str();
        let numbers = [at_revision, at, count].map(|number| number.to_string());
        let [revision_text, at_text, count_text] = &numbers;
        let texts = [revision_text, at_text, actor, kind, note, count_text, &packages, &pins];
        let checksum = checksum(texts);
        put_change.execute(params![
            at_revision,
            at,
            actor,
            kind,
            note,
            count,
            packages,
            pins,
            checksum
        ])?;
        for (name, version) in replaced {
            if let Some(version) = version {
                put_version(&mut put_replaced, name, at_revision, version)?;
            }
        }
    }
    Ok(())
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

/// A change, and the texts about its packages and pins.
pub(crate) struct Logged {
    pub(crate) change: Change,
    packages: String,
    pins: String,
}

impl Logged {
    /// The change, and the names of its packages.
    pub(crate) fn into_names(self) -> Result<(Change, LoggedNames), OpenFault> {
        let fault = || damaged_change(self.change.revision);
        let names = LoggedNames::new(self.packages).ok_or_else(fault)?;
        Ok((self.change, names))
    }

    pub(crate) fn pins(&self) -> Result<Vec<ChangedPin>, OpenFault> {
        let pins = LoggedChange::restore_pins(&self.pins);
        pins.ok_or_else(|| damaged_change(self.change.revision))
    }
}

/// The fault of a row that is not what was written.
pub(crate) fn damaged_change(revision: impl Display) -> OpenFault {
    let fault = format!("the row of the change {revision} is not what was written");
    OpenFault::Damaged { fault }
}

fn change(row: &Row<'_>) -> Result<Logged, OpenFault> {
    let [at_revision, at, count]: [i64; 3] = [row.get(0)?, row.get(1)?, row.get(5)?];
    let [actor, kind, note]: [String; 3] = [row.get(2)?, row.get(3)?, row.get(4)?];
    let [packages, pins]: [String; 2] = [row.get(6)?, row.get(7)?];
    let [revision_text, at_text, count_text] =
        [at_revision, at, count].map(|number| number.to_string());
    let texts = [&revision_text, &at_text, &actor, &kind, &note, &count_text, &packages, &pins];
    let is_sound = row.get::<_, i64>(8)? == i64::from(checksum(texts));
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (actor, note) = (given(&actor), given(&note));
    match Change::restore(at_revision, at, actor.as_deref(), &kind, count, note.as_deref()) {
        Some(change) if is_sound => Ok(Logged { change, packages, pins }),
        _ => Err(damaged_change(at_revision)),
    }
}

/// Reads a change.
pub(crate) fn read(
    connection: &Connection,
    revision: Revision,
) -> Result<Option<Logged>, OpenFault> {
    let sql = format!("SELECT {CHANGE} FROM change WHERE revision = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([revision.to_i64()])?;
    rows.next()?.map(change).transpose()
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
        "SELECT {CHANGE} FROM change WHERE revision <= ?1 AND revision > ?2 \
         ORDER BY revision {direction} LIMIT ?3"
    );
    let (after, last) = bounds(order, now, extent);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![last, after, count as i64])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(change(row)?.change);
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
        changes.extend(read(connection, revision(number)?)?.map(|logged| logged.change));
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
