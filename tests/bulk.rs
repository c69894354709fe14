//! Facts about changes of many packages at once: what others do meanwhile, and how many there can be.

use std::array::from_fn;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::Poll;
use std::{iter, thread};

use bytes::Bytes;
use http_body_util::Full;
use pyaday_core::conformance::{Call, Failing, Then};
use pyaday_core::{
    Api, Body, Details, MemoryStore, NormalizedName, Options, Package, PackageStore, Query,
    Replacement, Update, Verdict, Write, change_packages, undo_change,
};
use pyaday_postgres::Reads;
use pyaday_sqlite::SqliteStore;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use crate::golden::memory;
use crate::postgres::stores::Stores;
use crate::support::files;

/// The most packages that a request can change.
const MOST: usize = 20_000;

fn name(name: &str) -> NormalizedName {
    name.parse().unwrap()
}

/// Packages `p-0`, `p-1` …, which have this tag.
fn packages(count: usize, tag: &str) -> Vec<Package> {
    let package = |at| json!({ "name": format!("p-{at}"), "short_desc": "", "tags": [tag] });
    let package = |at| Package::from_json(package(at).to_string().as_bytes()).unwrap();
    (0..count).map(package).collect()
}

pub(crate) async fn filled<S: PackageStore>(store: S, count: usize) -> S {
    store.create_many(packages(count, "old"), Write::new()).await.unwrap();
    store
}

/// Sends a request to change many packages. `path` may have a query, and `if_match` is an entity tag.
async fn change<S: PackageStore>(
    api: &Api<S>,
    path: &str,
    if_match: Option<&str>,
    body: Value,
) -> http::Response<Body> {
    let request = http::Request::post(path).header("content-type", "application/json");
    let request = if_match.iter().fold(request, |request, tag| request.header("if-match", *tag));
    let body = Full::new(Bytes::from(body.to_string()));
    change_packages(api, request.body(body).unwrap()).await
}

fn content(response: &http::Response<Body>) -> Value {
    serde_json::from_slice(response.body().as_bytes().unwrap()).unwrap()
}

/// The tags of a package.
async fn tags<S: PackageStore>(store: &S, own: &str) -> Vec<String> {
    let details = store.read(&name(own)).await.unwrap().unwrap().package().details;
    details.tags.iter().map(ToString::to_string).collect()
}

/// The representations of all packages, in their order.
async fn all<S: PackageStore>(store: &S) -> Vec<Bytes> {
    let mut query = Query::new(NonZeroUsize::new(1_000).unwrap());
    let mut items = Vec::new();
    loop {
        let page = store.list(&query).await.unwrap();
        items.extend(page.items.iter().map(pyaday_core::Stored::representation));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return items,
        }
    }
}

/// An edit by another client, which replaces the description and nothing else.
async fn describe<S: PackageStore>(store: &S, own: &str, text: &str) {
    let there = store.read(&name(own)).await.unwrap().unwrap().package();
    let details = Details::new(text.parse().unwrap()).with_tags(there.details.tags);
    let update = store.update(&name(own), Replacement::new(details), Write::new()).await.unwrap();
    assert!(matches!(update, Update::Updated(_)));
}

/// A store in which `meanwhile` happens at each of the first `times` writes of many packages, right
/// before the write.
fn interrupted<S: PackageStore>(
    store: Arc<S>,
    times: usize,
    meanwhile: impl AsyncFn(&S, usize) + Send + Sync + 'static,
) -> Failing<Arc<S>> {
    let (count, inner) = (AtomicUsize::new(0), Arc::clone(&store));
    Failing::new(store, move |call| {
        if matches!(call, Call::WriteBatch(_)) {
            let at = count.fetch_add(1, Ordering::SeqCst);
            if at < times {
                futures_util::FutureExt::now_or_never(meanwhile(&inner, at)).expect("memory");
            }
        }
        Then::Pass
    })
}

#[tokio::test]
async fn an_edit_between_the_reading_and_the_writing_is_kept() {
    let store = Arc::new(filled(memory(), 3).await);
    let edit = async |store: &MemoryStore, _| describe(store, "p-1", "edited").await;
    let api = Api::new(interrupted(Arc::clone(&store), 1, edit));
    let body = json!({ "select": { "tag": ["old"] }, "add_tags": ["new"] });
    let response = change(&api, "/changes", None, body).await;
    assert_eq!((response.status().as_u16(), &content(&response)["count"]), (201, &json!(3)));
    let edited = store.read(&name("p-1")).await.unwrap().unwrap().package();
    assert_eq!(edited.details.short_desc.as_str(), "edited");
    assert_eq!(tags(&*store, "p-1").await, ["new", "old"]);
}

