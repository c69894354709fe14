//! Facts about the log of changes that several processes share.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pyaday_core::{Api, NoHistory, PackageStore, Past, Retention, Revision, Write};
use pyaday_postgres::{PostgresStore, Reads};
use serde_json::Value;

use super::events::until;
use super::following::package;
use super::stores::{RUNTIME, Stores};
use crate::history::{
    changes_after, has_the_last_two, large_changes_are_handled_in_parts, update, wait_for_length,
    write_many, write_six,
};
use crate::support::client::{Answer, Request};
use crate::support::follower::Follower;
use crate::support::homes::{Core, Home};

#[test]
fn a_database_keeps_as_many_changes_as_it_is_told() {
    let Some(stores) = Stores::new("retention", Reads::Followed) else { return };
    let options = stores.options().schema("kept");
    let store = stores.open(options.clone());
    let revisions = RUNTIME.block_on(write_six(&store));
    RUNTIME.block_on(wait_for_length(&store, 6));
    let trims = stores.open(options.keep_changes(Retention::all().at_most(2)));
    RUNTIME.block_on(async {
        wait_for_length(&trims, 2).await;
        for store in [&store, &trims] {
            has_the_last_two(store, &revisions).await;
        }
        let left = "SELECT count(*) FROM kept.replaced";
        let left: i64 = stores.client().query_one(left, &[]).await.unwrap().get(0);
        assert_eq!(left, 2);
    });
}

#[test]
fn a_database_keeps_changes_as_long_as_it_is_told() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    let Some(stores) = Stores::new("retention by age", Reads::Followed) else { return };
    let retention = Retention::all().for_at_most(15 * DAY);
    let store = stores.open(stores.options().schema("aged").keep_changes(retention));
    RUNTIME.block_on(async {
        for (own, days) in [("a", 30), ("b", 20), ("c", 10), ("d", 0)] {
            let write = Write::new().at(SystemTime::now() - days * DAY);
            store.create(package(own), write).await.unwrap();
        }
        wait_for_length(&store, 2).await;
    });
}

/// How many rows of replaced versions one transaction has removed, as a trigger notes it.
const NOTED: &str = "
    CREATE TABLE large.noted (count bigint);
    CREATE FUNCTION large.note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO large.noted SELECT count(*) FROM gone; RETURN NULL; END $$;
    CREATE TRIGGER note AFTER DELETE ON large.replaced REFERENCING OLD TABLE AS gone
        FOR EACH STATEMENT EXECUTE FUNCTION large.note();";

/// A process ends in between, and the next one goes on.
#[test]
fn a_change_of_any_size_is_removed_in_small_transactions() {
    const COUNT: usize = 20_000;

    let Some(stores) = Stores::new("large changes that are removed", Reads::Followed) else {
        return;
    };
    let options = stores.options().schema("large");
    let store = stores.open(options.clone());
    let revision = RUNTIME.block_on(async {
        let revision = write_many(&store, COUNT).await;
        stores.client().batch_execute(NOTED).await.unwrap();
        store.create(package("last"), Write::new()).await.unwrap();
        revision
    });
    let options = options.keep_changes(Retention::all().at_most(1));
    let trims = stores.open(options.clone());
    RUNTIME.block_on(async {
        wait_for_length(&store, 1).await;
        // Versions of it may be left, but nobody is shown a part of it.
        let change = store.change(revision, None, NonZeroUsize::MIN).await.unwrap();
        assert_eq!(change, Past::Unknown(NoHistory::Forgotten));
    });
    drop(trims);
    let _trims = stores.open(options);
    RUNTIME.block_on(async {
        let left = "SELECT count(*) FROM large.replaced";
        let number =
            async |sql: &str| -> i64 { stores.client().query_one(sql, &[]).await.unwrap().get(0) };
        while number(left).await > 0 {
            store.refresh().await.unwrap();
        }
        assert_eq!(number("SELECT sum(count)::bigint FROM large.noted").await, COUNT as i64);
        let most = number("SELECT max(count) FROM large.noted").await;
        assert!(most <= 2_000, "{most} versions at once");
    });
}

#[test]
fn a_database_handles_large_changes_in_parts() {
    let Some(stores) = Stores::new("large changes", Reads::Followed) else { return };
    let store = stores.open(stores.options().schema("parts"));
    RUNTIME.block_on(large_changes_are_handled_in_parts(store, 0));
}

/// A client may hear of a change from one process and ask another one, which has not heard of it yet.
#[test]
fn every_process_knows_a_change_as_soon_as_one_has_acknowledged_it() {
    let Some(stores) = Stores::new("changes of another process", Reads::Followed) else { return };
    let options = stores.options().schema("others");
    let (one, other) = (stores.open(options.clone()), stores.open(options));
    RUNTIME.block_on(async {
        one.create(package("flask"), Write::new()).await.unwrap();
        let name = "flask".parse().unwrap();
        for text in 0..60 {
            let revision = update(&one, "flask", &text.to_string()).await;
            let known = match text % 3 {
                0 => other.changes(&changes_after(revision)).await.unwrap().known().is_ok(),
                1 => {
                    let change = other.change(revision, None, NonZeroUsize::MIN).await.unwrap();
                    matches!(change, Past::Known(Some(_)))
                }
                _ => matches!(other.read_at(&name, revision).await.unwrap(), Past::Known(Some(_))),
            };
            assert!(known, "after {text} changes");
        }
        let undo = update(&one, "flask", "taken back").await;
        let undo = http::Request::post(format!("/changes/{undo}/undo")).body(String::new());
        let response = pyaday_core::undo_change(&Api::new(other), undo.unwrap()).await;
        assert_eq!(response.status(), 201);
    });
}

