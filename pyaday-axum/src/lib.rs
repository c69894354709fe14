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

use std::convert::Infallible;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{OriginalUri, Request};
use axum::response::Response;
use http_body::{Frame, SizeHint};
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

impl<F: Future<Output = axum::http::Response<Bytes>>> Future for Answering<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = self.project().response.poll(context);
        response.map(|response| Ok(response.map(|bytes| Body::new(Answer(bytes)))))
    }
}

/// The body of a response.
///
/// The length of an empty one stays open: axum would otherwise add `Content-Length: 0` where the
/// core leaves the field out, to a 304 for one, if a host serves the routes as a fallback.
struct Answer(Bytes);

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = take(&mut self.0);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.0.len() {
            0 => SizeHint::default(),
            length => SizeHint::with_exact(length as u64),
        }
    }
}
