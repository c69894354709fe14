//! One function for each kind of input: it panics if something does not hold.

use std::io::{self, Read};
use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use pyaday_core::import::{Format, Given, ReadError, ReaderBuilder, Row};
use pyaday_core::{
    Api, Body, Endpoint, Evaluation, Failure, MemoryStore, MergePatch, NormalizedName, Package,
    PackageError, PackageName, PackageStore, Preconditions, Revision, Stored, Write, respond,
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// What drives a target.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of its folder in `corpus/`.
pub const ALL: [(&str, Target); 10] = [
    ("conditions", conditions),
    ("csv", csv),
    ("documents", documents),
    ("json", json),
    ("metadata", metadata),
    ("names", names),
    ("ndjson", ndjson),
    ("queries", queries),
    ("requests", requests),
    ("tsv", tsv),
];

/// The result of a future. It may wait: a package of the day is picked in another thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread().build().expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// A catalogue of three packages in the revisions 1, 2 and 3.
fn catalogue() -> Api<MemoryStore> {
    let store = MemoryStore::after(Revision::new(80_000_000_000_000_000));
    for name in ["flask", "sanic", "zope.interface"] {
        let package = Package::new(name, "A \"short\" description").expect("a package");
        block_on(store.create(package, Write::new())).expect("a memory store does not fail");
    }
    Api::new(store)
}

/// Any request is answered, by what a client can rely on.
///
/// The input is a request as HTTP/1.1 has it, lines ending in a line feed: method and target, the
/// fields, an empty line, the body.
pub fn requests(input: &[u8]) {
    let Some((endpoint, request)) = parse(input) else { return };
    let head = request.method() == Method::HEAD;
    let api = catalogue();
    let response = block_on(respond(&api, endpoint, request));
    well_formed(endpoint, head, &response);
    // Whatever the request was, the catalogue is in order after it.
    let flask: NormalizedName = "flask".parse().expect("a name");
    if let Some(flask) = block_on(api.store().read(&flask)).expect("a memory store does not fail") {
        assert_eq!(Package::from_json(&flask.representation()), Ok(flask.package()));
    }
}

fn parse(input: &[u8]) -> Option<(&'static Endpoint, Request<Full<Bytes>>)> {
    let end = input.windows(2).position(|window| window == b"\n\n").unwrap_or(input.len());
    let body = input.get(end + 2..).unwrap_or_default().to_vec();
    let mut lines = input[..end].split(|byte| *byte == b'\n');
    let start = lines.next()?;
    let space = start.iter().position(|byte| *byte == b' ')?;
    let mut builder = Request::builder().method(&start[..space]).uri(&start[space + 1..]);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        builder = builder.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    let request = builder.body(Full::from(body)).ok()?;
    Some((Endpoint::find(request.uri().path())?, request))
}

/// However large a request is, its refusal is not larger, in bytes.
pub const LONGEST_REFUSAL: usize = 16 * 1024;

fn well_formed(endpoint: &Endpoint, head: bool, response: &Response<Body>) {
    let (status, headers) = (response.status(), response.headers());
    assert!(!status.is_server_error(), "{response:?}");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers.contains_key("cache-control"));
    let Some(body) = response.body().as_bytes() else {
        assert!(status == StatusCode::OK && !headers.contains_key("content-length"));
        return;
    };
    match headers.get("content-length") {
        None => {
            assert!(matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED));
            assert!(body.is_empty());
        }
        Some(_) if head => assert!(body.is_empty()),
        Some(length) => assert_eq!(length, &HeaderValue::from(body.len())),
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        assert_eq!(headers["allow"], endpoint.allow());
    }
    if status.is_client_error() {
        assert!(body.len() <= LONGEST_REFUSAL, "{} bytes", body.len());
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers["cache-control"], "no-store");
        if !head {
            let problem: Value = serde_json::from_slice(body).expect("a problem is JSON");
            assert_eq!(problem["status"], status.as_u16());
            let errors = problem["errors"].as_array();
            assert_eq!(errors.is_some(), status == StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
}

/// A text is a name exactly when the format says so, and its normal form is one of itself.
pub fn names(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let valid =
        edge(input.first()) && edge(input.last()) && input.iter().all(inside) && input.len() <= 255;
    let name: Result<PackageName, _> = text.parse();
    assert_eq!(name.is_ok(), valid);
    let Ok(name) = name else { return };
    assert_eq!(name.as_str(), text);
    let normalized = name.normalized();
    assert_eq!(text.parse(), Ok(normalized.clone()));
    assert_eq!(normalized.as_str().parse(), Ok(normalized.clone()));
    assert!(!normalized.as_str().contains("--"));
    assert!(!normalized.as_str().contains(|c: char| c.is_ascii_uppercase() || "._".contains(c)));
}

/// A body is a package, or is refused with what is wrong with it; a package is read back the same.
pub fn json(input: &[u8]) {
    match Package::from_json(input) {
        Ok(package) => {
            assert!(serde_json::from_slice::<Value>(input).is_ok());
            let stored = Stored::new(&package, Revision::new(1));
            assert_eq!(stored.package(), package);
            let value: Value = serde_json::from_slice(&stored.representation()).expect("JSON");
            assert_eq!(serde_json::to_vec(&value).expect("JSON"), stored.representation());
            assert_eq!(serde_json::to_vec(&package).expect("JSON"), stored.representation());
            assert_eq!(Stored::new(&stored.package(), Revision::new(1)), stored);
        }
        Err(PackageError::Invalid(invalid)) => assert!(!invalid.errors().is_empty()),
        Err(PackageError::Malformed(malformed)) => {
            let lines = 1 + input.iter().filter(|byte| **byte == b'\n').count();
            assert!((1..=lines).contains(&malformed.line()), "{malformed}");
            assert!(malformed.column() <= input.len() + 1, "{malformed}");
        }
    }
    // A patch that was applied changes nothing when it is applied again.
    let flask = Package::new("flask", "A microframework").expect("a package");
    if let Ok(patch) = MergePatch::from_json(input)
        && let Ok(patched) = patch.apply(&flask)
    {
        assert_eq!(Stored::new(&patched, Revision::new(1)).package(), patched);
        assert_eq!(patch.apply(&patched), Ok(patched));
    }
}

/// Conditions are evaluated, and what lets a write through is what a read would call current.
pub fn conditions(input: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(input) else { return };
    let current = HeaderValue::from_static("\"1\"");
    let verdict = |name: HeaderName| {
        let headers = HeaderMap::from_iter([(name, value.clone())]);
        [Method::GET, Method::PUT]
            .map(|method| Preconditions::from_headers(&method, &headers).evaluate(&current))
    };
    let text = input.trim_ascii();
    let ([if_match, write_if_match], [if_none_match, write_if_none_match]) =
        (verdict(IF_MATCH), verdict(IF_NONE_MATCH));
    let malformed = Evaluation::Failed(Failure::Malformed);
    // A write differs from a read where the field is malformed, which is so of both fields or of none.
    if write_if_match == malformed {
        assert_eq!(write_if_none_match, malformed);
    } else {
        assert_eq!([write_if_match, write_if_none_match], [if_match, if_none_match]);
    }
    match (if_match, if_none_match) {
        (Evaluation::Perform, Evaluation::Matched) => {
            assert!(text == b"*" || text.windows(3).any(|window| window == b"\"1\""));
        }
        // Only a weak entity tag is current for a read and not for a write.
        (Evaluation::Failed(Failure::Weakened), Evaluation::Matched) => {
            assert!(text.windows(5).any(|window| window == b"W/\"1\""));
        }
        (Evaluation::Failed(_), Evaluation::Perform) => assert_ne!(text, b"\"1\""),
        other => panic!("{other:?}"),
    }
}

/// A query selects a page or is refused by a parameter's name; the pages after it end.
pub fn queries(input: &[u8]) {
    // Queries change nothing: one catalogue does for all.
    static CATALOGUE: LazyLock<Api<MemoryStore>> = LazyLock::new(catalogue);
    for path in ["/packages", "/rand"] {
        let mut next = Some([path.as_bytes(), b"?", input].concat());
        for _ in 0..4 {
            let Some(target) = next.take() else { break };
            let Ok(request) = Request::get(&target[..]).body(Full::<Bytes>::default()) else {
                return;
            };
            let Some(endpoint) = Endpoint::find(request.uri().path()) else { return };
            let response = block_on(respond(&CATALOGUE, endpoint, request));
            well_formed(endpoint, false, &response);
            next = response.headers().get("link").map(|link| {
                let link = link.as_bytes().strip_prefix(b"<").expect("a link begins with <");
                let end = link.windows(2).position(|window| window == b">;");
                [path.as_bytes(), &link[..end.expect("a link ends with >")]].concat()
            });
            assert!(matches!(response.status().as_u16(), 200 | 400 | 404), "{response:?}");
        }
        assert!(next.is_none(), "three packages fill at most three pages");
    }
}

/// Any text is read to its end as a table with commas.
pub fn csv(input: &[u8]) {
    import(Format::Csv, input);
}

/// Any text is read to its end as one JSON text.
pub fn documents(input: &[u8]) {
    import(Format::Json, input);
}

/// Any text is read to its end as core metadata.
pub fn metadata(input: &[u8]) {
    import(Format::Metadata, input);
}

/// Any text is read to its end as JSON objects, one a line.
pub fn ndjson(input: &[u8]) {
    import(Format::Ndjson, input);
}

/// Any text is read to its end as a table with tabs.
pub fn tsv(input: &[u8]) {
    import(Format::Tsv, input);
}

/// A text that comes in pieces of this length.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = self.1.min(buffer.len());
        self.0.read(&mut buffer[..room])
    }
}

