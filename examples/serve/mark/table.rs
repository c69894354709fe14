//! A mark that is an empty table beside those of the store, so that a dump of the database has it too.

use std::time::Duration;

use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::{Client, Config, Error, NoTls};

use crate::Url;

/// The schema is that of the store.
pub(super) const NAME: &str = "pyaday.unfinished_import";

/// How long a host may take to accept the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether there is the table.
pub(super) async fn exists(url: &Url) -> Result<bool, Error> {
    let sql = "SELECT to_regclass($1) IS NOT NULL";
    connect(url).await?.query_one(sql, &[&NAME]).await?.try_get(0)
}

/// Creates the table, unless it is there.
pub(super) async fn create(url: &Url) -> Result<(), Error> {
    let sql = format!("CREATE TABLE IF NOT EXISTS {NAME} ()");
    let result = connect(url).await?.batch_execute(&sql).await;
    match result {
        // Another process may have created it at the same moment.
        Err(_) if exists(url).await? => Ok(()),
        result => result,
    }
}

/// Removes the table, if it is there.
pub(super) async fn remove(url: &Url) -> Result<(), Error> {
    connect(url).await?.batch_execute(&format!("DROP TABLE IF EXISTS {NAME}")).await
}

/// A connection to the server of the URL that can be written.
async fn connect(url: &Url) -> Result<Client, Error> {
    let mut config: Config = url.as_str().parse()?;
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    let (client, connection) = config.connect(NoTls).await?;
    // It ends with the client, which has its errors.
    tokio::spawn(connection);
    Ok(client)
}
