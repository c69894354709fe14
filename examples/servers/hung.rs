//! A server that is told to stop and cannot finish what it has begun.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs, io, thread};

use crate::not_a_list::folder;
use crate::process::{Client, Ended, Process, SERVERS, Server, command};
use crate::watched::{until_a_thread_is_held, until_it_has_ended};

const POST: &str = "POST /packages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                    Content-Length: 33\r\n\r\n{\"name\":\"django\",\"short_desc\":\"\"}";

/// True if a program can be used here. If not, the test says so and ends, or fails where
/// `PYADAY_SKIP=forbid` says that nothing may be skipped.
fn is_there(test: &str, program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    let run = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if run.is_ok_and(|status| status.success()) {
        return true;
    }
    let skipped = format!("skipped: {test} needs `{program}`\n");
    assert!(env::var("PYADAY_SKIP").as_deref() != Ok("forbid"), "{skipped}");
    // Not by `eprint!`, whose output the test harness captures.
    io::stderr().write_all(skipped.as_bytes()).unwrap();
    false
}

/// A program as the first process of a container, with nothing else of one.
fn first_process(program: &Command) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(NAMESPACE).arg(program.get_program()).args(program.get_args());
    unshare.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    unshare
}

const NAMESPACE: [&str; 5] = ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];

/// Sends a signal to the only child of a process.
fn signal_child(process: &Process, signal: &str) {
    let id = process.id();
    let child = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let arguments = ["-s", signal, child.trim()];
    assert!(Command::new("kill").args(arguments).status().unwrap().success());
}

/// Makes each `fsync` of a process wait for longer than the test.
fn hang_fsync(process: &Process) -> Process {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-p", &process.id().to_string(), "-e", "trace=fsync,fdatasync"]);
    strace.args(["-e", "inject=fsync,fdatasync:delay_enter=60000000"]);
    let strace = Process::spawn_open(strace);
    strace.wait_for_part(" attached");
    strace
}

/// A server that has begun a write which does not end.
fn hung(program: &str, name: &str) -> (Server, Process, Client) {
    let (_, url) = folder(name);
    let server = Server::start(program, &["--store", &url]);
    let strace = hang_fsync(&server.process);
    let mut client = server.connect();
    client.send(POST);
    until_a_thread_is_held(&server.process);
    (server, strace, client)
}

/// Nothing is acknowledged that is not written: the client gets no answer.
#[test]
fn a_hung_disk_does_not_keep_a_server_running() {
    if !is_there("a hung disk", "strace", &["-V"]) {
        return;
    }
    thread::scope(|scope| {
        for (number, program) in SERVERS.into_iter().enumerate() {
            scope.spawn(move || {
                let (server, strace, mut client) = hung(program, &format!("hung-{number}"));
                server.process.signal("TERM");
                until_it_has_ended(&server.process);
                drop(strace);
                let Ended { status, stderr, .. } = server.process.end();
                assert_eq!(status.code(), Some(1), "{program}: {stderr}");
                assert!(stderr.contains("stopped at once, 9 seconds after SIGTERM"), "{stderr}");
                assert!(client.has_no_answer());
            });
        }
    });
}

/// Whoever cannot wait sends the signal again, more than a second later.
#[test]
fn a_second_signal_ends_a_server_at_once() {
    if !is_there("a hung disk", "strace", &["-V"]) {
        return;
    }
    for (number, program) in SERVERS.into_iter().enumerate() {
        let (server, strace, mut client) = hung(program, &format!("twice-{number}"));
        server.process.signal("TERM");
        server.process.wait_for("stopping");
        thread::sleep(Duration::from_millis(1_200));
        server.process.signal("INT");
        until_it_has_ended(&server.process);
        drop(strace);
        let Ended { status, stderr, .. } = server.process.end();
        assert_eq!(status.code(), Some(130), "{program}");
        assert!(stderr.contains("stopped at once by SIGINT, the second signal"), "{stderr}");
        assert!(client.has_no_answer());
    }
}

/// The kernel delivers to the first process of a container only what it has asked for.
#[test]
fn a_signal_ends_the_first_process_of_a_container() {
    if !is_there("a first process", "unshare", &[&NAMESPACE[..], &["true"]].concat()) {
        return;
    }
    for program in SERVERS {
        for signal in ["TERM", "INT", "HUP"] {
            let unshare = first_process(&command(program, &[]));
            let server = Server::listening(Process::spawn_open(unshare));
            signal_child(&server.process, signal);
            let Ended { status, stderr, .. } = server.process.end();
            assert_eq!((status.code(), stderr.as_str()), (Some(0), "stopping\n"), "{program}");
        }
    }
}

/// The control: a program that does not ask for the signal outlives it there.
#[test]
fn a_signal_does_not_end_another_first_process_of_a_container() {
    if !is_there("a control of a first process", "unshare", &[&NAMESPACE[..], &["true"]].concat()) {
        return;
    }
    let mut process = Process::spawn_open(first_process(&Command::new("cat")));
    process.write(b"begun\n");
    assert_eq!(process.line().as_deref(), Some("begun"));
    signal_child(&process, "TERM");
    process.write(b"alive\n");
    assert_eq!(process.line().as_deref(), Some("alive"));
}
