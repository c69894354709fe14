//! Facts about following: the other processes show all writes of a process in one order, whatever the order
//! in which the transactions end.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::UNIX_EPOCH;

use pyaday_core::conformance::Subject;
use pyaday_core::daily::{Day, Opening};
use pyaday_core::{
    Catalogue, Create, Date, Delete, Details, Package, PackageStore, Query, Replacement, Retention,
    Revision, StoreError, Update, Write,
};
use pyaday_postgres::{PostgresStore, Reads};
use pyaday_tests::numbers::Numbers;
use pyaday_tests::workload::{anchors, operation};
use tokio_postgres::Client;

use super::PATIENCE;
use super::events::until;
use super::stores::{RUNTIME, Stores, connect, with_both_reads};

pub(super) fn package(name: &str) -> Package {
    Package::new(name, "").unwrap()
}

/// The whole content of a catalogue.
fn everything(catalogue: &Catalogue) -> String {
    let packages = catalogue.list(&Query::new(NonZeroUsize::MAX)).items;
    let days = catalogue.recent_daily(Date::MAX, NonZeroUsize::MAX);
    format!("{packages:?} {days:?} {:?} {:?}", catalogue.journal_len(), catalogue.revision())
}

/// The content that a store shows when it shows a revision.
async fn shown(store: &PostgresStore, revision: Revision) -> Catalogue {
    store.wait_for(revision, PATIENCE).await.unwrap();
    store.catalogue().unwrap()
}

#[test]
fn a_process_shows_what_another_writes() {
    let Some(stores) = Stores::new("following", Reads::Followed) else { return };
    shows_what_another_writes(&stores);
}

#[test]
fn a_process_shows_what_another_writes_on_the_newest_version() {
    let test = "following on the newest version";
    let Some(stores) = Stores::newest(test, Reads::Followed) else { return };
    shows_what_another_writes(&stores);
}

fn shows_what_another_writes(stores: &Stores) {
    let options = stores.options();
    let (one, other) = (stores.open(options.clone()), stores.open(options));
    RUNTIME.block_on(async {
        let Create::Created(first) = one.create(package("Flask"), Write::new()).await.unwrap()
        else {
            panic!()
        };
        let flask = package("flask").name.normalized();
        let seen = shown(&other, first.revision()).await;
        assert_eq!(seen.get(&flask), Some(first));

        let details = Details::new("New".parse().unwrap());
        let Update::Updated(second) =
            other.update(&flask, Replacement::new(details), Write::new()).await.unwrap()
        else {
            panic!()
        };
        assert_eq!(other.read(&flask).await.unwrap(), Some(second.clone()), "its own write");
        assert_eq!(shown(&one, second.revision()).await.get(&flask), Some(second));

        let date = Date::MIN.plus_days(9);
        one.pin_daily(date, Date::MIN, &flask, Write::new()).await.unwrap();
        let pinned = one.catalogue().unwrap();
        assert_eq!(shown(&other, pinned.revision()).await.journal_len(), (0, 1));
        let daily = other.open_daily(date..=date, UNIX_EPOCH).await.unwrap().remove(0);
        let seen = shown(&one, daily.revision()).await;
        assert_eq!((seen.daily(date), seen.journal_len()), (Day::Shown(daily.clone()), (1, 0)));

        one.delete(&flask, Write::new()).await.unwrap();
        let seen = shown(&other, one.catalogue().unwrap().revision()).await;
        assert_eq!((seen.len(), seen.daily(date)), (0, Day::Shown(daily.with_gone(true))));
        assert_eq!(everything(&seen), everything(&one.catalogue().unwrap()));
    });
}

/// Two processes write, a third one only reads, and a fourth one starts afterwards. All show the same
/// packages, and the tables are consistent.
#[test]
fn following_and_loading_give_the_same_catalogue() {
    with_both_reads(|reads| {
        let Some(stores) = Stores::new("following and loading", reads) else { return };
        let options = stores.options();
        let writers = [stores.open(options.clone()), stores.open(options.clone())];
        let onlooker = stores.open(options.clone().reads(Reads::Followed));
        RUNTIME.block_on(async {
            drop(writers[0].create_many(anchors().collect(), Write::new()).await.unwrap());
            for step in 0..150 {
                let [one, other] = &writers;
                let (left, right) =
                    tokio::join!(operation(0, step).write(one), operation(1, step).write(other));
                left.unwrap();
                right.unwrap();
            }
        });
        let loaded = stores.open(options.reads(Reads::Followed)).catalogue().unwrap();
        let followed = RUNTIME.block_on(shown(&onlooker, loaded.revision()));
        assert_eq!(everything(&followed), everything(&loaded));
        assert!(loaded.len() > 10);
    });
}

