//! How much of the history a store keeps, and what it costs on the disk.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyaday_core::{
    Api, Batch, Batched, Change, ChangeKind, ChangeOrder, ChangeQuery, Create, Delete, MemoryStore,
    NoHistory, NormalizedName, Package, PackageStore, Past, Replacement, Retention, Revision,
    Stored, Update, Write, undo_change,
};
use pyaday_sqlite::SqliteStore;
use rusqlite::Connection;

use crate::support::files;
use crate::support::follower::Follower;

pub(crate) fn package(name: &str, text: &str) -> Package {
    Package::new(name, text).unwrap()
}

fn name(name: &str) -> NormalizedName {
    name.parse().unwrap()
}

pub(crate) fn changes_after(position: Revision) -> ChangeQuery {
    let mut query = ChangeQuery::new(NonZeroUsize::new(100).unwrap());
    query.order = ChangeOrder::After(position);
    query
}

/// All changes in the log, the newest first.
async fn all<S: PackageStore>(store: &S) -> Vec<Change> {
    let query = ChangeQuery::new(NonZeroUsize::new(1_000).unwrap());
    store.changes(&query).await.unwrap().known().unwrap().items
}

pub(crate) async fn update<S: PackageStore>(store: &S, own: &str, text: &str) -> Revision {
    let details = package(own, text).details;
    match store.update(&name(own), Replacement::new(details), Write::new()).await.unwrap() {
        Update::Updated(version) => version.revision(),
        other => panic!("{other:?}"),
    }
}

/// Creates a package and changes it five times. Returns the revisions.
pub(crate) async fn write_six<S: PackageStore>(store: &S) -> Vec<Revision> {
    let mut revisions = Vec::new();
    match store.create(package("flask", "0"), Write::new()).await.unwrap() {
        Create::Created(version) => revisions.push(version.revision()),
        other => panic!("{other:?}"),
    }
    for text in ["1", "2", "3", "4", "5"] {
        revisions.push(update(store, "flask", text).await);
    }
    revisions
}

/// Waits until the log has only so many changes. Each look lets the store do its own work.
pub(crate) async fn wait_for_length<S: PackageStore>(store: &S, length: usize) {
    for _ in 0..100_000 {
        if all(store).await.len() == length {
            return;
        }
    }
    panic!("the log has {} changes", all(store).await.len());
}

/// Checks a log with six changes of which only the last two are kept.
pub(crate) async fn has_the_last_two<S: PackageStore>(store: &S, revisions: &[Revision]) {
    let there = all(store).await.iter().map(|change| change.revision).collect::<Vec<_>>();
    assert_eq!(there, [revisions[5], revisions[4]]);
    let forgotten = NoHistory::Forgotten;
    for position in [Revision::new(0), revisions[0], revisions[2]] {
        let page = store.changes(&changes_after(position)).await.unwrap();
        assert_eq!(page, Past::Unknown(forgotten), "{position}");
    }
    // Nothing is missing after the last change that was removed.
    let page = store.changes(&changes_after(revisions[3])).await.unwrap().known().unwrap();
    assert_eq!(page.items.len(), 2);
    for (at, revision) in revisions.iter().enumerate() {
        let one = NonZeroUsize::MIN;
        let change = store.change(*revision, None, one).await.unwrap();
        let version = store.read_at(&name("flask"), *revision).await.unwrap();
        if at < 4 {
            assert_eq!(change, Past::Unknown(forgotten), "{at}");
        } else {
            let change = change.known().unwrap().unwrap();
            let text = |version: &Stored| version.package().details.short_desc.to_string();
            let before = change.packages[0].before.as_ref().map(text);
            assert_eq!(before, Some((at - 1).to_string()));
            assert_eq!(change.packages[0].after.as_ref().map(text), Some(at.to_string()));
        }
        match at {
            0..3 => assert_eq!(version, Past::Unknown(forgotten), "{at}"),
            _ => {
                let expected = Stored::new(&package("flask", &at.to_string()), *revision);
                assert_eq!(version, Past::Known(Some(expected)));
            }
        }
    }
}

#[tokio::test]
async fn a_store_in_memory_keeps_as_many_changes_as_it_is_told() {
    let store = MemoryStore::new().keep_changes(Retention::all().at_most(2));
    let revisions = write_six(&store).await;
    has_the_last_two(&store, &revisions).await;
}

