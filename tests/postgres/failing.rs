//! Facts about calls when the database fails: each gets an answer, and the answer is true.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;
use std::time::Duration;

use deadpool_postgres::{Connect, Manager, ManagerConfig, Pool, Runtime};
use pyaday_core::{Create, Package, PackageStore, StoreError, Stored, Write};
use pyaday_postgres::{Connector, PostgresOptions, PostgresStore, Reads};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};

use super::events::{answer, until};
use super::following::waiting;
use super::node::Node;
use super::stores::{RUNTIME, Stores, connect, with_both_reads};
use crate::support::tools::{Tool, are_there};

fn create(store: &PostgresStore, name: &str) -> Result<Create, StoreError> {
    RUNTIME.block_on(store.create(Package::new(name, "").unwrap(), Write::new()))
}

fn open(node: &Node, options: PostgresOptions) -> PostgresStore {
    RUNTIME.block_on(PostgresStore::connect(&node.url("postgres"), options)).unwrap()
}

/// Checks that a call certainly had no effect, and that its error says when to try again.
fn unavailable<T: std::fmt::Debug>(outcome: Result<T, StoreError>) {
    match outcome {
        Err(StoreError::Unavailable { retry_after, .. }) => assert!(!retry_after.is_zero()),
        other => panic!("{other:?}"),
    }
}

/// A server that only one test uses.
fn node(test: &str) -> Option<Node> {
    are_there(test, &[Tool::Postgres]).then(|| Node::start("one"))
}

#[test]
fn a_store_starts_without_its_database_and_finds_it_later() {
    with_both_reads(|reads| {
        let Some(mut node) = node("a database that is away") else { return };
        node.stop();
        let flask = "flask".parse().unwrap();
        let options = PostgresOptions::new().reads(reads);
        let store = open(&node, options);
        unavailable(create(&store, "flask"));
        unavailable(RUNTIME.block_on(store.read(&flask)));
        unavailable(RUNTIME.block_on(store.daily(pyaday_core::Date::MIN)));
        node.run();
        until("the store has found it", || RUNTIME.block_on(store.read(&flask)).ok());
        assert!(matches!(create(&store, "flask"), Ok(Create::Created(_))));

        node.stop();
        unavailable(create(&store, "django"));
        // The packages that were followed are still shown.
        assert_eq!(RUNTIME.block_on(store.read(&flask)).is_ok(), reads == Reads::Followed);
        node.run();
        until("the store has found it again", || create(&store, "django").ok());
        assert!(RUNTIME.block_on(store.read(&flask)).unwrap().is_some());
    });
}

/// A connector of a host, which can fail.
#[derive(Clone, Default)]
struct Host {
    panics: Arc<AtomicBool>,
    fails: Arc<AtomicBool>,
    dialled: Arc<AtomicUsize>,
}

impl Connect for Host {
    fn connect(&self, config: &Config) -> Connecting<'_> {
        assert!(!self.panics.load(SeqCst), "a connector's bug");
        self.dialled.fetch_add(1, SeqCst);
        // A configuration without a host is an error.
        let config = if self.fails.load(SeqCst) { Config::new() } else { config.clone() };
        Box::pin(async move { Connector::new(NoTls).connect(&config).await })
    }
}

type Connecting<'a> = Pin<
    Box<dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>> + Send + 'a>,
>;

/// A store whose connections this connector makes.
fn open_with(host: &Host, stores: &Stores, options: PostgresOptions) -> PostgresStore {
    let config = stores.url().parse().unwrap();
    let manager = Manager::from_connect(config, host.clone(), ManagerConfig::default());
    let pool = Pool::builder(manager).runtime(Runtime::Tokio1).build().unwrap();
    RUNTIME.block_on(PostgresStore::with_pool(pool, options)).unwrap()
}

/// Ends the connections of all stores.
fn end_connections(stores: &Stores) {
    stores.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE pid <> pg_backend_pid() AND datname = current_database()",
    );
}

fn read(store: &PostgresStore) -> Result<Option<Stored>, StoreError> {
    RUNTIME.block_on(answer(store.read(&"flask".parse().unwrap())))
}

