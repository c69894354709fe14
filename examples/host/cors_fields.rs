//! Which fields CORS must name, for the tests of the README's code and of the servers.

use std::collections::BTreeSet;

use pyaday_core::conformance::http::{Exchange, scenarios};
use pyaday_core::{Endpoint, Options};

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

/// The names in a list, in lower case.
pub(crate) fn names(list: &str) -> BTreeSet<String> {
    list.split(',').map(|name| name.trim().to_lowercase()).filter(|it| !it.is_empty()).collect()
}

/// The request fields that an endpoint reads and that a page sets.
pub(crate) fn request_fields(endpoint: &Endpoint) -> Vec<String> {
    // A browser sets these itself, and the catalogue takes no coded content.
    let set = ["host", "content-length", "content-encoding", "origin"];
    let fields = endpoint.request_headers(&Options::new()).into_iter();
    let fields = fields.map(|name| name.as_str().to_owned());
    fields.filter(|name| !set.contains(&name.as_str()) && !name.starts_with("sec-")).collect()
}

/// The fields of the golden answers that pages may not read unless they are exposed.
pub(crate) fn response_fields() -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    // A script of another origin has no use for the pages of the desk.
    let is_page = |exchange: &&Exchange| exchange.response.contains("< content-type: text/html");
    let scenarios = scenarios();
    let exchanges = scenarios.iter().flat_map(|scenario| &scenario.exchanges);
    for exchange in exchanges.filter(|exchange| !is_page(exchange)) {
        let lines = exchange.response.lines().filter_map(|line| line.strip_prefix("< "));
        let names = lines.filter_map(|line| line.split_once(": ")).map(|(name, _)| name);
        let is_name = |name: &&str| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-'));
        fields.extend(names.filter(is_name).map(str::to_owned));
    }
    fields.retain(|name| !SAFELISTED.contains(&name.as_str()));
    for needed in ["etag", "link", "location"] {
        assert!(fields.contains(needed), "{needed}");
    }
    fields
}
