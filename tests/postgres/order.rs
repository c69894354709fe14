//! Facts about transactions that begin early and commit late, and about readers that follow them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyaday_core::{Catalogue, Query, Revision};
use pyaday_postgres::{PostgresOptions, PostgresStore};
use pyaday_tests::numbers::Numbers;
use tokio_postgres::{Client, NoTls};

use super::cluster::{Cluster, Network};
use super::events::until;
use super::traffic::{Traffic, insist, until_seen};
use crate::support::tools::{cycles, report};

/// Repeatedly reads the rows after the newest one that it has seen. This method loses rows if the numbers are
/// not in the order of the commits.
struct NaiveFollower {
    client: Client,
    /// Returns the numbers after a number, in ascending order.
    statement: &'static str,
    /// How often the reader has seen each number.
    seen: BTreeMap<i64, u32>,
}

impl NaiveFollower {
    async fn of(cluster: &Cluster, statement: &'static str) -> Self {
        Self { client: connect(cluster).await, statement, seen: BTreeMap::new() }
    }

    async fn follow(&mut self) {
        let newest = self.seen.last_key_value().map_or(0, |(number, _)| *number);
        for row in self.client.query(self.statement, &[&newest]).await.unwrap() {
            *self.seen.entry(row.get(0)).or_default() += 1;
        }
    }

    /// Checks that it has seen every row exactly once.
    async fn check(&self) -> Result<(), String> {
        let all = self.client.query(self.statement, &[&0_i64]).await.unwrap();
        let all: BTreeMap<i64, u32> = all.iter().map(|row| (row.get(0), 1)).collect();
        match self.seen == all {
            true => Ok(()),
            false => Err(format!("saw {:?} of {all:?}", self.seen)),
        }
    }
}

async fn connect(cluster: &Cluster) -> Client {
    let url = cluster.primary().url("postgres");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(async { drop(connection.await) });
    client
}

