//! What the servers log, and that logging cannot hurt.

use std::process::Command;

use crate::not_a_list::folder;
use crate::process::{Client, Ended, Process, SERVERS, Server, command};

/// A database that is not there: nobody listens on this port.
const NO_DATABASE: &str = "postgres://secret:secret@127.0.0.1:1/packages";

/// The count in a line such as `… 12,000 more lines`, if this is one.
fn more(line: &str) -> Option<u64> {
    let (count, _) = line.strip_prefix("… ")?.split_once(" more ")?;
    count.replace(',', "").parse().ok()
}

/// The value of a field in a line of the log.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let value = line.split_once(&format!(" {name}="))?.1;
    value.split(' ').next()
}

/// A pipe holds 64 KiB. Ten times as much is written to it, and nobody reads it.
#[test]
fn a_full_pipe_costs_lines_but_no_request_and_no_signal() {
    const REQUESTS: u64 = 10_000;

    for program in SERVERS {
        let (process, unread) = Process::spawn_mute(command(program, &["--access-log"]));
        let server = Server::listening(process);
        let mut client = server.connect();
        for _ in 0..REQUESTS {
            assert_eq!(client.get("/packages/flask").status, 200, "{program}");
        }
        server.process.signal("TERM");
        assert!(client.is_closed());
        let Ended { status, .. } = server.process.end();
        assert_eq!(status.code(), Some(0), "{program}");
        // The control: the pipe was full, since lines are missing. Nobody has read them, so nothing says
        // how many.
        let lines = unread.read().filter(|line| line.contains(" path=")).count() as u64;
        assert!((1..REQUESTS).contains(&lines), "{program}: {lines}");
    }
}

/// The thread that writes goes on when somebody reads again.
#[test]
fn the_number_of_lost_lines_is_said_once_the_pipe_is_read() {
    const REQUESTS: u64 = 10_000;

    for program in SERVERS {
        let (process, unread) = Process::spawn_mute(command(program, &["--access-log"]));
        let server = Server::listening(process);
        let mut client = server.connect();
        for _ in 0..REQUESTS {
            assert_eq!(client.get("/packages/flask").status, 200, "{program}");
        }
        let (mut written, mut lost) = (0, 0);
        for line in unread.read() {
            match more(&line) {
                None => written += 1,
                Some(count) => lost += count,
            }
            if written + lost == REQUESTS {
                break;
            }
        }
        assert!(written > 0 && lost > 0, "{program}: {written} {lost}");
    }
}

#[test]
fn a_flood_of_errors_is_a_few_lines_and_their_number() {
    const REQUESTS: u64 = 1_000;

    for program in SERVERS {
        let arguments = ["--store", NO_DATABASE];
        let server = Server::listening(Process::spawn(command(program, &arguments), b""));
        let mut client = server.connect();
        for _ in 0..REQUESTS {
            let answer = client.get("/packages/flask");
            assert_eq!(answer.status, 503, "{program}");
            assert!(!answer.body.contains("database"), "{}", answer.body);
        }
        let (mut failed, mut withheld) = (0, 0);
        while failed + withheld < REQUESTS {
            let line = server.process.error_line();
            assert!(!line.contains("secret"), "{line}");
            if let Some(count) = more(&line) {
                withheld += count;
                let about = " more like this: a request failed, problem=store-unavailable";
                assert!(line.ends_with(about), "{line}");
            } else if line.contains(" a request failed ") {
                failed += 1;
                assert!(
                    line.contains(" ERROR ") && line.contains("the server waits for its database")
                );
                assert_eq!(field(&line, "operation"), Some("\"read_package\""), "{line}");
                assert_eq!(field(&line, "name"), Some("flask"), "{line}");
            }
        }
        assert!(failed >= 20 && withheld > 0, "{program}: {failed} {withheld}");
    }
}

#[test]
fn the_access_log_has_a_line_for_each_request_without_secrets() {
    for program in SERVERS {
        let server = Server::start(program, &["--access-log"]);
        let length = server.get("/packages/flask").header("content-length").unwrap().to_owned();
        assert!(server.process.error_line().contains("status=200"));
        for (request, method, path, status, bytes) in [
            ("GET /packages/flask?token=secret", "GET", "/packages/flask", "200", &*length),
            ("HEAD /packages/flask", "HEAD", "/packages/flask", "200", "0"),
            ("DELETE /packages/sanic", "DELETE", "/packages/sanic", "204", "0"),
            ("GET /nothing%0a", "GET", "/nothing%0a", "404", "0"),
        ] {
            let mut client = server.connect();
            client.send(format!(
                "{request} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n\r\n"
            ));
            let line = server.process.error_line();
            let field = |name: &str| field(&line, name).unwrap().trim_matches('"').to_owned();
            assert_eq!((&*field("method"), &*field("path")), (method, path), "{program} {line}");
            assert_eq!((&*field("status"), &*field("bytes")), (status, bytes), "{program} {line}");
            assert!(field("duration_seconds").parse::<f64>().unwrap() > 0.0, "{line}");
            assert!(!line.contains("secret"), "{line}");
        }
        // The control: without the option, there are none.
        let server = Server::start(program, &[]);
        assert_eq!(server.get("/packages/flask").status, 200);
        server.process.signal("TERM");
        assert_eq!(server.process.end().stderr, "stopping\n");
    }
}

