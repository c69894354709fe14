//! Facts about stores that fail or panic, and the store that does for the tests.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use pyaday_core::conformance::http::failing_by_name;
use pyaday_core::conformance::{Call, Failing, Then};
use pyaday_core::{Api, MemoryStore, Package, PackageStore, Replacement, StoreError, Write};

use crate::support::client::{Answer, Request};
use crate::support::homes::{Actix, Axum, Core, Home};

/// Two writers of this package wait for each other: both have seen the version that they mean before
/// either writes.
pub(crate) const MEETING_POINT: &str = "meeting-point";
static MEETING: Barrier = Barrier::new(2);

/// A store that fails by the name of the package that a call is about, in more ways than those of the
/// golden list.
pub(crate) fn faulty<S: PackageStore>(store: S) -> Failing<Failing<S>> {
    Failing::new(failing_by_name(store), |call| {
        match call.name().as_ref().map_or("", |name| name.as_str()) {
            "panics-when-dropped" => {
                return Then::Fail(StoreError::Internal { source: PanicsWhenDropped.into() });
            }
            MEETING_POINT if matches!(call, Call::Update(_) | Call::Delete(_)) => {
                MEETING.wait();
            }
            _ => {}
        }
        Then::Pass
    })
}

/// An error of a store whose own code panics after the response was written.
#[derive(Debug)]
struct PanicsWhenDropped;

impl std::fmt::Display for PanicsWhenDropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an error: secret")
    }
}

impl std::error::Error for PanicsWhenDropped {}

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("a bug of an error: secret");
    }
}

/// A store in which another client writes the package right before each of the first `overtaken` updates.
/// Also returns how often it was updated. An update takes at least as long as `time`.
fn overtaking(overtaken: u64, time: Duration) -> (Core, Arc<AtomicU64>) {
    let inner = Arc::new(MemoryStore::new());
    let (others, tries) = (Arc::clone(&inner), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&tries);
    let store = Failing::new(inner, move |call| {
        let Call::Update(name) = call else { return Then::Pass };
        thread::sleep(time);
        let number = counted.fetch_add(1, Ordering::SeqCst);
        if number < overtaken {
            let details = Package::new("any", &number.to_string()).unwrap().details;
            let write = others.update(name, Replacement::new(details), Write::new());
            block_on(write).unwrap();
        }
        Then::Pass
    });
    let home = Core::mount("", &Api::new(store), None);
    home.answer(&requests("flask")[0]);
    (home, tries)
}

fn patch() -> Request {
    let patch = Request {
        body: br#"{"tags":["web"]}"#.to_vec(),
        ..Request::new("PATCH", "/packages/flask")
    };
    patch.header("content-type", "application/merge-patch+json")
}

/// A patch is tried a few times when others write the package each time, and then refused.
#[test]
fn a_patch_that_others_always_overtake_is_refused_and_may_come_again() {
    let (home, tries) = overtaking(u64::MAX, Duration::ZERO);
    let refused = home.answer(&patch());
    is_problem(&refused, 503, "store-unavailable");
    assert_eq!((refused.header("retry-after"), tries.load(Ordering::SeqCst)), (Some("1"), 64));
    // The control: others come in between a few times only.
    let (home, tries) = overtaking(3, Duration::ZERO);
    assert_eq!(home.answer(&patch()).status, 204);
    assert_eq!(tries.load(Ordering::SeqCst), 4);
}

/// Tries are also bounded in time: with a slow store, a client does not wait for all of them.
#[test]
fn a_patch_that_a_slow_store_lets_others_overtake_is_refused_after_a_few_seconds() {
    let (home, tries) = overtaking(u64::MAX, Duration::from_secs(2));
    let refused = home.answer(&patch());
    is_problem(&refused, 503, "store-unavailable");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let tries = tries.load(Ordering::SeqCst);
    assert!((1..=3).contains(&tries), "{tries}");
}

/// What a future of a memory store comes to, which never waits.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a memory store does not wait"),
    }
}

/// A day that cannot be opened takes only itself away.
#[test]
fn feeds_are_200_when_no_day_can_be_opened() {
    let home = Core::mount("", &Api::new(faulty(MemoryStore::new())), None);
    home.answer(&requests("no-more-days")[0]);
    is_problem(&home.answer(&Request::new("GET", "/daily")), 503, "store-unavailable");
    for feed in ["/daily/feed.atom", "/daily/feed.json"] {
        assert_eq!(home.answer(&Request::new("GET", feed)).status, 200);
    }
}

/// An internal error of the store is reported, because it does not go away by itself.
#[test]
fn feeds_are_500_when_opening_a_day_is_an_internal_error() {
    let store = Failing::new(MemoryStore::new(), |call| match call {
        Call::OpenDaily(..) => Then::Fail(StoreError::Internal { source: "row 7: secret".into() }),
        _ => Then::Pass,
    });
    let home = Core::mount("", &Api::new(store), None);
    for feed in ["/daily/feed.atom", "/daily/feed.json"] {
        is_problem(&home.answer(&Request::new("GET", feed)), 500, "internal");
    }
}

/// Every operation on the package of a name.
fn requests(name: &str) -> [Request; 4] {
    let path = format!("/packages/{name}");
    [
        Request::new("POST", "/packages").json(&format!(r#"{{"name":"{name}","short_desc":""}}"#)),
        Request::new("GET", &path),
        Request::new("PUT", &path).json(r#"{"short_desc":""}"#),
        Request::new("DELETE", &path),
    ]
}

/// The answers to all of them, none of which may tell the cause.
fn answers<H: Home>(name: &str) -> Vec<Answer> {
    let home = H::mount("", &Api::new(faulty(MemoryStore::new())), None);
    let answers: Vec<_> = requests(name).iter().map(|request| home.answer(request)).collect();
    for answer in &answers {
        assert!(!answer.text().contains("secret"), "{answer:?}");
    }
    // The catalogue lives on.
    assert_eq!(home.answer(&requests("flask")[0]).status, 201);
    answers
}

fn is_problem(answer: &Answer, status: u16, slug: &str) {
    let urn = format!("urn:problem-type:pyaday:{slug}");
    let problem: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!((problem["type"].as_str(), answer.status), (Some(urn.as_str()), status));
    assert_eq!(problem["status"], answer.status);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

fn store_errors_are_problems<H: Home>() {
    for answer in answers::<H>("unavailable") {
        is_problem(&answer, 503, "store-unavailable");
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    for answer in answers::<H>("unknown") {
        is_problem(&answer, 503, "outcome-unknown");
        assert_eq!(answer.header("retry-after"), None);
    }
    for name in ["panics", "panics-when-dropped", "broken"] {
        for answer in answers::<H>(name) {
            is_problem(&answer, 500, "internal");
        }
    }
    // The control: a store without faults.
    let statuses: Vec<_> = answers::<H>("fine").iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [201, 200, 204, 204]);
}

#[test]
fn the_core_answers_store_errors_as_problems() {
    store_errors_are_problems::<Core>();
}

#[test]
fn axum_answers_store_errors_as_problems() {
    store_errors_are_problems::<Axum>();
}

#[test]
fn actix_answers_store_errors_as_problems() {
    store_errors_are_problems::<Actix>();
}
