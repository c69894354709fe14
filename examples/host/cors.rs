//! Facts about CORS: pages of another origin can send and read all that the catalogue has.

use std::collections::BTreeSet;

use actix_web::web::{self, ServiceConfig};
use http::{Method, Request};
use pyaday_core::{Api, Endpoint, MemoryStore};

use crate::cors_fields::{names, request_fields, response_fields};
use crate::mounted::{self, Answer};
use crate::{cors_actix, cors_axum, protect_actix, protect_axum, writes};

const ORIGIN: &str = "https://example.org";

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

#[tokio::test]
async fn cors_allows_every_method_with_every_field() {
    for endpoint in Endpoint::ALL {
        for operation in endpoint.operations() {
            let fields = request_fields(endpoint);
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
    let fields = response_fields();
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