#[test]
fn the_access_log_says_whose_token_a_request_has_and_not_which() {
    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    for program in SERVERS {
        let mut command = command(program, &["--access-log"]);
        command.env("PYADAY_TOKEN", TOKEN);
        let server = Server::listening(Process::spawn(command, b""));
        for (token, actor) in [(Some(TOKEN), Some("\"writer\"")), (None, None)] {
            let token = token.map(|it| format!("Authorization: Bearer {it}\r\n"));
            let fields = format!("Host: localhost\r\n{}", token.unwrap_or_default());
            assert_eq!(server.ask("GET", "/packages/flask", &fields).status, 200);
            let line = server.process.error_line();
            assert_eq!(field(&line, "actor"), actor, "{program} {line}");
            assert!(!line.contains(TOKEN), "{line}");
        }
    }
}

#[test]
fn each_line_is_an_object_of_json_if_asked_for() {
    for program in SERVERS {
        let arguments = ["--access-log", "--log-format", "json", "--import", "-"];
        let input = b"name,summary\nno package,\nflask,\n";
        let server = Server::listening(Process::spawn(command(program, &arguments), input));
        assert_eq!(server.get("/packages/flask").status, 200);
        server.process.signal("TERM");
        let lines = server.process.end().stderr;
        let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap());
        let lines: Vec<serde_json::Value> = lines.collect();
        assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["level"] == "INFO"));
        let messages = lines.iter().filter_map(|line| line["message"].as_str());
        let messages: Vec<_> = messages.collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(messages[0].starts_with("standard input:2: "), "{messages:?}");
        assert_eq!(messages[2], "stopping");
        let access = lines.iter().find(|line| line["path"] == "/packages/flask").unwrap();
        assert_eq!((&access["status"], &access["method"]), (&200.into(), &"GET".into()));
    }
}

#[test]
fn an_error_of_the_start_is_said_whatever_the_level_is() {
    for program in SERVERS {
        for (arguments, expected) in [
            (["--log", "off", "--prefix", "x"], "error: the prefix \"x\" must begin with `/`\n"),
            (["--log", "error", "--prefix", "x"], "error: the prefix \"x\" must begin with `/`\n"),
        ] {
            let ended = Process::spawn(command(program, &arguments), b"").end();
            assert_eq!((ended.status.code(), &*ended.stderr), (Some(1), expected), "{program}");
        }
        let ended = Process::spawn(command(program, &["--log", "loud"]), b"").end();
        assert_eq!(ended.status.code(), Some(2));
        assert!(
            ended.stderr.contains("off, error, warn, info, debug or trace"),
            "{}",
            ended.stderr
        );
    }
}

/// A request that creates a package of about half a kilobyte. Its status.
fn post(client: &mut Client, number: usize) -> u16 {
    let body = format!(r#"{{"name":"p{number}","short_desc":"{}"}}"#, "x".repeat(500));
    let head = "POST /packages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    client.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()));
    client.answer().status
}

/// A limit of the size of files is a disk that is full, as far as the file is concerned.
#[cfg(target_os = "linux")]
#[test]
fn a_store_that_cannot_write_and_then_can_is_two_lines() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        let (_, url) = folder(&format!("full-{number}"));
        let mut shell = Command::new("sh");
        let ignoring = r#"trap "" XFSZ; exec "$@""#;
        shell.args(["-c", ignoring, "sh", program, "--bind", "127.0.0.1:0", "--store", &url]);
        let server = Server::listening(Process::spawn(shell, b""));
        let mut client = server.connect();
        assert_eq!(post(&mut client, 0), 201);
        let pid = server.process.id().to_string();
        let limit = |limit: &str| {
            let limit = format!("--fsize={limit}:unlimited");
            let set = Command::new("prlimit").args(["--pid", &pid, &limit]).status();
            assert!(set.unwrap().success());
        };
        // Also what is in the log finds no room in the database.
        limit("1");
        let refused = 1;
        assert_eq!(post(&mut client, refused), 503);
        // One more is not another line about the state.
        assert_eq!(post(&mut client, refused), 503);
        assert_eq!(client.get("/packages/p0").status, 200);
        limit("unlimited");
        assert_eq!(post(&mut client, refused), 201);
        server.process.signal("TERM");
        let lines = server.process.end().stderr;
        let about = |words: &str| lines.lines().filter(|line| line.contains(words)).count();
        assert_eq!(
            (about(": writes are refused: "), about(": writes are accepted again, after ")),
            (1, 1),
            "{lines}"
        );
        assert_eq!(about(" a request failed "), 2, "{lines}");
    }
}