/// The control of the fact above: a client that reads the packages and replaces them one by one.
#[tokio::test]
async fn an_edit_in_between_is_lost_if_each_package_is_read_and_replaced() {
    let store = filled(memory(), 3).await;
    let mut package = store.read(&name("p-1")).await.unwrap().unwrap().package();
    describe(&store, "p-1", "edited").await;
    package.details.tags = packages(1, "new")[0].details.tags.clone();
    store.update(&name("p-1"), package.into(), Write::new()).await.unwrap();
    let there = store.read(&name("p-1")).await.unwrap().unwrap().package();
    assert_eq!(there.details.short_desc.as_str(), "");
}

#[tokio::test]
async fn a_package_that_is_deleted_in_between_is_reported_and_nothing_is_changed() {
    let store = Arc::new(filled(memory(), 3).await);
    let delete = async |store: &MemoryStore, _| {
        store.delete(&name("p-1"), Write::new()).await.unwrap();
    };
    let api = Api::new(interrupted(Arc::clone(&store), 1, delete));
    let body = json!({ "select": { "names": ["p-0", "p-1"] }, "add_tags": ["new"] });
    let response = change(&api, "/changes", None, body).await;
    assert_eq!(
        (response.status().as_u16(), &content(&response)["packages"]),
        (404, &json!(["p-1"]))
    );
    assert_eq!(tags(&*store, "p-0").await, ["old"]);
    // A selection by a tag goes on without it.
    let delete = async |store: &MemoryStore, _| {
        store.delete(&name("p-2"), Write::new()).await.unwrap();
    };
    let api = Api::new(interrupted(Arc::clone(&store), 1, delete));
    let body = json!({ "select": { "tag": ["old"] }, "add_tags": ["new"] });
    let response = change(&api, "/changes", None, body).await;
    assert_eq!((response.status().as_u16(), &content(&response)["count"]), (201, &json!(1)));
}

#[tokio::test]
async fn with_the_etag_of_the_preview_an_edit_in_between_is_412() {
    let store = Arc::new(filled(memory(), 3).await);
    let edit = async |store: &MemoryStore, _| describe(store, "p-2", "edited").await;
    let body = json!({ "select": { "names": ["p-0", "p-1"] }, "add_tags": ["new"] });
    let api = Api::new(Arc::clone(&store));
    let preview = change(&api, "/changes?dry_run=true", None, body.clone()).await;
    let etag = preview.headers()["etag"].to_str().unwrap();
    assert_eq!((preview.status().as_u16(), &content(&preview)["count"]), (200, &json!(2)));
    // Another package than those of the request was edited.
    let interrupted = Api::new(interrupted(Arc::clone(&store), 1, edit));
    assert_eq!(change(&interrupted, "/changes", Some(etag), body.clone()).await.status(), 412);
    assert_eq!(tags(&*store, "p-0").await, ["old"]);
    // The control: without the edit in between.
    let preview = change(&api, "/changes?dry_run=true", None, body.clone()).await;
    let etag = preview.headers()["etag"].to_str().unwrap();
    assert_eq!(change(&api, "/changes", Some(etag), body).await.status(), 201);
    assert_eq!(tags(&*store, "p-0").await, ["new", "old"]);
}

#[tokio::test]
async fn a_package_that_others_edit_all_the_time_is_not_tried_for_ever() {
    let store = Arc::new(filled(memory(), 2).await);
    let edit = async |store: &MemoryStore, at: usize| {
        describe(store, "p-1", &format!("edit {at}")).await;
    };
    let api = Api::new(interrupted(Arc::clone(&store), usize::MAX, edit));
    let body = json!({ "select": { "tag": ["old"] }, "add_tags": ["new"] });
    let response = change(&api, "/changes", None, body).await;
    assert_eq!(response.status(), 503);
    assert_eq!(content(&response)["type"], "urn:problem-type:pyaday:store-unavailable");
    assert_eq!(tags(&*store, "p-0").await, ["old"]);
}

