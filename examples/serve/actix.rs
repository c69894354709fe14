//! The server on actix-web.

use std::io;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use actix_http::{HttpService, KeepAlive, Protocol};
use actix_service::{ServiceFactoryExt as _, fn_service, map_config};
use actix_web::App;
use actix_web::dev::{AppConfig, Server};
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::ServiceConfig;
use pyaday_core::{Api, PackageStore};
use tokio::net::TcpStream;

use crate::connection::{Connections, Stream};
use crate::log::access;
use crate::{AccessRules, Framework, Limits, Prefix, sign_in};

mod limited;

/// actix-web. `HttpServer` serves sockets only, and bounds neither the bodies of requests nor the time that
/// a client takes to read, so this builds the same of what `HttpServer` is built of.
///
/// The signals that it waits for itself are replaced by `stop`: on SIGINT it would not finish what was
/// begun.
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
            sign_in::add_routes(config, &access, &prefix);
            access.add_service(config, pyaday_actix::scope(prefix.as_path(), &api));
        };
        Self::serve_app(listener, app, Limits::default(), stop).await
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
        limits: Limits,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let connections = Connections::new(limits);
        let (admitting, stopping) = (Arc::clone(&connections), Arc::clone(&connections));
        let workers = available_parallelism().map_or(1, NonZeroUsize::get);
        let server = Server::build()
            .workers(workers)
            .max_concurrent_connections(connections.most().div_ceil(workers))
            .shutdown_timeout(connections.limits().grace.as_secs().max(1))
            .shutdown_signal(async move {
                stop.await;
                stopping.stop();
            })
            .listen("pyaday", listener, move || {
                let (connections, app) = (Arc::clone(&admitting), app.clone());
                let app = App::new()
                    .wrap(from_fn(limited::answer))
                    .wrap(Condition::new(access::is_on(), from_fn(access::logged)))
                    .configure(app);
                fn_service(move |socket: TcpStream| {
                    let stream = Stream::new(socket, Arc::new(connections.admit()));
                    let peer = stream.socket().peer_addr().ok();
                    async move { Ok((stream, Protocol::Http1, peer)) }
                })
                .and_then(
                    // The stream has the deadlines.
                    HttpService::build()
                        .client_request_timeout(Duration::ZERO)
                        .client_disconnect_timeout(Duration::ZERO)
                        .keep_alive(KeepAlive::Os)
                        .on_connect_ext(|stream: &Stream, data| {
                            data.insert(Arc::clone(stream.connection()));
                        })
                        .finish(map_config(app, |()| AppConfig::default())),
                )
            })?
            .run();
        tokio::select! {
            served = server => served,
            // It does not end.
            () = connections.watch() => Ok(()),
        }
    }
}
