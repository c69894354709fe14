//! Loads the catalogue from the database into memory, and keeps it up to date.

use std::time::Duration;

use pyaday_core::{Catalogue, NormalizedName, StoreId};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_postgres::Row;

use crate::connection::Connection;
use crate::deadline::READ;
use crate::error::Fault;
use crate::rows::head::{self, Head, Point};
use crate::rows::{Parts, change, journal, package};

/// How long one query for the changes of other processes may take. There may be many changes.
const CATCH_UP: Duration = Duration::from_secs(5);

/// The catalogue as it is after one transaction of the database.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    pub(crate) catalogue: Catalogue,
    pub(crate) point: Point,
    pub(crate) store: StoreId,
}

/// The statements that begin a transaction with one snapshot, however long it takes. If the process stops,
/// the server ends the transaction; otherwise the server would have to keep all rows that were replaced
/// since the snapshot.
pub(crate) const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                        SET LOCAL idle_in_transaction_session_timeout = '5s'; \
                        SET LOCAL statement_timeout = 0";

/// Begins a transaction with one snapshot. Returns the head in it.
async fn begin_snapshot(connection: &Connection) -> Result<Head, Fault> {
    connection.run(READ, SNAPSHOT).await?;
    connection.within(READ, head::read).await
}

pub(crate) async fn end_snapshot(connection: &Connection) -> Result<(), Fault> {
    connection.run(READ, "COMMIT").await
}

/// Reads all data of the database in one snapshot, as the beginning of a new history in memory. The history
/// of the database may be another than that of the catalogue which was followed before.
pub(crate) async fn load(connection: &Connection) -> Result<Followed, Fault> {
    let head = begin_snapshot(connection).await?;
    let mut catalogue = load_packages(connection, &head).await?;
    journal::load(connection, &mut catalogue).await?;
    end_snapshot(connection).await?;
    match catalogue.revision() == head.point.revision {
        true => complete(catalogue, &head),
        false => Err(Fault::Damaged("a row is newer than the newest write".to_owned())),
    }
}

/// States that a catalogue has as many packages as the head says.
fn complete(catalogue: Catalogue, head: &Head) -> Result<Followed, Fault> {
    let (found, packages) = (catalogue.len(), head.packages);
    match i64::try_from(found) == Ok(packages) {
        true => Ok(Followed { catalogue, point: head.point, store: head.store }),
        false => {
            Err(Fault::Damaged(format!("there are {found} packages in the place of {packages}")))
        }
    }
}

/// Reads rows in a task and makes packages of them in a thread, because both take equally long.
async fn load_packages(connection: &Connection, head: &Head) -> Result<Catalogue, Fault> {
    let (sender, batches) = mpsc::channel::<Vec<Row>>(4);
    let empty = Catalogue::new(head.point.revision);
    let catalogue = spawn_blocking(move || restore(empty, batches));
    let mut parts = Parts::of(connection, &package::LOAD, &[]).await?;
    let mut batch = Vec::with_capacity(Parts::LENGTH);
    while let Some(rows) = parts.next().await? {
        batch.extend(rows);
        // The thread has ended if a previous batch was damaged.
        if batch.len() >= Parts::LENGTH && sender.send(std::mem::take(&mut batch)).await.is_err() {
            break;
        }
    }
    let _ = sender.send(batch).await;
    drop(sender);
    catalogue.await.unwrap_or(Err(Fault::Bug))
}

fn restore(
    mut catalogue: Catalogue,
    mut batches: mpsc::Receiver<Vec<Row>>,
) -> Result<Catalogue, Fault> {
    while let Some(rows) = batches.blocking_recv() {
        let packages: Result<Vec<_>, _> = rows.iter().map(|row| package::read(row, 0)).collect();
        catalogue.restore(&packages?);
    }
    Ok(catalogue)
}

/// Brings a catalogue up to date in one snapshot of the database. `None` if [`catch_up`] cannot do it.
pub(crate) async fn catch_up_in_snapshot(
    connection: &Connection,
    from: &Followed,
) -> Result<Option<Followed>, Fault> {
    let head = begin_snapshot(connection).await?;
    let followed = catch_up(connection, from, &head).await?;
    end_snapshot(connection).await?;
    Ok(followed)
}

/// Brings a catalogue up to a head, in a transaction that sees the same moment as the head. `None` if the
/// log no longer holds all writes since the catalogue, or if it belongs to another history.
pub(crate) async fn catch_up(
    connection: &Connection,
    from: &Followed,
    head: &Head,
) -> Result<Option<Followed>, Fault> {
    if from.point == head.point {
        return Ok(Some(from.clone()));
    }
    let reaches_back = |client| change::reaches_back_to(client, &from.point);
    if from.point.revision >= head.point.revision
        || !connection.within(CATCH_UP, reaches_back).await?
    {
        return Ok(None);
    }
    let mut catalogue = from.catalogue.clone();
    let after = from.point.revision.to_i64();
    follow_packages(connection, after, &mut catalogue).await?;
    connection.within(CATCH_UP, |client| journal::follow(client, &mut catalogue, after)).await?;
    catalogue.advance(head.point.revision);
    complete(catalogue, head).map(Some)
}

async fn follow_packages(
    connection: &Connection,
    after: i64,
    catalogue: &mut Catalogue,
) -> Result<(), Fault> {
    let (mut written, mut removed) = (Vec::new(), Vec::new());
    let mut changed = Parts::of(connection, &package::FOLLOW, &[&after]).await?;
    while let Some(rows) = changed.next().await? {
        for row in rows {
            match row.try_get(1)? {
                false => written.push(package::read(&row, 2)?),
                true => removed.push(name(row.try_get(0)?)?),
            }
        }
    }
    catalogue.restore(&written);
    catalogue.forget(&removed, catalogue.revision());
    Ok(())
}

fn name(text: &str) -> Result<NormalizedName, Fault> {
    text.parse().map_err(|_| Fault::Damaged(format!("the change of `{text}` is of no package")))
}
