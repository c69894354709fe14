//! Where a catalogue is at home: in the core alone, in an axum application, in an actix-web one.
//!
//! The last two are real servers on real sockets.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::panic::AssertUnwindSafe;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use actix_web::HttpMessage;
use actix_web::dev::Service as _;
use axum::serve::{IncomingStream, ListenerExt, TapIo};
use bytes::Bytes;
use futures_util::FutureExt;
use http::Method;
use http::request::Parts;
use http_body_util::{BodyExt, Full};
use pyaday_core::{
    Actor, Api, Body, Endpoint, Outcome, PackageStore, Problem, decode_body, decode_head, encode,
    execute, respond,
};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tower::Service;

use crate::support::client::{Answer, Request, send};

pub(crate) use pyaday_core::conformance::http::Mounted as Home;

/// A function from a request to its response.
type Function = Box<dyn Fn(http::Request<Full<Bytes>>) -> http::Response<Body>>;

/// No server: the core is called as a function.
pub(crate) struct Core(Function);

impl Home for Core {
    fn mount<S: PackageStore>(prefix: &str, api: &Api<S>, actor: Option<Actor>) -> Self {
        let api = api.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self(without_server(prefix, actor, move |endpoint, request| {
            runtime.block_on(respond(&api, endpoint, request))
        }))
    }

    fn answer(&self, request: &Request) -> Answer {
        call(&self.0, request)
    }
}

/// No server, and the three steps one by one, as a host with a guard or a log takes them.
pub(crate) struct Steps(Function);

impl Home for Steps {
    fn mount<S: PackageStore>(prefix: &str, api: &Api<S>, actor: Option<Actor>) -> Self {
        let api = api.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self(without_server(prefix, actor, move |endpoint, request| {
            let (parts, body) = request.into_parts();
            let steps = AssertUnwindSafe(steps(&api, endpoint, &parts, body));
            let result = runtime.block_on(steps.catch_unwind());
            let result = result.unwrap_or_else(|_| Err(Problem::internal()));
            let status = result.as_ref().map_or_else(Problem::status, Outcome::status);
            let mut response = encode(api.options(), result);
            assert_eq!(response.status(), status, "the outcome knows the status");
            if parts.method == Method::HEAD {
                *response.body_mut() = Body::default();
            }
            response
        }))
    }

    fn answer(&self, request: &Request) -> Answer {
        call(&self.0, request)
    }
}

async fn steps<S: PackageStore>(
    api: &Api<S>,
    endpoint: &'static Endpoint,
    parts: &Parts,
    body: Full<Bytes>,
) -> Result<Outcome, Problem> {
    let head = decode_head(api, endpoint, parts)?;
    let operation = head.operation();
    let body = match head.body_limit(api.options()) {
        Some(_) => body.collect().await.unwrap().to_bytes(),
        None => Bytes::new(),
    };
    let command = decode_body(api, head, parts, &body)?;
    assert_eq!(command.operation(), operation, "both know the operation");
    execute(api, command).await
}

