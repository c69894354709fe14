//! Facts about a network that does not deliver anything.

use std::num::NonZeroUsize;
use std::pin::pin;
use std::time::UNIX_EPOCH;

use pyaday_core::{Date, Package, PackageStore, Query, Replacement, Seed, StoreError, Write};
use pyaday_postgres::{PostgresOptions, PostgresStore, Reads};
use tokio_postgres::{Client, NoTls};

use super::cluster::{Cluster, Network};
use super::events::{answer, is_pending, until};
use super::proxy::Proxy;
use super::stores::{RUNTIME, Stores, connect};
use super::traffic::{insist, until_seen};
use crate::support::tools::report;

/// The outcomes of calls of all kinds.
async fn call_everything(store: &PostgresStore) -> Vec<Result<(), StoreError>> {
    let (name, package) = ("flask".parse().unwrap(), Package::new("new", "").unwrap());
    let (date, ten) = (Date::MIN, NonZeroUsize::new(10).unwrap());
    let details = Package::new("flask", "other").unwrap().details;
    let (query, tag) = (Query::new(ten), None);
    let writes = async {
        tokio::join!(
            async { answer(store.create(package.clone(), Write::new())).await.map(drop) },
            async {
                answer(store.create_many(vec![package.clone()], Write::new())).await.map(drop)
            },
            async {
                answer(store.update(&name, Replacement::new(details), Write::new())).await.map(drop)
            },
            async { answer(store.delete(&name, Write::new())).await.map(drop) },
            async { answer(store.open_daily(date..=date, UNIX_EPOCH)).await.map(drop) },
            async {
                answer(store.pin_daily(date.plus_days(9), date, &name, Write::new()))
                    .await
                    .map(drop)
            },
            async {
                answer(store.unpin_daily(date.plus_days(9), date, Write::new())).await.map(drop)
            },
        )
    };
    let reads = async {
        tokio::join!(
            async { answer(store.read(&name)).await.map(drop) },
            async { answer(store.list(&query)).await.map(drop) },
            async { answer(store.random(Seed::random())).await.map(drop) },
            async { answer(store.sample(ten, tag, Seed::random())).await.map(drop) },
            async { answer(store.daily(date)).await.map(drop) },
            async { answer(store.recent_daily(date, ten)).await.map(drop) },
        )
    };
    let ((w1, w2, w3, w4, w5, w6, w7), (r1, r2, r3, r4, r5, r6)) = tokio::join!(writes, reads);
    vec![w1, w2, w3, w4, w5, w6, w7, r1, r2, r3, r4, r5, r6]
}

/// The number of writes among the calls.
const WRITES: usize = 7;

async fn open(url: &str, reads: Reads) -> PostgresStore {
    let store = PostgresStore::connect(url, PostgresOptions::new().reads(reads)).await.unwrap();
    store.create(Package::new("flask", "").unwrap(), Write::new()).await.unwrap();
    store
}

