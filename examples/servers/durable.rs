//! What a server keeps in a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use crate::process::{Client, Process, SERVERS, Server, command, ending};

/// A path at which there is no file yet, and its URL.
fn fresh(name: &str) -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(fs::remove_file(&path));
    drop(fs::remove_file(path.with_extension("db-wal")));
    let url = format!("sqlite:{}", path.display());
    (path, url)
}

fn post(name: &str) -> String {
    let body = format!(r#"{{"name":"{name}","short_desc":""}}"#);
    let length = body.len();
    format!(
        "POST /packages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn a_file_keeps_the_catalogue_across_restarts() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        let (path, url) = fresh(&format!("restart-{number}.db"));
        let arguments = ["--store", &url];
        let server = Server::start(program, &arguments);
        let reported = server.process.error_line();
        let begins = format!("{}: 0 packages, SQLite 3.", path.display());
        assert!(reported.starts_with(&begins), "{reported}");
        let mut client = server.connect();
        client.send("DELETE /packages/sanic HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.answer().status, 204);
        client.send(post("Django"));
        assert_eq!(client.answer().status, 201);
        server.process.signal("TERM");
        assert_eq!(server.process.end().status.code(), Some(0));
        assert!(!path.with_extension("db-wal").exists());

        // The first packages are for a new catalogue only.
        let server = Server::start(program, &arguments);
        assert!(server.process.error_line().contains(": 3 packages, "));
        let django = r#"{"name":"Django","short_desc":""}"#;
        assert_eq!(server.package("django").unwrap(), django);
        assert_eq!(server.package("sanic").unwrap_err(), 404);
    }
}

#[test]
fn a_second_server_on_one_file_is_refused() {
    let (path, url) = fresh("twice.db");
    let _first = Server::start(SERVERS[0], &["--store", &url]);
    for program in SERVERS {
        let (code, stdout, stderr) = ending(program, &["--store", &url], b"");
        let expected = format!(
            "error: cannot open {}: it is in use: end the process that has it open, or open \
             another file\n",
            path.display()
        );
        assert_eq!((code, stdout.as_str(), stderr), (Some(1), "", expected));
    }
}

/// The server ends in one of several ways, under load. Every write that was acknowledged is there at
/// the next start.
#[test]
fn no_acknowledged_write_is_lost_when_a_server_ends() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        for signal in ["TERM", "INT", "KILL"] {
            let (_, url) = fresh(&format!("load-{number}-{signal}.db"));
            let arguments = ["--store", url.as_str()];
            let (acknowledged, status) = acknowledged_until(signal, program, &arguments);
            assert_eq!(status, if signal == "KILL" { None } else { Some(0) }, "{program} {signal}");
            let server = Server::start(program, &arguments);
            assert!(lost(&server, &acknowledged).is_empty(), "{program} {signal}");
        }
    }
}

/// The control: a store that keeps nothing.
#[test]
fn a_lost_acknowledged_write_is_detected() {
    let arguments = ["--store", "memory:"];
    let (acknowledged, _) = acknowledged_until("TERM", SERVERS[0], &arguments);
    assert_eq!(lost(&Server::start(SERVERS[0], &arguments), &acknowledged), acknowledged);
}

/// The names whose creation was acknowledged before a signal ended the server, and its exit code.
fn acknowledged_until(
    signal: &str,
    program: &str,
    arguments: &[&str],
) -> (Vec<String>, Option<i32>) {
    const CLIENTS: usize = 4;

    let server = Server::start(program, arguments);
    let address = server.address();
    let (sender, names) = mpsc::channel();
    let clients = (0..CLIENTS).map(|client| {
        let sender = sender.clone();
        thread::spawn(move || {
            let mut connection = Client::connect(address);
            for number in 0.. {
                let name = format!("p{client}-{number}");
                match connection.exchange(post(&name)) {
                    Some(201) => sender.send(name).unwrap(),
                    Some(other) => panic!("{other}"),
                    None => break,
                }
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    drop(sender);
    let mut acknowledged: Vec<_> = names.iter().take(200).collect();
    server.process.signal(signal);
    acknowledged.extend(names.iter());
    for client in clients {
        client.join().unwrap();
    }
    (acknowledged, server.process.end().status.code())
}

fn lost(server: &Server, names: &[String]) -> Vec<String> {
    names.iter().filter(|name| server.package(name).is_err()).cloned().collect()
}

#[test]
fn a_killed_import_leaves_whole_batches_and_can_be_completed() {
    let (_, url) = fresh("import.db");
    let rows: String = (0..40_000).map(|number| format!("p{number:05},\n")).collect();
    let text = format!("name,summary\n{rows}");
    let arguments = ["--store", url.as_str(), "--import", "-"];
    let mut process = Process::spawn_open(command(SERVERS[0], &arguments));
    // All but the end, so that it cannot be done; a row that is none tells how far it has come.
    process.write(&text.as_bytes()[..text.len() / 2]);
    process.write(b"no package,\n");
    process.wait_for("standard input:");
    process.signal("KILL");
    drop(process.end());

    let server = Server::start_with(SERVERS[0], &arguments, text.as_bytes());
    let present: usize = {
        let Some(count) = server.process.error_line().split(": ").nth(1).map(str::to_owned) else {
            panic!("it does not say how many packages there are");
        };
        count.split(' ').next().unwrap().parse().unwrap()
    };
    assert!(present > 0 && present < 40_000 && present.is_multiple_of(5_000), "{present}");
    let reported = server.process.error_line();
    let added = 40_000 - present;
    let expected =
        format!("imported standard input: 40000 read, {added} added, {present} present, 0 refused");
    assert_eq!(reported, expected);
}
