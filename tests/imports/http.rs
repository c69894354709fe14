//! Imports over HTTP: what a client cannot see in a single exchange.

use std::convert::Infallible;
use std::mem;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body::{Body as _, Frame};
use pyaday_core::conformance::{Call, Failing, Then};
use pyaday_core::{
    Api, Body, MemoryStore, Options, Package, PackageStore, Replacement, Tags, Verdict, Write,
    create_package, export_packages, import_packages, undo_change,
};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::bulk::{filled, held};

fn request(query: &str, media_type: &str, body: &str) -> Request<String> {
    let request = Request::post(format!("/import{query}")).header("content-type", media_type);
    request.body(body.to_owned()).unwrap()
}

async fn csv<S: PackageStore>(api: &Api<S>, query: &str, body: &str) -> Response<Body> {
    import_packages(api, request(query, "text/csv", body)).await
}

fn json(response: &Response<Body>) -> Value {
    serde_json::from_slice(response.body().as_bytes().unwrap()).unwrap()
}

/// A body of unknown length, which begins with so many bytes and never ends.
struct Endless(usize);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match mem::take(&mut self.0) {
            0 => Poll::Pending,
            length => Poll::Ready(Some(Ok(Frame::data(vec![b'a'; length].into())))),
        }
    }
}

/// A body of unknown length, in frames of one byte.
struct Bytewise(Bytes);

impl http_body::Body for Bytewise {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let byte = (!self.0.is_empty()).then(|| Ok(Frame::data(self.0.split_to(1))));
        Poll::Ready(byte)
    }
}

fn table(rows: usize) -> String {
    let rows = (0..rows).map(|at| format!("package-{at},A summary\n"));
    ["name,summary\n".to_owned()].into_iter().chain(rows).collect()
}