/// The whole content of a catalogue, with its revisions.
fn everything(catalogue: &Catalogue) -> BTreeMap<String, Revision> {
    let page = catalogue.list(&Query::new(usize::MAX.try_into().unwrap()));
    let packages = page.items.iter();
    packages.map(|it| (it.package().name.to_string(), it.revision())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_of_late_commits_sees_each_change_once() {
    let Some(cluster) = Cluster::start("late commits") else { return };
    let networks = [cluster.network(), cluster.network(), cluster.network()];
    let mut writers = Vec::new();
    for network in &networks {
        writers.push(Arc::new(open(&network.url()).await));
    }
    let follower = Arc::new(open(&cluster.url()).await);
    insist(&follower, "anchor").await;
    let revisions = "SELECT revision FROM pyaday.package WHERE revision > $1 ORDER BY revision";
    let naive = NaiveFollower::of(&cluster, revisions).await;
    let traffic = Traffic::start(&writers, 0);
    let is_over = Arc::new(AtomicBool::new(false));
    let watching = tokio::spawn(watch(Arc::clone(&follower), naive, Arc::clone(&is_over)));
    delay_commits(&cluster, &networks, &traffic);
    let tally = traffic.end().await;
    is_over.store(true, Ordering::SeqCst);
    let (shown, mut naive) = watching.await.unwrap();
    tally.compare(cluster.primary()).unwrap();
    naive.follow().await;
    naive.check().await.unwrap();
    let truth = everything(&open(&cluster.url()).await.catalogue().unwrap());
    for store in writers.iter().chain([&follower]) {
        until("all is seen", || (everything(&store.catalogue().ok()?) == truth).then_some(()));
    }
    // Each catalogue that was shown has exactly the content of its revision.
    for catalogue in &shown {
        let until_then = |(_, revision): &(&String, &Revision)| **revision <= catalogue.revision();
        assert!(everything(catalogue).iter().eq(truth.iter().filter(until_then)), "{catalogue:?}");
    }
    let [done, refused, unknown] = tally.counts();
    report(&format!(
        "{done} writes acknowledged, {refused} refused, {unknown} unknown among late commits; \
         {} catalogues shown by a follower, each complete",
        shown.len()
    ));
}

async fn open(url: &str) -> PostgresStore {
    PostgresStore::connect(url, PostgresOptions::new()).await.unwrap()
}

/// The catalogues that a store shows, one after the other, while another process follows too.
async fn watch(
    follower: Arc<PostgresStore>,
    mut naive: NaiveFollower,
    is_over: Arc<AtomicBool>,
) -> (Vec<Catalogue>, NaiveFollower) {
    let mut shown: Vec<Catalogue> = Vec::new();
    while !is_over.load(Ordering::SeqCst) {
        naive.follow().await;
        let catalogue = follower.catalogue().unwrap();
        if shown.last().is_none_or(|last| last.revision() != catalogue.revision()) {
            shown.push(catalogue);
        }
    }
    (shown, naive)
}

/// Again and again, the commit of one writer is on its way while other writers write.
fn delay_commits(cluster: &Cluster, networks: &[Network], traffic: &Traffic) {
    let mut numbers = Numbers::new(1);
    for _ in 0..cycles(10) {
        let network = networks[numbers.place(networks.len())].to(cluster.primary());
        network.hold_all_from(b"COMMIT\0");
        until("a commit is on its way", || network.has_heard().then_some(()));
        // By now another writer waits for the lock. It continues when the lock is free.
        until("somebody waits", || {
            let waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
            let count = format!("SELECT count(*) FROM ({waiting}) AS waiting");
            (cluster.primary().sql(&count).unwrap() != "0").then_some(())
        });
        network.heal();
        traffic.wait_for(20);
    }
}

/// The control: numbers of a sequence, which are drawn early and committed late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_of_a_sequence_misses_rows() {
    let Some(cluster) = Cluster::start("numbers of a sequence") else { return };
    cluster.primary().sql("CREATE TABLE naive (number bigserial)").unwrap();
    let numbers = "SELECT number FROM naive WHERE number > $1 ORDER BY number";
    let mut naive = NaiveFollower::of(&cluster, numbers).await;
    let (early, late) = (connect(&cluster).await, connect(&cluster).await);
    let insert = "INSERT INTO naive DEFAULT VALUES";
    early.batch_execute(&format!("BEGIN; {insert}")).await.unwrap();
    late.batch_execute(insert).await.unwrap();
    naive.follow().await;
    early.batch_execute("COMMIT").await.unwrap();
    naive.follow().await;
    naive.check().await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_detects_that_a_primary_has_another_history() {
    let Some(mut cluster) = Cluster::start("another history") else { return };
    let network = cluster.network();
    let follower = open(&network.url()).await;
    insist(&follower, "before").await;
    cluster.lose_standby();
    cluster.desynchronize();
    for name in ["lost-1", "lost-2", "lost-3"] {
        insist(&follower, name).await;
    }
    let before = follower.catalogue().unwrap().revision();
    network.all().for_each(super::proxy::Proxy::hold_all);
    cluster.fail_over_to_what_there_was();
    let other = open(&cluster.url()).await;
    for name in ["new-1", "new-2", "new-3"] {
        insist(&other, name).await;
    }
    // The new history has as many changes as the old one, and uses none of its revisions again.
    assert!(other.catalogue().unwrap().revision() > before);
    network.all().for_each(super::proxy::Proxy::cut);
    network.all().for_each(super::proxy::Proxy::heal);
    until_seen(&follower, "new-3");
    let truth = everything(&open(&cluster.url()).await.catalogue().unwrap());
    assert_eq!(everything(&follower.catalogue().unwrap()), truth);
    let names: Vec<_> = truth.keys().map(String::as_str).collect();
    assert_eq!(names, ["before", "new-1", "new-2", "new-3"]);
    // New writes continue from the present state.
    insist(&follower, "lost-1").await;
    until_seen(&other, "lost-1");
}