/// Each read asks the database. If this fails, the next read does not dial again at once.
#[test]
fn readers_who_try_again_at_once_do_not_make_a_store_dial_without_a_pause() {
    const PAUSES: usize = 8;

    let Some(stores) = Stores::new("readers who try again", Reads::Latest) else { return };
    let (host, unread) = (Host::default(), Host::default());
    let stores_of_hosts = [&host, &unread].map(|host| open_with(host, &stores, stores.options()));
    let [store, _] = &stores_of_hosts;
    assert!(read(store).is_ok());
    [&host, &unread].iter().for_each(|host| host.fails.store(true, SeqCst));
    end_connections(&stores);
    until("the database is away", || read(store).err());
    let begin = [&host, &unread].map(|host| host.dialled.load(SeqCst));
    // Nobody reads from the other store, so it dials once after each pause.
    while unread.dialled.load(SeqCst) < begin[1] + PAUSES {
        unavailable(read(store));
    }
    // Two tasks dial, each at most as often.
    let dialled = host.dialled.load(SeqCst) - begin[0];
    assert!(dialled <= 4 * PAUSES, "{dialled}");
}

#[test]
fn a_panic_of_a_connector_refuses_reads_and_writes_only_while_it_lasts() {
    for reads in [Reads::Followed, Reads::Latest] {
        let Some(stores) = Stores::new("a panicking connector", reads) else { return };
        let host = Host::default();
        // While nothing is written, the task that follows must not serve the readers by its polling.
        let options = stores.options().poll_interval(Duration::from_secs(3_600));
        let store = open_with(&host, &stores, options);
        create(&store, "flask").unwrap();
        let read = || read(&store);
        let refresh = || RUNTIME.block_on(answer(store.refresh()));
        assert!(read().unwrap().is_some() && refresh().is_ok());

        host.panics.store(true, SeqCst);
        end_connections(&stores);
        until("a panic is reported", || match reads {
            Reads::Latest => matches!(read(), Err(StoreError::Internal { .. })).then_some(()),
            _ => matches!(refresh(), Err(StoreError::Internal { .. })).then_some(()),
        });
        assert!(create(&store, "django").is_err());
        // The packages that were followed are still shown.
        assert_eq!(read().is_ok(), reads == Reads::Followed);

        host.panics.store(false, SeqCst);
        until("writes go on", || create(&store, "django").ok());
        until("reads go on", || (refresh().is_ok() && read().is_ok()).then_some(()));
        assert!(refresh().is_ok() && read().is_ok());
    }
}

#[test]
fn reads_before_the_tables_exist_may_be_tried_again() {
    let Some(stores) = Stores::new("tables that are not there yet", Reads::Latest) else { return };
    let (network, url) = stores.network();
    network.hold_all();
    let options = stores.options().schema("not yet");
    let store = RUNTIME.block_on(PostgresStore::connect(&url, options)).unwrap();
    // Another process seems to be creating the tables.
    stores.execute("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('pyaday not yet', 0))");
    network.cut();
    network.heal();
    // A transaction sees the same sessions until it ends.
    let watcher = connect(&stores.url());
    until("the store waits for the other process", || (waiting(&watcher) > 0).then_some(()));
    for _ in 0..3 {
        unavailable(RUNTIME.block_on(store.read(&"flask".parse().unwrap())));
    }
    stores.execute("ROLLBACK");
    until("the tables exist", || RUNTIME.block_on(store.read(&"flask".parse().unwrap())).ok());
}

#[test]
fn reads_are_refused_when_the_data_is_too_old() {
    let Some(mut node) = node("a database that is away for long") else { return };
    let options = PostgresOptions::new().max_age(Duration::from_secs(1));
    let store = open(&node, options);
    create(&store, "flask").unwrap();
    node.stop();
    until("it is too old", || store.catalogue().err());
    assert!(store.age() > Some(Duration::from_secs(1)));
    unavailable(RUNTIME.block_on(store.read(&"flask".parse().unwrap())));
    node.run();
    until("it is shown again", || store.catalogue().ok());
    assert!(RUNTIME.block_on(store.read(&"flask".parse().unwrap())).unwrap().is_some());
}

