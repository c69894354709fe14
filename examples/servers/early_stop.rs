//! How a server ends that is told to before it has its packages.

use std::fs;
use std::process::Command;

use crate::not_a_list::{folder, names};
use crate::process::{Ended, Process, SERVERS, Server, command};
use crate::watched::{until_it_catches_signals, until_it_has_open};

/// It says how many packages there are as soon as it has opened the file.
#[test]
fn a_signal_ends_a_server_that_opens_its_store() {
    let (folder, url) = folder("opening");
    let rows: String = (0..100_000).map(|number| format!("p{number},\n")).collect();
    let text = format!("name,summary\n{rows}");
    drop(Server::start_with(SERVERS[0], &["--store", &url, "--import", "-"], text.as_bytes()));
    let path = fs::canonicalize(folder.join("packages.db")).unwrap();
    for (number, program) in SERVERS.into_iter().enumerate() {
        let (signal, code) = [("TERM", 0), ("INT", 130)][number];
        let process = Process::spawn_open(command(program, &["--store", &url]));
        until_it_has_open(&process, &path);
        process.signal(signal);
        let Ended { status, stdout, stderr } = process.end();
        assert_eq!((status.code(), stdout.as_str()), (Some(code), ""), "{program} {signal}");
        assert_eq!(stderr, format!("stopped by SIG{signal} before it listened\n"));
    }
    // The control: nothing ends this one.
    let server = Server::start(SERVERS[0], &["--store", &url]);
    assert!(server.process.error_line().contains(": 100000 packages, "));
}

/// Opening a named pipe waits until somebody writes to it.
#[test]
fn nothing_is_created_until_the_source_of_the_import_is_open() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        for signal in ["TERM", "KILL"] {
            let (folder, url) = folder(&format!("pipe-{number}-{signal}"));
            let pipe = folder.join("pipe");
            assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            let arguments = ["--store", &url, "--import", pipe.to_str().unwrap()];
            let process = Process::spawn_open(command(program, &arguments));
            until_it_catches_signals(&process);
            process.signal(signal);
            let code = if signal == "TERM" { Some(0) } else { None };
            assert_eq!(process.end().status.code(), code);
            assert_eq!(names(&folder), ["pipe"]);
        }
    }
}
