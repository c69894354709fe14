//! From an outcome to a response: the last of the three steps, pure and synchronous.

use bytes::Bytes;
use http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, LOCATION,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::execute::Outcome;
use crate::problem::{Advice, Problem};
use crate::store::Stored;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// A cache may keep the answer, and asks whether it still holds before each use.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// The response that tells an outcome or a problem.
///
/// It answers a `GET`; to a `HEAD` send it without its body. There is no `Date`: that is the
/// server's to add.
#[must_use]
pub fn encode(result: Result<Outcome, Problem>) -> Response<Bytes> {
    match result {
        Ok(outcome) => encode_outcome(outcome),
        Err(problem) => encode_problem(problem),
    }
}

fn encode_outcome(outcome: Outcome) -> Response<Bytes> {
    match outcome {
        Outcome::Package(package) => {
            let mut response = representation(&package, NO_CACHE);
            response.headers_mut().insert(ETAG, package.entity_tag());
            response
        }
        Outcome::RandomPackage(package) => representation(&package, NO_STORE),
        Outcome::Created { package, location } => {
            let mut response = answer(StatusCode::CREATED, NO_STORE, Bytes::new());
            let headers = response.headers_mut();
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            headers.insert(ETAG, package.entity_tag());
            insert(headers, LOCATION, location);
            response
        }
        Outcome::Updated | Outcome::Deleted => no_content(),
        Outcome::Options(endpoint) => {
            let mut response = no_content();
            insert(response.headers_mut(), ALLOW, endpoint.allow());
            response
        }
    }
}

fn representation(package: &Stored, cache_control: HeaderValue) -> Response<Bytes> {
    let mut response = answer(StatusCode::OK, cache_control, package.representation());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CONTENT_LENGTH, package.content_length());
    response
}

fn no_content() -> Response<Bytes> {
    answer(StatusCode::NO_CONTENT, NO_STORE, Bytes::new())
}

fn encode_problem(problem: Problem) -> Response<Bytes> {
    // A problem is strings and numbers: serialising it into memory has no way to fail.
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let length = body.len();
    let mut response = answer(problem.kind().status(), NO_STORE, body.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, PROBLEM_JSON);
    headers.insert(CONTENT_LENGTH, length.into());
    match problem.advice {
        Advice::None => {}
        Advice::Allow(endpoint) => insert(headers, ALLOW, endpoint.allow()),
        Advice::Accept(operation) => {
            if let Some(media_type) = operation.media_type() {
                headers.insert(ACCEPT, HeaderValue::from_static(media_type));
            }
        }
        Advice::RetryAfter(delay) => {
            let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, seconds.into());
        }
    }
    response
}

/// An answer with the fields that each has.
fn answer(status: StatusCode, cache_control: HeaderValue, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(6);
    headers.insert(CACHE_CONTROL, cache_control);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    response
}

/// Adds a field whose value came through a URL or the table, neither of which can hold a line
/// break; a value that did would be left out.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
        headers.insert(name, value);
    }
}