async fn silence_is_told(reads: Reads, answers_to_reads: bool) {
    let Some(cluster) = Cluster::start("a silent network") else { return };
    let network = cluster.network();
    let store = open(&network.url(), reads).await;
    let (client, connection) = tokio_postgres::connect(&network.url(), NoTls).await.unwrap();
    tokio::spawn(async { drop(connection.await) });
    network.all().for_each(Proxy::hold_all);
    // The control: a client without deadlines.
    let mut patient = pin!(client.simple_query("SELECT 1"));
    assert!(is_pending(patient.as_mut()).await);
    for _ in 0..2 {
        for (at, told) in call_everything(&store).await.into_iter().enumerate() {
            let fits = match &told {
                Ok(()) => at >= WRITES && answers_to_reads,
                Err(StoreError::Unavailable { .. }) => at < WRITES || !answers_to_reads,
                Err(StoreError::OutcomeUnknown { .. }) => at < WRITES,
                Err(_) => false,
            };
            assert!(fits, "call {at}: {told:?}");
        }
    }
    assert!(is_pending(patient.as_mut()).await);
    network.all().for_each(Proxy::heal);
    insist(&store, "again").await;
    let mut told = call_everything(&store).await;
    for _ in 0..5 {
        if told.iter().any(Result::is_err) {
            told = call_everything(&store).await;
        }
    }
    assert!(told.iter().all(Result::is_ok), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_network_refuses_writes_and_reads_of_what_was_followed_go_on() {
    silence_is_told(Reads::Followed, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_network_refuses_writes_and_reads_of_the_latest() {
    silence_is_told(Reads::Latest, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_leaves_a_silent_primary_for_the_next() {
    let Some(mut cluster) = Cluster::start("a primary that falls silent") else { return };
    let network = cluster.network();
    let store = open(&network.url(), Reads::Followed).await;
    network.to(cluster.primary()).hold_all();
    cluster.fail_over();
    insist(&store, "later").await;
    let back = cluster.promoted.elapsed();
    report(&format!("a primary fell silent; acknowledged again {back:?} behind the promotion"));
    assert_eq!(there(&cluster, "later"), "1");
}

/// The number of packages with a name on the primary.
fn there(cluster: &Cluster, name: &str) -> String {
    let count = format!("SELECT count(*) FROM pyaday.package WHERE name = '{name}'");
    cluster.primary().sql(&count).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_unknown_and_happened() {
    let Some(cluster) = Cluster::start("a lost answer") else { return };
    let network = cluster.network();
    let store = open(&network.url(), Reads::Followed).await;
    network.to(cluster.primary()).hold_answers_to(b"COMMIT\0");
    let told = answer(store.create(Package::new("lost", "").unwrap(), Write::new())).await;
    assert!(matches!(told, Err(StoreError::OutcomeUnknown { .. })), "{told:?}");
    assert_eq!(there(&cluster, "lost"), "1");
    network.all().for_each(Proxy::cut);
    network.all().for_each(Proxy::heal);
    until_seen(&store, "lost");
    // The control: an answer that is not lost.
    insist(&store, "told").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_arrives_late_is_unknown_and_seen_once_it_has() {
    let Some(cluster) = Cluster::start("a late commit") else { return };
    let network = cluster.network();
    let (store, other) =
        (open(&network.url(), Reads::Followed).await, open(&cluster.url(), Reads::Followed).await);
    for attempt in 0..5 {
        let name = format!("late-{attempt}");
        commit_late(&cluster, &network, &store, &other, &name).await;
        // A server gives the transaction up after five seconds. On a slow machine this may be too early.
        if there(&cluster, &name) == "1" {
            until_seen(&store, &name);
            until_seen(&other, &name);
            return;
        }
        insist(&store, "once-more").await;
    }
    panic!("no commit came in time");
}

/// Delays a commit on the network, while another client writes.
async fn commit_late(
    cluster: &Cluster,
    network: &Network,
    store: &PostgresStore,
    other: &PostgresStore,
    name: &str,
) {
    let proxy = network.to(cluster.primary());
    proxy.hold_all_from(b"COMMIT\0");
    let late = answer(store.create(Package::new(name, "").unwrap(), Write::new()));
    let in_between = async {
        until("the commit is on its way", || proxy.has_heard().then_some(()));
        // The second write waits for the late one. It is refused, and does not overtake it.
        answer(other.create(Package::new("in-between", "").unwrap(), Write::new())).await
    };
    let (late, in_between) = tokio::join!(late, in_between);
    assert!(matches!(late, Err(StoreError::OutcomeUnknown { .. })), "{late:?}");
    assert!(matches!(in_between, Err(StoreError::Unavailable { .. })), "{in_between:?}");
    assert_eq!(there(cluster, name), "0");
    network.all().for_each(Proxy::heal);
    until("the transaction has ended", || {
        let open = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'";
        (cluster.primary().sql(open).unwrap() == "0").then_some(())
    });
    assert_eq!(there(cluster, "in-between"), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrives_is_unknown_and_did_not_happen() {
    let Some(cluster) = Cluster::start("a lost commit") else { return };
    let network = cluster.network();
    let store = open(&network.url(), Reads::Followed).await;
    let proxy = network.to(cluster.primary());
    proxy.hold_all_from(b"COMMIT\0");
    let create = |name| answer(store.create(Package::new(name, "").unwrap(), Write::new()));
    let mut lost = pin!(create("lost"));
    assert!(is_pending(lost.as_mut()).await);
    let behind = async {
        until("the commit is on its way", || proxy.has_heard().then_some(()));
        create("behind").await
    };
    // The writes that wait after it are refused before its outcome is known.
    tokio::select! {
        biased;
        told = behind => assert!(matches!(told, Err(StoreError::Unavailable { .. })), "{told:?}"),
        told = &mut lost => panic!("{told:?}"),
    }
    let told = lost.await;
    assert!(matches!(told, Err(StoreError::OutcomeUnknown { .. })), "{told:?}");
    network.all().for_each(Proxy::cut);
    network.all().for_each(Proxy::heal);
    insist(&store, "later").await;
    let there = ["lost", "behind", "later"].map(|name| there(&cluster, name));
    assert_eq!(there, ["0", "0", "1"]);
}

/// The texts that a process sends while it follows the write of another process.
const QUESTIONS: [&[u8]; 7] = [
    b"REPEATABLE READ",
    b"SELECT token FROM change",
    b"LEFT JOIN package",
    b"SELECT DISTINCT json_array_elements_text(days)",
    b"FROM pin WHERE date",
    b"FROM daily WHERE date",
    b"COMMIT\0",
];

/// A process with two networks to one server. It uses one of them at a time.
struct Follower {
    store: PostgresStore,
    networks: [Proxy; 2],
    /// A client without deadlines on each network.
    patient: [Client; 2],
}

impl Follower {
    /// Makes a process that follows, and networks that lose everything from this question on.
    fn start(stores: &Stores, options: PostgresOptions, question: &'static [u8]) -> Self {
        let [(one, url), (other, other_url)] = [stores.network(), stores.network()];
        let patient = [connect(&url), connect(&other_url)];
        let (both, port) = (format!("{}/", one.port()), other.port());
        let url = url.replace(&both, &format!("{},127.0.0.1:{port}/", one.port()));
        let store = RUNTIME.block_on(PostgresStore::connect(&url, options)).unwrap();
        let networks = [one, other];
        networks.iter().for_each(|network| network.hold_all_from(question));
        Self { store, networks, patient }
    }

    /// Waits until the process has asked the question. Only the network that it uses stays as it is then.
    /// Returns the client on that network.
    fn until_silent(&self) -> &Client {
        let [one, other] = &self.networks;
        let is_one = until("the process asks", || match (one.has_heard(), other.has_heard()) {
            (false, false) => None,
            (is_one, _) => Some(is_one),
        });
        let (working, silent) = if is_one { (other, 0) } else { (one, 1) };
        working.heal();
        &self.patient[silent]
    }
}

/// A question that a network loses, without an error, is given up. The process makes another connection.
#[test]
fn a_process_whose_question_is_lost_goes_on_following() {
    let Some(stores) = Stores::new("lost questions", Reads::Followed) else { return };
    let options = stores.options();
    let writer = stores.open(options.clone());
    let followers = QUESTIONS.map(|question| Follower::start(&stores, options.clone(), question));
    let date = Date::MIN.plus_days(9);
    let flask = RUNTIME.block_on(async {
        let flask = Package::new("flask", "").unwrap();
        let flask = writer.create(flask, Write::new()).await.unwrap().stored().cloned().unwrap();
        let name = "flask".parse().unwrap();
        drop(writer.pin_daily(date, Date::MIN, &name, Write::new()).await.unwrap());
        writer.open_daily(Date::MIN..=Date::MIN, UNIX_EPOCH).await.unwrap();
        flask
    });
    for (follower, question) in followers.iter().zip(QUESTIONS) {
        // The control: a client without a deadline waits on the same network.
        let mut patient = pin!(follower.until_silent().simple_query("SELECT 1"));
        assert!(RUNTIME.block_on(is_pending(patient.as_mut())));
        let question = String::from_utf8_lossy(question);
        until(&format!("the process goes on after `{question}`"), || {
            let catalogue = follower.store.catalogue().unwrap();
            let day = catalogue.recent_daily(Date::MAX, NonZeroUsize::MIN);
            let is_shown = catalogue.get(&"flask".parse().unwrap()) == Some(flask.clone());
            (is_shown && catalogue.pinned(date).is_some() && day.len() == 1).then_some(())
        });
        assert!(RUNTIME.block_on(is_pending(patient.as_mut())), "{question}");
    }
}
