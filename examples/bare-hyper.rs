//! The catalogue on hyper alone, mounted under `/api` without a framework or a router.

use std::convert::Infallible;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use pyaday_core::{Api, Body, Endpoint, MemoryStore, respond};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let api = Api::new(MemoryStore::new());
    let listener = TcpListener::bind("127.0.0.1:5000").await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let api = api.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&api, request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            // A connection that breaks off concerns nobody but its client.
            let _ = connection.await;
        });
    }
}

async fn answer(
    api: &Api<MemoryStore>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let endpoint = request.uri().path().strip_prefix("/api").and_then(Endpoint::find);
    Ok(match endpoint {
        Some(endpoint) => respond(api, endpoint, request).await,
        None => not_found(),
    })
}

fn not_found() -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
