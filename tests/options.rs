//! Facts about what a host may decide.

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use pyaday_core::conformance::http::failing_by_name;
use pyaday_core::{Api, MemoryStore, Options, ProblemType};

use crate::support::client::Request;
use crate::support::homes::{Actix, Axum, Core, Home};

/// A hook that panics changes nothing.
fn panicking_hook<H: Home>() {
    let home: H = mount(Options::new().on_problem(|_, members| {
        members.clear();
        panic!("a hook's bug");
    }));
    let plain: H = mount(Options::new());
    let request = Request::new("GET", "/packages/flask");
    assert_eq!(home.answer(&request), plain.answer(&request));
}

fn mount<H: Home>(options: Options) -> H {
    H::mount("", &Api::with_options(failing_by_name(MemoryStore::new()), options), None)
}

fn create(name: &str) -> Request {
    Request::new("POST", "/packages").json(&format!(r#"{{"name":"{name}","short_desc":""}}"#))
}

fn options_are_followed<H: Home>() {
    body_limit::<H>();
    page_limits::<H>();
    if_match_required::<H>();
    problem_hook::<H>();
    panicking_hook::<H>();
}

fn body_limit<H: Home>() {
    let length = create("flask").body.len();
    assert_eq!(mount::<H>(Options::new().body_limit(length)).answer(&create("flask")).status, 201);
    let refused = mount::<H>(Options::new().body_limit(length - 1)).answer(&create("flask"));
    assert_eq!(refused.status, 413);
    assert!(refused.text().contains(&format!("at most {} bytes", length - 1)));
}

fn page_limits<H: Home>() {
    let home: H = mount(Options::new().page_limits(1, 2));
    for name in ["a", "b", "c"] {
        assert_eq!(home.answer(&create(name)).status, 201);
    }
    let page = |query: &str| home.answer(&Request::new("GET", &format!("/packages{query}")));
    assert!(page("").text().ends_with(r#""next":"a","total":3}"#));
    assert!(page("?limit=2").text().ends_with(r#""next":"b","total":3}"#));
    assert!(page("?limit=3").text().contains("`limit` must be a number from 1 to 2."));
}

fn if_match_required<H: Home>() {
    for (required, status) in [(true, 428), (false, 204)] {
        let home: H = mount(Options::new().if_match_required(required));
        home.answer(&create("flask"));
        assert_eq!(home.answer(&Request::new("DELETE", "/packages/flask")).status, status);
    }
}

/// The hook sees the cause that the client does not, and what it writes is what the client gets.
fn problem_hook<H: Home>() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let home: H = mount(Options::new().on_problem(move |problem, members| {
        let source = problem.source().and_then(|source| Some(source.source()?.to_string()));
        noted.lock().unwrap().push((problem.kind(), source));
        members.insert("instance".to_owned(), "urn:uuid:1".into());
        members.shift_remove("detail");
        members.insert("status".to_owned(), 200.into());
    }));
    let answer = home.answer(&Request::new("GET", "/packages/unavailable"));
    assert_eq!(
        answer.text(),
        r#"{"type":"urn:problem-type:pyaday:store-unavailable","title":"The store is not available","status":503,"instance":"urn:uuid:1"}"#
    );
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
    home.answer(&Request::new("GET", "/packages/flask"));
    let causes = [
        (Some(ProblemType::StoreUnavailable), Some("disk full: secret".to_owned())),
        (Some(ProblemType::PackageNotFound), None),
    ];
    assert_eq!(*seen.lock().unwrap(), causes);
}

#[test]
fn the_core_applies_its_options() {
    options_are_followed::<Core>();
}

#[test]
fn axum_applies_the_options() {
    options_are_followed::<Axum>();
}

#[test]
fn actix_applies_the_options() {
    options_are_followed::<Actix>();
}

#[test]
fn limits_out_of_range_become_the_nearest_in_range() {
    let home: Core = mount(Options::new().page_limits(0, 0));
    home.answer(&create("a"));
    assert_eq!(home.answer(&Request::new("GET", "/packages?limit=1")).status, 200);
    let home: Core = mount(Options::new().page_limits(5, 2));
    assert_eq!(home.answer(&Request::new("GET", "/packages?limit=5")).status, 200);
    assert_eq!(home.answer(&Request::new("GET", "/packages?limit=6")).status, 400);
}
