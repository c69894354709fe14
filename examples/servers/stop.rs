//! How a server ends.

use std::process::Command;
use std::thread;

use crate::process::{Ended, Process, SERVERS, Server, command, file};

/// The signals that end a server, and the exit code of one that has not begun to listen.
const SIGNALS: [(&str, i32); 3] = [("TERM", 0), ("INT", 130), ("HUP", 129)];

const GET: &str = "GET /packages/flask HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The head of a request whose body the server is to ask for, so that one can tell when it waits.
const POST: &str = "POST /packages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                    Content-Length: 33\r\nExpect: 100-continue\r\n\r\n";

#[test]
fn a_signal_ends_the_server_with_success_and_one_line_of_output() {
    for (program, signal, _) in cases() {
        let server = Server::start(program, &[]);
        server.process.signal(signal);
        let Ended { status, stdout, stderr } = server.process.end();
        assert_eq!((status.code(), stdout.as_str()), (Some(0), ""), "{program} {signal}");
        assert_eq!(stderr, "stopping\n");
    }
}

#[test]
fn idle_connections_are_closed_at_once() {
    for (program, signal, _) in cases() {
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
fn a_request_in_progress_is_finished() {
    for (program, signal, _) in cases() {
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
fn a_stuck_client_does_not_keep_the_server_running() {
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
fn a_signal_during_the_import_ends_the_server() {
    for (program, signal, code) in cases() {
        let mut process = Process::spawn_open(command(program, &["--import", "-"]));
        process.write(b"name,summary\nno package,\n");
        process.wait_for("standard input:2: ");
        process.signal(signal);
        let Ended { status, stdout, stderr } = process.end();
        assert_eq!((status.code(), stdout.as_str()), (Some(code), ""), "{program} {signal}");
        assert_eq!(
            stderr,
            format!(
                "stopped by SIG{signal} before it listened; the import of standard input is not \
                 finished; until then: 1 read, 0 added, 0 present, 1 refused; the same import adds the \
                 rest\n"
            )
        );
    }
}

/// The batch that is written when the signal comes is written as a whole, and counted.
#[test]
fn a_signal_during_the_import_leaves_whole_batches() {
    for (number, (program, signal, code)) in cases().enumerate() {
        let path = file(&format!("stopped-{number}.db"), "");
        std::fs::remove_file(&path).unwrap();
        let arguments = ["--store", &format!("sqlite:{}", path.display()), "--import", "-"];
        let mut process = Process::spawn_open(command(program, &arguments));
        // One batch, and a row of the next.
        let rows: String = (0..=5_000).map(|number| format!("p{number},\n")).collect();
        process.write(format!("name,summary\n{rows}no package,\n").as_bytes());
        process.wait_for("standard input:5003: ");
        process.signal(signal);
        let Ended { status, stderr, .. } = process.end();
        assert_eq!(status.code(), Some(code), "{program} {signal}");
        // The signal may come before the batch is begun, but not while it is written.
        let added = if stderr.contains("5000 added") { 5_000 } else { 0 };
        let counts =
            format!("{added} added, 0 present, 1 refused; the same import adds the rest\n");
        assert!(stderr.contains(&counts), "{stderr}");
        let rest = file(&format!("rest-{number}.csv"), format!("name,summary\n{rows}"));
        let arguments = [arguments[0], arguments[1], "--import", rest.to_str().unwrap()];
        let server = Server::start(program, &arguments);
        server.process.signal("TERM");
        let stderr = server.process.end().stderr;
        let counts = format!("5001 read, {} added, {added} present, ", 5_001 - added);
        assert!(stderr.contains(&counts), "{stderr}");
    }
}

/// A shell ignores SIGINT in its background jobs, and what a process ignores its children ignore.
#[test]
fn a_signal_ends_a_server_that_was_started_with_the_signal_ignored() {
    for (program, signal, code) in cases().filter(|(_, signal, _)| *signal != "HUP") {
        for arguments in [&[][..], &["--import", "-"]] {
            let mut process = Process::spawn_open(ignoring(signal, &command(program, arguments)));
            if arguments.is_empty() {
                let server = Server::listening(process);
                server.process.signal(signal);
                assert_eq!(server.process.end().status.code(), Some(0), "{program} {signal}");
            } else {
                process.write(b"name,summary\nno package,\n");
                process.wait_for("standard input:2: ");
                process.signal(signal);
                assert_eq!(process.end().status.code(), Some(code), "{program} {signal}");
            }
        }
    }
}

/// This is what `nohup` does.
#[cfg(target_os = "linux")]
#[test]
fn a_server_that_was_started_with_sighup_ignored_outlives_it() {
    for program in SERVERS {
        let process = Process::spawn_open(ignoring("HUP", &command(program, &[])));
        let server = Server::listening(process);
        server.process.signal("HUP");
        server.process.signal("TERM");
        let Ended { status, stderr, .. } = server.process.end();
        // If the first signal had ended it, then the second would have come too late for an answer.
        assert_eq!((status.code(), stderr.as_str()), (Some(0), "stopping\n"), "{program}");
    }
}

/// The control of the test above: a program that does nothing about it outlives the signal.
#[test]
fn an_ignored_signal_does_not_end_another_program() {
    for (signal, _) in SIGNALS {
        let mut process = Process::spawn_open(ignoring(signal, &Command::new("cat")));
        process.write(b"begun\n");
        assert_eq!(process.line().as_deref(), Some("begun"));
        process.signal(signal);
        process.write(b"alive\n");
        assert_eq!(process.line().as_deref(), Some("alive"), "{signal}");
    }
}

/// The same command, started with a signal ignored. A shell is the way without unsafe code.
fn ignoring(signal: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"trap "" "$0" && exec "$@""#, signal]).arg(command.get_program());
    shell.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

fn cases() -> impl Iterator<Item = (&'static str, &'static str, i32)> {
    let signals = |program| SIGNALS.map(|(signal, code)| (program, signal, code));
    SERVERS.into_iter().flat_map(signals)
}
