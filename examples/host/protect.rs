//! Facts about who may do what, with the guards of the README in both frameworks.

use actix_web::web::ServiceConfig;
use http::Request;
use pyaday_core::{Api, Desk, Endpoint, MemoryStore, Options};

use crate::mounted::{self, SignedIn};
use crate::{protect_actix, protect_axum, roles, sign_in, writes};

/// Each method of each endpoint, and whether it writes.
fn requests() -> impl Iterator<Item = (Request<String>, bool)> {
    Endpoint::ALL.iter().flat_map(|endpoint| {
        let path = endpoint.full_path().replace("{name}", "flask").replace("{date}", "2026-11-23");
        // The guard is not asked about the files of the desk's pages: they are the same everywhere.
        let operations = endpoint.operations().iter().filter(|it| it.name() != "show_asset");
        operations.map(move |operation| {
            let request = Request::builder().method(operation.method()).uri(&path);
            (request.body(String::new()).unwrap(), !operation.is_safe())
        })
    })
}

async fn statuses(options: Options, request: Request<String>) -> [u16; 2] {
    let api = Api::with_options(MemoryStore::new(), options);
    let on_axum = mounted::axum(&protect_axum::catalogue(&api), request.clone()).await;
    let app = |app: &mut ServiceConfig| {
        app.service(protect_actix::catalogue("", &api));
    };
    [on_axum.status, mounted::actix(app, request).await.status]
}

/// True for the statuses of a guard that refuses.
fn is_refused(status: u16) -> bool {
    matches!(status, 401 | 403)
}

#[tokio::test]
async fn anyone_reads_and_only_those_who_have_signed_in_write() {
    let (mut reads, mut writes) = (0, 0);
    for (mut request, is_write) in requests() {
        let shown = format!("{} {}", request.method(), request.uri());
        let of_anyone = statuses(writes::options(), request.clone()).await;
        request.extensions_mut().insert(SignedIn("ada"));
        let of_ada = statuses(writes::options(), request).await;
        assert!(!of_ada.into_iter().any(is_refused), "{shown} {of_ada:?}");
        if is_write {
            writes += 1;
            assert_eq!(of_anyone, [401; 2], "{shown}");
        } else {
            reads += 1;
            assert_eq!(of_anyone, of_ada, "{shown}");
        }
    }
    assert!(reads > 0 && writes > 0);
}

/// A name that cannot be an actor's is as if nobody had signed in.
#[tokio::test]
async fn a_user_whose_name_is_not_valid_does_not_write() {
    let mut request = Request::delete("/packages/flask").body(String::new()).unwrap();
    request.extensions_mut().insert(SignedIn("two\nlines"));
    assert_eq!(statuses(writes::options(), request).await, [401; 2]);
}

#[tokio::test]
async fn only_curators_write_and_only_those_who_have_signed_in_read() {
    let provider = sign_in::Provider::new("roles");
    let api = Api::with_options(
        MemoryStore::new(),
        Options::new().desk(Desk::guarded_by(roles::by_role)),
    );
    for (request, is_write) in requests() {
        let shown = format!("{} {}", request.method(), request.uri());
        // The page for imports is for those who may import.
        let is_for_curators = is_write || request.uri().path() == "/desk/import";
        for (roles, refused) in [
            (None, Some(401)),
            (Some(vec![]), is_for_curators.then_some(403)),
            (Some(vec!["curator"]), None),
        ] {
            let token = roles.clone().map(|roles| provider.token_of("ada", &roles));
            for status in provider.statuses(&api, request.clone(), token).await {
                match refused {
                    Some(refused) => assert_eq!(status, refused, "{shown} {roles:?}"),
                    None => assert!(!is_refused(status), "{shown} {roles:?} {status}"),
                }
            }
        }
    }
}
