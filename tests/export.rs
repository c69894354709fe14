//! Facts about the export: it leads back to the same packages, it is of one moment, and middleware can
//! compress it.

use std::convert::Infallible;
use std::io::{Cursor, Read as _, Write as _};
use std::net::TcpStream;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::middleware::Compress;
use actix_web::web;
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use proptest::prelude::*;
use pyaday_core::conformance::{Call, Failing, Then};
use pyaday_core::{
    Api, Body, Details, MemoryStore, Metadata, Package, PackageStore, StoreError, Tag, Tags, Write,
    export_packages,
};
use pyaday_examples::{OnExisting, Source, import};
use pyaday_sqlite::SqliteStore;
use serde_json::{Map, Value, json};
use tokio::runtime::Builder;
use tower::{Layer, Service, service_fn};
use tower_http::compression::CompressionLayer;
use tower_http::decompression::DecompressionLayer;

use crate::support::client::{Request, send};
use crate::support::files;
use crate::support::homes::Server;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn export<S: PackageStore>(api: &Api<S>, path: &str) -> Body {
    let request = http::Request::get(path).body(Full::<Bytes>::default()).unwrap();
    export_packages(api, request).await.into_body()
}

async fn exported<S: PackageStore>(store: S, format: &str) -> Bytes {
    let path = format!("/export?format={format}");
    export(&Api::new(store), &path).await.collect().await.unwrap().to_bytes()
}

async fn imported<S: PackageStore>(store: S, file: &Bytes) -> S {
    let source = Source::new("an export", Cursor::new(file.clone()));
    import(&store, source, OnExisting::Error).await.unwrap();
    store
}