#[test]
fn a_held_lock_refuses_writes_and_no_reads() {
    with_both_reads(|reads| {
        let Some(stores) = Stores::new("a lock", reads) else { return };
        let store = Arc::new(stores.open(stores.options().schema("locked")));
        create(&store, "flask").unwrap();
        stores.execute("BEGIN; SELECT FROM locked.head FOR UPDATE");
        let writers = (0..40).map(|number| {
            let store = Arc::clone(&store);
            thread::spawn(move || create(&store, &format!("p{number}")))
        });
        for writer in writers.collect::<Vec<_>>() {
            unavailable(writer.join().unwrap());
        }
        assert!(RUNTIME.block_on(store.read(&"flask".parse().unwrap())).unwrap().is_some());
        stores.execute("ROLLBACK");
        for number in 0..40 {
            let created = create(&store, &format!("p{number}"));
            assert!(matches!(created, Ok(Create::Created(_))), "{created:?}");
        }
    });
}

/// The server receives nothing more from the client, not even the end of the connection.
#[test]
fn a_process_that_is_cut_off_with_the_lock_loses_it() {
    let Some(stores) = Stores::new("a lock that is left", Reads::Followed) else { return };
    let options = stores.options().schema("cut");
    let other = stores.open(options.clone());
    let (proxy, url) = stores.network();
    let store = RUNTIME.block_on(PostgresStore::connect(&url, options)).unwrap();
    create(&store, "flask").unwrap();
    stores.execute("BEGIN; SELECT FROM cut.head FOR UPDATE");
    thread::scope(|scope| {
        let cut_off = scope.spawn(|| create(&store, "django"));
        until("it waits for the lock", || {
            let waiting = "SELECT FROM pg_stat_activity \
                           WHERE wait_event_type = 'Lock' AND datname = current_database()";
            let rows = RUNTIME.block_on(stores.client().query(waiting, &[])).unwrap();
            (!rows.is_empty()).then_some(())
        });
        proxy.hold_all();
        // Now the session has the lock, but the client does not learn it.
        stores.execute("COMMIT");
        unavailable(cut_off.join().unwrap());
    });
    until("another can write", || create(&other, "sanic").ok());
    assert_eq!(RUNTIME.block_on(other.read(&"django".parse().unwrap())).unwrap(), None);
}

#[test]
fn connections_ended_by_an_administrator_are_replaced() {
    with_both_reads(|reads| {
        let Some(stores) = Stores::new("ended connections", reads) else { return };
        let store = stores.open(stores.options());
        for round in 0..10 {
            let name = format!("p{round}");
            until("it is written", || create(&store, &name).ok());
            until("it is read", || RUNTIME.block_on(store.read(&name.parse().unwrap())).ok())
                .unwrap();
            stores.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        }
    });
}

/// The process number of a session that waits for a standby.
fn waits_for_standby(node: &Node) -> Option<String> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    Some(node.sql(sql).unwrap()).filter(|pid| !pid.is_empty())
}

/// Begins a write that waits for a standby which does not exist. Returns its outcome after an administrator
/// has ended the wait.
fn cut_short(node: &Node, store: &PostgresStore, name: &str) -> Result<Create, StoreError> {
    node.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").unwrap();
    node.sql("SELECT pg_reload_conf()").unwrap();
    until("the setting is in force", || {
        let set = node.sql("SHOW synchronous_standby_names").unwrap();
        let status = "SELECT pg_current_wal_lsn()";
        (set == "nobody" && node.sql(status).is_ok()).then_some(())
    });
    let written = thread::scope(|scope| {
        let write = scope.spawn(|| create(store, name));
        // The server's processes learn of the setting one after the other.
        until("the write waits or has ended", || {
            (waits_for_standby(node).is_some() || write.is_finished()).then_some(())
        });
        if let Some(pid) = waits_for_standby(node) {
            node.sql(&format!("SELECT pg_cancel_backend({pid})")).unwrap();
        }
        write.join().unwrap()
    });
    node.sql("ALTER SYSTEM RESET synchronous_standby_names").unwrap();
    node.sql("SELECT pg_reload_conf()").unwrap();
    written
}

#[test]
fn a_commit_whose_wait_for_the_standby_is_cancelled_is_unknown() {
    let Some(node) = node("a commit cut short") else { return };
    let store = open(&node, PostgresOptions::new());
    create(&store, "flask").unwrap();
    let written = cut_short(&node, &store, "django");
    assert!(matches!(written, Err(StoreError::OutcomeUnknown { .. })), "{written:?}");
    // In this test, the write was carried out.
    until("it is shown", || RUNTIME.block_on(store.read(&"django".parse().unwrap())).unwrap());
    create(&store, "sanic").unwrap();
}

