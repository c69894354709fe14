//! Facts about CORS: pages of another origin can send and read all that the catalogue has.

use std::collections::BTreeSet;

use actix_web::web::{self, ServiceConfig};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HOST, ORIGIN as ORIGIN_FIELD};
use http::{Method, Request};
use pyaday_core::conformance::http::scenarios;
use pyaday_core::{Api, Endpoint, MemoryStore, Options};

use crate::mounted::{self, Answer};
use crate::{cors_actix, cors_axum, protect_actix, protect_axum, writes};

const ORIGIN: &str = "https://example.org";

/// What pages may read of any answer ([Fetch](https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name)).
const SAFELISTED: [&str; 7] = [
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];

async fn answers(request: Request<String>) -> [Answer; 2] {
    let options = writes::options().origins([ORIGIN.parse().unwrap()]);
    let api = Api::with_options(MemoryStore::new(), options);
    let cors = cors_axum::cors(ORIGIN.parse().unwrap());
    let on_axum = protect_axum::catalogue(&api).layer(cors);
    let on_actix = |app: &mut ServiceConfig| {
        let catalogue = protect_actix::catalogue("", &api);
        app.service(web::scope("").wrap(cors_actix::cors(ORIGIN)).service(catalogue));
    };
    [mounted::axum(&on_axum, request.clone()).await, mounted::actix(on_actix, request).await]
}

/// The names in a list, in lower case.
fn names(list: &str) -> BTreeSet<String> {
    list.split(',').map(|name| name.trim().to_lowercase()).filter(|it| !it.is_empty()).collect()
}

#[tokio::test]
async fn cors_allows_every_method_with_every_field() {
    for endpoint in Endpoint::ALL {
        for operation in endpoint.operations() {
            // A browser sets some fields itself, and the catalogue takes no coded content.
            let is_free = |name: &&http::HeaderName| {
                let set = [HOST, CONTENT_LENGTH, CONTENT_ENCODING, ORIGIN_FIELD];
                !set.contains(name) && !name.as_str().starts_with("sec-")
            };
            let fields: Vec<_> = endpoint.request_headers(&Options::new());
            let fields: Vec<_> =
                fields.iter().filter(is_free).map(http::HeaderName::as_str).collect();
            let mut request = Request::builder()
                .method(Method::OPTIONS)
                .uri(endpoint.full_path().replace(['{', '}'], ""))
                .header("origin", ORIGIN)
                .header("access-control-request-method", operation.method().as_str());
            // A browser leaves the field out where it has nothing to list.
            if !fields.is_empty() {
                request = request.header("access-control-request-headers", fields.join(","));
            }
            for answer in answers(request.body(String::new()).unwrap()).await {
                let allowed =
                    |name: &str| answer.fields.get(name).map_or_else(BTreeSet::new, |it| names(it));
                assert_eq!(answer.fields["access-control-allow-origin"], ORIGIN);
                let methods = allowed("access-control-allow-methods");
                assert!(
                    methods.contains(&operation.method().as_str().to_lowercase()),
                    "{answer:?}"
                );
                let fields = names(&fields.join(","));
                assert!(allowed("access-control-allow-headers").is_superset(&fields), "{answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn cors_exposes_every_field_of_the_golden_answers() {
    let mut fields = BTreeSet::new();
    for exchange in scenarios().iter().flat_map(|scenario| &scenario.exchanges) {
        let lines = exchange.response.lines().filter_map(|line| line.strip_prefix("< "));
        let names = lines.filter_map(|line| line.split_once(": ")).map(|(name, _)| name);
        let is_name = |name: &&str| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-'));
        fields.extend(names.filter(is_name).map(str::to_owned));
    }
    fields.retain(|name| !SAFELISTED.contains(&name.as_str()));
    assert!(fields.contains("etag"));

    let request = Request::get("/packages").header("origin", ORIGIN);
    for answer in answers(request.body(String::new()).unwrap()).await {
        assert_eq!(names(&answer.fields["access-control-expose-headers"]), fields);
    }
}

/// Without it a page could not tell a refusal from a network that fails.
#[tokio::test]
async fn cors_exposes_a_refused_write() {
    let request = Request::post("/packages").header("origin", ORIGIN).body(String::new()).unwrap();
    for answer in answers(request).await {
        assert_eq!(answer.status, 401);
        assert_eq!(answer.fields["access-control-allow-origin"], ORIGIN);
    }
}
