//! Facts about a session that locks the rows which all writers need.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use pyaday_core::{
    Api, Batch, Batched, ChangeKind, NormalizedName, Package, PackageStore, StoreError, Write,
};
use pyaday_postgres::{PostgresStore, Reads};
use tokio::task::JoinSet;
use tokio_postgres::Client;

use super::events::{answer, until};
use super::following::waiting;
use super::stores::{RUNTIME, Stores};
use super::traffic::insist;
use crate::support::client::Request;
use crate::support::homes::{Core, Home};
use crate::support::tools::report;

/// More calls than a pool has connections.
const CALLS: usize = 100;

/// The outcomes of many calls at once, and the time of the slowest.
fn at_once<F>(call: impl Fn(usize) -> F) -> (Vec<Result<(), StoreError>>, Duration)
where
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let begin = Instant::now();
    let told = RUNTIME.block_on(async {
        let calls: JoinSet<_> = (0..CALLS).map(|number| answer(call(number))).collect();
        calls.join_all().await
    });
    (told, begin.elapsed())
}

fn open(stores: &Stores) -> (Arc<PostgresStore>, String) {
    let schema = "locked";
    let store = stores.open(stores.options().schema(schema));
    RUNTIME.block_on(insist(&store, "flask"));
    (Arc::new(store), schema.to_owned())
}

/// Checks that every error asks the client to try again.
fn all_refused(what: &str, (told, slowest): (Vec<Result<(), StoreError>>, Duration)) {
    for told in &told {
        assert!(matches!(told, Err(StoreError::Unavailable { .. })), "{told:?}");
    }
    report(&format!("{CALLS} {what}: all refused within {slowest:?}"));
}

#[test]
fn writes_that_find_the_catalogue_locked_are_refused() {
    let Some(stores) = Stores::new("a lock on the head", Reads::Followed) else { return };
    let (store, schema) = open(&stores);
    let writes = || {
        at_once(|number| {
            let store = Arc::clone(&store);
            async move {
                store
                    .create(Package::new(&format!("p{number}"), "").unwrap(), Write::new())
                    .await
                    .map(drop)
            }
        })
    };
    stores.execute(&format!("BEGIN; SELECT FROM {schema}.head FOR UPDATE"));
    all_refused("writes behind a lock", writes());
    let home = Core::mount("", &Api::new(Arc::clone(&store)), None);
    let told = home.answer(&Request::new("POST", "/packages").json(PACKAGE));
    assert_eq!((told.status, told.header("retry-after")), (503, Some("1")), "{told:?}");
    // Reads go on.
    assert_eq!(home.answer(&Request::new("GET", "/packages/flask")).status, 200);
    stores.execute("ROLLBACK");
    // The control: no write was carried out, and all are after the lock is free.
    let (told, _) = writes();
    assert!(told.iter().all(Result::is_ok), "{told:?}");
}

const PACKAGE: &str = r#"{"name":"own","short_desc":""}"#;

/// Writes a batch in one process, which takes longer than a write waits otherwise, and meanwhile one package
/// in another process.
fn write_beside_a_batch(stores: &Stores, schema: &str, count: usize) -> Result<(), StoreError> {
    let options = stores.options().schema(schema);
    let [one, other] = [(); 2].map(|()| stores.open(options.clone()));
    RUNTIME.block_on(insist(&other, "flask"));
    stores.execute(&format!(
        "CREATE FUNCTION {schema}.slow() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN PERFORM pg_sleep(2.5) WHERE (SELECT count(*) > 1 FROM rows); RETURN NULL; END $$;
         CREATE TRIGGER slow AFTER INSERT ON {schema}.package REFERENCING NEW TABLE AS rows
             FOR EACH STATEMENT EXECUTE FUNCTION {schema}.slow()"
    ));
    let packages = (0..count).map(|number| Package::new(&format!("p{number}"), "").unwrap());
    let batch = packages.fold(Batch::new(ChangeKind::Import), Batch::create);
    thread::scope(|scope| {
        let large = scope.spawn(|| RUNTIME.block_on(one.write_batch(batch, Write::new())));
        until("the batch is written", || (sleeping(stores.client()) > 0).then_some(()));
        let create = other.create(Package::new("django", "").unwrap(), Write::new());
        let created = RUNTIME.block_on(create);
        let large = large.join().unwrap();
        assert!(matches!(large, Ok(Batched::Written(_))), "{large:?}");
        created.map(drop)
    })
}

/// How many sessions of this database sleep.
fn sleeping(client: &Client) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity \
               WHERE wait_event = 'PgSleep' AND datname = current_database()";
    RUNTIME.block_on(client.query_one(sql, &[])).unwrap().get(0)
}

#[test]
fn writes_wait_for_a_large_batch_of_another_process() {
    let Some(stores) = Stores::new("a large batch", Reads::Followed) else { return };
    let waited = write_beside_a_batch(&stores, "large", 3_000);
    assert!(waited.is_ok(), "{waited:?}");
    // The control: a batch that may share its transaction does not take so long, unless something fails.
    let refused = write_beside_a_batch(&stores, "small", 1_900);
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
}

/// A write that waits for a lock does not delay the readers of the same process.
#[test]
fn reads_of_the_latest_do_not_wait_for_writes() {
    let Some(stores) = Stores::new("the latest beside a lock", Reads::Latest) else { return };
    let (store, schema) = open(&stores);
    stores.execute(&format!("BEGIN; SELECT FROM {schema}.head FOR UPDATE"));
    thread::scope(|scope| {
        let create =
            || RUNTIME.block_on(store.create(Package::new("django", "").unwrap(), Write::new()));
        let write = scope.spawn(create);
        until("the write waits for the lock", || (waiting(stores.client()) > 0).then_some(()));
        let flask = "flask".parse().unwrap();
        assert!(RUNTIME.block_on(answer(store.read(&flask))).unwrap().is_some());
        assert!(!write.is_finished(), "the read has waited for the write");
        stores.execute("ROLLBACK");
        drop(write.join().unwrap());
    });
}

#[test]
fn reads_of_the_latest_are_refused_where_the_database_cannot_be_asked() {
    let Some(stores) = Stores::new("a lock that stops readers", Reads::Latest) else { return };
    let (store, schema) = open(&stores);
    let reads = || {
        at_once(|_| {
            let store = Arc::clone(&store);
            let flask: NormalizedName = "flask".parse().unwrap();
            async move { store.read(&flask).await.map(drop) }
        })
    };
    stores.execute(&format!("BEGIN; LOCK TABLE {schema}.head IN ACCESS EXCLUSIVE MODE"));
    all_refused("reads behind a lock", reads());
    let home = Core::mount("", &Api::new(Arc::clone(&store)), None);
    let told = home.answer(&Request::new("GET", "/packages/flask"));
    assert_eq!((told.status, told.header("retry-after")), (503, Some("1")), "{told:?}");
    stores.execute("ROLLBACK");
    let (told, _) = reads();
    assert!(told.iter().all(Result::is_ok), "{told:?}");
}
