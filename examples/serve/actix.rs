//! The server on actix-web.

use std::io;
use std::net::TcpListener;

use actix_web::{App, HttpServer};
use pyaday_core::{Api, PackageStore};

use crate::{CLIENT_TIMEOUT, Framework, GRACE, Prefix};

/// actix-web. The signals that it waits for itself are replaced by `stop`: on SIGINT it would not
/// finish what was begun.
#[derive(Debug)]
pub struct Actix;

impl Framework for Actix {
    async fn serve<S: PackageStore>(
        listener: TcpListener,
        prefix: &Prefix,
        api: Api<S>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let prefix = prefix.clone();
        let app = move || App::new().service(pyaday_actix::scope(prefix.as_path(), &api));
        HttpServer::new(app)
            .tcp_nodelay(true)
            .client_request_timeout(CLIENT_TIMEOUT)
            .keep_alive(CLIENT_TIMEOUT)
            .shutdown_signal(stop)
            .shutdown_timeout(GRACE.as_secs())
            .listen(listener)?
            .run()
            .await
    }
}
