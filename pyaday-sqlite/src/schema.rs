//! The tables in the file, and the migrations between their schemas.

mod fourth;
#[cfg(test)]
mod tests;
mod third;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::OpenFault;

/// The application ID in the header of a catalogue's file: `pyad`.
pub(crate) const APPLICATION_ID: i64 = 0x7079_6164;

/// Migrates the previous schema to one schema, in a transaction.
type Migration = fn(&Transaction<'_>) -> Result<(), OpenFault>;

/// The migrations to each schema, the first one from an empty database.
///
/// A migration that was released never changes. A new schema is a new item.
const MIGRATIONS: [Migration; 4] = [
    |transaction| Ok(transaction.execute_batch(include_str!("schema/1.sql"))?),
    |transaction| Ok(transaction.execute_batch(include_str!("schema/2.sql"))?),
    third::migrate,
    fourth::migrate,
];

/// The state of a file when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The file was empty.
    New,
    /// The file was a catalogue.
    Existing,
}

/// Finds out which application the database belongs to, without changing anything.
pub(crate) fn identify(connection: &Connection) -> Result<Origin, OpenFault> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    match (application, version, tables) {
        (0, 0, 0) => Ok(Origin::New),
        (APPLICATION_ID, version, _) if version > known => {
            Err(OpenFault::NewerSchema { found: version, known })
        }
        (APPLICATION_ID, 1.., _) => Ok(Origin::Existing),
        (APPLICATION_ID, ..) => {
            Err(OpenFault::Damaged { fault: format!("its schema is {version}") })
        }
        _ => Err(OpenFault::Foreign),
    }
}

/// Updates the tables to the current schema. Each migration has a transaction of its own, so an
/// interrupted update continues where it stopped.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenFault> {
    bring_up(connection, &MIGRATIONS)
}

fn bring_up(connection: &mut Connection, migrations: &[Migration]) -> Result<(), OpenFault> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (version, migration) in (1..).zip(migrations).filter(|(version, _)| *version > found) {
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        migration(&transaction)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
