//! The feed of changes that other processes follow.

use deadpool_postgres::ClientWrapper;

use super::head::Point;
use super::{integer, same};
use crate::error::Fault;
use crate::schema::Schema;

/// How many of the newest changes are kept at least.
const KEPT: i64 = 100_000;

/// How many more there may be before they are removed.
const SPARE: i64 = 1_000;

/// Adds the changes of a transaction: the packages and the dates that it wrote to. `before` is the
/// position of the last change before, `point` that of the last of these.
pub(crate) async fn write(
    client: &ClientWrapper,
    schema: &Schema,
    before: i64,
    point: &Point,
    packages: &[&str],
    dates: &[String],
) -> Result<(), Fault> {
    let sql = schema.sql(
        "INSERT INTO pyaday.change (position, revision, token, package, date)
         SELECT $1 + place, $2, $3, package, date
         FROM (
             SELECT package, NULL, place
             FROM unnest($4::text[]) WITH ORDINALITY AS packages (package, place)
             UNION ALL
             SELECT NULL, date, place + $6
             FROM unnest($5::text[]) WITH ORDINALITY AS dates (date, place)
         ) AS new (package, date, place)",
    );
    let statement = client.prepare_cached(&sql).await?;
    let (revision, count) = (integer(point.revision), packages.len() as i64);
    let rows = client
        .execute(&statement, &[&before, &revision, &point.token, &packages, &dates, &count])
        .await?;
    same("change", packages.len() + dates.len(), rows as usize)?;
    if before / SPARE != point.position / SPARE {
        let sql = schema.sql("DELETE FROM pyaday.change WHERE position <= $1");
        let statement = client.prepare_cached(&sql).await?;
        client.execute(&statement, &[&(point.position - KEPT)]).await?;
    }
    Ok(())
}

/// True if the feed still has what was written since a transaction: then that transaction is part of
/// the history of this database too, and its last change is there.
pub(crate) async fn reaches_back_to(
    client: &ClientWrapper,
    schema: &Schema,
    point: &Point,
) -> Result<bool, Fault> {
    let sql = schema.sql("SELECT revision, token FROM pyaday.change WHERE position = $1");
    let statement = client.prepare_cached(&sql).await?;
    let Some(row) = client.query_opt(&statement, &[&point.position]).await? else {
        return Ok(false);
    };
    let found: (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(found == (integer(point.revision), point.token))
}
