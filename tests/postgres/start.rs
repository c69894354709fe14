//! A process that starts while the database is away.

use pyaday_core::{PackageStore, StoreError};
use pyaday_postgres::{Options, PostgresStore, Reads};

use super::cluster::Cluster;
use super::traffic::{answer, insist};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_starts_without_its_database_and_recovers() {
    let Some(mut cluster) = Cluster::start("a database that is away") else { return };
    cluster.stop_primary();
    for reads in [Reads::Memory, Reads::Database] {
        let options = Options::new().reads(reads);
        let store = PostgresStore::connect(&cluster.url(), options).await.unwrap();
        let name = "flask".parse().unwrap();
        let told = answer(store.read(&name)).await;
        assert!(matches!(told, Err(StoreError::Unavailable { .. })), "{told:?}");
        assert_eq!(store.age().is_none(), reads == Reads::Memory);
        cluster.start_primary();
        insist(&store, "flask").await;
        assert!(answer(store.read(&name)).await.unwrap().is_some());
        cluster.stop_primary();
    }
}
