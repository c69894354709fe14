//! A server that may have few files and connections open.

use std::fs;
use std::net::TcpStream;
use std::process::Command;

use crate::process::{Process, SERVERS, Server, command};

/// A server that a shell starts after this command.
fn started_after(shell: &str, program: &str) -> Server {
    let server = command(program, &[]);
    let mut command = Command::new("sh");
    command.args(["-c", &format!(r#"{shell} && exec "$@""#), "sh", program]);
    command.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Server::listening(Process::spawn_open(command))
}

/// The limits of descriptors of a process, the one that holds and the highest that it may set.
fn limits(process: &Process) -> Vec<String> {
    let limits = fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    files.split_whitespace().take(2).map(str::to_owned).collect()
}

#[test]
fn a_server_raises_its_limit_of_descriptors_as_far_as_it_may() {
    for program in SERVERS {
        let server = started_after("ulimit -Sn 100 && ulimit -Hn 700", program);
        assert_eq!(limits(&server.process), ["700", "700"]);
    }
    // The control: another program leaves it as it is.
    let mut sleep = Command::new("sh");
    sleep.args(["-c", "ulimit -Sn 100 && ulimit -Hn 700 && echo begun && exec cat"]);
    let sleep = Process::spawn_open(sleep);
    assert_eq!(sleep.line().as_deref(), Some("begun"));
    assert_eq!(limits(&sleep), ["100", "700"]);
}

#[test]
fn clients_that_only_connect_do_not_keep_others_out() {
    for program in SERVERS {
        let server = started_after("ulimit -n 300", program);
        let mut early = server.connect();
        let silent: Vec<_> =
            (0..600).map(|_| TcpStream::connect(("127.0.0.1", server.port())).unwrap()).collect();
        assert_eq!(server.get("/packages/flask").status, 200, "{program}");
        let line = server.process.error_line();
        let warning = "WARN connections: 150 are open, which is the limit; ";
        assert!(line.contains(warning), "{line}");
        assert!(early.is_closed());
        drop(silent);
    }
}
