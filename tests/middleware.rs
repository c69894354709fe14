//! Facts about a host's layers around the catalogue: an answer without content stays as the golden
//! list says, over HTTP/1.1 and HTTP/2, whatever the client accepts.
//!
//! What the layers themselves do otherwise is stated too: `CorsLayer` of tower-http answers each
//! OPTIONS by itself, and axum's `any_service` and tower-http's `DecompressionLayer` add
//! `Content-Length: 0` over HTTP/2.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::middleware::{Compress, NormalizePath};
use actix_web::web;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request as AxumRequest;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::any_service;
use bytes::Bytes;
use http::StatusCode;
use http_body::Frame;
use pyaday_core::conformance::http::{Exchange, Scenario, SetUp, scenarios, show, three_packages};
use pyaday_core::{Api, PackageStore};
use tower::util::{BoxCloneSyncService, MapResponseLayer};
use tower::{Layer, Service, ServiceBuilder};
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::decompression::{DecompressionLayer, RequestDecompressionLayer};
use tower_http::normalize_path::NormalizePathLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::golden::memory;
use crate::support::client::{self, Answer, Request};
use crate::support::homes::Server;
use crate::support::http2::Http2;
use crate::support::threads::at_the_same_time;

const PATIENCE: Duration = Duration::from_secs(60);

/// An application with a layer around it.
type App = BoxCloneSyncService<AxumRequest, Response, Infallible>;

/// What each host may put around its routes, and how that is called.
const LAYERS: [(&str, AddLayer); 10] = [
    ("no layer", |app| around(app, ServiceBuilder::new())),
    ("compression", |app| around(app, CompressionLayer::new())),
    ("compression of each route", |app| {
        around(app.layer(CompressionLayer::new()), ServiceBuilder::new())
    }),
    ("compression of large answers", |app| {
        use tower_http::compression::predicate::SizeAbove;
        around(app, CompressionLayer::new().compress_when(SizeAbove::new(60)))
    }),
    ("decompression of requests", |app| {
        around(app, RequestDecompressionLayer::new().pass_through_unaccepted(true))
    }),
    ("compression around a fallback", |app| {
        around(Router::new().fallback_service(app), CompressionLayer::new())
    }),
    ("trace", |app| around(app, TraceLayer::new_for_http())),
    ("timeout", |app| {
        around(app, TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, PATIENCE))
    }),
    ("CORS", |app| around(app, CorsLayer::permissive())),
    ("normalised paths", |app| around(app, NormalizePathLayer::trim_trailing_slash())),
];

/// Puts a layer around an application.
type AddLayer = fn(Router) -> App;

/// Starts a server for what a scenario says of its host.
type Start = fn(&str) -> Server;

fn around<L>(app: Router, layer: L) -> App
where
    L: Layer<Router>,
    L::Service: Service<AxumRequest, Error = Infallible> + Clone + Send + Sync + 'static,
    <L::Service as Service<AxumRequest>>::Response: IntoResponse + 'static,
    <L::Service as Service<AxumRequest>>::Future: Send + 'static,
{
    let into_response = MapResponseLayer::new(IntoResponse::into_response);
    BoxCloneSyncService::new(into_response.layer(layer.layer(app)))
}

