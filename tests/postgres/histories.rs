//! Checks the answers that clients of two processes got while servers and networks failed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pyaday_core::{NormalizedName, PackageStore, StoreError};
use pyaday_postgres::{PostgresOptions, PostgresStore, Reads};
use pyaday_tests::numbers::Numbers;

use super::cluster::{Cluster, Network};
use super::events::{answer, until};
use super::proxy::Proxy;
use crate::linearizability::{Answer, Call, History, Plan, Subject, record};
use crate::support::tools::{cycles, report};

const CLIENTS: u64 = 8;
const CALLS: u64 = 2_000;

/// A process of the service, as its clients see it.
struct Process {
    store: PostgresStore,
    /// True if it refreshes before it reads.
    refreshes: bool,
}

impl Subject for Process {
    async fn put(&self, name: &NormalizedName, call: &Call) -> Result<Answer, StoreError> {
        if *call == Call::Read && self.refreshes {
            answer(self.store.refresh()).await?;
        }
        answer(self.store.put(name, call)).await
    }
}

/// Two processes. Each has its own network to both servers.
struct Service {
    cluster: Cluster,
    networks: [Network; 2],
    processes: [Arc<Process>; 2],
}

impl Service {
    /// Returns `None` if PostgreSQL is missing, and reports that.
    async fn start(test: &str, reads: Reads, refreshes: bool) -> Option<Self> {
        let cluster = Cluster::start(test)?;
        let networks = [cluster.network(), cluster.network()];
        let mut processes = Vec::new();
        for network in &networks {
            let options = PostgresOptions::new().reads(reads);
            let store = PostgresStore::connect(&network.url(), options).await.unwrap();
            processes.push(Arc::new(Process { store, refreshes }));
        }
        let processes = processes.try_into().ok().unwrap();
        Some(Self { cluster, networks, processes })
    }

    /// The answers that clients get while this happens.
    async fn history(&mut self, seed: u64, faults: fn(&mut Self, &Watch, &mut Numbers)) -> History {
        let plan = Plan { clients: CLIENTS, calls: CALLS, packages: 6, seed };
        let watch = Watch(Arc::default());
        let recording = tokio::spawn({
            let (processes, progress) = (self.processes.clone(), Arc::clone(&watch.0));
            async move { record(&processes, plan, progress).await }
        });
        faults(self, &watch, &mut Numbers::new(seed));
        recording.await.unwrap()
    }
}

/// The progress of the clients.
struct Watch(Arc<AtomicU64>);

impl Watch {
    /// The number of calls that were begun.
    fn calls(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn wait_for(&self, calls: u64) {
        let calls = calls.min(CALLS);
        until("calls are made", || (self.calls() >= calls).then_some(()));
    }
}

/// Networks stop delivering and lose answers and connections. The primary is killed, or switches roles with
/// the standby.
fn all_kinds(service: &mut Service, watch: &Watch, numbers: &mut Numbers) {
    for part in 0..6 {
        watch.wait_for(CALLS * part / 6 + numbers.below(CALLS / 8));
        let network = &service.networks[numbers.place(2)];
        let primary = network.to(service.cluster.primary());
        match numbers.below(3) {
            0 => primary.hold_all_from(b"COMMIT\0"),
            1 => primary.hold_answers_to(b"COMMIT\0"),
            _ => primary.hold_all(),
        }
        watch.wait_for(watch.calls() + numbers.below(40));
        if numbers.below(2) == 0 {
            primary.cut();
        }
        if part == 3 {
            match numbers.below(2) {
                0 => service.cluster.fail_over(),
                _ => service.cluster.switch_over(),
            }
        }
        if part == 4 {
            service.cluster.repair();
        }
        service.networks.iter().flat_map(Network::all).for_each(Proxy::heal);
    }
}

/// Again and again, one process receives nothing for a while.
fn one_is_behind(service: &mut Service, watch: &Watch, _: &mut Numbers) {
    for part in 0..4 {
        watch.wait_for(CALLS * part / 4);
        service.networks[0].all().for_each(Proxy::hold_all);
        watch.wait_for(watch.calls() + 40);
        service.networks[0].all().for_each(Proxy::heal);
    }
}

async fn have_an_order(what: &str, reads: Reads, refreshes: bool) {
    let Some(mut service) = Service::start(what, reads, refreshes).await else { return };
    let (count, mut refused, mut unknown) = (cycles(1), 0, 0);
    for seed in 0..count {
        let history = service.history(seed, all_kinds).await;
        history.check().unwrap_or_else(|unexplained| panic!("history {seed}: {unexplained}"));
        refused += history.refused;
        unknown += history.unknown();
    }
    report(&format!(
        "{count} histories of {CALLS} calls with faults, {what}: each linearizable; {refused} calls \
         refused, {unknown} unknown"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_of_the_latest_are_linearizable() {
    have_an_order("reads of the latest", Reads::Latest, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_after_a_refresh_are_linearizable() {
    have_an_order("reads after a refresh", Reads::Followed, true).await;
}

/// The control: a process that does not refresh may lack data that another process has shown to clients.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_without_a_refresh_are_not_linearizable() {
    let Some(mut service) = Service::start("stale reads", Reads::Followed, false).await else {
        return;
    };
    for seed in 0..5 {
        if service.history(seed, one_is_behind).await.check().is_err() {
            return;
        }
    }
    panic!("nobody noticed");
}