/// At every moment, a process shows exactly what was written up to the revision that it shows.
#[test]
fn readers_see_only_whole_transactions() {
    let Some(stores) = Stores::new("moments", Reads::Followed) else { return };
    let options = stores.options();
    let onlooker = stores.open(options.clone());
    let has_ended = AtomicBool::new(false);
    let (moments, written) = std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut moments = BTreeMap::new();
            while !has_ended.load(Ordering::Relaxed) {
                let catalogue = onlooker.catalogue().unwrap();
                moments.insert(catalogue.revision(), catalogue);
                std::thread::yield_now();
            }
            moments
        });
        let writers = (0..4).map(|writer| {
            let store = stores.open(options.clone());
            scope.spawn(move || {
                RUNTIME.block_on(async {
                    let mut written = Vec::new();
                    for number in 0..60 {
                        let names = (0..=number % 3).map(|at| format!("w{writer}-{number}-{at}"));
                        let batch = names.map(|name| package(&name)).collect();
                        written.extend(store.create_many(batch, Write::new()).await.unwrap());
                    }
                    written
                })
            })
        });
        let writers: Vec<_> = writers.collect();
        let written: Vec<_> = writers.into_iter().flat_map(|it| it.join().unwrap()).collect();
        has_ended.store(true, Ordering::Relaxed);
        (looking.join().unwrap(), written)
    });
    let written: BTreeSet<_> = written
        .into_iter()
        .map(|created| match created {
            Create::Created(stored) => (stored.revision(), stored.representation()),
            other => panic!("nobody else made it: {other:?}"),
        })
        .collect();
    assert!(moments.len() > 3, "{} moments", moments.len());
    for (revision, catalogue) in moments {
        let shown = catalogue.list(&Query::new(NonZeroUsize::MAX)).items;
        let shown: BTreeSet<_> =
            shown.iter().map(|stored| (stored.revision(), stored.representation())).collect();
        let before = written.iter().filter(|(written, _)| *written <= revision);
        assert!(shown.iter().eq(before), "at {revision}");
    }
}

/// Two processes load their catalogues independently. A pick of one may be wrong for the other, although both
/// have the same rows and the same revision.
#[test]
fn a_pick_is_written_only_to_the_catalogue_that_it_was_made_from() {
    let Some(stores) = Stores::new("a pick of another process", Reads::Followed) else { return };
    let options = stores.options();
    let store = stores.open(options.clone());
    let today = Date::MIN.plus_days(9);
    RUNTIME.block_on(async {
        store.create(package("flask"), Write::new()).await.unwrap();
        let own = store.catalogue().unwrap();
        let loaded = PostgresStore::connect(&stores.url(), options).await.unwrap();
        let loaded = loaded.catalogue().unwrap();
        assert_eq!(everything(&loaded), everything(&own));
        let pick = own.pick_daily(today..=today);
        assert_eq!(loaded.clone().open_daily(&pick, UNIX_EPOCH), Opening::Stale);
        // The control: a catalogue that is followed stays in one history.
        store.create(package("sanic"), Write::new()).await.unwrap();
        let opened = store.catalogue().unwrap().open_daily(&pick, UNIX_EPOCH);
        assert!(matches!(opened, Opening::Open { .. }), "{opened:?}");
    });
}

/// The number of sessions of a database that wait for a lock.
pub(super) fn waiting(client: &Client) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity \
               WHERE wait_event_type = 'Lock' AND datname = current_database()";
    RUNTIME.block_on(client.query_one(sql, &[])).unwrap().get(0)
}

/// Adds a package as another program does: it locks head first, as documented.
pub(super) fn add(schema: &str, name: &str) -> String {
    format!(
        "UPDATE {schema}.head SET revision = revision + 1, packages = packages + 1,
                                  position = position + 1, token = floor(random() * 1e9);
         INSERT INTO {schema}.package
                 (normalized_name, name, short_desc, tags, metadata, revision)
             SELECT '{name}', '{name}', '', '{{}}', '{{}}', revision FROM {schema}.head;
         INSERT INTO {schema}.change (revision, token, position, kind, count, packages)
             SELECT revision, token, position, 'create', 1, '[\"{name}\"]' FROM {schema}.head;"
    )
}

