//! Pages of other origins.

use std::collections::{BTreeMap, BTreeSet};

use pyaday_core::Endpoint;

use crate::cors_fields::{names, request_fields, response_fields};
use crate::process::{Answer, SERVERS, Server, ending};

const ORIGIN: &str = "https://pages.example.org";

/// What an answer says to a browser that enforces CORS: the fields of CORS, and `Vary`.
fn cors(answer: &Answer) -> BTreeMap<String, BTreeSet<String>> {
    let mut fields = BTreeMap::<_, BTreeSet<_>>::new();
    for (name, value) in &answer.headers {
        if name == "vary" || name.starts_with("access-control-") {
            fields.entry(name.clone()).or_default().extend(names(value));
        }
    }
    fields
}

/// The answers of both servers to one request.
fn ask(servers: &[Server; 2], method: &str, path: &str, fields: &str) -> [Answer; 2] {
    servers.each_ref().map(|server| {
        server.ask(method, path, &format!("Host: localhost\r\nContent-Length: 0\r\n{fields}"))
    })
}

fn start(args: &[&str]) -> [Server; 2] {
    SERVERS.map(|program| Server::start(program, args))
}

fn preflight(origin: &str, method: &str, fields: &str) -> String {
    let mut head = format!("Origin: {origin}\r\nAccess-Control-Request-Method: {method}\r\n");
    // A browser leaves the field out where it has nothing to list.
    if !fields.is_empty() {
        head += &format!("Access-Control-Request-Headers: {fields}\r\n");
    }
    head
}

#[test]
fn a_page_of_a_listed_origin_may_send_every_method_with_every_field() {
    let servers = start(&["--cors", "https://other.example", "--cors", ORIGIN]);
    for endpoint in Endpoint::ALL {
        let path = endpoint.full_path().replace("{name}", "flask").replace("{date}", "2026-11-23");
        let mut fields = request_fields(endpoint);
        fields.extend(["authorization", "change-note"].map(str::to_owned));
        let fields = fields.join(",");
        for operation in endpoint.operations() {
            let method = operation.method().as_str();
            let answers = ask(&servers, "OPTIONS", &path, &preflight(ORIGIN, method, &fields));
            for answer in &answers {
                let cors = cors(answer);
                assert_eq!(answer.status, 200);
                assert_eq!(cors["access-control-allow-origin"], names(ORIGIN));
                assert!(cors["access-control-allow-methods"].contains(&method.to_lowercase()));
                assert!(cors["access-control-allow-headers"].is_superset(&names(&fields)));
                assert!(cors["vary"].contains("origin"));
            }
            assert_eq!(cors(&answers[0]), cors(&answers[1]), "{method} {path}");
        }
    }
}

#[test]
fn a_page_may_read_every_field_of_every_golden_answer() {
    let fields = response_fields();
    let servers = start(&["--cors", ORIGIN]);
    for answer in ask(&servers, "GET", "/packages", &format!("Origin: {ORIGIN}\r\n")) {
        assert!(cors(&answer)["access-control-expose-headers"].is_superset(&fields));
    }
}

/// Both servers say the same, about what is allowed, refused and missing.
#[test]
fn requests_with_an_origin_get_the_same_answers_from_both_servers() {
    let upper = "HTTPS://Pages.Example.org:443";
    let other = "https://evil.example";
    let site = "Sec-Fetch-Site: cross-site\r\n";
    // The origin, whether the page may read the answer, and the status of a DELETE.
    let listed: &[_] = &[
        (ORIGIN, true, 404),
        (upper, true, 404),
        (other, false, 403),
        ("http://pages.example.org", false, 403),
        ("null", false, 403),
        ("", false, 403),
    ];
    let any: &[_] = &[(ORIGIN, true, 403), (other, true, 403), ("null", true, 403)];
    let none: &[_] = &[(ORIGIN, false, 403), (other, false, 403)];
    for (args, rows) in [(&["--cors", ORIGIN][..], listed), (&["--cors", "*"], any), (&[], none)] {
        let servers = start(args);
        for (origin, may_read, of_delete) in rows {
            for (method, path, status) in [
                ("GET", "/packages/flask", 200),
                ("GET", "/packages/none", 404),
                ("GET", "/nothing", 404),
                ("HEAD", "/rand", 200),
                ("DELETE", "/packages/none", *of_delete),
                // It asks which methods the path has, and is no preflight request.
                ("OPTIONS", "/packages", 204),
            ] {
                let fields = format!("Origin: {origin}\r\n{site}");
                let answers = ask(&servers, method, path, &fields);
                for answer in &answers {
                    let case = format!("{args:?} {origin} {method} {path} {answer:?}");
                    assert_eq!(answer.status, status, "{case}");
                    let allowed = answer.header("access-control-allow-origin");
                    assert_eq!(allowed, may_read.then_some(*origin), "{case}");
                    assert_eq!(answer.header("vary").is_some(), !args.is_empty(), "{case}");
                    assert_eq!(answer.header("allow").is_some(), method == "OPTIONS", "{case}");
                }
                assert_eq!(cors(&answers[0]), cors(&answers[1]), "{args:?} {origin} {method}");
            }
        }
    }
}