#[tokio::test]
async fn the_guard_is_asked_once_about_each_package_also_if_it_is_read_again() {
    let store = Arc::new(filled(memory(), 3).await);
    let edit = async |store: &MemoryStore, at: usize| {
        describe(store, "p-1", &format!("edit {at}")).await;
    };
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let options = Options::new().guard(move |_, access| {
        noted.lock().unwrap().push(access.name().map(ToString::to_string));
        Verdict::Allow
    });
    let api = Api::with_options(interrupted(Arc::clone(&store), 3, edit), options);
    let body = json!({ "select": { "tag": ["old"] }, "add_tags": ["new"] });
    assert_eq!(change(&api, "/changes", None, body).await.status(), 201);
    let packages = ["p-0", "p-1", "p-2"].map(|own| Some(own.to_owned()));
    let expected: Vec<_> = iter::once(None).chain(packages).collect();
    assert_eq!(*asked.lock().unwrap(), expected);
}

/// Clients that add a tag of their own to the same packages at the same moment.
fn no_change_of_many_is_lost<S: PackageStore>(store: S) {
    const CLIENTS: usize = 4;
    const ROUNDS: usize = 4;
    const PACKAGES: usize = 100;

    let runtime = Runtime::new().unwrap();
    let api = Api::new(runtime.block_on(filled(store, PACKAGES)));
    let barrier = Barrier::new(CLIENTS);
    let client = |own: usize| {
        let change = |round: usize| {
            let tag = format!("t-{own}-{round}");
            let body = json!({ "select": { "tag": ["old"] }, "add_tags": [tag] });
            barrier.wait();
            runtime.block_on(change(&api, "/changes", None, body)).status().as_u16()
        };
        (0..ROUNDS).map(change).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let client = &client;
        let clients: [_; CLIENTS] = from_fn(|own| scope.spawn(move || client(own)));
        for client in clients {
            assert_eq!(client.join().unwrap(), [201; ROUNDS]);
        }
    });
    let added = (0..CLIENTS).flat_map(|own| (0..ROUNDS).map(move |at| format!("t-{own}-{at}")));
    let expected: BTreeSet<_> = added.chain(["old".to_owned()]).collect();
    for at in 0..PACKAGES {
        let tags = runtime.block_on(tags(api.store(), &format!("p-{at}")));
        assert_eq!(BTreeSet::from_iter(tags), expected);
    }
}

#[test]
fn no_change_of_many_packages_is_lost_in_memory() {
    no_change_of_many_is_lost(MemoryStore::new());
}

#[test]
fn no_change_of_many_packages_is_lost_in_a_file() {
    no_change_of_many_is_lost(SqliteStore::open(files::fresh("bulk")).unwrap());
}

#[test]
fn no_change_of_many_packages_is_lost_in_a_database() {
    let Some(stores) = Stores::new("changes of many packages", Reads::Followed) else { return };
    no_change_of_many_is_lost(stores.numbered_from_one());
}

/// Changes the most packages that a request can change, and takes that back.
async fn takes_back_the_most<S: PackageStore>(store: S) {
    let api = Api::new(filled(store, MOST).await);
    let before = all(api.store()).await;
    for edit in [
        json!({ "select": { "tag": ["old"] }, "add_tags": ["new"], "remove_tags": ["old"] }),
        json!({ "select": { "tag": ["old"] }, "delete": true }),
    ] {
        let response = change(&api, "/changes", None, edit).await;
        assert_eq!((response.status().as_u16(), &content(&response)["count"]), (201, &json!(MOST)));
        assert_ne!(all(api.store()).await, before);
        let undo = format!("{}/undo", response.headers()["location"].to_str().unwrap());
        let undo = http::Request::post(undo).body(Full::<Bytes>::default()).unwrap();
        let response = undo_change(&api, undo).await;
        assert_eq!((response.status().as_u16(), &content(&response)["count"]), (201, &json!(MOST)));
        assert!(all(api.store()).await == before);
    }
}

#[tokio::test]
async fn the_undo_of_the_largest_change_takes_back_all_of_it_in_memory() {
    takes_back_the_most(MemoryStore::new()).await;
}

#[tokio::test]
async fn the_undo_of_the_largest_change_takes_back_all_of_it_in_a_file() {
    takes_back_the_most(SqliteStore::open(files::fresh("largest")).unwrap()).await;
}

