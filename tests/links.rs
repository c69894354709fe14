//! Facts about the URLs in answers, and about how large answers get.

use pyaday_core::conformance::http::{SetUp, three_packages as set_up};
use pyaday_core::{Api, Endpoint, MemoryStore, Options, PublicUrl, create_package};
use pyaday_tests::targets::LONGEST_REFUSAL;

use crate::golden::{memory, three_packages};
use crate::support::client::{Answer, Request};
use crate::support::homes::{Actix, Axum, Core, Home};

#[test]
fn a_public_url_is_an_absolute_http_or_https_url() {
    for (url, expected) in [
        ("http://example.org", "http://example.org"),
        ("https://example.org/", "https://example.org"),
        ("https://example.org/pyaday", "https://example.org/pyaday"),
        ("https://example.org:8443/a/b//", "https://example.org:8443/a/b"),
        ("HTTPS://EXAMPLE.org", "HTTPS://EXAMPLE.org"),
        ("http://[::1]:5000/x", "http://[::1]:5000/x"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("https://example.org/a%20b", "https://example.org/a%20b"),
    ] {
        assert_eq!(url.parse::<PublicUrl>().unwrap().as_str(), expected);
    }
}

#[test]
fn an_invalid_public_url_is_refused_with_the_rule_that_it_breaks() {
    const FORM: &str =
        "must be an http or https URL with a host, such as https://example.org/pyaday";
    for (url, rule) in [
        ("", FORM),
        ("/", FORM),
        ("/pyaday", FORM),
        ("example.org", FORM),
        ("example.org/pyaday", FORM),
        ("//example.org", FORM),
        ("ftp://example.org", FORM),
        ("javascript://example.org", FORM),
        ("https://", FORM),
        ("https:///pyaday", FORM),
        ("https://:80", FORM),
        ("https://example.org:", FORM),
        ("https://example.org:65536", FORM),
        ("https://example.org/a b", FORM),
        ("https://example.org/<", FORM),
        ("https://example.org/\r\nx: y", FORM),
        ("https://example.org/?a=b", "must not have a query or a fragment"),
        ("https://example.org/#a", "must not have a query or a fragment"),
        ("https://user:secret@example.org", "must not have a user name or a password"),
        ("https://example.org/\"", "must have other characters percent-encoded"),
        ("https://example.org/{tenant}", "must have other characters percent-encoded"),
        ("https://example.org/é", "must have other characters percent-encoded"),
    ] {
        assert_eq!(url.parse::<PublicUrl>().unwrap_err().to_string(), rule, "{url}");
    }
}

/// A path that begins with two slashes would name another host if it stood alone.
#[tokio::test]
async fn a_location_never_points_to_another_host() {
    for (options, expected) in [
        (Options::new(), "/.//evil.example/packages/flask"),
        (
            Options::new().public_url("https://example.org".parse().unwrap()),
            "https://example.org//evil.example/packages/flask",
        ),
    ] {
        let api = Api::with_options(MemoryStore::new(), options);
        let request = http::Request::post("//evil.example/packages")
            .header("content-type", "application/json")
            .body(r#"{"name":"flask","short_desc":""}"#.to_owned());
        let response = create_package(&api, request.unwrap()).await;
        assert_eq!(response.headers()["location"], expected);
    }
}

/// A feed repeats the path before it with each entry, so that path has a bound.
fn a_feed_below_a_long_path_is_refused<H: Home>() {
    let home = H::mount("/{tenant}", &three_packages(), None);
    for feed in ["feed.json", "feed.atom"] {
        let answer = |tenant: usize| {
            let path = format!("/{}/daily/{feed}", "t".repeat(tenant));
            home.answer(&Request::new("GET", &path))
        };
        // `/`, and `/daily` after it, are seven of the 512.
        let longest = 512 - "/".len() - "/daily".len();
        assert_eq!(answer(longest).status, 200);
        let refused = answer(longest + 1);
        assert_eq!(refused.status, 414);
        assert_eq!(
            refused.text(),
            r#"{"type":"urn:problem-type:pyaday:uri-too-long","title":"The path is too long","status":414,"detail":"The path before the feed must be at most 512 bytes long: each entry's link repeats it."}"#
        );
    }
}

#[test]
fn the_core_answers_414_to_a_feed_below_a_long_path() {
    a_feed_below_a_long_path_is_refused::<Core>();
}

#[test]
fn axum_answers_414_to_a_feed_below_a_long_path() {
    a_feed_below_a_long_path_is_refused::<Axum>();
}

#[test]
fn actix_answers_414_to_a_feed_below_a_long_path() {
    a_feed_below_a_long_path_is_refused::<Actix>();
}

/// Bytes of an answer, its fields included.
fn size(answer: &Answer) -> usize {
    let fields = answer.headers.iter().map(|(name, value)| name.len() + value.len());
    fields.sum::<usize>() + answer.body.len()
}

/// Each part of a request as large as the core takes it, in the form that could grow the most.
fn large_requests(method: &str, path: &str) -> Vec<Request> {
    let json = ["application/json", "application/merge-patch+json"];
    let plain = Request::new(method, path);
    let mut requests = Vec::new();
    for query in ["{}=1", "tag={}", "q={}", "limit={}", "after={}", "_={}", "utm_{}=1", "%FF{}=1"] {
        for filling in ["a", "a+", "&tag=a", "%20", "0", "&"] {
            let filled = query.replace("{}", &filling.repeat(60_000 / filling.len()));
            requests.push(Request::new(method, &format!("{path}?{filled}")));
        }
    }
    for (name, value) in [
        ("host", "a".repeat(60_000)),
        ("host", format!("{}.example.org", "a.".repeat(30_000))),
        ("if-match", r#""1-gzip","#.repeat(6_000)),
        ("if-none-match", r#"W/"0","#.repeat(6_000)),
        ("content-type", "a".repeat(60_000)),
        ("content-encoding", "a".repeat(60_000)),
    ] {
        requests.push(plain.clone().header(name, &value));
    }
    let members = |key: &str| {
        let members = (0..).map(|at| format!(r#""{key}{at}":0"#)).take(60_000 / (key.len() + 10));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    };
    for body in [
        members(""),
        members("~"),
        members(&"\\u0001".repeat(60)),
        members(&"/".repeat(60_000 - 100)),
        members(&"/".repeat(5_000)),
        format!(r#"{{"name":"{}"}}"#, "é".repeat(30_000)),
        format!(r#"{{"tags":[{}"a"]}}"#, r#""A","#.repeat(15_000)),
        "1".repeat(60_000),
        format!(r#"{{"{}"#, "a".repeat(60_000)),
        "x".repeat(60_000),
    ] {
        for media_type in json {
            let body = body.clone().into_bytes();
            requests.push(Request { body, ..plain.clone() }.header("content-type", media_type));
        }
    }
    requests
}

/// The store is small here, so whatever is large comes from the request.
#[test]
fn the_length_of_an_answer_is_bounded_whatever_the_request() {
    let api = set_up(memory(), SetUp::named("a desk").options);
    let home = Core::mount("", &api, None);
    let document = home.answer(&Request::new("GET", "/openapi.json")).body.len();
    for endpoint in Endpoint::ALL {
        let path = endpoint.full_path().replace("{name}", "flask").replace("{date}", "2026-11-23");
        let path = path.replace("{revision}", "1");
        for operation in endpoint.operations() {
            let method = operation.method();
            let bound = match path.as_str() {
                "/openapi.json" => document + LONGEST_REFUSAL,
                _ => LONGEST_REFUSAL,
            };
            for request in large_requests(method.as_str(), &path) {
                let (answer, start) = (home.answer(&request), request.target.len().min(80));
                let target = String::from_utf8_lossy(&request.target[..start]);
                assert!(size(&answer) <= bound, "{method} {target}: {} bytes", size(&answer));
            }
        }
    }
}