/// What `answer` makes of a request below the prefix, and 404 of any other.
fn without_server(
    prefix: &str,
    actor: Option<Actor>,
    answer: impl Fn(&'static Endpoint, http::Request<Full<Bytes>>) -> http::Response<Body> + 'static,
) -> Function {
    let segments = prefix.matches('/').count();
    Box::new(move |mut request| {
        if let Some(actor) = &actor {
            request.extensions_mut().insert(actor.clone());
        }
        let path = request.uri().path();
        let below = path.match_indices('/').nth(segments).map_or("", |(at, _)| &path[at..]);
        match Endpoint::find(below) {
            Some(endpoint) => answer(endpoint, request),
            None => http::Response::builder()
                .status(404)
                .header("content-length", "0")
                .body(Body::default())
                .unwrap(),
        }
    })
}

fn call(function: &Function, request: &Request) -> Answer {
    let mut builder =
        http::Request::builder().method(request.method.as_str()).uri(request.target.as_slice());
    for (name, value) in &request.headers {
        builder = builder.header(name, value.as_slice());
    }
    let body = Full::new(Bytes::from(request.body.clone()));
    let (parts, body) = function(builder.body(body).unwrap()).into_parts();
    let headers = parts.headers.iter().map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let content = body.collect().now_or_never().unwrap().unwrap().to_bytes().to_vec();
    Answer::new(parts.status.as_u16(), headers, content)
}

/// A connection that axum has accepted.
type Incoming<'a> = IncomingStream<'a, TapIo<tokio::net::TcpListener, fn(&mut TcpStream)>>;

/// Without it an answer in HTTP/2, which comes in several packets, waits for the client's word on the
/// first.
fn no_delay(stream: &mut TcpStream) {
    stream.set_nodelay(true).unwrap();
}

/// A server in a thread of its own, which ends with it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Runs `serve` with a listener until the receiver that it also gets hears of the end.
    pub(crate) fn start(
        serve: impl FnOnce(TcpListener, oneshot::Receiver<()>) + Send + 'static,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (bound, address) = mpsc::channel();
        let thread = thread::spawn(move || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            bound.send(listener.local_addr().unwrap()).unwrap();
            serve(listener, stopped);
        });
        let address = address.recv().expect("the listener is bound");
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    /// Serves an axum application, over HTTP/1.1 and HTTP/2.
    pub(crate) fn axum<M, A>(app: M) -> Self
    where
        M: for<'a> Service<Incoming<'a>, Response = A, Error = Infallible> + Send + 'static,
        for<'a> <M as Service<Incoming<'a>>>::Future: Send,
        A: Service<axum::extract::Request, Response = axum::response::Response, Error = Infallible>,
        A: Clone + Send + 'static,
        A::Future: Send,
    {
        Self::start(move |listener, stopped| {
            listener.set_nonblocking(true).unwrap();
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            let runtime = builder.worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let listener = listener.tap_io(no_delay as fn(&mut TcpStream));
                tokio::select! {
                    served = async { axum::serve(listener, app).await } => served.unwrap(),
                    _ = stopped => {}
                }
            });
        })
    }

    /// Serves an actix-web application that `configure` puts together.
    pub(crate) fn actix(
        configure: impl Fn(&mut actix_web::web::ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        Self::start(move |listener, stopped| {
            actix_web::rt::System::new().block_on(async move {
                let server = actix_web::HttpServer::new(move || {
                    actix_web::App::new().configure(configure.clone())
                });
                let server = server.workers(2).disable_signals().listen(listener).unwrap().run();
                let handle = server.handle();
                tokio::select! {
                    served = server => served.unwrap(),
                    _ = stopped => handle.stop(false).await,
                }
            });
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// An axum application.
pub(crate) struct Axum(pub(crate) Server);

impl Home for Axum {
    fn mount<S: PackageStore>(prefix: &str, api: &Api<S>, actor: Option<Actor>) -> Self {
        let router = pyaday_axum::router(api);
        let router = match actor {
            Some(actor) => router.layer(axum::Extension(actor)),
            None => router,
        };
        Self(Server::axum(match prefix {
            "" => router,
            prefix => axum::Router::new().nest(prefix, router),
        }))
    }

    fn answer(&self, request: &Request) -> Answer {
        send(self.0.address, request)
    }
}

/// An actix-web application.
pub(crate) struct Actix(pub(crate) Server);

impl Home for Actix {
    fn mount<S: PackageStore>(prefix: &str, api: &Api<S>, actor: Option<Actor>) -> Self {
        let (prefix, api) = (prefix.to_owned(), api.clone());
        Self(Server::actix(move |app| {
            let actor = actor.clone();
            let scope = pyaday_actix::scope(&prefix, &api).wrap_fn(move |request, service| {
                if let Some(actor) = &actor {
                    request.extensions_mut().insert(actor.clone());
                }
                service.call(request)
            });
            app.service(scope);
        }))
    }

    fn answer(&self, request: &Request) -> Answer {
        send(self.0.address, request)
    }
}