#[tokio::test]
async fn no_more_packages_than_the_limit_are_selected() {
    let api = Api::new(filled(MemoryStore::new(), MOST + 1).await);
    let body = json!({ "select": { "tag": ["old"] }, "add_tags": ["new"] });
    let response = change(&api, "/changes", None, body.clone()).await;
    assert_eq!(response.status(), 422);
    assert_eq!(content(&response)["errors"][0]["pointer"], "/select");
    // The control: one package fewer. The preview shows the first 200 of them.
    api.store().delete(&name("p-7"), Write::new()).await.unwrap();
    let preview = content(&change(&api, "/changes?dry_run=true", None, body.clone()).await);
    assert_eq!(preview["count"], json!(MOST));
    assert_eq!(preview["packages"].as_array().unwrap().len(), 200);
    assert_eq!(change(&api, "/changes", None, body).await.status(), 201);
}

#[tokio::test]
async fn the_longest_names_of_the_most_packages_fit_into_a_request() {
    let api = Api::new(MemoryStore::new());
    let names: Vec<_> = (0..MOST).map(|at| format!("{at:0255}")).collect();
    let body = json!({ "select": { "names": names }, "delete": true });
    // Indented, it is as long as it gets.
    let body = serde_json::to_vec_pretty(&body).unwrap();
    let request = http::Request::post("/changes").header("content-type", "application/json");
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let response = change_packages(&api, request).await;
    assert_eq!(response.status(), 404);
    assert_eq!(content(&response)["packages"].as_array().unwrap().len(), MOST);
}

/// A store whose writes of many packages wait until the test lets them go on.
pub(crate) fn held(
    store: MemoryStore,
    gate: Arc<Semaphore>,
    begun: Arc<Semaphore>,
) -> Failing<MemoryStore> {
    Failing::new(store, move |call| {
        if matches!(call, Call::WriteBatch(_)) {
            begun.add_permits(1);
            let wait = async { gate.acquire().await.unwrap().forget() };
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(wait));
        }
        Then::Pass
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_two_long_requests_are_carried_out_at_once() {
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let store = held(filled(memory(), 1_000).await, Arc::clone(&gate), Arc::clone(&begun));
    let api = Api::new(store);
    let long = |tag: &str| json!({ "select": { "tag": ["old"] }, "add_tags": [tag] });
    let spawn = |tag: &str| {
        let (api, body) = (api.clone(), long(tag));
        tokio::spawn(async move { change(&api, "/changes", None, body).await.status() })
    };
    let two = [spawn("a"), spawn("b")];
    begun.acquire_many(2).await.unwrap().forget();
    let refused = change(&api, "/changes", None, long("c")).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    assert_eq!(content(&refused)["type"], "urn:problem-type:pyaday:busy");
    gate.add_permits(100);
    for one in two {
        assert_eq!(one.await.unwrap(), 201);
    }
    // The control: when they have ended, it is carried out.
    assert_eq!(change(&api, "/changes", None, long("c")).await.status(), 201);
}

/// On one thread, others get their turn while the body is read, while the packages are read, and while
/// they are changed. The control of this fact is a body of a few packages, for which nobody waits.
#[tokio::test(flavor = "current_thread")]
async fn others_run_during_each_part_of_a_long_request() {
    for (count, is_long) in [(MOST, true), (3, false)] {
        let (turns, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (now, noted) = (Arc::clone(&turns), Arc::clone(&seen));
        let store = Failing::new(filled(MemoryStore::new(), count).await, move |call| {
            if matches!(call, Call::Read(_) | Call::WriteBatch(_)) {
                noted.lock().unwrap().push(now.load(Ordering::SeqCst));
            }
            Then::Pass
        });
        let api = Api::new(store);
        let names: Vec<_> = (0..count).map(|at| format!("p-{at}")).collect();
        let body = json!({ "select": { "names": names }, "add_tags": ["new"] });
        // Another task, which is always ready.
        let other = tokio::spawn(poll_fn(move |context| {
            turns.fetch_add(1, Ordering::SeqCst);
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        let long = async move { change(&api, "/changes?dry_run=true", None, body).await.status() };
        assert_eq!(tokio::spawn(long).await.unwrap(), 200);
        other.abort();
        let seen = seen.lock().unwrap();
        let [first, last, write] = [0, count - 1, count].map(|at| seen[at]);
        // Before the first part, the other task had one turn.
        let parts = [1 < first, first < last, last < write];
        assert_eq!(parts, [is_long; 3], "{first} {last} {write}");
    }
}
