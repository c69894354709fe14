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
//! Each route is a service in axum's router and handles all methods. The host's state may have any
//! type. The host's middleware runs for these routes, and `MatchedPath` is set. The routes can be
//! nested below any prefix, also below one with path variables.
//!
//! A sign-in of the host, such as a layer, puts a [`pyaday_core::Actor`] into the extensions of a
//! request. The catalogue's guard and store get it.
//!
//! Layers of tower-http work as with any other routes. `CompressionLayer` does not change the
//! response to a `HEAD`, because it has no content: its `Content-Length` is the length without
//! compression. `CorsLayer` answers every `OPTIONS` request itself, so clients do not get the field
//! `Allow`. Mount the routes with `nest`, `merge` or `fallback_service`. Do not use `any_service`,
//! because it adds `Content-Length: 0` to responses without content.
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

/// Returns a router with all blueprints at their default paths: `/packages`, `/rand`, `/daily`,
/// `/openapi.json`.
pub fn router<S: PackageStore, T: Clone + Send + Sync + 'static>(api: &Api<S>) -> Router<T> {
    api.endpoints().fold(Router::new(), |router, endpoint| {
        // The blueprints are not nested, because axum takes a request apart and builds it again at
        // each level of nesting.
        mount(router, &endpoint.full_path(), endpoint, api)
    })
}

/// Returns a router with one blueprint, to nest at a path that the host chooses:
/// `Router::new().nest("/pkgs", pyaday_axum::blueprint(Blueprint::Packages, &api))`.
pub fn blueprint<S: PackageStore, T: Clone + Send + Sync + 'static>(
    blueprint: Blueprint,
    api: &Api<S>,
) -> Router<T> {
    api.endpoints_of(blueprint).fold(Router::new(), |router, endpoint| {
        let path = if endpoint.path().is_empty() { "/" } else { endpoint.path() };
        mount(router, path, endpoint, api)
    })
}

/// Adds an endpoint with all its methods. The route is a service and not a handler, because the
/// core already routes the methods.
fn mount<S: PackageStore, T: Clone + Send + Sync + 'static>(
    router: Router<T>,
    path: &str,
    endpoint: &'static Endpoint,
    api: &Api<S>,
) -> Router<T> {
    let api = api.clone();
    let answer = move |mut request: Request| {
        // The complete URI, even if nesting has removed a prefix.
        if let Some(OriginalUri(uri)) = request.extensions_mut().remove() {
            *request.uri_mut() = uri;
        }
        Answering { response: respond(&api, endpoint, request) }
    };
    router.route_service(path, service_fn(answer))
}

pin_project! {
    /// A future that turns the core's response into axum's.
    struct Answering<F> {
        #[pin]
        response: F,
    }
}

impl<F: Future<Output = axum::http::Response<pyaday_core::Body>>> Future for Answering<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The body reports its exact length, also when it is empty. Otherwise a compression layer
        // would encode it, and the content of a 204, a 304 or a response to `HEAD` is an error in
        // HTTP/2.
        self.project().response.poll(context).map(|response| Ok(response.map(Body::new)))
    }
}
