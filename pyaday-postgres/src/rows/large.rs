//! Tells other processes of a large transaction, so that they wait for it longer than for others.

use deadpool_postgres::ClientWrapper;

use crate::error::Fault;

/// The number of the advisory lock that a large transaction holds until its end. Others only ask whether it
/// is free.
macro_rules! lock {
    () => {
        "hashtextextended('pyaday large ' || current_schema(), 0)"
    };
}

const ANNOUNCE: &str = concat!("SELECT pg_advisory_xact_lock(", lock!(), ")");
const IS_WRITTEN: &str = concat!("SELECT NOT pg_try_advisory_xact_lock_shared(", lock!(), ")");

/// Tells other processes that this transaction is large.
pub(crate) async fn announce(client: &ClientWrapper) -> Result<(), Fault> {
    client.query_one(ANNOUNCE, &[]).await?;
    Ok(())
}

/// True if a large transaction is carried out.
pub(crate) async fn is_written(client: &ClientWrapper) -> Result<bool, Fault> {
    Ok(client.query_one(IS_WRITTEN, &[]).await?.try_get(0)?)
}
