//! A host application to load: the catalogue, and beside it constant routes with the same bodies
//! and header fields.
//!
//! `bench-host FRAMEWORK STORE PACKAGES`, where the first is `axum` or `actix`, the second a URL as
//! the servers take it, the third a number of generated packages or a file to import. `names` and
//! `rows` in the first place print the generated names or packages instead.

#![expect(clippy::print_stdout, reason = "what it prints is what it was asked for")]

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::{env, process};

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
    match packages.parse() {
        Ok(count) => fill(&store, count).await?,
        Err(_) => {
            import(&store, Source::open(packages.as_ref())?, OnExisting::Skip).await?;
        }
    }
    let api = Api::new(store);
    let socket = Socket::bind("127.0.0.1:0").await?;
    let mut signal = StopSignal::new()?;
    let stop = async move {
        signal.received().await;
    };
    let listener = socket.listen(&"/".parse::<Prefix>()?)?;
    match framework {
        "axum" => {
            let app = Router::new()
                .route("/constant/package", get(async || constant_axum("no-cache", Some(TAG))))
                .route("/constant/rand", get(async || constant_axum("no-store", None)))
                .merge(pyaday_axum::router(&api));
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
                    .route("/constant/rand", get().to(async || constant_actix("no-store", None)))
                    .service(pyaday_actix::scope("", &api));
            };
            Actix::serve_app(listener, app, Limits::default(), stop).await?;
        }
        _ => process::exit(2),
    }
    Ok(())
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