/// The server sends the warning even to a user whose settings suppress warnings.
#[test]
fn a_cancelled_wait_is_reported_to_a_user_without_warnings() {
    let Some(node) = node("a commit cut short in silence") else { return };
    node.sql("ALTER ROLE pyaday SET client_min_messages = error").unwrap();
    let store = open(&node, PostgresOptions::new());
    assert!(store.notices().is_empty());
    create(&store, "flask").unwrap();
    let written = cut_short(&node, &store, "django");
    assert!(matches!(written, Err(StoreError::OutcomeUnknown { .. })), "{written:?}");
}

/// The control: a pool whose connections do not pass the server's warnings on.
#[test]
fn a_cancelled_wait_without_notices_is_acknowledged() {
    let Some(node) = node("a commit cut short unheard") else { return };
    let manager = Manager::new(node.url("postgres").parse().unwrap(), NoTls);
    let pool = Pool::builder(manager).runtime(Runtime::Tokio1).build().unwrap();
    let store = RUNTIME.block_on(PostgresStore::with_pool(pool, PostgresOptions::new())).unwrap();
    let notices = store.notices();
    assert!(notices.len() == 1 && notices[0].contains("Connector"), "{notices:?}");
    create(&store, "flask").unwrap();
    let written = cut_short(&node, &store, "django");
    assert!(matches!(written, Ok(Create::Created(_))), "{written:?}");
}

#[test]
fn a_commit_that_nobody_answers_is_unknown_and_the_next_write_is_refused() {
    let Some(node) = node("a commit without an answer") else { return };
    let store = open(&node, PostgresOptions::new());
    create(&store, "flask").unwrap();
    node.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").unwrap();
    node.sql("SELECT pg_reload_conf()").unwrap();
    let mut number = 0;
    let unknown = until("a commit waits for a standby", || {
        number += 1;
        create(&store, &format!("p{number}")).err()
    });
    assert!(matches!(unknown, StoreError::OutcomeUnknown { .. }), "{unknown:?}");
    let unknown = format!("p{number}").parse().unwrap();
    // The write may still be committed. It must not be visible before that.
    assert_eq!(RUNTIME.block_on(store.read(&unknown)).unwrap(), None);
    unavailable(create(&store, "next"));
    node.sql("ALTER SYSTEM RESET synchronous_standby_names").unwrap();
    node.sql("SELECT pg_reload_conf()").unwrap();
    until("it has come", || RUNTIME.block_on(store.read(&unknown)).unwrap());
    assert!(matches!(create(&store, "next"), Ok(Create::Created(_))));
}

/// A transaction that fails at any of its rows changes nothing.
#[test]
fn a_failed_statement_rolls_back_its_transaction() {
    with_both_reads(|reads| {
        let Some(stores) = Stores::new("a failing statement", reads) else { return };
        let store = stores.open(stores.options().schema("failing"));
        create(&store, "flask").unwrap();
        let client = connect(&stores.url());
        for table in ["package", "change", "head"] {
            let trigger = format!(
                "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
                     AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
                 CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON failing.{table}
                     FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
            );
            RUNTIME.block_on(client.batch_execute(&trigger)).unwrap();
            assert!(create(&store, "django").is_err(), "{table}");
            let flask = "flask".parse().unwrap();
            assert!(RUNTIME.block_on(store.delete(&flask, Write::new())).is_err(), "{table}");
            let drop = format!("DROP TRIGGER refuse ON failing.{table}");
            RUNTIME.block_on(client.batch_execute(&drop)).unwrap();
            RUNTIME.block_on(async {
                assert_eq!(store.read(&"django".parse().unwrap()).await.unwrap(), None);
                assert!(store.read(&"flask".parse().unwrap()).await.unwrap().is_some());
            });
        }
        assert!(matches!(create(&store, "django"), Ok(Create::Created(_))));
    });
}

