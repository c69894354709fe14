//! Facts about a missing standby: no server confirms writes.

use deadpool_postgres::{Manager, Pool};
use pyaday_core::{Package, PackageStore, StoreError, Write};
use pyaday_postgres::{PostgresOptions, PostgresStore, Reads};
use tokio_postgres::NoTls;

use super::cluster::Cluster;
use super::events::answer;
use super::traffic::{insist, until_seen};

async fn open(cluster: &Cluster) -> PostgresStore {
    let store = PostgresStore::connect(&cluster.url(), PostgresOptions::new()).await.unwrap();
    insist(&store, "flask").await;
    store
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_synchronous_standby_nothing_is_acknowledged() {
    let Some(mut cluster) = Cluster::start("a standby that is lost") else { return };
    let (store, other) = (open(&cluster).await, open(&cluster).await);
    cluster.lose_standby();
    let first = answer(store.create(Package::new("first", "").unwrap(), Write::new())).await;
    assert!(matches!(first, Err(StoreError::OutcomeUnknown { .. })), "{first:?}");
    for store in [&store, &other] {
        let told = answer(store.create(Package::new("second", "").unwrap(), Write::new())).await;
        assert!(matches!(told, Err(StoreError::Unavailable { .. })), "{told:?}");
        // Readers do not see a write that may still be lost. Reads go on.
        let seen = |name: &str| store.catalogue().unwrap().get(&name.parse().unwrap());
        assert!(seen("flask").is_some() && seen("first").is_none());
    }
    cluster.find_standby();
    until_seen(&store, "first");
    until_seen(&other, "first");
    insist(&store, "third").await;
    until_seen(&other, "third");
    assert!(other.catalogue().unwrap().get(&"second".parse().unwrap()).is_none());
}

/// The control: a primary that does not have to wait for a standby.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_synchronous_replication_all_writes_are_acknowledged() {
    let Some(mut cluster) = Cluster::start("a standby that nobody waits for") else { return };
    let store = open(&cluster).await;
    cluster.desynchronize();
    cluster.lose_standby();
    answer(store.create(Package::new("first", "").unwrap(), Write::new())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_primary_that_still_runs_acknowledges_nothing() {
    let Some(mut cluster) = Cluster::start("two primaries") else { return };
    let told = write_to_the_old(&mut cluster).await;
    assert!(matches!(told, Err(StoreError::OutcomeUnknown { .. })), "{told:?}");
}

/// The control: a primary that does not have to wait for a standby.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_primary_without_a_standby_acknowledges_lost_writes() {
    let Some(mut cluster) = Cluster::start("two primaries that wait for nobody") else { return };
    cluster.desynchronize();
    write_to_the_old(&mut cluster).await.unwrap();
}

/// A pool of the host may lead to a standby, whose data may be old.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_is_not_taken_for_the_primary() {
    let Some(mut cluster) = Cluster::start("a pool that leads to a standby") else { return };
    open(&cluster).await;
    let manager = Manager::new(cluster.standby().url("postgres").parse().unwrap(), NoTls);
    let pool = Pool::builder(manager).build().unwrap();
    let flask = "flask".parse().unwrap();
    for reads in [Reads::Followed, Reads::Latest] {
        let options = PostgresOptions::new().reads(reads);
        let store = PostgresStore::with_pool(pool.clone(), options).await.unwrap();
        let read = answer(store.read(&flask)).await;
        assert!(matches!(read, Err(StoreError::Unavailable { .. })), "{read:?}");
        let told = answer(store.create(Package::new("first", "").unwrap(), Write::new())).await;
        assert!(matches!(told, Err(StoreError::Unavailable { .. })), "{told:?}");
    }
    let store = PostgresStore::with_pool(pool, PostgresOptions::new()).await.unwrap();
    cluster.promote();
    insist(&store, "second").await;
    assert!(store.read(&flask).await.unwrap().is_some());
}

/// The answer to a client that does not know the new primary.
async fn write_to_the_old(cluster: &mut Cluster) -> Result<(), StoreError> {
    let url = cluster.primary().url("postgres");
    let old = PostgresStore::connect(&url, PostgresOptions::new()).await.unwrap();
    insist(&old, "flask").await;
    cluster.promote();
    let url = cluster.primary().url("postgres");
    let new = PostgresStore::connect(&url, PostgresOptions::new()).await.unwrap();
    insist(&new, "new").await;
    let told = answer(old.create(Package::new("old", "").unwrap(), Write::new())).await;
    assert!(new.catalogue().unwrap().get(&"old".parse().unwrap()).is_none());
    told.map(drop)
}
