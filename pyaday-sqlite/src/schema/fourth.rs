//! The fourth schema. It adds the log of changes.

use rusqlite::Transaction;

use crate::error::OpenFault;
use crate::rows::{CATALOGUE, LOG};

/// What was written before this migration is not known, so the log begins at the newest revision.
pub(super) fn migrate(transaction: &Transaction<'_>) -> Result<(), OpenFault> {
    transaction.execute_batch(include_str!("4.sql"))?;
    let beginning = CATALOGUE.read(transaction)?.map_or(0, |[_, revision]| revision);
    Ok(LOG.write(transaction, [0, beginning])?)
}
