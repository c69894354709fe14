//! Facts about the protection of writes.

use http::Request;
use pyaday_core::{Api, Endpoint, MemoryStore};

use crate::mounted::{self, SignedIn};
use crate::{protect_actix, protect_axum};

/// Each method of each endpoint, and whether it writes.
fn requests() -> impl Iterator<Item = (Request<String>, bool)> {
    Endpoint::ALL.iter().flat_map(|endpoint| {
        let path = endpoint.full_path().replace("{name}", "flask").replace("{date}", "2026-11-23");
        endpoint.operations().iter().map(move |operation| {
            let request = Request::builder().method(operation.method()).uri(&path);
            (request.body(String::new()).unwrap(), !operation.is_safe())
        })
    })
}

async fn statuses(request: Request<String>) -> [u16; 2] {
    let api = Api::new(MemoryStore::new());
    let on_axum = mounted::axum(&protect_axum::catalogue(&api), request.clone()).await;
    let app = |app: &mut actix_web::web::ServiceConfig| {
        app.service(protect_actix::catalogue("", &api));
    };
    [on_axum.status, mounted::actix(app, request).await.status]
}

#[tokio::test]
async fn only_a_curator_gets_through_to_a_write() {
    let (mut reads, mut writes) = (0, 0);
    for (mut request, is_write) in requests() {
        let shown = format!("{} {}", request.method(), request.uri());
        let statuses_of_anyone = statuses(request.clone()).await;
        request.extensions_mut().insert(SignedIn);
        let statuses_of_a_curator = statuses(request).await;
        if is_write {
            writes += 1;
            assert_eq!(statuses_of_anyone, [403; 2], "{shown}");
            assert!(!statuses_of_a_curator.contains(&403), "{shown} {statuses_of_a_curator:?}");
        } else {
            reads += 1;
            assert!(!statuses_of_anyone.contains(&403), "{shown} {statuses_of_anyone:?}");
            assert_eq!(statuses_of_anyone, statuses_of_a_curator, "{shown}");
        }
    }
    assert!(reads > 0 && writes > 0);
}
