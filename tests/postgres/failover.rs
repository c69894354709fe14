//! Facts about failover from one primary to another.

use std::sync::Arc;
use std::time::Duration;

use pyaday_core::{Package, PackageStore, Write};
use pyaday_postgres::{PostgresOptions, PostgresStore};

use super::cluster::Cluster;
use super::traffic::{Tally, Traffic};
use crate::support::tools::{cycles, report};

/// How many writes are acknowledged before a fault, and after it.
const WRITES: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_loses_no_acknowledged_write() {
    let Some(cluster) = Cluster::start("a primary that is killed") else { return };
    change_primaries("failovers", cluster, Cluster::fail_over, Cluster::rejoin).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_of_the_newest_version_loses_no_acknowledged_write() {
    let test = "a primary of the newest version that is killed";
    let Some(cluster) = Cluster::start_newest(test) else { return };
    change_primaries("failovers", cluster, Cluster::fail_over, Cluster::rejoin).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switchover_loses_no_acknowledged_write() {
    let Some(cluster) = Cluster::start("a primary that changes parts") else { return };
    change_primaries("switchovers", cluster, Cluster::switch_over, |_| ()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_loses_no_acknowledged_write() {
    let Some(cluster) = Cluster::start("a primary that is restarted") else { return };
    change_primaries("restarts", cluster, Cluster::restart_primary, |_| ()).await;
}

/// Lets two processes write while the primary fails again and again.
async fn change_primaries(
    what: &str,
    mut cluster: Cluster,
    fault: fn(&mut Cluster),
    repair: fn(&mut Cluster),
) {
    let stores = [store(&cluster).await, store(&cluster).await];
    let (mut all, mut slowest) = ([0; 3], Duration::ZERO);
    let cycles = cycles(2);
    for cycle in 0..cycles {
        let traffic = Traffic::start(&stores, cycle);
        traffic.wait_for(WRITES);
        fault(&mut cluster);
        slowest = slowest.max(traffic.back_behind(cluster.promoted));
        traffic.wait_for(WRITES);
        let tally = traffic.end().await;
        tally.compare(cluster.primary()).unwrap_or_else(|lost| panic!("cycle {cycle}: {lost}"));
        for (sum, count) in all.iter_mut().zip(tally.counts()) {
            *sum += count;
        }
        repair(&mut cluster);
    }
    let [done, refused, unknown] = all;
    report(&format!(
        "{cycles} {what}: {done} writes acknowledged, 0 lost; {refused} refused, {unknown} unknown; \
         acknowledged again {slowest:?} behind the order to go on at the latest"
    ));
}

async fn store(cluster: &Cluster) -> Arc<PostgresStore> {
    let store = PostgresStore::connect(&cluster.url(), PostgresOptions::new()).await.unwrap();
    // There must always be a package to show.
    store.create(Package::new("anchor", "").unwrap(), Write::new()).await.unwrap();
    Arc::new(store)
}

/// The control: a standby that does not have to confirm writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_an_asynchronous_standby_lacks_are_detected_as_lost() {
    let Some(mut cluster) = Cluster::start("a standby that missed changes") else { return };
    let stores = [store(&cluster).await];
    let traffic = Traffic::start(&stores, 0);
    traffic.wait_for(WRITES);
    cluster.lose_standby();
    cluster.desynchronize();
    traffic.wait_for(WRITES);
    let tally: Tally = traffic.end().await;
    tally.compare(cluster.primary()).unwrap();
    cluster.fail_over_to_what_there_was();
    tally.compare(cluster.primary()).unwrap_err();
}
