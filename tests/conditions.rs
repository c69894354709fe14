//! Facts about conditional requests: the evaluation against an independent one, and races.

use std::collections::BTreeMap;
use std::thread;

use headers::{ETag, HeaderMapExt, IfMatch, IfNoneMatch};
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use pyaday_core::{Api, Evaluation, Failure, MemoryStore, Operation, Preconditions, Revision};

use crate::concurrent_requests::at_once;
use crate::golden::REVISION;
use crate::store_failures::{MEETING_POINT, faulty};
use crate::support::client::{Request, send};
use crate::support::homes::{Actix, Axum, Core, Home, Server};

const CURRENT: &str = "\"1\"";

fn evaluate(fields: &[(HeaderName, &str)]) -> Evaluation {
    evaluate_for(&Method::GET, fields)
}

fn evaluate_for(method: &Method, fields: &[(HeaderName, &str)]) -> Evaluation {
    let fields = fields.iter().map(|(name, value)| {
        (name.clone(), HeaderValue::from_bytes(value.as_bytes()).expect("a field value"))
    });
    let headers: HeaderMap = fields.collect();
    let conditions = Preconditions::from_headers(method, &headers);
    conditions.evaluate(&HeaderValue::from_static(CURRENT))
}

#[test]
fn a_request_without_conditions_is_performed() {
    assert_eq!(evaluate(&[]), Evaluation::Perform);
    assert!(Preconditions::default().is_empty());
}

#[test]
fn if_match_is_evaluated_before_if_none_match() {
    for (if_match, if_none_match, verdict) in [
        ("\"1\"", "\"1\"", Evaluation::Matched),
        ("\"1\"", "\"2\"", Evaluation::Perform),
        ("\"2\"", "\"1\"", Evaluation::Failed(Failure::Changed)),
        ("\"2\"", "\"2\"", Evaluation::Failed(Failure::Changed)),
        ("*", "*", Evaluation::Matched),
        ("W/\"1\"", "\"2\"", Evaluation::Failed(Failure::Weakened)),
    ] {
        let fields = [(IF_MATCH, if_match), (IF_NONE_MATCH, if_none_match)];
        assert_eq!(evaluate(&fields), verdict, "{if_match} {if_none_match}");
    }
}

/// The methods of all operations.
fn methods() -> impl Iterator<Item = &'static Method> {
    Operation::ALL.iter().map(|operation| operation.method())
}

#[test]
fn an_etag_changed_by_compression_has_its_own_failure() {
    for (if_match, failure) in [
        ("W/\"1\"", Failure::Weakened),
        ("W/\"2\"", Failure::Weakened),
        ("\"1-gzip\"", Failure::Weakened),
        ("\"1--gzip\"", Failure::Weakened),
        ("\"0\", \"1-br\"", Failure::Weakened),
        ("\"1-zstd\"", Failure::Weakened),
        ("\"1-deflate\"", Failure::Weakened),
        ("\"1-gone\"", Failure::Changed),
        ("\"gzip\"", Failure::Changed),
        ("\"2\"", Failure::Changed),
    ] {
        for method in methods() {
            let verdict = evaluate_for(method, &[(IF_MATCH, if_match)]);
            assert_eq!(verdict, Evaluation::Failed(failure), "{if_match}");
        }
    }
    assert_eq!(evaluate(&[(IF_MATCH, "W/\"1\", \"1\"")]), Evaluation::Perform);
}

#[test]
fn an_empty_list_matches_nothing() {
    for method in methods() {
        for empty in ["", ",", " , ,"] {
            let verdict = evaluate_for(method, &[(IF_NONE_MATCH, empty)]);
            assert_eq!(verdict, Evaluation::Perform, "{method}");
            let verdict = evaluate_for(method, &[(IF_MATCH, empty)]);
            assert_eq!(verdict, Evaluation::Failed(Failure::Changed), "{method}");
        }
    }
}

fn list() -> impl Strategy<Value = String> {
    let tag = prop_oneof![
        3 => Just("\"1\"".to_owned()),
        2 => Just("W/\"1\"".to_owned()),
        4 => "(W/)?\"[!#-~]{0,4}\"",
    ];
    let separator = prop_oneof![Just(","), Just(", "), Just(" ,"), Just("\t,  ")];
    let list = prop::collection::vec((tag, separator), 1..5).prop_map(|tags| {
        let last = tags.len() - 1;
        let tag = |(at, (tag, separator)): (usize, &(String, &str))| {
            if at == last { tag.clone() } else { format!("{tag}{separator}") }
        };
        tags.iter().enumerate().map(tag).collect::<String>()
    });
    prop_oneof![8 => list, 1 => Just("*".to_owned())]
}

