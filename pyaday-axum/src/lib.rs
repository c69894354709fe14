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
//! The routes are ordinary ones of axum's router: the host's state may be of any type, its
//! middleware and `MatchedPath` see them, and they nest under any prefix, captures included.

use axum::Router;
use axum::body::Body;
use axum::extract::{OriginalUri, Request};
use axum::routing::any;
use pyaday_core::{Api, Blueprint, PackageStore, respond};

/// All blueprints, each at its usual path: `/packages`, `/rand`.
pub fn router<S: PackageStore, T: Clone + Send + Sync + 'static>(api: &Api<S>) -> Router<T> {
    Blueprint::ALL.into_iter().fold(Router::new(), |router, blueprint| {
        router.nest(blueprint.path(), self::blueprint(blueprint, api))
    })
}

/// One blueprint, to nest at a path of the host's choosing:
/// `Router::new().nest("/pkgs", pyaday_axum::blueprint(Blueprint::Packages, &api))`.
pub fn blueprint<S: PackageStore, T: Clone + Send + Sync + 'static>(
    blueprint: Blueprint,
    api: &Api<S>,
) -> Router<T> {
    blueprint.endpoints().fold(Router::new(), |router, endpoint| {
        let api = api.clone();
        let answer = move |OriginalUri(uri): OriginalUri, mut request: Request| async move {
            *request.uri_mut() = uri;
            respond(&api, endpoint, request).await.map(Body::from)
        };
        router.route(if endpoint.path().is_empty() { "/" } else { endpoint.path() }, any(answer))
    })
}
