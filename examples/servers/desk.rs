//! The desk of the servers: the way there, and the sign-in of people.

use std::process::Command;

use pyaday_tests::tools::{Tool, are_there, browser_modules};

use crate::access::{NO_BODY, READ, WRITE, token_files};
use crate::process::{Answer, SERVERS, Server};

/// Sends the form of the sign-in, with these fields of the request.
fn sign_in(server: &Server, path: &str, form: &str, fields: &str) -> Answer {
    let mut client = server.connect();
    let (length, form_type) = (form.len(), "application/x-www-form-urlencoded");
    client.send(format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {form_type}\r\nContent-Length: {length}\r\n{fields}\r\n{form}"
    ));
    client.answer()
}

#[test]
fn the_root_leads_to_the_desk_and_the_desk_has_pages() {
    for program in SERVERS {
        for (prefix, location) in [("/", "desk"), ("/api", "api/desk")] {
            let server = Server::start(program, &["--store", "memory:", "--prefix", prefix]);
            let root = server.get("/");
            assert_eq!((root.status, root.header("location")), (303, Some(location)), "{program}");
            assert_eq!(server.ask("HEAD", "/", NO_BODY).status, 303, "{program}");
            let refused = server.ask("POST", "/", NO_BODY);
            assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD")));
            let page = server.get(format_args!("/{location}"));
            assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
            // Nobody needs to sign in here.
            assert!(!page.body.contains("sign-in"), "{}", page.body);
            let sign_in = server.get(format_args!("/{}", location.replace("desk", "sign-in")));
            assert_eq!(sign_in.status, 404);
        }
    }
}

#[test]
fn a_token_in_the_form_becomes_a_cookie_that_allows_what_the_token_allows() {
    let [write, read] = token_files("desk");
    for program in SERVERS {
        let args = ["--store", "memory:", "--token-file", &write, "--read-token-file", &read];
        let server = Server::start(program, &args);
        let page = server.get("/desk");
        assert_eq!(page.status, 401, "{program}");
        assert!(page.body.contains("href=\"sign-in\""), "{}", page.body);
        assert_eq!(server.get("/sign-in").status, 200);
        assert_eq!(
            server.get("/sign-in.css").header("content-type"),
            Some("text/css; charset=utf-8")
        );
        for (token, may_write) in [(WRITE, true), (READ, false)] {
            let answer = sign_in(&server, "/sign-in", &format!("token={token}"), "");
            assert_eq!((answer.status, answer.header("location")), (303, Some("desk")));
            let cookie = format!("pyaday-token={token}; HttpOnly; SameSite=Strict");
            assert_eq!(answer.header("set-cookie"), Some(&*cookie));
            let cookie = format!("Cookie: other=1; pyaday-token={token}\r\n");
            let page = server.ask("GET", "/desk", &format!("{NO_BODY}{cookie}"));
            assert_eq!(page.status, 200);
            assert!(page.body.contains("Sign out"), "{}", page.body);
            assert_eq!(page.body.contains("id=\"create\""), may_write, "{}", page.body);
            let deleted = server.ask("DELETE", "/packages/none", &format!("{NO_BODY}{cookie}"));
            assert_eq!(deleted.status, if may_write { 404 } else { 403 });
        }
    }
}

#[test]
fn a_sign_in_that_is_wrong_or_of_another_site_sets_no_cookie() {
    let [write, _] = token_files("desk-refused");
    for program in SERVERS {
        let server = Server::start(program, &["--store", "memory:", "--token-file", &write]);
        let right = format!("token={WRITE}");
        for (form, fields) in [
            (format!("token={READ}"), ""),
            ("token=".to_owned(), ""),
            (right.clone(), "Sec-Fetch-Site: cross-site\r\n"),
            (right.clone(), "Sec-Fetch-Site: same-site\r\n"),
            (right.clone(), "Origin: http://evil.example\r\n"),
            (right.clone(), "Origin: null\r\n"),
            (format!("token={}", "x".repeat(100_000)), ""),
        ] {
            let answer = sign_in(&server, "/sign-in", &form, fields);
            assert!((400..500).contains(&answer.status), "{answer:?}");
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
            assert_eq!(answer.header("set-cookie"), None);
        }
        let refused = server.ask("PUT", "/sign-in", NO_BODY);
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD, POST")));
        // A cookie with a token that is not known is as if it were absent.
        let unknown = format!("{NO_BODY}Cookie: pyaday-token={READ}\r\n");
        assert_eq!(server.ask("GET", "/packages", &unknown).status, 200);
        assert_eq!(server.ask("DELETE", "/packages/none", &unknown).status, 401);
        // The control, and the way out.
        assert_eq!(
            sign_in(&server, "/sign-in", &right, "Sec-Fetch-Site: same-origin\r\n").status,
            303
        );
        let out = sign_in(&server, "/sign-in", "", "");
        assert_eq!(
            out.header("set-cookie"),
            Some("pyaday-token=; Max-Age=0; HttpOnly; SameSite=Strict")
        );
    }
}

#[test]
fn a_cookie_is_sent_over_https_only_if_clients_use_https() {
    let [write, _] = token_files("desk-https");
    for program in SERVERS {
        let public = ["--public-url", "https://packages.example.org"];
        let args = [&["--store", "memory:", "--token-file", &write][..], &public].concat();
        let server = Server::start(program, &args);
        let answer = sign_in(&server, "/sign-in", &format!("token={WRITE}"), "");
        assert!(
            answer.header("set-cookie").is_some_and(|it| it.ends_with("; Secure")),
            "{answer:?}"
        );
    }
}

/// The stories are in `tests/browser/stories/sign_in.mjs`.
#[test]
fn people_sign_in_in_a_browser_and_lose_nothing_when_their_session_ends() {
    let tools = [Tool::Program("node"), Tool::Program("chromium"), Tool::Browser];
    if !are_there("the sign-in in a browser", &tools) {
        return;
    }
    let [write, _] = token_files("desk-in-a-browser");
    for program in SERVERS {
        for prefix in ["/", "/api"] {
            let args = ["--store", "memory:", "--token-file", &write, "--prefix", prefix];
            let server = Server::start(program, &args);
            let base =
                format!("http://127.0.0.1:{}{}", server.port(), prefix.trim_end_matches('/'));
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/browser/run.mjs");
            let output = Command::new("node")
                .args([script, "sign_in", &base])
                .env("PYADAY_BROWSER", browser_modules())
                .env("PYADAY_SIGN_IN", WRITE)
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{told}{errors}");
            assert_eq!(told.matches("ok: ").count(), 2, "{told}");
        }
    }
}