#[tokio::test]
async fn only_two_long_bodies_are_received_at_once() {
    let api = Api::new(MemoryStore::new());
    let endless = |length| {
        let request = Request::post("/import").header("content-type", "text/csv");
        Box::pin(import_packages(&api, request.body(Endless(length)).unwrap()))
    };
    let (mut one, mut two) = (endless(20_000), endless(20_000));
    assert!(one.as_mut().now_or_never().is_none());
    assert!(two.as_mut().now_or_never().is_none());
    let long = table(2_000);
    let refused = csv(&api, "", &long).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json(&refused)["type"], "urn:problem-type:pyaday:busy");
    assert_eq!(refused.headers()["retry-after"], "1");
    // A short body is no burden, also if its length is not known before. Some frameworks never know it.
    assert_eq!(csv(&api, "", &table(1)).await.status(), StatusCode::OK);
    let request = Request::post("/import").header("content-type", "text/csv");
    let bytewise = request.body(Bytewise(table(1).into())).unwrap();
    assert_eq!(import_packages(&api, bytewise).await.status(), StatusCode::OK);
    // A client that sends nothing takes no turn from others.
    drop(two);
    let mut idle = endless(0);
    assert!(idle.as_mut().now_or_never().is_none());
    assert_eq!(csv(&api, "", &long).await.status(), StatusCode::OK);
    // A client that goes away makes room.
    let mut two = endless(20_000);
    assert!(two.as_mut().now_or_never().is_none());
    assert_eq!(csv(&api, "", &long).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(one);
    assert_eq!(csv(&api, "", &long).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_import_has_a_limit_of_its_own() {
    let options = Options::new().import_limit(100_000);
    let api = Api::with_options(MemoryStore::new(), options);
    assert_eq!(csv(&api, "", &table(4_000)).await.status(), StatusCode::OK);
    assert_eq!(csv(&api, "", &table(5_000)).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    // The control: that of other bodies stays.
    let long = format!("{{\"name\":\"a\",\"short_desc\":\"\",\"x\":\"{}\"}}", "x".repeat(66_000));
    let create = Request::post("/packages").header("content-type", "application/json");
    let created = create_package(&api, create.body(long).unwrap()).await;
    assert_eq!(created.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_with_too_many_rows_changes_nothing() {
    let api = Api::new(MemoryStore::new());
    let rows = (0..250_001).map(|at| format!("{at},\n"));
    let body: String = ["name,summary\n".to_owned()].into_iter().chain(rows).collect();
    let refused = csv(&api, "", &body).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let detail = &json(&refused)["errors"][0]["detail"];
    assert_eq!(detail, "must have at most 250000 rows: make several requests");
    assert!(json(&refused)["detail"].as_str().unwrap().starts_with("Nothing was changed: "));
}

/// An API whose package `flask` is changed by another client before these
/// attempts to write an import.
async fn contended(attempts: Range<usize>) -> Api<Failing<Arc<MemoryStore>>> {
    Api::new(contended_store(attempts).await)
}

async fn contended_store(attempts: Range<usize>) -> Failing<Arc<MemoryStore>> {
    let inner = Arc::new(MemoryStore::new());
    inner.create(Package::new("flask", "old").unwrap(), Write::new()).await.unwrap();
    let (others, count) = (Arc::clone(&inner), AtomicUsize::new(0));
    Failing::new(inner, move |call| {
        if let Call::WriteBatch(_) = call {
            let attempt = count.fetch_add(1, Relaxed);
            if attempts.contains(&attempt) {
                let change = Package::new("flask", &format!("change {attempt}")).unwrap();
                let name = change.name.normalized();
                let write = others.update(&name, Replacement::new(change.details), Write::new());
                write.now_or_never().unwrap().unwrap();
            }
        }
        Then::Pass
    })
}

/// A thread goes on after its client has gone away, and so does its turn.
#[tokio::test]
async fn only_two_long_imports_are_carried_out_at_once_whoever_still_waits_for_them() {
    let api = Api::new(MemoryStore::new());
    let long = table(100_000);
    for _ in 0..2 {
        let begun = Box::pin(csv(&api, "", &long)).as_mut().now_or_never();
        assert!(begun.is_none());
    }
    let refused = csv(&api, "", &table(2_000)).await;
    assert_eq!(json(&refused)["type"], "urn:problem-type:pyaday:busy");
    // A short one needs no turn, and the long ones end.
    assert_eq!(csv(&api, "", &table(10)).await.status(), StatusCode::OK);
    while csv(&api, "", &table(2_000)).await.status() != StatusCode::OK {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_import_compares_again_what_another_client_has_changed() {
    let body = "name,tags,summary\nflask,web,\nquart,,\n";
    let api = contended(0..3).await;
    let response = csv(&api, "?on_existing=update&report=all", body).await;
    assert_eq!(json(&response)["counts"]["changed"], 1);
    let flask = api.store().read(&"flask".parse().unwrap()).await.unwrap().unwrap().package();
    assert_eq!(flask.details.short_desc.as_str(), "change 2");
    assert_eq!(flask.details.tags.iter().count(), 1);
    // Without an update, the content of existing packages does not matter.
    let api = contended(0..usize::MAX).await;
    let response = csv(&api, "?on_existing=skip", body).await;
    let counts = &json(&response)["counts"];
    assert_eq!((&counts["present"], &counts["added"]), (&1.into(), &1.into()));
    // Others do not keep it busy for ever.
    let api = contended(0..usize::MAX).await;
    let refused = csv(&api, "?on_existing=update", body).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(api.store().read(&"quart".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn tags_of_the_request_are_only_for_packages_that_are_added_or_updated() {
    let many: String = (0..Tags::MAX).map(|number| format!("t{number} ")).collect();
    let body = format!("name,tags,summary\nflask,{many},\nquart,{many},\nsanic,t0,\nsanic,web,\n");
    for (query, effects) in [
        ("?tag=new&report=all", ["present", "refused", "added", "present"]),
        ("?tag=new&report=all&on_existing=update", ["refused", "refused", "added", "changed"]),
        ("?tag=t0&report=all", ["present", "added", "added", "present"]),
    ] {
        let api = contended(0..0).await;
        let response = json(&csv(&api, query, &body).await);
        let rows = response["rows"].as_array().unwrap().iter();
        let found: Vec<_> = rows.map(|row| row["effect"].as_str().unwrap()).collect();
        assert_eq!(found, effects, "{query}");
        let tags = async |name: &str| {
            let stored = api.store().read(&name.parse().unwrap()).await.unwrap().unwrap();
            let tags = stored.package().details.tags;
            tags.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(tags("flask").await.is_empty(), "{query}");
        let sanic: &[&str] = match query {
            "?tag=new&report=all" => &["new", "t0"],
            "?tag=t0&report=all" => &["t0"],
            _ => &["new", "web"],
        };
        assert_eq!(tags("sanic").await, sanic, "{query}");
    }
}

#[tokio::test]
async fn with_the_tag_of_a_dry_run_an_import_does_what_was_previewed_or_nothing() {
    let body = "name,tags,summary\nflask,web,\nquart,,\n";
    for times in [0, 1] {
        let api = contended(0..0).await;
        let preview = csv(&api, "?dry_run=true", body).await;
        let tag = preview.headers()["etag"].clone();
        if times == 1 {
            let other = Package::new("other", "").unwrap();
            api.store().create(other, Write::new()).await.unwrap();
        }
        let mut import = request("", "text/csv", body);
        import.headers_mut().insert("if-match", tag);
        let done = import_packages(&api, import).await;
        if times == 0 {
            assert_eq!(json(&done)["counts"], json(&preview)["counts"]);
        } else {
            assert_eq!(done.status(), StatusCode::PRECONDITION_FAILED);
        }
    }
    // A change between the comparison and the write is found by the write itself.
    let api = contended(1..2).await;
    let preview = csv(&api, "?dry_run=true&on_existing=update", body).await;
    let mut import = request("?on_existing=update", "text/csv", body);
    import.headers_mut().insert("if-match", preview.headers()["etag"].clone());
    let done = import_packages(&api, import).await;
    assert_eq!(done.status(), StatusCode::PRECONDITION_FAILED);
    assert!(api.store().read(&"quart".parse().unwrap()).await.unwrap().is_none());
}

/// Each import compares its new names with all names of the catalogue. So even a short one takes a turn
/// if the catalogue is large.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_two_imports_into_a_large_catalogue_are_carried_out_at_once() {
    for (count, is_admitted) in [(20_000, false), (10, true)] {
        let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let filled = filled(MemoryStore::new(), count).await;
        let api = Api::new(held(filled, Arc::clone(&gate), Arc::clone(&begun)));
        let spawn = |name: &str| {
            let (api, body) = (api.clone(), format!("name,summary\n{name},\n"));
            tokio::spawn(async move { csv(&api, "", &body).await.status() })
        };
        let two = [spawn("one"), spawn("two")];
        begun.acquire_many(2).await.unwrap().forget();
        let third = spawn("three");
        if is_admitted {
            begun.acquire().await.unwrap().forget();
        } else {
            assert_eq!(third.await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
        }
        gate.add_permits(100);
        for one in two {
            assert_eq!(one.await.unwrap(), StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn no_look_alike_is_reported_that_the_client_may_not_read() {
    let body = "name,summary\nf1ask,\ns4nic,\nsan1c,\n";
    for (guarded, expected) in [(true, vec!["flask"]), (false, vec!["flask", "sanic"])] {
        let options = Options::new().guard(move |_, access| {
            match access.name().is_some_and(|name| name.as_str() == "sanic") {
                true if guarded => Verdict::Hidden,
                _ => Verdict::Allow,
            }
        });
        let store = MemoryStore::new();
        for name in ["flask", "sanic"] {
            store.create(Package::new(name, "").unwrap(), Write::new()).await.unwrap();
        }
        let api = Api::with_options(store, options);
        let report = json(&csv(&api, "?dry_run=true&report=all", body).await);
        let alike =
            report["rows"].as_array().unwrap().iter().filter_map(|row| row.get("look_alike"));
        assert_eq!(alike.collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn the_guard_is_asked_once_about_each_row_also_if_packages_are_read_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let options = Options::new().guard(move |_, access| {
        count.fetch_add(usize::from(access.name().is_some()), Relaxed);
        Verdict::Allow
    });
    let api = Api::with_options(contended_store(0..3).await, options);
    let body = "name,tags,summary\nflask,web,\nquart,,\n";
    assert_eq!(csv(&api, "?on_existing=update", body).await.status(), StatusCode::OK);
    assert_eq!(asked.load(Relaxed), 2);
}

#[tokio::test]
async fn a_large_import_is_one_change_and_is_taken_back_as_a_whole() {
    let api = Api::new(MemoryStore::new());
    let done = json(&csv(&api, "?report=all", &table(30_000)).await);
    assert_eq!(done["counts"]["added"], 30_000);
    assert_eq!(done["rows"].as_array().unwrap().len(), 30_000);
    let undo = Request::post(format!("/changes/{}/undo", done["change"].as_str().unwrap()));
    let undone = undo_change(&api, undo.body(String::new()).unwrap()).await;
    assert_eq!(json(&undone)["count"], 30_000);
    assert!(api.store().random(pyaday_core::Seed::random()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_report_is_bounded_unless_all_rows_are_wanted() {
    let api = Api::new(MemoryStore::new());
    let body = format!("name,summary\na,\n{}", "-,\n".repeat(1_000));
    let report = json(&csv(&api, "?dry_run=true", &body).await);
    assert_eq!(report["rows"].as_array().unwrap().len(), 200);
    assert_eq!((&report["more"], &report["counts"]["refused"]), (&800.into(), &1_000.into()));
}

#[tokio::test]
async fn what_is_exported_is_imported_again() {
    let packages = [
        r#"{"name":"Zope.Interface","short_desc":"=1+1, \"quoted\"","tags":["a","b"],"metadata":{"z":1,"a":[null,{"b":1.5}]}}"#,
        r#"{"name":"a","short_desc":""}"#,
        r#"{"name":"b","short_desc":"UNKNOWN"}"#,
        r#"{"name":"c","short_desc":"''x","metadata":{"name":"x","summary":"'y"}}"#,
    ];
    for (format, media_type) in [("ndjson", "application/x-ndjson"), ("csv", "text/csv")] {
        let export = async |api: &Api<MemoryStore>| {
            let request = Request::get(format!("/export?format={format}")).body(String::new());
            let mut body = pin!(export_packages(api, request.unwrap()).await.into_body());
            let mut whole = Vec::new();
            while let Some(frame) = std::future::poll_fn(|it| body.as_mut().poll_frame(it)).await {
                whole.extend(frame.unwrap().into_data().unwrap());
            }
            String::from_utf8(whole).unwrap()
        };
        let (from, into) = (Api::new(MemoryStore::new()), Api::new(MemoryStore::new()));
        for package in packages {
            let package = Package::from_json(package.as_bytes()).unwrap();
            from.store().create(package, Write::new()).await.unwrap();
        }
        let exported = export(&from).await;
        let imported = import_packages(&into, request("", media_type, &exported)).await;
        assert_eq!(json(&imported)["counts"]["added"], packages.len(), "{exported}");
        assert_eq!(export(&into).await, exported);
    }
}
