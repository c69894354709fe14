//! What is in the tables, as packages, days and the head.

pub(crate) mod change;
pub(crate) mod head;
pub(crate) mod journal;
pub(crate) mod package;

use pyaday_core::Revision;

use crate::error::Fault;

/// As PostgreSQL has it. A sequence that begins with the clock's microseconds is at its end after
/// some hundred thousand years.
fn integer(revision: Revision) -> i64 {
    revision.get() as i64
}

/// The inverse of [`integer`].
pub(crate) fn revision(integer: i64) -> Result<Revision, Fault> {
    match u64::try_from(integer) {
        Ok(number) => Ok(Revision::new(number)),
        Err(_) => Err(Fault::Damaged("a revision is negative".to_owned())),
    }
}

/// States that a statement has touched as many rows as it should have.
fn same(what: &str, expected: usize, found: usize) -> Result<(), Fault> {
    match expected == found {
        true => Ok(()),
        false => Err(Fault::Damaged(format!("{what}: {found} rows in the place of {expected}"))),
    }
}