#[test]
fn a_transaction_that_commits_late_is_not_lost() {
    let Some(stores) = Stores::new("late commits", Reads::Followed) else { return };
    let options = stores.options().schema("late");
    let (writer, reader) = (stores.open(options.clone()), stores.open(options));
    let slow = connect(&stores.url());
    for round in 0..10 {
        let before = reader.catalogue().unwrap().len();
        let early = add("late", &format!("early-{round}"));
        RUNTIME.block_on(slow.batch_execute(&format!("BEGIN; {early}"))).unwrap();
        let late = std::thread::scope(|scope| {
            let create =
                || RUNTIME.block_on(writer.create(package(&format!("late-{round}")), Write::new()));
            let late = scope.spawn(create);
            until("a write waits", || (waiting(stores.client()) > 0).then_some(()));
            assert_eq!(reader.catalogue().unwrap().len(), before);
            RUNTIME.block_on(slow.batch_execute("COMMIT")).unwrap();
            late.join().unwrap().unwrap()
        });
        let Create::Created(late) = late else { panic!("nobody else made it") };
        let seen = RUNTIME.block_on(shown(&reader, late.revision()));
        let early = seen.get(&format!("early-{round}").parse().unwrap()).unwrap();
        assert!(early.revision() < late.revision());
        assert_eq!(seen.len(), before + 2);
        assert_eq!(everything(&seen), everything(&writer.catalogue().unwrap()));
    }
}

/// The control: a table with numbers from a sequence, and a reader who reads the numbers after the last one.
#[test]
fn a_cursor_on_a_sequence_loses_a_late_commit() {
    let Some(stores) = Stores::new("a naive cursor", Reads::Followed) else { return };
    stores.execute("CREATE TABLE naive (number bigserial, name text)");
    let (slow, fast) = (connect(&stores.url()), stores.client());
    let mut last = 0;
    let mut read = || {
        let sql = "SELECT number, name FROM naive WHERE number > $1 ORDER BY number";
        let rows = RUNTIME.block_on(fast.query(sql, &[&last])).unwrap();
        last = rows.last().map_or(last, |row| row.get::<_, i64>(0));
        rows.iter().map(|row| row.get(1)).collect::<Vec<String>>()
    };
    RUNTIME.block_on(async {
        let add = |name| format!("INSERT INTO naive (name) VALUES ('{name}');");
        slow.batch_execute(&format!("BEGIN; {}", add("early"))).await.unwrap();
        fast.batch_execute(&add("late")).await.unwrap();
    });
    assert_eq!(read(), ["late"]);
    RUNTIME.block_on(slow.batch_execute("COMMIT")).unwrap();
    assert!(read().is_empty());
}

/// A server that replaces another one may lack its newest writes, and go on with other writes.
#[test]
fn another_history_is_detected_and_loaded_again() {
    let Some(stores) = Stores::new("another history", Reads::Followed) else { return };
    let options = stores.options().schema("history");
    let (one, other) = (stores.open(options.clone()), stores.open(options.clone()));
    let mut numbers = Numbers::new(1);
    RUNTIME.block_on(one.create_many(anchors().collect(), Write::new())).unwrap();
    for round in 0..15 {
        for step in 0..numbers.below(5) {
            RUNTIME.block_on(operation(2, 100 * round + step).write(&one)).unwrap();
        }
        stores.keep_copies("history");
        let lost = package(&format!("lost-{round}"));
        RUNTIME.block_on(async {
            one.create(lost.clone(), Write::new()).await.unwrap();
            shown(&other, one.catalogue().unwrap().revision()).await;
        });
        // The new history is as long as the old one, or shorter, or longer.
        let instead: String = (0..round % 3)
            .map(|number| add("history", &format!("instead-{round}-{number}")))
            .collect();
        stores.put_copies_back("history", &instead);
        if numbers.below(2) == 0 {
            // The next write notices the other history.
            RUNTIME.block_on(one.create(package(&format!("next-{round}")), Write::new())).unwrap();
        }
        let loaded = stores.open(options.clone()).catalogue().unwrap();
        assert_eq!(loaded.get(&lost.name.normalized()), None);
        for store in [&one, &other] {
            until("the other history is shown", || {
                let shown = everything(&store.catalogue().unwrap());
                (shown == everything(&loaded)).then_some(())
            });
        }
    }
}

#[test]
fn a_feed_that_is_too_short_makes_a_reader_load_everything() {
    let Some(stores) = Stores::new("a short feed", Reads::Followed) else { return };
    let options = stores.options().schema("short");
    let (one, other) = (stores.open(options.clone()), stores.open(options));
    for round in 0..5 {
        let add = add("short", &format!("p{round}"));
        // One transaction, so that no process reads a state in between.
        stores.execute(&format!(
            "BEGIN; {add}
             DELETE FROM short.change WHERE revision < (SELECT revision FROM short.head); COMMIT"
        ));
        for store in [&one, &other] {
            until("it is shown", || (store.catalogue().unwrap().len() == round + 1).then_some(()));
        }
    }
}

