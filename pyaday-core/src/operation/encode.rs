//! From an outcome to a response: the last of the three steps, pure and synchronous.

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE,
    ETAG, HeaderName, LINK, LOCATION, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::execute::Outcome;
use crate::http::{Advice, MERGE_PATCH_JSON, Options, Problem};
use crate::package::Stored;
use crate::store::Page;

/// RFC 5789 §3.1; the http crate does not name it.
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
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
pub fn encode(options: &Options, result: Result<Outcome, Problem>) -> Response<Bytes> {
    match result {
        Ok(outcome) => encode_outcome(options, outcome),
        Err(problem) => encode_problem(options, &problem),
    }
}

fn encode_outcome(options: &Options, outcome: Outcome) -> Response<Bytes> {
    match outcome {
        Outcome::Package(package) => {
            let entity_tag = package.entity_tag();
            let mut response = representation(package, NO_CACHE);
            response.headers_mut().insert(ETAG, entity_tag);
            response
        }
        Outcome::Packages { page, next } => encode_page(&page, next),
        Outcome::RandomPackage(package) => representation(package, NO_STORE),
        Outcome::RandomPackages(packages) => {
            content(StatusCode::OK, JSON, NO_STORE, [&items(&packages)[..], b"}"].concat().into())
        }
        Outcome::Daily { daily, content_location, max_age } => {
            let cache_control = cacheable(options, max_age);
            let mut response = content(StatusCode::OK, JSON, cache_control, daily.body());
            let headers = response.headers_mut();
            headers.insert(ETAG, daily.entity_tag());
            if let Some(location) = content_location {
                insert(headers, CONTENT_LOCATION, location);
            }
            response
        }
        Outcome::Document(document) => {
            let media_type = HeaderValue::from_static(document.media_type());
            let mut response = content(StatusCode::OK, media_type, NO_CACHE, document.text());
            response.headers_mut().insert(ETAG, document.entity_tag());
            response
        }
        Outcome::NotModified(outcome) => {
            let mut response = encode_outcome(options, *outcome).map(|_| Bytes::new());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            // What is left is what caches need to know (RFC 9110 §15.4.5).
            for field in [CONTENT_TYPE, CONTENT_LENGTH, LINK] {
                response.headers_mut().remove(field);
            }
            response
        }
        Outcome::Patched(package) => {
            let mut response = no_content();
            response.headers_mut().insert(ETAG, package.entity_tag());
            response
        }
        Outcome::Created { package, location } => {
            let mut response = answer(StatusCode::CREATED, NO_STORE, Bytes::new());
            let headers = response.headers_mut();
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            headers.insert(ETAG, package.entity_tag());
            insert(headers, LOCATION, location);
            response
        }
        Outcome::Pin(pinned) => {
            let mut body = Vec::new();
            pinned.write_json(&mut body);
            let mut response = content(StatusCode::OK, JSON, NO_CACHE, body.into());
            response.headers_mut().insert(ETAG, pinned.revision.entity_tag());
            response
        }
        Outcome::Updated | Outcome::Deleted | Outcome::Pinned | Outcome::Unpinned => no_content(),
        Outcome::Options(endpoint) => {
            let mut response = no_content();
            let headers = response.headers_mut();
            insert(headers, ALLOW, endpoint.allow());
            if let Some(media_type) = endpoint.accept_patch() {
                headers.insert(ACCEPT_PATCH, HeaderValue::from_static(media_type));
            }
            response
        }
    }
}

/// A cache may answer for us, for so many seconds: any cache, or only the client's own.
fn cacheable(options: &Options, max_age: u32) -> HeaderValue {
    let value = Bytes::from(format!("{}, max-age={max_age}", options.caches()));
    HeaderValue::from_maybe_shared(value).unwrap_or(NO_CACHE)
}

fn representation(package: Stored, cache_control: HeaderValue) -> Response<Bytes> {
    content(StatusCode::OK, JSON, cache_control, package.into_representation())
}

/// The value of `Content-Length`, which for most representations is a part of a text that is there.
fn content_length(length: usize) -> HeaderValue {
    const COUNT: usize = 1000;
    /// The numbers below `COUNT`, three digits each.
    static DIGITS: [u8; 3 * COUNT] = {
        let mut digits = [b'0'; 3 * COUNT];
        let mut number = 0;
        while number < COUNT {
            digits[3 * number] += (number / 100) as u8;
            digits[3 * number + 1] += (number / 10 % 10) as u8;
            digits[3 * number + 2] += (number % 10) as u8;
            number += 1;
        }
        digits
    };

    let leading_zeros = usize::from(length < 100) + usize::from(length < 10);
    let digits = DIGITS.get(3 * length + leading_zeros..3 * length + 3);
    match digits.map(str::from_utf8) {
        Some(Ok(digits)) => HeaderValue::from_static(digits),
        _ => length.into(),
    }
}

fn encode_page(page: &Page, next: Option<String>) -> Response<Bytes> {
    let mut body = items(&page.items);
    match &page.next {
        // A normalised name has no character that JSON would escape.
        Some(name) => body.extend(format!(",\"next\":\"{name}\"}}").bytes()),
        None => body.extend(b",\"next\":null}"),
    }
    let mut response = content(StatusCode::OK, JSON, NO_CACHE, body.into());
    let headers = response.headers_mut();
    headers.insert(ETAG, page.revision.entity_tag());
    if let Some(next) = next {
        insert(headers, LINK, format!("<{next}>; rel=\"next\""));
    }
    response
}

/// The representations in an array, the object around it still open.
fn items(packages: &[Stored]) -> Vec<u8> {
    let length: usize = packages.iter().map(|package| package.json().len() + 1).sum();
    let mut body = Vec::with_capacity(length + 300);
    body.extend(b"{\"items\":[");
    for (at, package) in packages.iter().enumerate() {
        body.extend(if at == 0 { &b""[..] } else { b"," });
        body.extend(package.json());
    }
    body.push(b']');
    body
}

/// An answer with a body.
fn content(
    status: StatusCode,
    content_type: HeaderValue,
    cache_control: HeaderValue,
    body: Bytes,
) -> Response<Bytes> {
    let length = body.len();
    let mut response = answer(status, cache_control, body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CONTENT_LENGTH, content_length(length));
    response
}

fn no_content() -> Response<Bytes> {
    answer(StatusCode::NO_CONTENT, NO_STORE, Bytes::new())
}

fn encode_problem(options: &Options, problem: &Problem) -> Response<Bytes> {
    let body = options.problem_body(problem);
    let mut response = content(problem.kind().status(), PROBLEM_JSON, NO_STORE, body.into());
    let headers = response.headers_mut();
    match problem.advice {
        Advice::None => {}
        Advice::Allow(endpoint) => insert(headers, ALLOW, endpoint.allow()),
        Advice::Accept(operation) => {
            if let Some(media_type) = operation.media_type() {
                let field = if media_type == MERGE_PATCH_JSON { ACCEPT_PATCH } else { ACCEPT };
                headers.insert(field, HeaderValue::from_static(media_type));
            }
        }
        Advice::AcceptIdentity => {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        Advice::RetryAfter(delay) => {
            let seconds = delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0));
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
