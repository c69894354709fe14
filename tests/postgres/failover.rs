//! Facts about failover from one primary to another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pyaday_core::{Package, PackageStore, Write};
use pyaday_postgres::{PostgresOptions, PostgresStore};

use super::cluster::Cluster;
use super::traffic::{Tally, Traffic};
use crate::support::follower::Follower;
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

/// Follows once more. Returns false if the database cannot be asked now.
///
/// # Panics
/// If the program misses a change, or sees one twice.
async fn goes_on(follower: &mut Follower, store: &PostgresStore) -> bool {
    match follower.follow(store).await {
        Ok(()) => true,
        Err(refused) if refused.starts_with("Unavailable") => false,
        Err(wrong) => panic!("{wrong}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_follows_misses_nothing_when_the_primary_changes() {
    let Some(mut cluster) = Cluster::start("a primary that is followed") else { return };
    let stores = [store(&cluster).await, store(&cluster).await];
    let is_over = Arc::new(AtomicBool::new(false));
    let (watched, over) = (Arc::clone(&stores[0]), Arc::clone(&is_over));
    let following = tokio::spawn(async move {
        let (mut follower, mut refused) = (Follower::default(), 0);
        while !over.load(Ordering::SeqCst) {
            refused += usize::from(!goes_on(&mut follower, &watched).await);
            tokio::task::yield_now().await;
        }
        (follower, refused)
    });
    let traffic = Traffic::start(&stores, 0);
    for _ in 0..cycles(2) {
        traffic.wait_for(WRITES);
        cluster.fail_over();
        traffic.back_behind(cluster.promoted);
        traffic.wait_for(WRITES);
        cluster.rejoin();
    }
    let tally = traffic.end().await;
    is_over.store(true, Ordering::SeqCst);
    let (mut follower, refused) = following.await.unwrap();
    // The other process may have written last.
    stores[0].refresh().await.unwrap();
    follower.agrees(&*stores[0]).await.unwrap();
    let [done, ..] = tally.counts();
    let seen = follower.changes.len();
    report(&format!(
        "{done} writes acknowledged, {seen} changes followed, {refused} times refused"
    ));
}

/// Two programs follow. One has changes that the new primary lacks, and the other has not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_is_told_when_changes_that_it_followed_are_lost() {
    let Some(mut cluster) = Cluster::start("a lossy failover that is followed") else { return };
    let stores = [store(&cluster).await];
    let traffic = Traffic::start(&stores, 0);
    traffic.wait_for(WRITES);
    drop(traffic.end().await);
    let [mut ahead, mut kept] = [Follower::default(), Follower::default()];
    kept.follow(&*stores[0]).await.unwrap();
    cluster.lose_standby();
    cluster.desynchronize();
    let traffic = Traffic::start(&stores, 1);
    traffic.wait_for(WRITES);
    drop(traffic.end().await);
    // The control: before the failover, it has everything and goes on.
    ahead.agrees(&*stores[0]).await.unwrap();
    cluster.fail_over_to_what_there_was();
    let traffic = Traffic::start(&stores, 2);
    traffic.back_behind(cluster.promoted);
    drop(traffic.end().await);
    while !goes_on(&mut kept, &stores[0]).await {}
    kept.agrees(&*stores[0]).await.unwrap();
    let seen = ahead.changes.len();
    for _ in 0..3 {
        let told = ahead.follow(&*stores[0]).await.unwrap_err();
        assert_eq!(told, "the list is not there: Forgotten");
    }
    assert_eq!(ahead.changes.len(), seen);
}
