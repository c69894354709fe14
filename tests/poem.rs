//! A catalogue in a framework that the project has no crate for: the adapter for poem that
//! `examples/mount-poem` shows answers the golden list.

use std::io;
use std::net::TcpListener;

use poem::error::NotFoundError;
use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::{Endpoint, EndpointExt, Route};
use pyaday_core::{Actor, Api, MemoryStore, PackageStore};
use tokio::sync::oneshot;

use crate::support::client::{Answer, Request, send};
use crate::support::homes::{Home, Server};

#[path = "../examples/mount-poem/adapter.rs"]
mod adapter;

/// A poem application.
pub(crate) struct Poem(Server);

impl Home for Poem {
    fn mount<S: PackageStore>(prefix: &str, api: &Api<S>, actor: Option<Actor>) -> Self {
        let prefix = prefix.replace('{', ":").replace('}', "");
        let route = adapter::mount(Route::new(), &prefix, api);
        Self(match actor {
            Some(actor) => start(route.data(actor)),
            None => start(route),
        })
    }

    fn answer(&self, request: &Request) -> Answer {
        send(self.0.address, request)
    }
}

/// Serves a route in a thread of its own.
fn start(route: impl Endpoint + 'static) -> Server {
    Server::start(move |listener, stopped| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(serve(route, listener, stopped)).unwrap();
    })
}

/// Serves a route until the receiver hears of the end.
async fn serve<E: Endpoint + 'static>(
    route: E,
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

#[test]
fn a_route_that_poem_nests_answers_with_links_below_the_prefix() {
    let catalogue = adapter::mount(Route::new(), "", &Api::new(MemoryStore::new()));
    let server = start(Route::new().nest("/api", catalogue));
    let flask = r#"{"name":"flask","short_desc":""}"#;
    let created = send(server.address, &Request::new("POST", "/api/packages").json(flask));
    assert_eq!((created.status, created.header("location")), (201, Some("/api/packages/flask")));
    let read = send(server.address, &Request::new("GET", "/api/packages/flask"));
    assert_eq!((read.status, read.text().as_str()), (200, flask));
}

/// The only answer of a nested route that is not the catalogue's, which says 404.
#[test]
fn poem_itself_refuses_a_nested_path_that_is_not_utf_8_when_it_is_decoded() {
    let catalogue = adapter::mount(Route::new(), "", &Api::new(MemoryStore::new()));
    let server = start(Route::new().nest("/api", catalogue));
    let answer = send(server.address, &Request::new("GET", "/api/packages/%FF"));
    assert_eq!((answer.status, answer.text().as_str()), (400, "invalid path params"));
}