/// Makes the server refuse this many writes to the packages of a schema with an error of this code.
fn refuse(stores: &Stores, schema: &str, count: u32, code: &str) {
    stores.execute(&format!(
        "CREATE SEQUENCE IF NOT EXISTS {schema}.fuse;
         SELECT setval('{schema}.fuse', 1, false);
         CREATE OR REPLACE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('{schema}.fuse') <= {count} THEN
                 RAISE EXCEPTION 'refused' USING ERRCODE = '{code}';
             END IF;
             RETURN NULL;
         END $$;
         CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON {schema}.package
             FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse()"
    ));
}

#[test]
fn a_transaction_with_conflicts_is_tried_three_times() {
    with_both_reads(|reads| {
        let Some(stores) = Stores::new("collisions", reads) else { return };
        let store = stores.open(stores.options().schema("collisions"));
        for code in ["40001", "40P01"] {
            refuse(&stores, "collisions", 2, code);
            let created = create(&store, &format!("a{code}"));
            assert!(matches!(created, Ok(Create::Created(_))), "{created:?}");
            refuse(&stores, "collisions", 3, code);
            unavailable(create(&store, &format!("b{code}")));
            assert!(matches!(create(&store, &format!("b{code}")), Ok(Create::Created(_))));
        }
        // After another error, the transaction is not tried again.
        refuse(&stores, "collisions", 1, "23514");
        assert!(matches!(create(&store, "c"), Err(StoreError::Internal { .. })));
    });
}

/// The answer to a commit may report its outcome, or report that the outcome is unknown.
#[test]
fn a_commit_that_the_server_says_it_rolled_back_is_refused() {
    let Some(stores) = Stores::new("a commit rolled back", Reads::Followed) else { return };
    let store = stores.open(stores.options().schema("rolled"));
    for (code, is_refused) in [("55P03", true), ("40003", false)] {
        stores.execute(&format!(
            "CREATE OR REPLACE FUNCTION rolled.refuse() RETURNS trigger LANGUAGE plpgsql
                 AS $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{code}'; END $$;
             CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON rolled.package
                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rolled.refuse()"
        ));
        match create(&store, "flask") {
            Err(StoreError::OutcomeUnknown { .. }) => assert!(!is_refused, "{code}"),
            told => {
                assert!(is_refused, "{code}");
                unavailable(told);
            }
        }
        stores.execute("DROP TRIGGER refuse ON rolled.package");
    }
    assert!(matches!(create(&store, "flask"), Ok(Create::Created(_))));
}

#[test]
fn a_connection_to_a_stopping_server_or_a_standby_is_not_reused() {
    let Some(stores) = Stores::new("a server that goes", Reads::Followed) else { return };
    let store = stores.open(stores.options().schema("going"));
    let connection = || {
        let sql = "SELECT max(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'pyaday'";
        let row = RUNTIME.block_on(stores.client().query_one(sql, &[])).unwrap();
        row.get::<_, Option<i32>>(0)
    };
    for (number, code) in ["25006", "57P01", "57P02", "57P03", "08006"].into_iter().enumerate() {
        create(&store, &format!("before{number}")).unwrap();
        let before = connection();
        refuse(&stores, "going", 1, code);
        unavailable(create(&store, "refused"));
        create(&store, &format!("behind{number}")).unwrap();
        assert_ne!(connection(), before, "{code}");
    }
    // The control: an error after which the connection may be used again.
    let before = connection();
    refuse(&stores, "going", 1, "23514");
    assert!(create(&store, "refused").is_err());
    create(&store, "last").unwrap();
    assert_eq!(connection(), before);
}

/// With its own setting, the server would acknowledge writes that are on no disk.
#[test]
fn the_setting_synchronous_commit_off_of_a_server_is_overridden() {
    let Some(node) = node("early acknowledgement") else { return };
    node.sql("ALTER ROLE pyaday SET synchronous_commit = off").unwrap();
    let store = open(&node, PostgresOptions::new());
    node.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").unwrap();
    node.sql("SELECT pg_reload_conf()").unwrap();
    let mut number = 0;
    let unknown = until("a commit waits for a standby", || {
        number += 1;
        create(&store, &format!("p{number}")).err()
    });
    assert!(matches!(unknown, StoreError::OutcomeUnknown { .. }), "{unknown:?}");
    // The control: a session that does not change the setting does not wait.
    node.sql("CREATE TABLE early (number integer)").unwrap();
}
