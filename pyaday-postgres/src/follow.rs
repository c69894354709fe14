//! How a catalogue in memory becomes that of the database, and stays it.

use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use pyaday_core::{Catalogue, Date, NormalizedName, StoreId};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_postgres::Row;

use crate::connection::within;
use crate::error::Fault;
use crate::rows::head::{self, Head, Point};
use crate::rows::{Parts, change, journal, package};
use crate::schema::Schema;

/// How long the database may take for one step of reading.
pub(crate) const READ: Duration = Duration::from_secs(2);

/// How long one question about the changes of others may take, of which there may be many.
const CATCH_UP: Duration = Duration::from_secs(5);

/// All that is behind one transaction of the database.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    pub(crate) catalogue: Catalogue,
    pub(crate) point: Point,
    pub(crate) store: StoreId,
}

/// What a transaction that sees one moment begins with. A process that stops in it does not keep that
/// moment, and with it all rows that were replaced since.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                        SET LOCAL idle_in_transaction_session_timeout = '5s'";

/// Begins a transaction that sees one moment.
pub(crate) async fn begin_snapshot(client: &ClientWrapper) -> Result<(), Fault> {
    Ok(client.batch_execute(SNAPSHOT).await?)
}

/// The same, for as long as it takes.
pub(crate) async fn begin_long_snapshot(client: &ClientWrapper) -> Result<(), Fault> {
    begin_snapshot(client).await?;
    Ok(client.batch_execute("SET LOCAL statement_timeout = 0").await?)
}

/// Reads what the database has at one moment, all of it.
pub(crate) async fn load(client: &ClientWrapper, schema: &Schema) -> Result<Followed, Fault> {
    within(READ, begin_long_snapshot(client)).await?;
    let head = within(READ, head::read(client, schema)).await?;
    let catalogue = everything(client, schema, &head).await?;
    within(READ, async { Ok(client.batch_execute("COMMIT").await?) }).await?;
    complete(catalogue, &head)
}

/// All packages, days and pins, as the beginning of a history of its own: it may be another than that of
/// any catalogue that was followed before.
pub(crate) async fn everything(
    client: &ClientWrapper,
    schema: &Schema,
    head: &Head,
) -> Result<Catalogue, Fault> {
    let mut catalogue = load_packages(client, schema, head).await?;
    journal::load(client, schema, &mut catalogue).await?;
    match catalogue.revision() == head.point.revision {
        true => Ok(catalogue),
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

/// Reads rows in one task and makes packages of them in a thread, since that takes as long.
async fn load_packages(
    client: &ClientWrapper,
    schema: &Schema,
    head: &Head,
) -> Result<Catalogue, Fault> {
    let (sender, batches) = mpsc::channel::<Vec<Row>>(4);
    let empty = Catalogue::new(head.point.revision);
    let catalogue = spawn_blocking(move || restore(empty, batches));
    let columns = package::COLUMNS;
    let sql = schema
        .sql(&format!("SELECT {columns} FROM pyaday.package AS package ORDER BY normalized_name"));
    let mut parts = Parts::of(client, &sql, &[]).await?;
    let mut batch = Vec::with_capacity(Parts::LENGTH);
    while let Some(rows) = parts.next().await? {
        batch.extend(rows);
        // Nobody takes it if one before was damaged.
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

/// Brings a catalogue up to a head, of which the transaction sees the moment; `None` if what
/// happened since is not known any more, or did not begin with what the catalogue has.
pub(crate) async fn catch_up(
    client: &ClientWrapper,
    schema: &Schema,
    from: &Followed,
    head: &Head,
) -> Result<Option<Followed>, Fault> {
    if from.point == head.point {
        return Ok(Some(from.clone()));
    }
    if from.point.position >= head.point.position
        || !within(CATCH_UP, change::reaches_back_to(client, schema, &from.point)).await?
    {
        return Ok(None);
    }
    let mut catalogue = from.catalogue.clone();
    follow_packages(client, schema, from, &mut catalogue).await?;
    within(CATCH_UP, follow_days(client, schema, from, &mut catalogue)).await?;
    catalogue.forget(&[], head.point.revision);
    complete(catalogue, head).map(Some)
}

async fn follow_packages(
    client: &ClientWrapper,
    schema: &Schema,
    from: &Followed,
    catalogue: &mut Catalogue,
) -> Result<(), Fault> {
    let columns = package::COLUMNS;
    let sql = schema.sql(&format!(
        "SELECT changed.package, package.normalized_name IS NULL, {columns}
         FROM (
             SELECT DISTINCT package FROM pyaday.change WHERE position > $1 AND package IS NOT NULL
         ) AS changed
         LEFT JOIN pyaday.package AS package ON package.normalized_name = changed.package"
    ));
    let statement = client.prepare_cached(&sql).await?;
    let (mut written, mut removed) = (Vec::new(), Vec::new());
    let mut changed = Parts::of(client, &statement, &[&from.point.position]).await?;
    while let Some(rows) = changed.next().await? {
        for row in rows {
            match row.try_get(1)? {
                false => written.push(package::read(&row, 2)?),
                true => removed.push(name(row.try_get(0)?)?),
            }
        }
    }
    catalogue.restore(&written);
    catalogue.forget(&removed, from.point.revision);
    Ok(())
}

async fn follow_days(
    client: &ClientWrapper,
    schema: &Schema,
    from: &Followed,
    catalogue: &mut Catalogue,
) -> Result<(), Fault> {
    let sql = schema
        .sql("SELECT DISTINCT date FROM pyaday.change WHERE position > $1 AND date IS NOT NULL");
    let statement = client.prepare_cached(&sql).await?;
    let rows = client.query(&statement, &[&from.point.position]).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let dates = rows.iter().map(|row| date(row.try_get(0)?)).collect::<Result<Vec<_>, _>>()?;
    journal::follow(client, schema, catalogue, &dates).await
}

fn date(text: &str) -> Result<Date, Fault> {
    text.parse().map_err(|_| Fault::Damaged(format!("the change of `{text}` is of no day")))
}

fn name(text: &str) -> Result<NormalizedName, Fault> {
    text.parse().map_err(|_| Fault::Damaged(format!("the change of `{text}` is of no package")))
}

/// The packages and days that some writes look at, as a catalogue of their own.
pub(crate) async fn part(
    client: &ClientWrapper,
    schema: &Schema,
    head: &Head,
    names: &[NormalizedName],
    dates: &[Date],
) -> Result<Catalogue, Fault> {
    let names: Vec<_> = names.iter().map(NormalizedName::as_str).collect();
    let mut catalogue = Catalogue::new(head.point.revision);
    if !dates.is_empty() {
        journal::follow(client, schema, &mut catalogue, dates).await?;
    }
    let columns = package::COLUMNS;
    let sql = schema.sql(&format!(
        "SELECT {columns} FROM pyaday.package AS package WHERE normalized_name = ANY($1)"
    ));
    let statement = client.prepare_cached(&sql).await?;
    let rows = client.query(&statement, &[&names]).await?;
    let packages: Result<Vec<_>, _> = rows.iter().map(|row| package::read(row, 0)).collect();
    catalogue.restore(&packages?);
    Ok(catalogue)
}