/// If reading the changes takes longer than its deadline, all packages are loaded.
#[test]
fn a_feed_that_is_not_read_in_time_makes_a_reader_load_everything() {
    let Some(stores) = Stores::new("a slow feed", Reads::Followed) else { return };
    let reader = stores.open(stores.options().schema("slow"));
    let slow = connect(&stores.url());
    let lock = "BEGIN; LOCK TABLE slow.change IN ACCESS EXCLUSIVE MODE";
    stores.execute(&format!("{lock}; {}", add("slow", "flask")));
    std::thread::scope(|scope| {
        scope.spawn(|| RUNTIME.block_on(slow.batch_execute(lock)).unwrap());
        until("the next waits for the feed", || (waiting(stores.client()) > 0).then_some(()));
        stores.execute("COMMIT");
    });
    until("it is shown", || (reader.catalogue().unwrap().len() == 1).then_some(()));
    RUNTIME.block_on(slow.batch_execute("ROLLBACK")).unwrap();
}

/// Many processes may follow, so rows stay for a while after the changes in them were removed from the history.
#[test]
fn the_log_of_a_store_that_keeps_few_changes_has_a_bounded_length() {
    let Some(stores) = Stores::new("a long log", Reads::Followed) else { return };
    let options = stores.options().schema("long").keep_changes(Retention::all().at_most(10));
    let store = stores.open(options);
    stores.execute(
        "BEGIN;
         INSERT INTO long.change (revision, token, position, kind)
             SELECT revision + number, 5, position + number, 'update'
             FROM long.head, generate_series(1, 15000) AS number;
         UPDATE long.head SET revision = revision + 15000, position = position + 15000, token = 5;
         COMMIT",
    );
    let count = |sql: &str| -> i64 {
        RUNTIME.block_on(stores.client().query_one(sql, &[])).unwrap().get(0)
    };
    let kept = "SELECT count(*) FROM long.change, long.log WHERE revision > beginning";
    until("the history is short", || (count(kept) == 10).then_some(()));
    assert_eq!(count("SELECT count(*) FROM long.change"), 10_000);
    RUNTIME.block_on(store.create(package("flask"), Write::new())).unwrap();
    assert_eq!(store.catalogue().unwrap().len(), 1);
}

/// Somebody has changed the tables by hand, without a row in the feed. A write notices the fault.
#[test]
fn rows_changed_by_hand_are_detected_and_loaded_again() {
    let Some(stores) = Stores::new("changes by hand", Reads::Followed) else { return };
    let store = stores.open(stores.options().schema("hand"));
    RUNTIME.block_on(async {
        drop(store.create_many(vec![package("a"), package("b")], Write::new()).await.unwrap());
        stores
            .client()
            .batch_execute(
                "DELETE FROM hand.package WHERE name = 'b'; UPDATE hand.head SET packages = 1",
            )
            .await
            .unwrap();
        let b = package("b").name.normalized();
        let refused = store.delete(&b, Write::new()).await;
        assert!(matches!(refused, Err(StoreError::Internal { .. })), "{refused:?}");
        assert_eq!(store.delete(&b, Write::new()).await.unwrap(), Delete::Absent);
        assert_eq!(store.catalogue().unwrap().len(), 1);
    });
}

/// A lost catalogue must not look like a new one.
#[test]
fn missing_tables_are_not_created_again() {
    with_both_reads(|reads| {
        let Some(stores) = Stores::new("tables that are gone", reads) else { return };
        let store = stores.open(stores.options().schema("gone"));
        RUNTIME.block_on(async {
            store.create(package("flask"), Write::new()).await.unwrap();
            stores.client().batch_execute("DROP SCHEMA gone CASCADE").await.unwrap();
            for name in ["django", "sanic"] {
                let refused = store.create(package(name), Write::new()).await;
                assert!(matches!(refused, Err(StoreError::Internal { .. })), "{refused:?}");
            }
            let sql = "SELECT count(*) FROM pg_namespace WHERE nspname = 'gone'";
            let row = stores.client().query_one(sql, &[]).await.unwrap();
            assert_eq!(row.get::<_, i64>(0), 0);
            let read = store.read(&package("flask").name.normalized()).await;
            assert_eq!(read.is_ok(), reads == Reads::Followed, "{read:?}");
        });
    });
}

#[test]
fn waiting_for_a_revision_that_is_never_written_ends() {
    let Some(stores) = Stores::new("a wait in vain", Reads::Followed) else { return };
    let store = stores.empty();
    let next = store.catalogue().unwrap().revision().next();
    let waited = RUNTIME.block_on(store.wait_for(next, std::time::Duration::from_millis(1)));
    assert!(matches!(waited, Err(StoreError::Unavailable { .. })), "{waited:?}");
    assert!(store.age().is_some());
}
