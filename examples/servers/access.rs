//! Who may use a server, and under which names.

use std::fs;
use std::path::PathBuf;

use pyaday_core::Endpoint;

use crate::process::{Ended, Process, SERVERS, Server, command, ending, file};

pub(crate) const WRITE: &str = "w-0123456789-0123456789-s3cret";
pub(crate) const READ: &str = "r-0123456789-0123456789-s3cret";

/// What an unsafe method needs to be more than malformed.
pub(crate) const NO_BODY: &str = "Host: localhost\r\nContent-Length: 0\r\n";

/// Files with the two tokens.
pub(crate) fn token_files(test: &str) -> [String; 2] {
    [("write", WRITE), ("read", READ)].map(|(name, token)| {
        let path = file(&format!("{test}-{name}"), format!("{token}\n"));
        forbid_others(&path);
        path.to_str().unwrap().to_owned()
    })
}

/// Makes a file that only its owner can read.
pub(crate) fn forbid_others(path: &PathBuf) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// A server starts, or ends with a message before it has created anything.
#[test]
fn other_machines_can_reach_a_server_only_if_it_is_said_who_may_write() {
    let [write, read] = token_files("start");
    let (write, read) = (write.as_str(), read.as_str());
    let exposed = "give a token for writes with `--token-file FILE` or PYADAY_TOKEN, or refuse all \
                   writes with `--read-only`, or let everyone write with `--open`; or listen on \
                   127.0.0.1";
    let contradiction = "`--open` lets everyone read and write, so it cannot be used with a token: omit \
                         one of them";
    let nobody_writes = "there is a token for reads and none for writes: give one with `--token-file \
                         FILE` or PYADAY_TOKEN, or refuse all writes with `--read-only`";
    let two = "`--token-file` and PYADAY_TOKEN are both given: omit one of them";
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], Option<&'a str>, Option<&'a str>);
    // What is given, and the message on a loopback address and on another one.
    let cases: [Case<'_>; 17] = [
        (&[], &[], None, Some(exposed)),
        (&["--open"], &[], None, None),
        (&[], &[("PYADAY_OPEN", "true")], None, None),
        (&[], &[("PYADAY_OPEN", "false")], None, Some(exposed)),
        (&["--read-only"], &[], None, None),
        (&[], &[("PYADAY_READ_ONLY", "1")], None, None),
        (&["--token-file", write], &[], None, None),
        (&[], &[("PYADAY_TOKEN_FILE", write)], None, None),
        (&[], &[("PYADAY_TOKEN", WRITE)], None, None),
        (&["--token-file", write, "--read-token-file", read], &[], None, None),
        (&[], &[("PYADAY_TOKEN", WRITE), ("PYADAY_READ_TOKEN", READ)], None, None),
        (&["--read-token-file", read, "--read-only"], &[], None, None),
        (&["--read-token-file", read], &[], Some(nobody_writes), Some(nobody_writes)),
        (&["--open", "--token-file", write], &[], Some(contradiction), Some(contradiction)),
        (&["--open"], &[("PYADAY_READ_TOKEN", READ)], Some(contradiction), Some(contradiction)),
        (&["--token-file", write], &[("PYADAY_TOKEN", WRITE)], Some(two), Some(two)),
        (&["--hosts", "example.org"], &[], None, Some(exposed)),
    ];
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("exposed");
    // An earlier run may have left it.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut starts = 0;
    for (number, (args, variables, on_loopback, elsewhere)) in cases.into_iter().enumerate() {
        for (bind, refusal) in [
            ("127.0.0.1:0", on_loopback),
            ("localhost:0", on_loopback),
            ("127.9.9.9:0", on_loopback),
            ("0.0.0.0:0", elsewhere),
        ] {
            let program = SERVERS[number % 2];
            let case = format!("{program} {bind} {args:?} {variables:?}");
            let mut command = command(program, args);
            command.args(["--bind", bind]).envs(variables.iter().copied());
            let Some(refusal) = refusal else {
                let process = Process::spawn(command, b"");
                let line = process.line();
                assert!(line.is_some_and(|it| it.starts_with("listening on ")), "{case}");
                starts += 1;
                continue;
            };
            // Its standard input stays open: it would wait for it.
            command.args(["--store", "sqlite:new.db", "--import", "-"]).current_dir(&folder);
            let Ended { status, stdout, stderr } = Process::spawn_open(command).end();
            assert_eq!((status.code(), stdout.as_str()), (Some(1), ""), "{case}");
            let is_told = stderr.ends_with(&format!("{refusal}\n")) && stderr.lines().count() == 1;
            assert!(stderr.starts_with("error: ") && is_told, "{case}: {stderr}");
        }
    }
    assert_eq!(starts, 49);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