#[tokio::test]
async fn a_store_in_memory_keeps_the_newest_10_000_changes() {
    let store = MemoryStore::new();
    store.create(package("flask", ""), Write::new()).await.unwrap();
    for number in 0..10_001 {
        update(&store, "flask", &number.to_string()).await;
    }
    let (mut count, mut query) = (0, ChangeQuery::new(NonZeroUsize::new(5_000).unwrap()));
    loop {
        let page = store.changes(&query).await.unwrap().known().unwrap();
        count += page.items.len();
        let Some(next) = page.next else { break };
        query.order = ChangeOrder::Newest { before: Some(next) };
    }
    assert_eq!(count, 10_000);
}

#[tokio::test]
async fn a_large_change_is_removed_in_parts_and_is_never_half_there() {
    let store = MemoryStore::new().keep_changes(Retention::all().at_most(1));
    let many: Vec<_> = (0..100).map(|at| package(&format!("p-{at}"), "")).collect();
    store.create_many(many, Write::new()).await.unwrap();
    let first = all(&store).await[0].revision;
    for number in 0..20 {
        update(&store, "p-0", &number.to_string()).await;
        let change = store.change(first, None, NonZeroUsize::MAX).await.unwrap();
        assert_eq!(change, Past::Unknown(NoHistory::Forgotten));
        assert_eq!(all(&store).await.len(), 1);
    }
}

#[tokio::test]
async fn a_file_keeps_as_many_changes_as_it_is_told() {
    let path = files::fresh("retention");
    let store = SqliteStore::open(&path).unwrap();
    let revisions = write_six(&store).await;
    assert_eq!(all(&store).await.len(), 6);
    let store = store.keep_changes(Retention::all().at_most(2));
    wait_for_length(&store, 2).await;
    has_the_last_two(&store, &revisions).await;
    drop(store);
    assert_eq!(rows(&path, "change"), 2);
    assert_eq!(rows(&path, "replaced"), 2);
    // What was removed stays removed.
    let store = SqliteStore::open(&path).unwrap();
    has_the_last_two(&store, &revisions).await;
}

#[tokio::test]
async fn a_file_keeps_changes_as_long_as_it_is_told() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    let path = files::fresh("age");
    let store = SqliteStore::open(&path).unwrap();
    for (own, days) in [("a", 30), ("b", 20), ("c", 10), ("d", 0)] {
        let write = Write::new().at(SystemTime::now() - days * DAY);
        store.create(package(own, ""), write).await.unwrap();
    }
    let store = store.keep_changes(Retention::all().for_at_most(15 * DAY));
    wait_for_length(&store, 2).await;
}

#[tokio::test]
async fn large_changes_of_a_file_are_removed_in_parts() {
    let path = files::fresh("parts");
    let store = SqliteStore::open(&path).unwrap();
    let many: Vec<_> = (0..1_000).map(|at| package(&format!("p-{at:04}"), "old")).collect();
    store.create_many(many.clone(), Write::new()).await.unwrap();
    let mut batch = Batch::new(ChangeKind::Bulk);
    for package in many {
        let there = store.read(&package.name.normalized()).await.unwrap().unwrap();
        batch = batch.remove(package.name.normalized(), &there);
    }
    store.write_batch(batch, Write::new()).await.unwrap();
    store.create(package("last", ""), Write::new()).await.unwrap();
    let store = store.keep_changes(Retention::all().at_most(1));
    wait_for_length(&store, 1).await;
    drop(store);
    // The store may end before everything is removed. It goes on when it is opened again.
    for _ in 0..100 {
        let store = SqliteStore::open(&path).unwrap().keep_changes(Retention::all().at_most(1));
        // Reads keep the store from removing a part only for a while.
        for _ in 0..50 {
            all(&store).await;
        }
        drop(store);
        if rows(&path, "replaced") == 0 {
            break;
        }
    }
    assert_eq!((rows(&path, "change"), rows(&path, "replaced")), (1, 0));
}

/// An undo reads the change in parts. Meanwhile another write makes the change one too many.
#[tokio::test]
async fn an_undo_of_a_change_that_is_being_removed_does_all_or_nothing() {
    const COUNT: usize = 5_000;

    let mut outcomes = BTreeSet::new();
    for polls in (0..300).step_by(30) {
        let store = SqliteStore::open(files::fresh(&format!("half-{polls}"))).unwrap();
        let store = Arc::new(store.keep_changes(Retention::all().at_most(1)));
        let removal = write_many(&*store, COUNT).await;
        let api = Api::new(Arc::clone(&store));
        let mut undo = pin!(undo_change(&api, undo(removal)));
        let mut begun = 0;
        // Each part of the change is read after another poll.
        let response = poll_fn(|context| match undo.as_mut().poll(context) {
            Poll::Ready(response) => Poll::Ready(Some(response)),
            Poll::Pending if begun == polls => Poll::Ready(None),
            Poll::Pending => {
                begun += 1;
                Poll::Pending
            }
        });
        let status = match response.await {
            Some(response) => response.status(),
            None => {
                let other = store.create(package("other", ""), Write::new());
                let (response, other) = futures_util::future::join(undo, other).await;
                other.unwrap();
                response.status()
            }
        };
        let count = store.catalogue().len();
        match status.as_u16() {
            201 => assert!(count >= COUNT, "{count}"),
            404 => assert_eq!(count, 1),
            other => panic!("{other}"),
        }
        outcomes.insert(status.as_u16());
    }
    // The control: it was taken back in some rounds, and removed too early in others.
    assert_eq!(outcomes, BTreeSet::from([201, 404]));
}

