//! Creates the tables, and migrates the tables of earlier releases.

mod first;
#[cfg(test)]
mod tests;

use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use futures_util::future::BoxFuture;

use crate::connection::Connection;
use crate::deadline::READ;
use crate::error::{ConnectError, Fault};

/// Makes one schema from the previous one, in a transaction. The first migration starts from nothing.
pub(crate) struct Migration {
    /// The oldest release that can work with the tables after this migration. The number is the newest schema
    /// that the release knows.
    oldest: i32,
    migrate: for<'a> fn(&'a ClientWrapper, &'a Schema) -> BoxFuture<'a, Result<(), Fault>>,
}

/// The migrations, in the order of the schemas.
///
/// A migration that was released never changes. A new schema is a new item.
const MIGRATIONS: [Migration; 4] = [
    Migration { oldest: 1, migrate: |client, schema| Box::pin(first::migrate(client, schema)) },
    Migration {
        oldest: 1,
        migrate: |client, schema| Box::pin(run(client, schema, include_str!("schema/2.sql"))),
    },
    // Earlier releases write the columns that this migration drops.
    Migration {
        oldest: 3,
        migrate: |client, schema| Box::pin(run(client, schema, include_str!("schema/3.sql"))),
    },
    // Earlier releases would not write the log.
    Migration {
        oldest: 4,
        migrate: |client, schema| Box::pin(run(client, schema, include_str!("schema/4.sql"))),
    },
];

/// The newest schema that this release knows.
pub(crate) const KNOWN: i32 = MIGRATIONS.len() as i32;

/// How long the migration may take, including the wait for another process that migrates.
const SET_UP: Duration = Duration::from_secs(60);

/// The schema in which the tables are.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    name: String,
    /// The quoted name, followed by a dot.
    prefix: String,
}

impl Schema {
    pub(crate) fn new(name: &str) -> Result<Self, ConnectError> {
        let rule = match name {
            "" => "must not be empty",
            // The server cuts longer names off.
            name if name.len() > 63 => "must be at most 63 bytes long",
            name if name.contains('\0') => "must not hold NUL",
            name if name.starts_with("pg_") => "must not begin with `pg_`, as the server's own do",
            name => {
                let prefix = format!("\"{}\".", name.replace('"', "\"\""));
                return Ok(Self { name: name.to_owned(), prefix });
            }
        };
        Err(ConnectError::SchemaName { schema: name.to_owned(), rule })
    }

    /// Rewrites a statement for the schema `pyaday` as one for this schema. On a connection that is ready,
    /// statements need not name the schema.
    fn sql(&self, statement: &str) -> String {
        statement.replace("pyaday.", &self.prefix)
    }

    /// The quoted name, for a statement.
    pub(crate) fn quoted(&self) -> &str {
        self.prefix.trim_end_matches('.')
    }
}

/// Returns an error if this release cannot work with a schema.
pub(crate) fn check(schema: i32, oldest: i32) -> Result<(), ConnectError> {
    match oldest > KNOWN {
        true => Err(ConnectError::NewerSchema { found: schema, known: KNOWN }),
        false => Ok(()),
    }
}

/// Brings the tables up to the newest schema of this release, if they are older. With `must_exist`, missing
/// tables are an error.
pub(crate) async fn migrate(
    connection: &Connection,
    schema: &Schema,
    must_exist: bool,
) -> Result<(), Fault> {
    // When a process starts, it waits for another process that migrates. Later it must not wait so long.
    let limit = if must_exist { READ } else { SET_UP };
    let found = connection.within(limit, |client| found(client, schema)).await?;
    if found == 0 && must_exist {
        // A new, empty catalogue would hide that the old one is lost.
        return Err(Fault::Damaged(format!("the schema {} is gone", schema.quoted())));
    }
    if found < KNOWN {
        let bringing_up = |client| bring_up_alone(client, schema, &MIGRATIONS);
        connection.within(SET_UP, bringing_up).await?;
    }
    Ok(())
}

/// Runs these migrations in one transaction.
async fn bring_up_alone(
    client: &ClientWrapper,
    schema: &Schema,
    migrations: &[Migration],
) -> Result<(), Fault> {
    begin_alone(client, schema).await?;
    bring_up(client, schema, migrations).await?;
    Ok(client.batch_execute("COMMIT").await?)
}

/// Begins a transaction in which only one process at a time can be. Its limit for statements replaces that
/// of the user, which may be too short.
///
/// If the process stops, the server ends the transaction and frees its locks. After the first lock, the
/// transaction waits for other locks at most one second, because all writers wait while it waits. The
/// caller tries it again.
async fn begin_alone(client: &ClientWrapper, schema: &Schema) -> Result<(), Fault> {
    let limit = SET_UP.as_millis();
    client
        .batch_execute(&format!(
            "BEGIN; \
             SET LOCAL statement_timeout = {limit}; \
             SET LOCAL lock_timeout = {limit}; \
             SET LOCAL idle_in_transaction_session_timeout = '5s'"
        ))
        .await?;
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended('pyaday ' || $1::text, 0))";
    client.query(lock, &[&schema.name]).await?;
    Ok(client.batch_execute("SET LOCAL lock_timeout = '1s'").await?)
}

/// The number of the schema in the database, or 0 if there is none.
async fn found(client: &ClientWrapper, schema: &Schema) -> Result<i32, Fault> {
    let row = client
        .query_one(
            "SELECT current_setting('server_encoding'), to_regclass($1) IS NOT NULL, \
                    pg_is_in_recovery()",
            &[&schema.sql("pyaday.head")],
        )
        .await?;
    let encoding: String = row.try_get(0)?;
    if encoding != "UTF8" {
        return Err(ConnectError::Encoding { found: encoding }.into());
    }
    if row.try_get(2)? {
        // A pool of the host may lead to a standby. The age of its data is not known.
        return Err(Fault::Standby);
    }
    if !row.try_get::<_, bool>(1)? {
        return Ok(0);
    }
    let sql = schema.sql("SELECT schema, oldest FROM pyaday.head");
    let Some(row) = client.query_opt(&sql, &[]).await? else {
        return Ok(0);
    };
    let (found, oldest) = (row.try_get(0)?, row.try_get(1)?);
    check(found, oldest)?;
    Ok(found)
}

async fn bring_up(
    client: &ClientWrapper,
    schema: &Schema,
    migrations: &[Migration],
) -> Result<(), Fault> {
    // `CREATE SCHEMA IF NOT EXISTS` would need the right to create a schema even if the schema exists.
    let exists =
        client.query_one("SELECT to_regnamespace($1) IS NOT NULL", &[&schema.quoted()]).await?;
    if !exists.try_get::<_, bool>(0)? {
        client.batch_execute(&format!("CREATE SCHEMA {}", schema.quoted())).await?;
    }
    let before = found(client, schema).await?;
    if 0 < before && (before as usize) < migrations.len() {
        // Writers lock this row first too. Another order of locks could lead to a deadlock.
        client.query(&schema.sql("SELECT FROM pyaday.head FOR UPDATE"), &[]).await?;
    }
    for (number, migration) in (1..).zip(migrations).filter(|(number, _)| *number > before) {
        (migration.migrate)(client, schema).await?;
        let sql = schema.sql("UPDATE pyaday.head SET schema = $1, oldest = $2");
        client.execute(&sql, &[&number, &migration.oldest]).await?;
    }
    Ok(())
}

/// Runs statements that are written for the schema `pyaday` in this schema.
async fn run(client: &ClientWrapper, schema: &Schema, statements: &str) -> Result<(), Fault> {
    Ok(client.batch_execute(&schema.sql(statements)).await?)
}