/// Each method of each endpoint, and whether it writes, or is the page for those who may import.
pub(crate) fn requests() -> impl Iterator<Item = (String, String, bool)> {
    Endpoint::ALL.iter().flat_map(|endpoint| {
        let path = endpoint.full_path().replace("{name}", "none").replace("{date}", "2026-11-23");
        // The guard is not asked about the files of the desk's pages: they are the same everywhere.
        let operations = endpoint.operations().iter().filter(|it| it.name() != "show_asset");
        operations.map(move |operation| {
            let method = operation.method().as_str().to_owned();
            (method, path.clone(), !operation.is_safe() || operation.name() == "show_import")
        })
    })
}

#[test]
fn a_server_on_a_loopback_address_answers_for_this_machine_only() {
    let public = "https://packages.example.org:8443/pyaday";
    for program in SERVERS {
        for (args, answered, refused) in [
            (
                &[][..],
                &[
                    "localhost",
                    "LOCALHOST.",
                    "localhost:1",
                    "127.0.0.1",
                    "127.0.0.1:80",
                    "[::1]:5000",
                ][..],
                &["evil.example", "localhost.evil.example", "127.0.0.2", "192.168.0.1", "", "a b"]
                    [..],
            ),
            (&["--bind", "localhost:0"], &["localhost"], &["evil.example"]),
            (&["--bind", "127.9.9.9:0"], &["127.9.9.9:5", "localhost"], &["127.9.9.8"]),
            (
                &["--public-url", public],
                &["packages.example.org", "packages.example.org:8443", "localhost"],
                &["example.org"],
            ),
            (
                &["--hosts", "a.example,b.example:81", "--hosts", "[::2]"],
                &["a.example:5", "b.example:81", "[::2]"],
                &["localhost", "b.example", "b.example:82"],
            ),
            (
                &["--hosts", "a.example", "--public-url", public],
                &["a.example", "packages.example.org"],
                &["localhost"],
            ),
            (&["--hosts", "*"], &["evil.example", ""], &[]),
            (&["--hosts", "a.example,*"], &["evil.example"], &[]),
        ] {
            let server = Server::start(program, args);
            for (hosts, status) in [(answered, 200), (refused, 421)] {
                for host in hosts {
                    let answer = server.ask("GET", "/packages/flask", &format!("Host: {host}\r\n"));
                    assert_eq!(answer.status, status, "{program} {args:?} {host:?}");
                    let names_option = answer.body.contains("option `--hosts`");
                    assert_eq!(names_option, status == 421, "{}", answer.body);
                }
            }
        }
        // Other machines know a server by names that it does not know.
        let mut command = command(program, &["--read-only"]);
        command.env("PYADAY_BIND", "0.0.0.0:0");
        let server = Server::listening(Process::spawn(command, b""));
        let answer = server.ask("GET", "/packages/flask", "Host: packages.example\r\n");
        assert_eq!(answer.status, 200);

        let args = ["--hosts", "a.example,https://b.example"];
        let (code, _, stderr) = ending(program, &args, b"");
        let message = "error: the host \"https://b.example\" of `--hosts` must be a host name in ASCII \
                       or an IP address, with or without a port, such as example.org or [::1]:5000\n";
        assert_eq!((code, stderr.as_str()), (Some(1), message));
    }
}

/// The package of a day is chosen at the first read of the day, and no client has asked for a write.
#[test]
fn a_read_only_server_changes_nothing_for_clients_and_still_opens_days() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("read-only.db");
    for program in SERVERS {
        for end in ["", "-wal", "-shm"] {
            // An earlier run may have left it.
            let _ = fs::remove_file(format!("{}{end}", path.display()));
        }
        let store = format!("sqlite:{}", path.display());
        let server = Server::start(program, &["--store", &store, "--read-only"]);
        assert_eq!(server.get("/daily").status, 200);
        for (method, path, is_write) in requests() {
            let answer = server.ask(&method, &path, NO_BODY);
            assert_eq!(answer.status == 403, is_write, "{program} {method} {path}");
            assert_eq!(answer.body.contains("`--read-only`"), is_write, "{}", answer.body);
        }
        let opened = server.get("/daily/feed.json").body;
        assert!(opened.contains("\"id\""), "{opened}");
    }
}

#[test]
fn the_version_is_that_of_the_program_and_of_sqlite() {
    for (program, name) in SERVERS.into_iter().zip(["serve-axum", "serve-actix"]) {
        let (code, stdout, stderr) = ending(program, &["--version"], b"");
        let version = format!(
            "{name} {}, SQLite {}\n",
            env!("CARGO_PKG_VERSION"),
            pyaday_sqlite::sqlite_version()
        );
        assert_eq!((code, stdout, stderr.as_str()), (Some(0), version, ""));
    }
}
