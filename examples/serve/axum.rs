//! The server on axum.

use std::io;
use std::net::TcpListener;

use axum::Router;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use pyaday_core::{Api, PackageStore};

use crate::{CLIENT_TIMEOUT, Framework, GRACE, Prefix};

/// axum, on `axum_server`, since `axum::serve` neither limits the time that a client takes for a
/// request nor the time that stopping takes.
#[derive(Debug)]
pub struct Axum;

impl Framework for Axum {
    async fn serve<S: PackageStore>(
        listener: TcpListener,
        prefix: &Prefix,
        api: Api<S>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let catalogue = pyaday_axum::router(&api);
        let app = match prefix.as_path() {
            "" => catalogue,
            path => Router::new().nest(path, catalogue),
        };
        Self::serve_app(listener, app, stop).await
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