proptest! {
    /// The crate `headers` is the oracle.
    #[test]
    fn lists_are_evaluated_as_the_headers_crate_does(list in list()) {
        let current: ETag = CURRENT.parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, HeaderValue::from_str(&list).unwrap());
        headers.insert(IF_NONE_MATCH, HeaderValue::from_str(&list).unwrap());
        let if_match: IfMatch = headers.typed_get().unwrap();
        let if_none_match: IfNoneMatch = headers.typed_get().unwrap();
        prop_assert_eq!(
            evaluate(&[(IF_MATCH, &list)]) == Evaluation::Perform,
            if_match.precondition_passes(&current)
        );
        prop_assert_eq!(
            evaluate(&[(IF_NONE_MATCH, &list)]) == Evaluation::Perform,
            if_none_match.precondition_passes(&current)
        );
    }

    /// Several fields of a name are one list (RFC 9110 §5.3), in order or not.
    #[test]
    fn several_fields_are_evaluated_as_one_list(
        parts in prop::collection::vec(prop_oneof![list(), "[ -~]{0,8}"], 1..4),
    ) {
        for name in [IF_MATCH, IF_NONE_MATCH] {
            let fields: Vec<_> = parts.iter().map(|part| (name.clone(), part.as_str())).collect();
            let joined = parts.join(",");
            prop_assert_eq!(evaluate(&fields), evaluate(&[(name, &joined)]));
        }
    }

    /// What is no list matches nothing, and a write is not done for it.
    #[test]
    fn a_malformed_field_fails_a_write_and_matches_no_read(
        value in "[ !#-~]{0,6}\"[ !#-~]{0,6}|\\*, ?\"1\"|\"1\", ?\\*|\\*,\\*",
    ) {
        let failed = Evaluation::Failed(Failure::Changed);
        prop_assert_eq!(evaluate(&[(IF_MATCH, &value)]), failed);
        prop_assert_eq!(evaluate(&[(IF_NONE_MATCH, &value)]), Evaluation::Perform);
        let malformed = Evaluation::Failed(Failure::Malformed);
        for method in methods().filter(|method| !method.is_safe()) {
            for name in [IF_MATCH, IF_NONE_MATCH] {
                prop_assert_eq!(evaluate_for(method, &[(name, &value)]), malformed);
            }
        }
    }
}

/// Two writers read the version that they mean before either writes; still one of them writes.
#[test]
fn of_two_writers_with_one_etag_one_writes() {
    let path = format!("/packages/{MEETING_POINT}");
    for methods in [["PUT", "PUT"], ["PUT", "PATCH"], ["PATCH", "PATCH"], ["PUT", "DELETE"]] {
        let api = &Api::new(faulty(MemoryStore::after(Revision::new(REVISION))));
        let body = format!(r#"{{"name":"{MEETING_POINT}","short_desc":""}}"#);
        let first = format!("\"{}\"", REVISION + 1);
        assert_eq!(
            Core::mount("", api, None)
                .answer(&Request::new("POST", "/packages").json(&body))
                .status,
            201
        );
        let statuses = thread::scope(|scope| {
            let writers = [0, 1].map(|at| {
                let media_type = match methods[at] {
                    "PATCH" => "application/merge-patch+json",
                    _ => "application/json",
                };
                let request = Request {
                    body: format!(r#"{{"short_desc":"{at}"}}"#).into_bytes(),
                    ..Request::new(methods[at], &path)
                };
                let request = request.header("content-type", media_type).header("if-match", &first);
                scope.spawn(move || Core::mount("", api, None).answer(&request).status)
            });
            writers.map(|writer| writer.join().unwrap())
        });
        let written = statuses.iter().filter(|status| **status == 204).count();
        assert_eq!(written, 1, "{methods:?}: {statuses:?}");
        // The other one finds another version, or none.
        assert!(statuses.iter().all(|status| [204, 404, 412].contains(status)), "{statuses:?}");
    }
}

/// Of many writers that mean the same version, one writes it.
fn one_of_many_writes(server: &Server) {
    let path = "/packages/flask";
    let package = Request::new("POST", "/packages").json(r#"{"name":"flask","short_desc":""}"#);
    assert_eq!(send(server.address, &package).status, 201);
    for round in 0..20 {
        let current = send(server.address, &Request::new("GET", path));
        let tag = current.header("etag").unwrap().to_owned();
        let statuses = at_once(server, |at| {
            let body = format!(r#"{{"short_desc":"{round} {at}"}}"#);
            let method = if at % 2 == 0 { "PUT" } else { "PATCH" };
            let media_type = ["application/json", "application/merge-patch+json"][at % 2];
            Request { body: body.into_bytes(), ..Request::new(method, path) }
                .header("content-type", media_type)
                .header("if-match", &tag)
        });
        let mut counts = BTreeMap::new();
        for status in statuses {
            *counts.entry(status).or_insert(0) += 1;
        }
        assert_eq!(counts[&204], 1, "{counts:?}");
        assert_eq!(counts.into_keys().collect::<Vec<_>>(), [204, 412]);
    }
}

#[test]
fn of_many_axum_clients_with_one_etag_one_writes() {
    one_of_many_writes(&Axum::mount("", &Api::new(MemoryStore::new()), None).0);
}

#[test]
fn of_many_actix_clients_with_one_etag_one_writes() {
    one_of_many_writes(&Actix::mount("", &Api::new(MemoryStore::new()), None).0);
}

/// Patches of different members at once are all there in the end, conditions or none.
#[test]
fn concurrent_patches_of_different_members_are_all_kept() {
    let server = &Axum::mount("", &Api::new(MemoryStore::new()), None).0;
    let package = Request::new("POST", "/packages").json(r#"{"name":"flask","short_desc":""}"#);
    assert_eq!(send(server.address, &package).status, 201);
    thread::scope(|scope| {
        for client in 0..8 {
            scope.spawn(move || {
                for at in 0..25 {
                    let body = format!(r#"{{"metadata":{{"{client}-{at}":true}}}}"#);
                    let patch = Request {
                        body: body.into_bytes(),
                        ..Request::new("PATCH", "/packages/flask")
                    };
                    let patch = patch.header("content-type", "application/merge-patch+json");
                    assert_eq!(send(server.address, &patch).status, 204);
                }
            });
        }
    });
    let flask = send(server.address, &Request::new("GET", "/packages/flask"));
    let flask: serde_json::Value = serde_json::from_slice(&flask.body).unwrap();
    assert_eq!(flask["metadata"].as_object().unwrap().len(), 8 * 25);
}