/// Texts with everything that means something to CSV, JSON or a spreadsheet.
fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "=", "+", "-", "@", "'", "''", "\"", "\\", ",", ";", "|", " ", "\u{a0}", "é", "日本", "🐍",
        "UNKNOWN", "[\"a\"]", "{}", "a", "NULL", "#", "sep=;", "\u{feff}", "\u{200d}",
    ]);
    prop::collection::vec(special, 0..6).prop_map(|parts| parts.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
        Just(json!("line\nline\r\n\t\u{0}")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn details() -> impl Strategy<Value = Details> {
    let tag = "[a-z0-9][a-z0-9-]{0,5}".prop_map(|tag| tag.parse::<Tag>().unwrap());
    let tags = prop::collection::btree_set(tag, 0..4);
    let metadata = prop::collection::vec((text(), value()), 0..4);
    (text(), tags, metadata).prop_map(|(short_desc, tags, metadata)| {
        let metadata = metadata.into_iter().collect::<Map<_, _>>();
        Details::new(short_desc.parse().unwrap())
            .with_tags(Tags::try_from(tags).unwrap())
            .with_metadata(Metadata::try_from(metadata).unwrap())
    })
}

fn packages() -> impl Strategy<Value = Vec<Package>> {
    let name = "[A-Za-z0-9]([A-Za-z0-9._-]{0,6}[A-Za-z0-9])?";
    let package = (name, details())
        .prop_map(|(name, details)| Package::from_parts(name.parse().unwrap(), details));
    prop::collection::vec(package, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_export_is_imported_as_the_same_catalogue(packages in packages()) {
        block_on(async {
            let store = MemoryStore::new();
            store.create_many(packages, Write::new()).await.unwrap();
            let api = Api::new(store);
            let expected =
                export(&api, "/export").await.collect().await.unwrap().to_bytes();
            for format in ["ndjson", "csv"] {
                let path = format!("/export?format={format}");
                let file = export(&api, &path).await.collect().await.unwrap().to_bytes();
                let copy = imported(MemoryStore::new(), &file).await;
                assert_eq!(exported(copy, "ndjson").await, expected, "by {format}: {file:?}");
                let path = files::fresh("exported");
                let copy = imported(SqliteStore::open(&path).unwrap(), &file).await;
                assert_eq!(exported(copy, format).await, file, "in a file, by {format}");
                files::remove(&path);
            }
        });
    }
}

fn many(text: &str) -> Vec<Package> {
    (0..10_000).map(|at| Package::new(&format!("p-{at:04}"), text).unwrap()).collect()
}

#[test]
fn an_export_is_of_one_moment_and_a_write_does_not_wait_for_it() {
    block_on(async {
        let api = Api::new(MemoryStore::new());
        api.store().create_many(many("before"), Write::new()).await.unwrap();
        let expected = export(&api, "/export").await.collect().await.unwrap().to_bytes();
        let mut body = export(&api, "/export").await;
        let mut content = body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
        assert!(content.len() < expected.len() / 2, "the first frame is a part of it");
        for package in many("").iter().rev() {
            api.store().delete(&package.name.normalized(), Write::new()).await.unwrap();
        }
        content.extend(body.collect().await.unwrap().to_bytes());
        assert_eq!(content, expected);
        let after = export(&api, "/export").await.collect().await.unwrap().to_bytes();
        assert!(after.is_empty(), "the control: everything was deleted");
    });
}

/// A frame is all of the work of a poll.
#[test]
fn a_body_is_made_in_frames_without_a_runtime() {
    let store = MemoryStore::new();
    block_on(store.create_many(many("a text"), Write::new())).unwrap();
    let mut body = pin!(block_on(export(&Api::new(store), "/export")));
    let context = &mut Context::from_waker(Waker::noop());
    let mut lengths = Vec::new();
    while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(context) {
        lengths.push(frame.unwrap().into_data().unwrap().len());
    }
    assert!(body.is_end_stream());
    let last = lengths.pop().unwrap();
    assert!(last > 0 && lengths.len() > 1, "{lengths:?}");
    assert!(lengths.iter().all(|length| (60_000..=65_536).contains(length)), "{lengths:?}");
}

/// The content of a body that was compressed by gzip.
fn decompressed(content: Vec<u8>) -> Bytes {
    block_on(async {
        let answer = service_fn(move |_: http::Request<Full<Bytes>>| {
            let response = http::Response::builder().header("content-encoding", "gzip");
            let response = response.body(Full::new(Bytes::from(content.clone()))).unwrap();
            async { Ok::<_, Infallible>(response) }
        });
        let mut service = DecompressionLayer::new().layer(answer);
        let response = service.call(http::Request::new(Full::default())).await.unwrap();
        response.into_body().collect().await.unwrap().to_bytes()
    })
}

/// Everything that a server sends on a connection with one request for an export.
fn received(server: &Server) -> Vec<u8> {
    received_by(server, b"GET /export HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
}

fn received_by(server: &Server, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request).unwrap();
    let mut bytes = Vec::new();
    // The server may reset the connection.
    drop(stream.read_to_end(&mut bytes));
    bytes
}

/// The page of the store with this number fails or panics. The control is a store that does neither.
fn an_export_that_fails_is_broken_off(start: impl Fn(Api<Failing<MemoryStore>>) -> Server) {
    let fail = || {
        let retry_after = Duration::from_secs(1);
        Then::Fail(StoreError::Unavailable { retry_after, source: "the disk is gone".into() })
    };
    let panic = || Then::Panic("on purpose".to_owned());
    let faults: [(fn() -> Then, bool); 3] = [(|| Then::Pass, true), (fail, false), (panic, false)];
    for (fault, is_complete) in faults {
        let pages = AtomicUsize::new(0);
        let store = Failing::new(MemoryStore::new(), move |call| match call {
            Call::SelectedPage if pages.fetch_add(1, Ordering::SeqCst) == 30 => fault(),
            _ => Then::Pass,
        });
        // So much that a server cannot keep it all before it sends the beginning.
        block_on(store.create_many(many(&"x".repeat(300)), Write::new())).unwrap();
        let server = start(Api::new(store));
        let answer = received(&server);
        let begin = String::from_utf8_lossy(&answer[..answer.len().min(15)]).into_owned();
        assert_eq!(begin, "HTTP/1.1 200 OK", "the fault comes after the beginning");
        assert_eq!(answer.ends_with(b"\r\n0\r\n\r\n"), is_complete);
        // The server lives on, and the next export is complete.
        assert!(received(&server).ends_with(b"\r\n0\r\n\r\n"));
    }
}

#[test]
fn axum_breaks_an_export_off_that_fails() {
    an_export_that_fails_is_broken_off(|api| {
        let router: axum::Router = pyaday_axum::router(&api);
        Server::axum(tower::make::Shared::new(router))
    });
}

#[test]
fn actix_breaks_an_export_off_that_fails() {
    an_export_that_fails_is_broken_off(|api| {
        Server::actix(move |app| {
            app.service(pyaday_actix::scope("", &api));
        })
    });
}

/// A client of HTTP/1.0 does not understand chunks, also if it would keep the connection alive.
fn a_client_of_http_1_0_gets_an_export_without_chunks(server: &Server, expected: &Bytes) {
    for field in ["", "Connection: keep-alive\r\n"] {
        let request = format!("GET /export HTTP/1.0\r\nHost: test\r\n{field}\r\n");
        let answer = received_by(server, request.as_bytes());
        let end = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
        assert!(!head.contains("transfer-encoding"), "{head}");
        assert!(answer[end + 4..] == expected[..], "{head}");
    }
    // The control.
    let answer = received(server);
    assert!(answer.ends_with(b"\r\n0\r\n\r\n"));
}

#[test]
fn clients_of_http_1_0_get_an_export_without_chunks() {
    let store = MemoryStore::new();
    block_on(store.create_many(many("a text"), Write::new())).unwrap();
    let api = Api::new(store);
    let expected =
        block_on(async { export(&api, "/export").await.collect().await.unwrap().to_bytes() });
    let router: axum::Router = pyaday_axum::router(&api);
    let axum = Server::axum(tower::make::Shared::new(router));
    a_client_of_http_1_0_gets_an_export_without_chunks(&axum, &expected);
    let actix = Server::actix(move |app| {
        app.service(pyaday_actix::scope("", &api));
    });
    a_client_of_http_1_0_gets_an_export_without_chunks(&actix, &expected);
}

fn is_compressed(server: &Server, expected: &Bytes) {
    let request = Request::new("GET", "/export");
    let plain = send(server.address, &request);
    assert_eq!((plain.header("content-encoding"), &plain.body[..]), (None, &expected[..]));
    let answer = send(server.address, &request.header("accept-encoding", "gzip"));
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert!(answer.body.len() < expected.len() / 4, "{}", answer.body.len());
    assert_eq!(decompressed(answer.body), expected);
}

#[test]
fn the_middleware_of_a_host_compresses_an_export() {
    let store = MemoryStore::new();
    block_on(store.create_many(many("a text that comes again and again"), Write::new())).unwrap();
    let api = Api::new(store);
    let expected =
        block_on(async { export(&api, "/export").await.collect().await.unwrap().to_bytes() });
    let router: axum::Router = pyaday_axum::router(&api);
    let compressed = router.layer(CompressionLayer::new());
    is_compressed(&Server::axum(tower::make::Shared::new(compressed)), &expected);
    let server = Server::actix(move |app| {
        let api = pyaday_actix::scope("", &api);
        app.service(web::scope("").wrap(Compress::default()).service(api));
    });
    is_compressed(&server, &expected);
}