/// Creates many packages, and removes them all with one change. Returns its revision.
pub(crate) async fn write_many<S: PackageStore>(store: &S, count: usize) -> Revision {
    let many: Vec<_> = (0..count).map(|at| package(&format!("p-{at:05}"), "old")).collect();
    let mut batch = Batch::new(ChangeKind::Bulk);
    let names: Vec<_> = many.iter().map(|package| package.name.normalized()).collect();
    store.create_many(many, Write::new()).await.unwrap();
    for name in names {
        let there = store.read(&name).await.unwrap().unwrap();
        batch = batch.remove(name, &there);
    }
    match store.write_batch(batch, Write::new()).await.unwrap() {
        Batched::Written(revision) => revision,
        other => panic!("{other:?}"),
    }
}

fn undo(revision: Revision) -> http::Request<String> {
    http::Request::post(format!("/changes/{revision}/undo")).body(String::new()).unwrap()
}

/// An undo has all versions in memory at once, so there is a limit.
#[tokio::test]
async fn an_undo_takes_back_at_most_64_mib_of_packages() {
    const LIMIT: usize = 64 * 1024 * 1024;

    let text = "x".repeat(15_000);
    let package = |at: usize| {
        let json =
            format!(r#"{{"name":"p-{at:05}","short_desc":"","metadata":{{"text":"{text}"}}}}"#);
        Package::from_json(json.as_bytes()).unwrap()
    };
    let length = Stored::new(&package(0), Revision::new(1)).representation().len();
    for (count, status) in [(LIMIT / length, 201), (LIMIT / length + 1, 409)] {
        let store = MemoryStore::new();
        store.create_many((0..count).map(package).collect(), Write::new()).await.unwrap();
        let api = Api::new(store);
        let response = undo_change(&api, undo(all(api.store()).await[0].revision)).await;
        assert_eq!(response.status(), status);
        let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
        let says_why = String::from_utf8_lossy(&body).contains("more than 64 MiB of packages");
        assert_eq!(says_why, status == 409, "{body:?}");
        let left = if status == 201 { 0 } else { count };
        assert_eq!(api.store().catalogue().len(), left);
    }
}

/// How often a future is polled until it is ready.
async fn polls<T>(future: impl Future<Output = T>) -> (usize, T) {
    let (mut count, mut future) = (0, pin!(future));
    let result = poll_fn(|context| {
        count += 1;
        future.as_mut().poll(context)
    });
    let result = result.await;
    (count, result)
}

/// A task that has much to do must return to its thread again and again, so that others can run. If the store
/// reads in the caller's task, `parts` is how often a read does so at least.
pub(crate) async fn large_changes_are_handled_in_parts<S: PackageStore>(store: S, parts: usize) {
    const COUNT: usize = 20_000;

    let revision = write_many(&store, COUNT).await;
    let api = Api::new(store);
    let all = NonZeroUsize::new(COUNT).unwrap();
    let (read, change) = polls(api.store().change(revision, None, all)).await;
    let change = change.unwrap().known().unwrap().unwrap();
    assert_eq!((change.packages.len(), change.next), (COUNT, None));
    assert!(read >= parts, "a change is read in {read} parts");
    let (undone, response) = polls(undo_change(&api, undo(revision))).await;
    assert_eq!(response.status(), 201);
    assert!(undone >= COUNT / 100, "an undo has {undone} parts");
    assert!(api.store().read(&name("p-19999")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_store_in_memory_handles_large_changes_in_parts() {
    large_changes_are_handled_in_parts(MemoryStore::new(), 200).await;
}

#[tokio::test]
async fn a_file_handles_large_changes_in_parts() {
    large_changes_are_handled_in_parts(SqliteStore::open(files::fresh("large")).unwrap(), 100)
        .await;
}

/// The thread of a caller does not wait while another thread writes very much to the memory.
#[tokio::test]
async fn a_large_write_to_the_memory_leaves_the_thread_to_others() {
    let store = MemoryStore::new();
    let many: Vec<_> = (0..20_000).map(|at| package(&format!("p-{at:05}"), "")).collect();
    let mut large = pin!(store.create_many(many, Write::new()));
    assert!(futures_util::poll!(large.as_mut()).is_pending());
    // It is still being written, or was just published.
    let mut small = pin!(store.create(package("small", ""), Write::new()));
    let _ = futures_util::poll!(small.as_mut());
    assert!(matches!(store.catalogue().len(), 0 | 20_000 | 20_001));
    large.await.unwrap();
    drop(store.catalogue());
}

#[tokio::test]
async fn a_follower_goes_on_after_the_file_is_opened_again() {
    let path = files::fresh("follower");
    let mut follower = Follower::default();
    for round in 0..3 {
        let store = SqliteStore::open(&path).unwrap();
        store.create(package(&format!("p-{round}"), ""), Write::new()).await.unwrap();
        store.create(package("often", ""), Write::new()).await.unwrap();
        follower.agrees(&store).await.unwrap();
        assert_eq!(store.delete(&name("often"), Write::new()).await.unwrap(), Delete::Deleted);
        // It sees this change only after the file is opened again.
    }
    let store = SqliteStore::open(&path).unwrap();
    follower.agrees(&store).await.unwrap();
    assert_eq!(follower.changes.len(), 9);
}

/// The control: a follower notices that the log lacks something.
#[tokio::test]
async fn a_log_that_lacks_a_row_does_not_agree() {
    for damage in [
        "DELETE FROM change WHERE revision = (SELECT max(revision) FROM change)",
        "DELETE FROM change WHERE revision = (SELECT min(revision) FROM change)",
        "DELETE FROM replaced WHERE revision = (SELECT max(revision) FROM replaced)",
        "DELETE FROM replaced WHERE revision = (SELECT min(revision) FROM replaced)",
        "UPDATE change SET note = 'another'",
        "UPDATE replaced SET representation = '{\"name\":\"flask\",\"short_desc\":\"x\"}'",
    ] {
        let path = files::fresh("lacks");
        let store = SqliteStore::open(&path).unwrap();
        write_six(&store).await;
        Follower::default().agrees(&store).await.unwrap();
        drop(store);
        assert!(Connection::open(&path).unwrap().execute(damage, ()).unwrap() > 0);
        let store = SqliteStore::open(&path).unwrap();
        assert!(Follower::default().agrees(&store).await.is_err(), "{damage}");
    }
}

fn rows(path: &Path, table: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn an_import_is_one_row_for_each_batch() {
    let path = files::fresh("import-rows");
    let store = SqliteStore::open(&path).unwrap();
    for batch in 0..3 {
        let packages = (0..1_000).map(|at| package(&format!("p-{batch}-{at}"), "A package"));
        store.create_many(packages.collect(), Write::new()).await.unwrap();
    }
    drop(store);
    assert_eq!((rows(&path, "change"), rows(&path, "replaced")), (3, 0));
}

/// Besides the version that it replaced, a change takes at most 200 bytes of the file.
#[tokio::test]
async fn a_change_is_small_on_the_disk() {
    const PACKAGES: usize = 2_000;
    const ROUNDS: usize = 5;

    let path = files::fresh("small");
    let names: Vec<_> = (0..PACKAGES).map(|at| format!("package-{at:05}")).collect();
    let text = |round: usize| format!("{round} A description of a length that is often seen.");
    let store = SqliteStore::open(&path).unwrap();
    let packages = names.iter().map(|name| package(name, &text(0)));
    store.create_many(packages.collect(), Write::new()).await.unwrap();
    drop(store);
    let before = std::fs::metadata(&path).unwrap().len();
    let store = SqliteStore::open(&path).unwrap();
    let actor = pyaday_core::Actor::new("ada@example.org").unwrap();
    for round in 1..=ROUNDS {
        for own in &names {
            let replacement = Replacement::new(package(own, &text(round)).details);
            let write =
                Write::new().by(actor.clone()).at(UNIX_EPOCH + Duration::from_secs(1 << 30));
            store.update(&name(own), replacement, write).await.unwrap();
        }
    }
    drop(store);
    let edits = (PACKAGES * ROUNDS) as u64;
    let grown = (std::fs::metadata(&path).unwrap().len() - before) / edits;
    let version = Stored::new(&package(&names[0], &text(0)), Revision::new(1));
    let own = grown - version.representation().len() as u64;
    assert!(own <= 200, "{own} bytes besides the version");
}
