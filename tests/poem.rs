//! A catalogue in a framework that the project has no crate for: the adapter for poem that
//! `examples/mount-poem` shows answers the golden list.

use std::io;
use std::net::TcpListener;

use poem::error::NotFoundError;
use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::{EndpointExt, Route};
use pyaday_core::{Api, PackageStore};
use tokio::sync::oneshot;

use crate::support::client::{Answer, Request, send};
use crate::support::homes::{Home, Server};

#[path = "../examples/mount-poem/adapter.rs"]
mod adapter;

/// A poem application.
pub(crate) struct Poem(Server);

impl Home for Poem {
    fn mount<S: PackageStore>(prefix: &str, api: &Api<S>) -> Self {
        let (prefix, api) = (prefix.replace('{', ":").replace('}', ""), api.clone());
        let is_fixed = !prefix.contains(':');
        Self(Server::start(move |listener, stopped| {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            let runtime = builder.worker_threads(2).enable_all().build().unwrap();
            // poem nests a route under a fixed prefix only.
            let route = match is_fixed && !prefix.is_empty() {
                true => Route::new().nest(&prefix, adapter::mount(Route::new(), "", &api)),
                false => adapter::mount(Route::new(), &prefix, &api),
            };
            runtime.block_on(serve(route, listener, stopped)).unwrap();
        }))
    }

    fn answer(&self, request: &Request) -> Answer {
        send(self.0.address, request)
    }
}

/// Serves a route until the receiver hears of the end.
async fn serve(
    route: Route,
    listener: TcpListener,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    // The host's own answer is one without content, as the list has it; poem's says "not found".
    let app = route.catch_error(|_: NotFoundError| async { StatusCode::NOT_FOUND });
    let server = poem::Server::new_with_acceptor(TcpAcceptor::from_std(listener)?);
    tokio::select! {
        served = server.run(app) => served,
        _ = stopped => Ok(()),
    }
}
