//! The names of the packages of a change.
//!
//! A change may have very many packages, so a row has some of their names: the first ones are in the row of the
//! change, and the others in the table `more_names`. Each row that is read must continue the previous one, so a
//! row that is missing is noticed.

use std::vec;

use pyaday_core::{NormalizedName, Revision, Stored};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::log::damaged_change;
use super::totals::checksum;
use crate::error::OpenFault;

/// How many names a row has at most.
pub(super) const PART: usize = 128;

const PUT: &str = "INSERT INTO more_names (revision, first, place, names, checksum) \
                   VALUES (?1, ?2, ?3, ?4, ?5)";
const NEXT: &str = "SELECT first, place, names, checksum FROM more_names \
                    WHERE revision = ?1 AND first > ?2 ORDER BY first LIMIT 1";
const AT: &str = "SELECT first, place, names, checksum FROM more_names \
                  WHERE revision = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1";
const REMOVE: &str = "DELETE FROM more_names WHERE revision = ?1 AND first = \
                      (SELECT first FROM more_names WHERE revision = ?1 ORDER BY first LIMIT 1) \
                      RETURNING names";

/// Some names that a change has, one after the other.
#[derive(Debug)]
pub(crate) struct Names {
    revision: Revision,
    /// Those that were not taken.
    left: vec::IntoIter<NormalizedName>,
    /// The last of them.
    last: Option<NormalizedName>,
    /// The number of names of the change up to the last one.
    end: usize,
    /// The number of names that the change has.
    total: usize,
}

/// The text of names.
pub(super) fn text(replaced: &[(NormalizedName, Option<Stored>)]) -> String {
    let names: Vec<_> = replaced.iter().map(|(name, _)| name.as_str()).collect();
    names.join(" ")
}

/// The names of a text.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    // The text may be empty.
    text.split_terminator(' ')
}

/// Adds the names after those that the row of the change has.
pub(super) fn write(
    transaction: &Transaction<'_>,
    revision: i64,
    rest: &[(NormalizedName, Option<Stored>)],
) -> Result<(), rusqlite::Error> {
    for (place, part) in (PART..).step_by(PART).zip(rest.chunks(PART)) {
        let (first, names) = (part[0].0.as_str(), text(part));
        let checksum = part_checksum(revision, first, place, &names);
        let mut put = transaction.prepare_cached(PUT)?;
        put.execute(params![revision, first, place as i64, names, checksum])?;
    }
    Ok(())
}

fn part_checksum(revision: i64, first: &str, place: usize, names: &str) -> u32 {
    checksum([&revision.to_string(), first, &place.to_string(), names])
}

/// Removes the first row of a change from the table `more_names`. Returns its names, or `None` if there is no
/// such row.
pub(super) fn remove_some(
    transaction: &Transaction<'_>,
    revision: i64,
) -> Result<Option<String>, rusqlite::Error> {
    transaction.prepare_cached(REMOVE)?.query_row([revision], unchecked).optional()
}

/// The first column of a row that is removed. It may be damaged, even so that it is not a text.
pub(super) fn unchecked(row: &Row<'_>) -> Result<String, rusqlite::Error> {
    Ok(String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?).into_owned())
}

impl Names {
    /// Makes them of a text. `place` is the number of names that come before, and `total` that of all names of the
    /// change. `None` if this does not fit together.
    pub(super) fn new(revision: Revision, text: &str, place: usize, total: usize) -> Option<Self> {
        let names: Vec<NormalizedName> =
            split(text).map(str::parse).collect::<Result<_, _>>().ok()?;
        let (end, last) = (place + names.len(), names.last().cloned());
        let is_possible = end <= total && (last.is_some() || total == 0);
        is_possible.then(|| Self { revision, left: names.into_iter(), last, end, total })
    }

    /// True if none were left to take, though the change has more.
    pub(crate) fn needs_more(&self) -> bool {
        self.left.as_slice().is_empty() && self.end < self.total
    }

    /// True if all names of the change were taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.left.as_slice().is_empty() && self.end == self.total
    }

    /// Takes the next of these names, at most `count`.
    pub(crate) fn take(&mut self, count: usize) -> Vec<NormalizedName> {
        self.left.by_ref().take(count).collect()
    }

    /// Reads the next names of the change, which follow these.
    pub(crate) fn next(&self, connection: &Connection) -> Result<Self, OpenFault> {
        let last = self.last.as_ref().map_or("", NormalizedName::as_str);
        match self.read(connection, NEXT, last)? {
            Some(next) if next.end - next.left.len() == self.end => Ok(next),
            _ => Err(damaged_change(self.revision)),
        }
    }

    /// Moves to the first name after this one, whether or not it is one of the change. These must be the first
    /// names of the change.
    pub(crate) fn skip_to_after(
        self,
        connection: &Connection,
        name: &NormalizedName,
    ) -> Result<Self, OpenFault> {
        let mut names = self.read(connection, AT, name.as_str())?.unwrap_or(self);
        let skipped = names.left.as_slice().partition_point(|own| own <= name);
        names.left.by_ref().take(skipped).for_each(drop);
        Ok(names)
    }

    fn read(
        &self,
        connection: &Connection,
        sql: &str,
        name: &str,
    ) -> Result<Option<Self>, OpenFault> {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![self.revision.to_i64(), name])?;
        rows.next()?.map(|row| self.part(row)).transpose()
    }

    fn part(&self, row: &Row<'_>) -> Result<Self, OpenFault> {
        let (first, place, text): (String, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let fault = || damaged_change(self.revision);
        let place = usize::try_from(place).map_err(|_| fault())?;
        let expected = part_checksum(self.revision.to_i64(), &first, place, &text);
        if row.get::<_, i64>(3)? != i64::from(expected) {
            return Err(fault());
        }
        Self::new(self.revision, &text, place, self.total).ok_or_else(fault)
    }
}
