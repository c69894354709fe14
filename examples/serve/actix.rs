//! The server on actix-web.

use std::io;
use std::net::TcpListener;

use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use pyaday_core::{Api, PackageStore};

use crate::{AccessRules, CLIENT_TIMEOUT, Framework, GRACE, Prefix};

/// actix-web. The signals that it waits for itself are replaced by `stop`: on SIGINT it would not
/// finish what was begun.
#[derive(Debug)]
pub struct Actix;

impl Framework for Actix {
    async fn serve<S: PackageStore>(
        listener: TcpListener,
        prefix: &Prefix,
        api: Api<S>,
        access: &AccessRules,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let (prefix, access) = (prefix.clone(), access.clone());
        let app = move |config: &mut ServiceConfig| {
            access.add_service(config, pyaday_actix::scope(prefix.as_path(), &api));
        };
        Self::serve_app(listener, app, stop).await
    }
}

impl Actix {
    /// Serves an application as the catalogue is served.
    ///
    /// # Errors
    /// The listener cannot be used.
    pub async fn serve_app(
        listener: TcpListener,
        app: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        HttpServer::new(move || App::new().configure(app.clone()))
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