/// A text of a format is read to its end, and the same however it comes. Its rows are in the order of
/// their lines. What a package says is read again from its representation.
fn import(format: Format, input: &[u8]) {
    let builder = ReaderBuilder::new().format(format).partial(true);
    let whole = rows(builder, input, usize::MAX);
    assert_eq!(rows(builder, input, 3), whole, "in pieces");
    let lines: Vec<_> = whole.iter().flatten().map(|row| row.0).collect();
    assert!(lines.is_sorted() && lines.first().is_none_or(|line| *line >= 1));
    for (_, package) in whole.iter().flatten() {
        if let Ok(package) = package {
            let text = serde_json::to_vec(package).expect("a package is JSON");
            let again = rows(ReaderBuilder::new().format(Format::Ndjson), &text, usize::MAX);
            assert_eq!(again, [Ok((1, Ok(package.clone())))]);
        }
    }
}

/// What is read: the line and the package of each row or why it is refused, and what ended it.
type ReadRow = Result<(u64, Result<Package, String>), String>;

fn rows(builder: ReaderBuilder, input: &[u8], piece: usize) -> Vec<ReadRow> {
    let reader = match builder.open(Pieces(input, piece)) {
        Ok(reader) => reader,
        Err(error) => return vec![Err(error.to_string())],
    };
    let row = |row: Result<Row, ReadError>| {
        let Row { line, package, .. } = row.map_err(|error| error.to_string())?;
        Ok((line, package.map(Given::into_package).map_err(|refusal| refusal.to_string())))
    };
    reader.map(row).collect()
}
