//! Creates the first schema, with the rows of an empty catalogue.

use deadpool_postgres::ClientWrapper;
use pyaday_core::Revision;

use super::{Schema, run};
use crate::error::Fault;

/// SQL alone cannot do this: the core decides the first revision, and SQL has no random 64-bit integers for
/// the token.
pub(super) async fn migrate(client: &ClientWrapper, schema: &Schema) -> Result<(), Fault> {
    run(client, schema, include_str!("1.sql")).await?;
    let (revision, token) = (Revision::now().to_i64(), rand::random::<i64>());
    let head = "INSERT INTO pyaday.head \
                    (id, schema, oldest, revision, journal, packages, position, token) \
                VALUES (1, 0, 0, $1, $1, 0, 0, $2)";
    client.execute(&schema.sql(head), &[&revision, &token]).await?;
    let change = "INSERT INTO pyaday.change (position, revision, token) VALUES (0, $1, $2)";
    client.execute(&schema.sql(change), &[&revision, &token]).await?;
    Ok(())
}
