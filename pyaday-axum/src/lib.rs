//! Mounts a [pyaday](pyaday_core) catalogue in an [axum] application.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use pyaday_core::{Api, MemoryStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let api = Api::new(MemoryStore::new());
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "the host's own page" }))
//!     .nest("/api", pyaday_axum::router(&api));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:5000").await?;
//! axum::serve(listener, app).await
//! # }
//! ```
//!
//! The routes are services of axum's router, which take all methods: the host's state may be of any
//! type, its middleware and `MatchedPath` see them, and they nest under any prefix, captures included.
//!
//! Layers of tower-http go around them as around any routes. `CompressionLayer` leaves the answer to a
//! HEAD as it is, because that has no content: its `Content-Length` is the one without compression.
//! `CorsLayer` answers each OPTIONS by itself, so that no `Allow` is seen. Serve the routes with `nest`,
//! `merge` or `fallback_service`: `any_service` adds `Content-Length: 0` to answers without content.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::{OriginalUri, Request};
use axum::response::Response;
use pin_project_lite::pin_project;
use pyaday_core::{Api, Blueprint, Endpoint, PackageStore, respond};
use tower::service_fn;

/// All blueprints, each at its usual path: `/packages`, `/rand`, `/daily`, `/openapi.json`.
pub fn router<S: PackageStore, T: Clone + Send + Sync + 'static>(api: &Api<S>) -> Router<T> {
    Endpoint::ALL.iter().fold(Router::new(), |router, endpoint| {
        // Not nested by blueprint: axum takes a request apart and together again at each nesting.
        mount(router, &endpoint.full_path(), endpoint, api)
    })
}

/// One blueprint, to nest at a path of the host's choosing:
/// `Router::new().nest("/pkgs", pyaday_axum::blueprint(Blueprint::Packages, &api))`.
pub fn blueprint<S: PackageStore, T: Clone + Send + Sync + 'static>(
    blueprint: Blueprint,
    api: &Api<S>,
) -> Router<T> {
    blueprint.endpoints().fold(Router::new(), |router, endpoint| {
        let path = if endpoint.path().is_empty() { "/" } else { endpoint.path() };
        mount(router, path, endpoint, api)
    })
}

/// Adds an endpoint, all methods of it. It is a service, since the core has routed the methods when
/// axum's handlers begin to.
fn mount<S: PackageStore, T: Clone + Send + Sync + 'static>(
    router: Router<T>,
    path: &str,
    endpoint: &'static Endpoint,
    api: &Api<S>,
) -> Router<T> {
    let api = api.clone();
    let answer = move |mut request: Request| {
        // The whole of it, where a nesting has taken a prefix away.
        if let Some(OriginalUri(uri)) = request.extensions_mut().remove() {
            *request.uri_mut() = uri;
        }
        Answering { response: respond(&api, endpoint, request) }
    };
    router.route_service(path, service_fn(answer))
}

pin_project! {
    /// The core's answer on its way to be axum's.
    struct Answering<F> {
        #[pin]
        response: F,
    }
}

impl<F: Future<Output = axum::http::Response<pyaday_core::Body>>> Future for Answering<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The body says how long it is, an empty one too: a compression layer encodes what may have
        // content, and the content of a 204, a 304 or a HEAD is an error in HTTP/2.
        self.project().response.poll(context).map(|response| Ok(response.map(Body::new)))
    }
}