#[test]
fn tower_http_middleware_changes_no_empty_answer_over_http_1() {
    let wrong = at_the_same_time(LAYERS.to_vec(), &|(name, layer)| {
        differences(name, &axum(layer), &Http1::connect)
    });
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn tower_http_middleware_changes_no_empty_answer_over_http_2() {
    let wrong = at_the_same_time(LAYERS.to_vec(), &|(name, layer)| {
        differences(name, &axum(layer), &Http2::connect)
    });
    assert!(wrong.is_empty(), "{wrong}");
}

/// They are not the catalogue's to mend: axum gives each answer of `any_service` a length, and the body
/// of `DecompressionLayer` does not say that it has ended, so that hyper gives it one. A host can
/// serve the catalogue with `merge`, `nest` or `fallback_service` instead.
#[test]
fn any_service_and_response_decompression_add_only_a_content_length() {
    let adding: [(&str, AddLayer); 2] = [
        ("any_service", |app| {
            let app = Router::new().fallback_service(any_service(app));
            around(app, CompressionLayer::new())
        }),
        ("decompression of compressed answers", |app| {
            around(app.layer(CompressionLayer::new()), DecompressionLayer::new())
        }),
    ];
    for (name, layer) in adding {
        let wrong = differences(name, &axum(layer), &Http2::connect);
        let mut lines: Vec<_> = wrong.lines().filter(|line| line.starts_with(['+', '-'])).collect();
        lines.dedup();
        assert_eq!(lines, ["+ content-length: 0"], "{wrong}");
    }
}

#[test]
fn actix_web_middleware_changes_no_empty_answer() {
    let servers: [(&str, Start); 4] = [
        ("Compress", |set_up| {
            let api = catalogue(set_up);
            Server::actix(move |app| {
                let api = pyaday_actix::scope("", &api);
                app.service(web::scope("").wrap(Compress::default()).service(api));
            })
        }),
        ("NormalizePath", |set_up| {
            let api = catalogue(set_up);
            Server::actix(move |app| {
                let api = pyaday_actix::scope("", &api);
                app.service(web::scope("").wrap(NormalizePath::trim()).service(api));
            })
        }),
        ("actix-cors", |set_up| {
            let api = catalogue(set_up);
            Server::actix(move |app| {
                let api = pyaday_actix::scope("", &api);
                app.service(web::scope("").wrap(actix_cors::Cors::permissive()).service(api));
            })
        }),
        ("all three", |set_up| {
            let api = catalogue(set_up);
            Server::actix(move |app| {
                let scope = web::scope("").wrap(Compress::default()).wrap(NormalizePath::trim());
                let scope = scope.wrap(actix_cors::Cors::permissive());
                app.service(scope.service(pyaday_actix::scope("", &api)));
            })
        }),
    ];
    let wrong = at_the_same_time(servers.to_vec(), &|(name, server)| {
        differences(name, &server, &Http1::connect)
    });
    assert!(wrong.is_empty(), "{wrong}");
}

/// The fault that these tests are to find: compression takes an open length for content.
#[test]
fn an_empty_body_of_unknown_length_is_detected() {
    let open = |app: Router| {
        let app = app.layer(map_response(|response: Response| async {
            match response.body().size_hint().exact() {
                Some(0) => response.map(|_| Body::new(Open)),
                _ => response,
            }
        }));
        around(app, CompressionLayer::new())
    };
    let over_http_1 = differences("open", &axum(open), &Http1::connect);
    assert!(over_http_1.contains("+ content-encoding: gzip"), "{over_http_1}");
    let over_http_2 = differences("open", &axum(open), &Http2::connect);
    assert!(over_http_2.contains("PROTOCOL_ERROR"), "{over_http_2}");
}

/// An empty body that does not say how long it is.
struct Open;

impl HttpBody for Open {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}

/// The origin of the page that sends each request.
const ORIGIN: &str = "https://example.org";

/// The catalogue of a scenario, for a host that lets the page write.
fn catalogue(set_up: &str) -> Api<impl PackageStore> {
    let options = SetUp::named(set_up).options.origins([ORIGIN.parse().unwrap()]);
    three_packages(memory(), options)
}

fn axum(layer: AddLayer) -> impl Fn(&str) -> Server {
    move |set_up| {
        Server::axum(tower::make::Shared::new(layer(pyaday_axum::router(&catalogue(set_up)))))
    }
}

/// A connection to a server, or what stands for one.
pub(crate) trait Connection {
    fn send(&mut self, request: &Request) -> Answer;
}

/// A connection for each request.
struct Http1(SocketAddr);

impl Http1 {
    fn connect(server: &Server) -> Self {
        Self(server.address)
    }
}

impl Connection for Http1 {
    fn send(&mut self, request: &Request) -> Answer {
        client::send(self.0, request)
    }
}

/// What is answered otherwise than the list says: a line with `+` is a field too many, with `-` one
/// too few.
fn differences<C: Connection>(
    layer: &str,
    server: &dyn Fn(&str) -> Server,
    connect: &dyn Fn(&Server) -> C,
) -> String {
    let (mut differences, mut compared) = (String::new(), 0);
    // Who signs in, and which origins may write, are not the business of a layer.
    let is_about_content = |it: &Scenario| {
        let is_own = it.set_up.starts_with("a guard") || it.set_up.contains("origins");
        !is_own && it.exchanges.iter().any(is_without_content)
    };
    for Scenario { title, set_up, exchanges, .. } in
        scenarios().into_iter().filter(is_about_content)
    {
        let server = server(&set_up);
        let mut connection = connect(&server);
        for exchange in exchanges {
            let mut request = exchange.request("").header("accept-encoding", "gzip");
            if !request.has("origin") {
                request = request.header("origin", ORIGIN);
            }
            let answer = connection.send(&request);
            if !is_without_content(&exchange) || answers_itself(layer, &request) {
                continue;
            }
            compared += 1;
            let expected = match request.method.as_str() {
                "HEAD" if layer == "Compress" || layer == "all three" => {
                    let get = Request { method: "GET".to_owned(), ..request };
                    shown(Answer { body: Vec::new(), ..connection.send(&get) })
                }
                _ => exchange.response,
            };
            let (expected, actual) = (expected, shown(answer));
            if expected != actual {
                writeln!(differences, "\n## {title} ({layer})\n{}", exchange.request).unwrap();
                compare(&mut differences, &expected, &actual);
            }
        }
    }
    assert!(compared > 90, "{compared} answers without content");
    differences
}

/// True of what the catalogue answers without content. What the host answers is its own, and the
/// content of an export is empty only when it has ended.
fn is_without_content(exchange: &Exchange) -> bool {
    !exchange.request.starts_with("> GET /export")
        && !exchange
            .response
            .lines()
            .any(|line| line == "<" || line.contains("the host's own response"))
}

/// True if the layer does not ask the catalogue: an OPTIONS is a preflight request for tower-http,
/// whatever fields it has.
fn answers_itself(layer: &str, request: &Request) -> bool {
    layer == "CORS" && request.method == "OPTIONS"
}

/// An answer without what layers may add to any.
fn shown(mut answer: Answer) -> String {
    let added = |name: &str| name == "vary" || name.starts_with("access-control-");
    answer.headers.retain(|(name, _)| !added(name));
    show(&answer, "")
}

fn compare(differences: &mut String, expected: &str, actual: &str) {
    let of = |text: &str| text.lines().map(|line| line[1..].to_owned()).collect::<Vec<_>>();
    let (expected, actual) = (of(expected), of(actual));
    for line in expected.iter().filter(|line| !actual.contains(line)) {
        writeln!(differences, "-{line}").unwrap();
    }
    for line in actual.iter().filter(|line| !expected.contains(line)) {
        writeln!(differences, "+{line}").unwrap();
    }
}
