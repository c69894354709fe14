//! What the servers make of messages that a client library would not send.

use crate::process::{SERVERS, Server};

const DJANGO: &str = r#"{"name":"django","short_desc":""}"#;

/// The head of a request to create a package, but for fields of one's own.
fn post(fields: &str) -> String {
    format!(
        "POST /packages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{fields}\r\n"
    )
}

#[test]
fn a_request_without_exactly_one_host_field_is_400() {
    for program in SERVERS {
        let server = Server::start(program, &["--hosts", "*"]);
        for (request, status) in [
            ("HTTP/1.1\r\nHost: localhost\r\n", 200),
            ("HTTP/1.1\r\nHost:\r\n", 200),
            ("HTTP/1.0\r\n", 200),
            ("HTTP/1.1\r\n", 400),
            ("HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
            ("HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        ] {
            for path in ["/packages/flask", "/nothing"] {
                let mut client = server.connect();
                client.send(format!("GET {path} {request}\r\n"));
                let answer = client.answer();
                let expected = if path == "/nothing" && status == 200 { 404 } else { status };
                assert_eq!(answer.status, expected, "{program} {path} {request}");
                assert!(status == 200 || (answer.body.is_empty() && client.is_closed()));
            }
        }
    }
}

/// A server may ignore the field (RFC 9110 §7.8), and this is not the request that begins a WebSocket.
#[test]
fn a_post_that_asks_for_a_websocket_is_handled_as_a_post() {
    for program in SERVERS {
        for (length, body, status) in [
            ("Content-Length: 33\r\n", DJANGO.to_owned(), 201),
            ("Transfer-Encoding: chunked\r\n", format!("21\r\n{DJANGO}\r\n0\r\n\r\n"), 201),
            ("", String::new(), 400),
        ] {
            let server = Server::start(program, &[]);
            let mut client = server.connect();
            let fields = format!("Connection: Upgrade\r\nUpgrade: websocket\r\n{length}");
            client.send(post(&fields) + &body);
            assert_eq!(client.answer().status, status, "{program} {length}");
        }
    }
}

#[test]
fn a_truncated_body_is_the_same_problem_on_both_servers() {
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    for (fields, body) in [
        ("Content-Length: 33\r\n".to_owned(), &DJANGO[..20]),
        (format!("{upgrade}Content-Length: 33\r\n"), &DJANGO[..20]),
        ("Transfer-Encoding: chunked\r\n".to_owned(), "21\r\n{\"name\":"),
        ("Transfer-Encoding: chunked\r\n".to_owned(), "x\r\n{"),
    ] {
        let answers = SERVERS.map(|program| {
            let server = Server::start(program, &[]);
            let mut client = server.connect();
            client.send(post(&fields) + body);
            client.close_sending();
            let answer = client.answer();
            assert_eq!(answer.status, 400, "{program} {fields}");
            assert_eq!(server.package("django"), Err(404));
            answer.body
        });
        assert_eq!(answers[0], answers[1], "{fields}");
        assert!(answers[0].contains("\"type\":\"urn:problem-type:pyaday:"), "{}", answers[0]);
    }
}

/// The README has these in a table: nothing that is mounted in a framework can change them.
#[test]
fn answers_of_the_frameworks_are_as_the_readme_says() {
    let json = "Content-Type: application/json\r\n";
    let posted = |fields: &str, body: &str| post(fields) + body;
    let fields: String = (0..97).map(|number| format!("X-{number}: a\r\n")).collect();
    for (request, statuses) in [
        (format!("GET /rand HTTP/1.1\r\nHost: a\r\n{fields}\r\n"), [200, 431]),
        (posted("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"), [422, 400]),
        (
            posted("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"),
            [422, 400],
        ),
        (posted("Transfer-Encoding: gzip, chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"), [422, 400]),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(70_000)), [414, 400]),
        (format!("POST /packages HTTP/1.0\r\n{json}\r\n"), [400, 400]),
    ] {
        for (program, status) in SERVERS.into_iter().zip(statuses) {
            let server = Server::start(program, &["--hosts", "*"]);
            let mut client = server.connect();
            client.send(&request);
            assert_eq!(client.answer().status, status, "{program} {request:.200}");
        }
    }
}
