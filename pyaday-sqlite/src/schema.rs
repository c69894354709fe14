//! The tables in the file, and how those of an earlier release become those of this one.

mod third;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::OpenFault;

/// What makes an SQLite database one of ours, as its header has it: `pyad`.
pub(crate) const APPLICATION_ID: i64 = 0x7079_6164;

/// Makes one schema out of the previous one, in a transaction.
type Migration = fn(&Transaction<'_>) -> Result<(), OpenFault>;

/// What makes each schema out of the previous one; the first out of an empty database.
///
/// What a release has shipped never changes: a new schema is a new item.
const MIGRATIONS: [Migration; 3] = [
    |transaction| Ok(transaction.execute_batch(include_str!("schema/1.sql"))?),
    |transaction| Ok(transaction.execute_batch(include_str!("schema/2.sql"))?),
    third::migrate,
];

/// What the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was empty.
    New,
    /// It was a catalogue.
    Existing,
}

/// Tells whose database it is, without changing anything.
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

/// Brings the tables up to this release, each step in a transaction of its own: an interrupted
/// migration goes on where it ended.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenFault> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (version, migration) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        migration(&transaction)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