/// Many writes share a transaction, and each is a change of its own.
#[test]
fn a_program_follows_the_writes_of_all_processes_in_their_order() {
    let Some(stores) = Stores::new("writers that are followed", Reads::Followed) else { return };
    let options = stores.options().schema("many");
    let (one, other) = (stores.open(options.clone()), stores.open(options.clone()));
    let follower = stores.open(options);
    RUNTIME.block_on(async {
        let mut follows = Follower::default();
        for own in 0..4 {
            one.create(package(&format!("p{own}")), Write::new()).await.unwrap();
        }
        other.refresh().await.unwrap();
        let writes = |own: usize| {
            let store = [&one, &other][own % 2];
            async move {
                for round in 0..20 {
                    update(store, &format!("p{own}"), &round.to_string()).await;
                }
            }
        };
        let writing = futures_util::future::join_all((0..4).map(writes));
        tokio::pin!(writing);
        loop {
            tokio::select! {
                _ = &mut writing => break,
                followed = follows.follow(&follower) => followed.unwrap(),
            }
        }
        follower.refresh().await.unwrap();
        follows.agrees(&follower).await.unwrap();
        assert_eq!(follows.changes.len(), 84);
    });
}

/// Otherwise anybody could make a process ask its database with every request.
#[test]
fn a_revision_that_cannot_exist_yet_is_answered_without_the_database() {
    const TIMES: usize = 100;

    let Some(stores) = Stores::new("revisions of the future", Reads::Followed) else { return };
    let (network, url) = stores.network();
    let options = stores.options().schema("future");
    let store = RUNTIME.block_on(PostgresStore::connect(&url, options)).unwrap();
    let name = "flask".parse().unwrap();
    RUNTIME.block_on(async {
        store.create(package("flask"), Write::new()).await.unwrap();
        let after = |minutes: u64| Revision::now().get() + minutes * 60_000_000;
        for (future, asks) in [(after(5), true), (after(15), false), (u64::MAX, false)] {
            let future = Revision::new(future);
            for door in 0..3 {
                // Each transaction that reads the log begins so.
                network.count(b"ISOLATION LEVEL REPEATABLE READ");
                for _ in 0..TIMES {
                    match door {
                        0 => {
                            let page = store.changes(&changes_after(future)).await.unwrap();
                            assert_eq!(page, Past::Unknown(NoHistory::Forgotten));
                        }
                        1 => {
                            let one = NonZeroUsize::MIN;
                            let change = store.change(future, None, one).await.unwrap();
                            assert_eq!(change, Past::Known(None));
                        }
                        _ => {
                            let version = store.read_at(&name, future).await.unwrap();
                            assert_eq!(version, Past::Unknown(NoHistory::NotYet));
                        }
                    }
                }
                // The task that follows the database may also have begun one.
                let is_asked = network.counted() >= TIMES;
                assert_eq!(is_asked, asks, "{future}, door {door}: {}", network.counted());
                assert!(asks || network.counted() < TIMES / 2);
            }
        }
    });
}

/// A program has followed up to a change that was lost with a primary.
#[test]
fn a_program_whose_position_was_lost_is_told_so() {
    let Some(stores) = Stores::new("a lost position", Reads::Followed) else { return };
    let store = Arc::new(stores.open(stores.options().schema("forgot")));
    let home = Core::mount("", &Api::new(Arc::clone(&store)), None);
    let get = |path: &str| home.answer(&Request::new("GET", path));
    let body = |told: &Answer| serde_json::from_slice::<Value>(&told.body).unwrap();
    let newest = || body(&get("/changes"))["items"][0]["revision"].as_str().unwrap().to_owned();
    let create = |own: &str| {
        RUNTIME.block_on(store.create(package(own), Write::new())).unwrap();
    };
    create("kept");
    let kept = newest();
    stores.keep_copies("forgot");
    create("lost");
    let lost = newest();
    // The control: before the loss, both are positions.
    for position in [&kept, &lost] {
        assert_eq!(get(&format!("/changes?after={position}")).status, 200);
    }
    stores.put_copies_back("forgot", "");
    until("the other history is shown", || (store.catalogue().unwrap().len() == 1).then_some(()));
    for write in [false, true] {
        if write {
            create("later");
        }
        let told = get(&format!("/changes?after={lost}"));
        assert_eq!(told.status, 404, "{told:?}");
        assert_eq!(body(&told)["type"], "urn:problem-type:pyaday:no-history");
        let told = get(&format!("/changes?after={kept}"));
        assert_eq!(body(&told)["items"].as_array().unwrap().len(), usize::from(write), "{told:?}");
    }
}
