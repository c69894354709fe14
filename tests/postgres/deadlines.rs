//! Facts about the deadlines of writes: a write may take as long as its size needs on a slow network or a
//! slow server, and no longer.

use std::pin::pin;
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use pyaday_core::daily::Pin;
use pyaday_core::{Create, Date, NormalizedName, Package, PackageStore, StoreError, Write};
use pyaday_postgres::{PostgresOptions, PostgresStore, Reads};
use tokio_postgres::NoTls;

use super::events::{answer, is_pending, until};
use super::proxy::{Pace, Proxy};
use super::stores::{RUNTIME, Stores, with_both_reads};

/// A store with its own network.
fn over_network(stores: &Stores, options: PostgresOptions) -> (Proxy, PostgresStore) {
    let (proxy, url) = stores.network();
    let store = RUNTIME.block_on(PostgresStore::connect(&url, options)).unwrap();
    (proxy, store)
}

fn package(name: &str, description: &str) -> Package {
    let json = serde_json::json!({
        "name": name,
        "short_desc": "",
        "metadata": { "description": description },
    });
    Package::from_json(json.to_string().as_bytes()).unwrap()
}

/// A future day, and the package to which it is pinned.
fn pin(number: i32) -> (Date, NormalizedName) {
    let name = if number < 400 { "flask" } else { "sanic" };
    (Date::MIN.plus_days(1 + number % 400), name.parse().unwrap())
}

async fn write_pin(store: &PostgresStore, number: i32) -> Result<Pin, StoreError> {
    let (date, name) = pin(number);
    answer(store.pin_daily(date, Date::MIN, &name, Write::new())).await
}

/// The answers to this many pins. All of them wait before the first one is begun.
async fn pin_at_once(
    stores: &Stores,
    store: &PostgresStore,
    schema: &str,
    count: i32,
) -> Vec<Result<Pin, StoreError>> {
    let client = stores.client();
    let lock = format!("BEGIN; SELECT FROM \"{schema}\".head FOR UPDATE");
    client.batch_execute(&lock).await.unwrap();
    let mut pins = pin!(join_all((0..count).map(|number| write_pin(store, number))));
    assert!(is_pending(pins.as_mut()).await);
    client.batch_execute("COMMIT").await.unwrap();
    pins.await
}

/// The number of transactions that have written to a catalogue.
fn transactions(stores: &Stores, schema: &str) -> i64 {
    let sql = format!("SELECT count(DISTINCT token) FROM \"{schema}\".change");
    RUNTIME.block_on(stores.client().query_one(&sql, &[])).unwrap().get(0)
}

/// The number of pins of each package in a catalogue.
fn pinned(stores: &Stores, schema: &str) -> [i64; 2] {
    ["flask", "sanic"].map(|name| {
        let sql = format!("SELECT count(*) FROM \"{schema}\".pin WHERE normalized_name = $1");
        RUNTIME.block_on(stores.client().query_one(&sql, &[&name])).unwrap().get(0)
    })
}

fn create_both(store: &PostgresStore) {
    let both = ["flask", "sanic"].map(|name| Package::new(name, "").unwrap());
    drop(RUNTIME.block_on(store.create_many(both.to_vec(), Write::new())).unwrap());
}

/// The delay is so long that four hundred statements, one after the other, take longer than a store waits.
const FAR: Pace = Pace { delay: Duration::from_millis(5), byte: Duration::ZERO };

#[test]
fn six_hundred_pins_share_a_transaction_over_a_network_with_a_delay() {
    with_both_reads(pins_share_a_transaction);
}

fn pins_share_a_transaction(reads: Reads) {
    let Some(stores) = Stores::new("a network with a delay", reads) else { return };
    let (proxy, store) = over_network(&stores, stores.options().schema("pins"));
    create_both(&store);
    proxy.set_pace(FAR);
    let before = transactions(&stores, "pins");
    let told = RUNTIME.block_on(pin_at_once(&stores, &store, "pins", 600));
    assert!(
        told.iter().all(|told| matches!(told, Ok(Pin::Pinned(_) | Pin::Unchanged(_)))),
        "{told:?}"
    );
    assert_eq!(transactions(&stores, "pins"), before + 1);
    assert_eq!(pinned(&stores, "pins"), [200, 200]);
    assert_eq!(store.catalogue().unwrap().journal_len(), (0, 400));
}

/// The control: the network is so slow that a statement for each pin takes longer than a store waits.
#[test]
fn six_hundred_statements_take_too_long_over_a_network_with_a_delay() {
    let Some(stores) = Stores::new("a statement for each pin", Reads::Followed) else { return };
    let (proxy, url) = stores.network();
    RUNTIME.block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(async { drop(connection.await) });
        client.batch_execute("CREATE TABLE pins (date text)").await.unwrap();
        proxy.set_pace(FAR);
        let pins = async {
            for number in 0..600 {
                let insert = "INSERT INTO pins (date) VALUES ($1)";
                client.execute(insert, &[&pin(number).0.to_string()]).await.unwrap();
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(2), pins).await.is_err());
    });
}

/// A network of 100 megabits a second.
const FAST: Pace = Pace { delay: Duration::ZERO, byte: Duration::from_nanos(80) };

/// A network that is a hundred times slower.
const SLOW: Pace = Pace { delay: Duration::ZERO, byte: Duration::from_micros(8) };