/// A browser needs both for a permission: `Access-Control-Allow-Origin`, and the method in
/// `Access-Control-Allow-Methods`. The README says which statuses the servers give.
#[test]
fn a_preflight_request_for_what_is_not_allowed_gets_no_permission() {
    for (args, origin, method, fields) in [
        (&["--cors", ORIGIN][..], "https://evil.example", "GET", ""),
        (&["--cors", ORIGIN], "null", "GET", ""),
        (&["--cors", ORIGIN], ORIGIN, "TRACE", ""),
        (&["--cors", ORIGIN], ORIGIN, "GET", "x-other"),
        (&["--cors", "*"], ORIGIN, "POST", ""),
        (&["--cors", "*"], ORIGIN, "DELETE", ""),
    ] {
        let servers = start(args);
        let answers = ask(&servers, "OPTIONS", "/packages", &preflight(origin, method, fields));
        for (answer, status) in answers.iter().zip([200, 400]) {
            let cors = cors(answer);
            let has = |field: &str, value: &str| {
                cors.get(field).is_some_and(|own| own.is_superset(&names(value)))
            };
            let is_permitted = has("access-control-allow-origin", origin)
                && has("access-control-allow-methods", method)
                && has("access-control-allow-headers", fields);
            assert!(!is_permitted, "{args:?} {origin} {method} {answer:?}");
            assert_eq!(answer.status, status);
        }
        // The control.
        for answer in ask(&servers, "OPTIONS", "/packages", &preflight(ORIGIN, "GET", "")) {
            assert_eq!(cors(&answer)["access-control-allow-origin"], names(ORIGIN));
        }
    }
}

/// Without the fields a page could not tell a refusal from a network that fails.
#[test]
fn a_page_may_read_refusals_of_access() {
    for program in SERVERS {
        let mut command = crate::process::command(program, &["--cors", ORIGIN]);
        command.env("PYADAY_TOKEN", "0123456789-0123456789-0123456789");
        let server = Server::listening(crate::process::Process::spawn(command, b""));
        let fields = |host| format!("Host: {host}\r\nContent-Length: 0\r\nOrigin: {ORIGIN}\r\n");
        for (host, status) in [("localhost", 401), ("evil.example", 421)] {
            let answer = server.ask("DELETE", "/packages/none", &fields(host));
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
        }
        // A preflight request has no token.
        let fields = fields("localhost") + "Access-Control-Request-Method: DELETE\r\n";
        assert_eq!(server.ask("OPTIONS", "/packages/none", &fields).status, 200);
    }
}

#[test]
fn an_origin_that_is_malformed_is_refused() {
    let form = "must be a scheme and a host in ASCII, with or without a port, such as \
                https://example.org, and nothing after it";
    for program in SERVERS {
        for (args, message) in [
            (&["--cors", ""][..], format!("the origin \"\" of `--cors` {form}")),
            (&["--cors", "example.org"], format!("the origin \"example.org\" of `--cors` {form}")),
            (
                &["--cors", ORIGIN, "--cors", "https://example.org/"],
                format!("the origin \"https://example.org/\" of `--cors` {form}"),
            ),
            (
                &["--cors", "https://user:s3cret@example.org"],
                format!("the origin \"https://…@example.org\" of `--cors` {form}"),
            ),
            (
                &["--cors", "null"],
                "the origin \"null\" of `--cors` must not be `null`, because a page of any site can \
                 have this origin"
                    .to_owned(),
            ),
            (
                &["--cors", "*,https://example.org"],
                "`--cors *` lets the pages of every origin read, so no other origin can be given with \
                 it"
                .to_owned(),
            ),
        ] {
            let (code, stdout, stderr) = ending(program, args, b"");
            assert_eq!((code, stdout.as_str()), (Some(1), ""), "{args:?}");
            assert_eq!(stderr, format!("error: {message}\n"));
        }
    }
}
