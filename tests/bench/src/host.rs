//! A host application to load: the catalogue, and beside it constant routes with the same bodies
//! and header fields. Some of them read random places of a large array first.
//!
//! `bench-host FRAMEWORK STORE PACKAGES`, where the first is `axum` or `actix`, the second a URL as
//! the servers take it, the third a number of generated packages or a file to import. `names` and
//! `rows` in the first place print the generated names or packages instead.

#![expect(clippy::print_stdout, reason = "what it prints is what it was asked for")]

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, hint, process};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, header};
use pyaday_bench::{fill, package};
use pyaday_core::{Api, MemoryStore, Package, PackageStore};
use pyaday_examples::{
    Actix, Axum, Limits, OnExisting, Prefix, Socket, Source, StopSignal, StoreUrl, Url, import,
};
use pyaday_sqlite::SqliteStore;

/// 86 bytes, the average of PyPI.
const BODY: &str =
    r#"{"name":"poetry","short_desc":"Python dependency management and packaging made easy."}"#;
const TAG: &str = "\"1795401184996329\"";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [framework, store, packages] = &arguments[..] else {
        return Err("usage: bench-host axum|actix STORE PACKAGES".into());
    };
    match (&framework[..], packages.parse()) {
        ("names", Ok(count)) => return print(count, |package| package.name.to_string()),
        ("rows", Ok(count)) => {
            println!("name\tsummary");
            return print(count, |it| format!("{}\t{}", it.name, it.details.short_desc));
        }
        _ => {}
    }
    match StoreUrl::try_from(&store.parse::<Url>()?)? {
        StoreUrl::Memory => run(framework, MemoryStore::new(), packages).await,
        StoreUrl::Sqlite(path) => {
            let store = SqliteStore::open(path)?;
            run(framework, store, packages).await
        }
        StoreUrl::Postgres(_) => Err("not measured: its reads are those of memory".into()),
    }
}

fn print(count: usize, line: impl Fn(Package) -> String) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout());
    for at in 0..count {
        writeln!(out, "{}", line(package(at)?))?;
    }
    Ok(out.flush()?)
}

async fn run<S: PackageStore>(
    framework: &str,
    store: S,
    packages: &str,
) -> Result<(), Box<dyn Error>> {
    let count = match packages.parse() {
        Ok(count) => {
            fill(&store, count).await?;
            count
        }
        Err(_) => {
            let source = Source::open(packages.as_ref())?;
            let summary = import(&store, source, OnExisting::Skip).await?;
            usize::try_from(summary.added + summary.present)?
        }
    };
    let far = FarMemory::of(count);
    let api = Api::new(store);
    let socket = Socket::bind("127.0.0.1:0").await?;
    let mut signal = StopSignal::new()?;
    let stop = async move {
        signal.received().await;
    };
    let listener = socket.listen(&"/".parse::<Prefix>()?)?;
    match framework {
        "axum" => {
            let mut app = Router::new()
                .route("/constant/package", get(async || constant_axum("no-cache", Some(TAG))))
                .route("/constant/rand", get(async || constant_axum("no-store", None)))
                .merge(pyaday_axum::router(&api));
            for reads in READS {
                let far = far.clone();
                let answer = async move || {
                    far.read(reads);
                    constant_axum("no-store", None)
                };
                app = app.route(&format!("/constant/reads/{reads}"), get(answer));
            }
            Axum::serve_app(listener, app, Limits::default(), stop).await?;
        }
        "actix" => {
            let app = move |config: &mut actix_web::web::ServiceConfig| {
                use actix_web::web::get;
                config
                    .route(
                        "/constant/package",
                        get().to(async || constant_actix("no-cache", Some(TAG))),
                    )
                    .route("/constant/rand", get().to(async || constant_actix("no-store", None)));
                for reads in READS {
                    let far = far.clone();
                    let answer = move || {
                        far.read(reads);
                        async { constant_actix("no-store", None) }
                    };
                    config.route(&format!("/constant/reads/{reads}"), get().to(answer));
                }
                config.service(pyaday_actix::scope("", &api));
            };
            Actix::serve_app(listener, app, Limits::default(), stop).await?;
        }
        _ => process::exit(2),
    }
    Ok(())
}

/// How many places the constant routes read that read some.
const READS: [usize; 4] = [1, 2, 3, 4];

/// An array as large as the packages of a catalogue.
#[derive(Clone)]
struct FarMemory(Arc<[u64]>);

impl FarMemory {
    fn of(packages: usize) -> Self {
        /// What a package of PyPI takes in memory.
        const BYTES: usize = 206;

        // Each page is written, so that it is a page of its own.
        Self((0..(packages * BYTES / size_of::<u64>()).max(1) as u64).collect())
    }

    /// Reads so many random places. Each place depends on what was read at the one before, so the
    /// processor cannot read two of them at the same time.
    fn read(&self, places: usize) {
        static CALLS: AtomicU64 = AtomicU64::new(0);

        let mut at = CALLS.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for _ in 0..places {
            let place = self.0[(at % self.0.len() as u64) as usize];
            at = (at ^ place).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
        hint::black_box(at);
    }
}

fn constant_axum(cache_control: &'static str, entity_tag: Option<&'static str>) -> Response {
    let mut response = Response::new(Body::from(BODY));
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("86"));
    if let Some(entity_tag) = entity_tag {
        headers.insert(ETAG, HeaderValue::from_static(entity_tag));
    }
    response
}

fn constant_actix(
    cache_control: &'static str,
    entity_tag: Option<&'static str>,
) -> actix_web::HttpResponse {
    use actix_web::http::header;
    let value = header::HeaderValue::from_static;
    let mut response = actix_web::HttpResponse::Ok().body(BODY);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, value(cache_control));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, value("nosniff"));
    headers.insert(header::CONTENT_TYPE, value("application/json"));
    if let Some(entity_tag) = entity_tag {
        headers.insert(header::ETAG, value(entity_tag));
    }
    response
}