fn packages(count: usize) -> Vec<Package> {
    let description = "description ".repeat(1_300);
    (0..count).map(|number| package(&format!("p{number}"), &description)).collect()
}

#[test]
fn a_batch_of_forty_megabytes_gets_the_time_that_its_bytes_need() {
    let Some(stores) = Stores::new("a large batch", Reads::Latest) else { return };
    let options = stores.options();
    let (network, store) = over_network(&stores, options.clone());
    let (others_network, other) = over_network(&stores, options);
    network.set_pace(FAST);
    others_network.set_pace(FAST);
    let told = RUNTIME.block_on(store.create_many(packages(2_500), Write::new())).unwrap();
    assert!(told.iter().all(|told| matches!(told, Create::Created(_))));
    until("the other process shows the batch", || {
        (other.catalogue().unwrap().len() == 2_500).then_some(())
    });
}

/// The control: a network that is slower than every deadline.
#[test]
fn a_write_that_a_network_is_too_slow_for_is_refused_and_leaves_no_lock() {
    with_both_reads(a_network_is_too_slow);
}

fn a_network_is_too_slow(reads: Reads) {
    let Some(stores) = Stores::new("a network that is too slow", reads) else { return };
    let options = stores.options();
    let (network, store) = over_network(&stores, options.clone());
    let other = stores.open(options);
    network.set_pace(SLOW);
    let told = RUNTIME.block_on(answer(store.create_many(packages(50), Write::new())));
    assert!(matches!(told, Err(StoreError::Unavailable { .. })), "{told:?}");
    network.set_pace(Pace::default());
    until("another can write", || {
        RUNTIME.block_on(other.create(Package::new("flask", "").unwrap(), Write::new())).ok()
    });
    assert_eq!(other.catalogue().unwrap().len(), 1);
    let told = RUNTIME.block_on(answer(store.create_many(packages(50), Write::new()))).unwrap();
    assert!(told.iter().all(|told| matches!(told, Create::Created(_))));
}

/// Makes the server take this many seconds for each row that it adds to a table.
fn slow_down(stores: &Stores, table: &str, seconds: f64) {
    stores.execute(&format!(
        "CREATE OR REPLACE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END $$;
         CREATE OR REPLACE TRIGGER linger BEFORE INSERT ON {table}
             FOR EACH ROW EXECUTE FUNCTION linger()"
    ));
}

/// Pins again and again, as a client does that is asked to try again. Every other error fails the test.
async fn insist(store: &PostgresStore, number: i32) {
    loop {
        match write_pin(store, number).await {
            Ok(Pin::Pinned(_) | Pin::Unchanged(_)) => return,
            Err(StoreError::Unavailable { .. }) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn writes_that_take_too_long_together_are_written_in_smaller_transactions() {
    thread::scope(|scope| {
        // The first writes are fast enough only alone, the others a few at a time.
        scope.spawn(|| are_written_in_smaller_transactions(4, 1.2, Reads::Followed));
        scope.spawn(|| are_written_in_smaller_transactions(100, 0.05, Reads::Latest));
    });
}

/// This many writes, each of which takes the server this many seconds.
fn are_written_in_smaller_transactions(count: i32, seconds: f64, reads: Reads) {
    let Some(stores) = Stores::new("a slow server", reads) else { return };
    let store = stores.open(stores.options().schema("slow"));
    create_both(&store);
    slow_down(&stores, "slow.pin", seconds);
    let before = transactions(&stores, "slow");
    let told = RUNTIME.block_on(pin_at_once(&stores, &store, "slow", count));
    assert!(
        told.iter().any(|told| matches!(told, Ok(Pin::Pinned(_) | Pin::Unchanged(_)))),
        "{told:?}"
    );
    let is_truth =
        |told: &Result<_, _>| matches!(told, Ok(_) | Err(StoreError::Unavailable { .. }));
    assert!(told.iter().all(is_truth), "{told:?}");
    RUNTIME.block_on(async {
        join_all((0..count).map(|number| insist(&store, number))).await;
    });
    assert_eq!(pinned(&stores, "slow"), [i64::from(count), 0]);
    assert!(transactions(&stores, "slow") >= before + 3);
}

/// The control: a single write that is too slow is not tried again. The work that the server still does for
/// it does not delay other writes.
#[test]
fn a_write_that_a_server_is_too_slow_for_is_refused_and_leaves_no_lock() {
    with_both_reads(a_server_is_too_slow);
}

fn a_server_is_too_slow(reads: Reads) {
    let Some(stores) = Stores::new("a server that is too slow", reads) else { return };
    let options = stores.options().schema("stuck");
    let (store, other) = (stores.open(options.clone()), stores.open(options));
    create_both(&store);
    slow_down(&stores, "stuck.pin", 30.0);
    let before = transactions(&stores, "stuck");
    RUNTIME.block_on(async {
        let told = write_pin(&store, 0).await;
        assert!(matches!(told, Err(StoreError::Unavailable { .. })), "{told:?}");
        let told = answer(other.create(Package::new("django", "").unwrap(), Write::new())).await;
        assert!(matches!(told, Ok(Create::Created(_))), "{told:?}");
    });
    assert_eq!(transactions(&stores, "stuck"), before + 1);
}
