//! The server on axum.

use std::io;
use std::net::TcpListener;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CONNECTION, HOST};
use axum::http::{StatusCode, Version};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use pyaday_core::{Api, PackageStore};

use crate::{AccessRules, CLIENT_TIMEOUT, Framework, GRACE, Prefix};

/// axum, on `axum_server`, since `axum::serve` neither limits the time that a client takes for a
/// request nor the time that stopping takes.
#[derive(Debug)]
pub struct Axum;

impl Framework for Axum {
    async fn serve<S: PackageStore>(
        listener: TcpListener,
        prefix: &Prefix,
        api: Api<S>,
        access: &AccessRules,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let catalogue = pyaday_axum::router(&api);
        let app = match prefix.as_path() {
            "" => catalogue,
            path => Router::new().nest(path, catalogue),
        };
        Self::serve_app(listener, access.around(app), stop).await
    }
}

impl Axum {
    /// Serves an application as the catalogue is served.
    ///
    /// # Errors
    /// The listener cannot be used.
    pub async fn serve_app(
        listener: TcpListener,
        app: Router,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let app = app.layer(from_fn(require_host));
        let handle = Handle::new();
        let mut server = axum_server::from_tcp(listener)?
            .acceptor(NoDelayAcceptor::new())
            .handle(handle.clone())
            .http1_only();
        // hyper counts the time that a connection idles as part of reading the next head.
        server.http_builder().http1().header_read_timeout(CLIENT_TIMEOUT);
        tokio::spawn(async move {
            stop.await;
            handle.graceful_shutdown(Some(GRACE));
        });
        server.serve(app.into_make_service()).await
    }
}

/// Refuses a request that does not name its host exactly once (RFC 9112 §3.2), which hyper does not
/// do and actix-web does. The answer is the one of actix-web.
async fn require_host(request: Request, next: Next) -> Response {
    match request.headers().get_all(HOST).iter().count() {
        1 => next.run(request).await,
        0 if request.version() < Version::HTTP_11 => next.run(request).await,
        _ => (StatusCode::BAD_REQUEST, [(CONNECTION, "close")]).into_response(),
    }
}
