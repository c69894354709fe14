//! How a server ends.

use std::os::unix::process::ExitStatusExt;
use std::thread;

use crate::process::{Ended, Process, SERVERS, Server, command};

const SIGNALS: [&str; 2] = ["TERM", "INT"];

const GET: &str = "GET /packages/flask HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The head of a request whose body the server is to ask for, so that one can tell when it waits.
const POST: &str = "POST /packages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                    Content-Length: 33\r\nExpect: 100-continue\r\n\r\n";

#[test]
fn a_signal_ends_it_with_success_and_nothing_but_its_line_on_standard_output() {
    for (program, signal) in cases() {
        let server = Server::start(program, &[]);
        server.process.signal(signal);
        let Ended { status, stdout, stderr } = server.process.end();
        assert_eq!((status.code(), stdout.as_str()), (Some(0), ""), "{program} {signal}");
        assert_eq!(stderr, "stopping\n");
    }
}

#[test]
fn connections_that_idle_are_closed_at_once() {
    for (program, signal) in cases() {
        let server = Server::start(program, &[]);
        let mut idle = server.connect();
        idle.send(GET);
        assert_eq!(idle.answer().status, 200);
        server.process.signal(signal);
        assert!(idle.is_closed());
        assert_eq!(server.process.end().status.code(), Some(0), "{program} {signal}");
    }
}

#[test]
fn a_request_that_was_begun_is_finished() {
    for (program, signal) in cases() {
        let server = Server::start(program, &[]);
        let (mut begun, mut idle) = (server.connect(), server.connect());
        idle.send(GET);
        assert_eq!(idle.answer().status, 200);
        begun.send(POST);
        assert_eq!(begun.answer().status, 100);
        begun.send(r#"{"name":"django","#);

        server.process.signal(signal);
        // Closing this one is among the first things that it does.
        assert!(idle.is_closed());
        begun.send(r#""short_desc":""}"#);
        assert_eq!(begun.answer().status, 201, "{program} {signal}");
        assert!(begun.is_closed());
        assert_eq!(server.process.end().status.code(), Some(0), "{program} {signal}");
    }
}

#[test]
fn a_client_that_is_stuck_cannot_keep_it() {
    // In the head of a request, or in its body. It takes seconds, so all at once.
    thread::scope(|scope| {
        for program in SERVERS {
            for (request, asked) in [(&POST[..20], false), (POST, true)] {
                scope.spawn(move || {
                    let server = Server::start(program, &[]);
                    let mut stuck = server.connect();
                    stuck.send(request);
                    assert!(!asked || stuck.answer().status == 100);
                    server.process.signal("TERM");
                    assert_eq!(server.process.end().status.code(), Some(0), "{program}");
                });
            }
        }
    });
}

#[test]
fn a_signal_during_the_import_ends_it_too() {
    for (program, signal) in cases() {
        let mut process = Process::spawn_open(command(program, &["--import", "-"]));
        process.write(b"name,summary\nno package,\n");
        process.wait_for("standard input:2: ");
        process.signal(signal);
        let Ended { status, stdout, .. } = process.end();
        assert_eq!((status.code(), stdout.as_str()), (None, ""), "{program} {signal}");
        assert!(matches!((signal, status.signal()), ("TERM", Some(15)) | ("INT", Some(2))));
    }
}

fn cases() -> impl Iterator<Item = (&'static str, &'static str)> {
    SERVERS.into_iter().flat_map(|program| SIGNALS.map(|signal| (program, signal)))
}
