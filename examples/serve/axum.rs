//! The server on axum.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CONNECTION, HOST};
use axum::http::{StatusCode, Version};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum_server::Handle;
use pyaday_core::{Api, PackageStore};
use tokio::time::sleep;

use crate::connection::Connections;
use crate::log::access;
use crate::{AccessRules, Framework, Limits, Prefix, sign_in};

mod limited;

/// How long the head of a request may be, in bytes. actix-web has the same limit, and hyper has one of about
/// 400 KiB otherwise.
const HEAD: usize = 128 * 1024;

/// axum, on `axum_server`, since `axum::serve` does not limit the time that stopping takes, and lets nobody
/// hold back new connections.
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
        let catalogue = access::log_actor(pyaday_axum::router(&api));
        let app = match prefix.as_path() {
            "" => catalogue,
            path => Router::new().nest(path, catalogue),
        };
        // What the rules are about answers everything else, as in actix-web.
        let app = sign_in::routes(access, prefix).fallback_service(access.around(app));
        Self::serve_app(listener, app, Limits::default(), stop).await
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
        limits: Limits,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let app = app.layer(from_fn(require_host)).layer(from_fn(limited::answer_late));
        Self::serve_unlogged(listener, access::log(app), limits, stop).await
    }

    /// Serves an application with the same limits, and without a line in the access log for each request.
    ///
    /// # Errors
    /// The listener cannot be used.
    pub(crate) async fn serve_unlogged(
        listener: TcpListener,
        app: Router,
        limits: Limits,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let connections = Connections::new(limits);
        let (handle, accepting) = (Handle::new(), Arc::clone(&connections));
        let mut server = axum_server::from_tcp(listener)?
            .acceptor(limited::MakeStream)
            .accept_error_handler(move |address, error| accepting.not_accepted(address, error))
            .handle(handle.clone())
            .http1_only();
        server.http_builder().http1().max_buf_size(HEAD);
        let stopping = Arc::clone(&connections);
        tokio::spawn(async move {
            stop.await;
            stopping.stop();
            handle.graceful_shutdown(None);
            sleep(stopping.limits().grace).await;
            handle.shutdown();
        });
        let make_service = limited::MakeService { app, connections: Arc::clone(&connections) };
        tokio::select! {
            served = server.serve(make_service) => served,
            // It does not end.
            () = connections.watch() => Ok(()),
        }
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
