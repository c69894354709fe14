//! Who may use a server, and under which names.

use std::fs;
use std::path::PathBuf;

use pyaday_core::Endpoint;

use crate::process::{Answer, Ended, Process, SERVERS, Server, command, ending, file};

const WRITE: &str = "w-0123456789-0123456789-s3cret";
const READ: &str = "r-0123456789-0123456789-s3cret";

/// What an unsafe method needs to be more than malformed.
const NO_BODY: &str = "Host: localhost\r\nContent-Length: 0\r\n";

/// Files with the two tokens.
fn token_files(test: &str) -> [String; 2] {
    [("write", WRITE), ("read", READ)].map(|(name, token)| {
        let path = file(&format!("{test}-{name}"), format!("{token}\n"));
        forbid_others(&path);
        path.to_str().unwrap().to_owned()
    })
}

/// Makes a file that only its owner can read.
fn forbid_others(path: &PathBuf) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Starts a server on a loopback address.
fn start(program: &str, args: &[&str], variables: &[(&str, &str)]) -> Server {
    let mut command = command(program, args);
    command.envs(variables.iter().copied());
    Server::listening(Process::spawn(command, b""))
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

/// Each method of each endpoint, and whether it writes.
fn requests() -> impl Iterator<Item = (String, String, bool)> {
    Endpoint::ALL.iter().flat_map(|endpoint| {
        let path = endpoint.full_path().replace("{name}", "none").replace("{date}", "2026-11-23");
        endpoint.operations().iter().map(move |operation| {
            let method = operation.method().as_str().to_owned();
            (method, path.clone(), !operation.is_safe())
        })
    })
}

/// The status of a refusal of access, or 0, and the challenge.
fn refusal(answer: &Answer) -> (u16, Option<&str>) {
    let status = if matches!(answer.status, 401 | 403) { answer.status } else { 0 };
    (status, answer.header("www-authenticate"))
}

#[test]
fn tokens_decide_who_reads_and_who_writes() {
    let challenge = Some("Bearer realm=\"pyaday\"");
    let unknown = Some("Bearer realm=\"pyaday\", error=\"invalid_token\"");
    let (allowed, absent) = ((0, None), (401, challenge));
    let (wrong, forbidden) = ((401, unknown), (403, None));
    let [write, read] = token_files("decide");
    let one: &[&str] = &["--token-file", &write];
    let both: &[&str] = &["--token-file", &write, "--read-token-file", &read];
    let [writes, reads] = [WRITE, READ].map(|token| format!("Authorization: Bearer {token}\r\n"));
    let lower = format!("authorization: bearer   {WRITE}\r\n");
    let twice = format!("{writes}{writes}");
    let longer = format!("Authorization: Bearer {WRITE}x\r\n");
    let shorter = format!("Authorization: Bearer {}\r\n", &WRITE[..WRITE.len() - 1]);
    let long = format!("Authorization: Bearer {}\r\n", "x".repeat(4000));
    // What is sent, and what becomes of reads and of writes.
    let one_token = [
        ("", allowed, absent),
        (writes.as_str(), allowed, allowed),
        (&lower, allowed, allowed),
        (&reads, wrong, wrong),
        (&twice, wrong, wrong),
        (&longer, wrong, wrong),
        (&shorter, wrong, wrong),
        (&long, wrong, wrong),
        ("Authorization: Bearer\r\n", wrong, wrong),
        ("Authorization: Bearer \r\n", wrong, wrong),
        // Another sign-in, perhaps of a proxy.
        ("Authorization: Basic dTpw\r\n", allowed, absent),
        ("Authorization: Bearerx y\r\n", allowed, absent),
        ("Authorization:\r\n", allowed, absent),
    ];
    let two_tokens = [
        ("", absent, absent),
        (writes.as_str(), allowed, allowed),
        (&reads, allowed, forbidden),
        (&longer, wrong, wrong),
        ("Authorization: Basic dTpw\r\n", absent, absent),
    ];
    let read_only = [("", allowed, forbidden), (&writes, allowed, forbidden)];
    for program in SERVERS {
        let mut with_read_only = one.to_vec();
        with_read_only.push("--read-only");
        for (args, rows) in
            [(one, &one_token[..]), (both, &two_tokens[..]), (&with_read_only, &read_only[..])]
        {
            let server = Server::start(program, args);
            for (fields, of_read, of_write) in rows {
                let (mut reads, mut writes) = (0, 0);
                for (method, path, is_write) in requests() {
                    let answer = server.ask(&method, &path, &format!("{NO_BODY}{fields}"));
                    let expected = if is_write { of_write } else { of_read };
                    assert_eq!(
                        refusal(&answer),
                        *expected,
                        "{program} {args:?} {method} {path} {fields}"
                    );
                    *if is_write { &mut writes } else { &mut reads } += 1;
                }
                assert!(reads > 5 && writes > 5);
            }
        }
        // The control: without a token, nothing is refused, whatever is sent.
        let server = Server::start(program, &[]);
        for (method, path, _) in requests() {
            let answer = server.ask(&method, &path, &format!("{NO_BODY}{longer}"));
            assert_eq!(refusal(&answer), allowed, "{program} {method} {path}");
        }
    }
}

#[test]
fn what_anyone_may_read_may_be_kept_by_shared_caches() {
    let [write, read] = token_files("caches");
    let fields = format!("Host: localhost\r\nAuthorization: Bearer {READ}\r\n");
    for program in SERVERS {
        for (args, is_public) in [
            (&["--token-file", &write][..], true),
            (&["--read-only"], true),
            (&["--token-file", &write, "--read-token-file", &read], false),
        ] {
            let server = Server::start(program, args);
            let fields = if is_public { "Host: localhost\r\n" } else { fields.as_str() };
            let today = server.ask("GET", "/daily", fields);
            assert_eq!(today.status, 200);
            let caches = today.header("cache-control").unwrap();
            assert_eq!(caches.contains("public"), is_public, "{program} {args:?} {caches}");
            assert_eq!(caches.contains("private"), !is_public, "{program} {args:?} {caches}");
        }
    }
}

#[test]
fn a_token_file_has_comments_names_and_two_tokens_for_rotation() {
    let text =
        format!("\u{feff}# The old one.\r\n\r\n  {WRITE}  \r\n\t#\r\nada lovelace: {READ}=\r\n");
    let path = file("rotation", text);
    forbid_others(&path);
    for program in SERVERS {
        let server = Server::start(program, &["--token-file", path.to_str().unwrap()]);
        for (token, status) in [
            (WRITE.to_owned(), 404),
            (format!("{READ}="), 404),
            (READ.to_owned(), 401),
            (format!("ada lovelace: {READ}="), 401),
            ("# The old one.".to_owned(), 401),
        ] {
            let fields = format!("{NO_BODY}Authorization: Bearer {token}\r\n");
            assert_eq!(server.ask("DELETE", "/packages/none", &fields).status, status, "{token}");
        }
        server.process.signal("TERM");
        assert_eq!(server.process.end().stderr, "stopping\n");
    }
}

/// No message repeats a line, or the path of the file, which may be a token by mistake.
#[test]
fn a_token_that_cannot_be_used_is_refused_with_the_rule() {
    let place = "the file that `--token-file` names";
    let length = "a token must have 24 to 1024 characters; `openssl rand -hex 32` makes a good one";
    let characters = "a token must consist of ASCII letters, digits and `-._~+/`, with `=` at its end \
                      only";
    let good = "s3cret-s3cret-s3cret-s3cret";
    for (number, (text, message)) in [
        (String::new(), format!("there is no token in {place}")),
        ("\n# s3cret\n".to_owned(), format!("there is no token in {place}")),
        ("s3cret".to_owned(), format!("line 1 of {place}: {length}")),
        (good[..23].to_owned(), format!("line 1 of {place}: {length}")),
        ("s3cret".repeat(171), format!("line 1 of {place}: {length}")),
        (format!("{good}\n\ns3cret {good}"), format!("line 3 of {place}: {characters}")),
        (format!("{good}=s3cret"), format!("line 1 of {place}: {characters}")),
        (format!("s3crét{good}"), format!("line 1 of {place}: {characters}")),
        (format!(":{good}"), format!("line 1 of {place}: the name must not be empty")),
        (
            format!("{good}\nada:{good}"),
            format!("a token in {place} is the same as another one: each must be there once"),
        ),
        (
            "s".repeat(300_000),
            format!(
                "cannot read {place}: it is longer than 256 KiB, so it is not a list of tokens"
            ),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let path = file(&format!("unusable-{number}"), text);
        forbid_others(&path);
        let (code, stdout, stderr) =
            ending(SERVERS[number % 2], &["--token-file", path.to_str().unwrap()], b"");
        assert_eq!((code, stdout.as_str()), (Some(1), ""));
        assert_eq!(stderr, format!("error: {message}\n"));
    }
    let [write, read] = token_files("same");
    for program in SERVERS {
        let (code, _, stderr) = ending(program, &["--token-file", good], b"");
        assert_eq!(code, Some(1));
        assert!(
            stderr.starts_with(&format!("error: cannot read {place}: No such file")),
            "{stderr}"
        );
        assert!(!stderr.contains("s3cret"), "{stderr}");
        let (_, _, stderr) =
            ending(program, &["--token-file", &write, "--read-token-file", &write], b"");
        assert!(stderr.contains("the same as another one"), "{stderr}");
        for (variable, message) in [
            ("PYADAY_TOKEN", "there is no token in PYADAY_TOKEN"),
            ("PYADAY_READ_TOKEN", "there is no token in PYADAY_READ_TOKEN"),
        ] {
            let mut command = command(program, &["--read-only"]);
            command.env(variable, "");
            let Ended { status, stderr, .. } = Process::spawn(command, b"").end();
            assert_eq!((status.code(), stderr), (Some(1), format!("error: {message}\n")));
        }
        // The control.
        Server::start(program, &["--token-file", &write, "--read-token-file", &read]);
    }
}

#[cfg(unix)]
#[test]
fn a_token_file_that_everyone_can_read_is_reported() {
    use std::os::unix::fs::PermissionsExt;

    let [write, _] = token_files("readable");
    for program in SERVERS {
        for (mode, is_reported) in [(0o644, true), (0o604, true), (0o640, false), (0o600, false)] {
            fs::set_permissions(&write, fs::Permissions::from_mode(mode)).unwrap();
            let server = Server::start(program, &["--token-file", &write]);
            server.process.signal("TERM");
            let stderr = server.process.end().stderr;
            let warning = "warning: every user of this machine can read the file that \
                           `--token-file` names; `chmod o= FILE` changes that\n";
            assert_eq!(stderr.contains(warning), is_reported, "{mode:o} {stderr}");
        }
    }
}

#[test]
fn no_token_is_shown_anywhere() {
    let [write, read] = token_files("shown");
    for program in SERVERS {
        let variables = [("PYADAY_TOKEN", WRITE), ("PYADAY_READ_TOKEN", READ)];
        let by_file: &[&str] = &["--token-file", &write, "--read-token-file", &read];
        for (args, variables) in [(by_file, &[][..]), (&[], &variables[..])] {
            let server = start(program, args, variables);
            let mut shown = server.line.clone();
            for token in [WRITE, READ, "s3cret-s3cret-s3cret-s3cret"] {
                for (method, path) in [("DELETE", "/packages/none"), ("GET", "/packages/none")] {
                    let fields = format!("{NO_BODY}Authorization: Bearer {token}\r\n");
                    let answer = server.ask(method, path, &fields);
                    shown += &format!("{answer:?}");
                }
            }
            #[cfg(target_os = "linux")]
            {
                let id = server.process.id();
                shown += &fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap();
            }
            server.process.signal("TERM");
            let Ended { stdout, stderr, .. } = server.process.end();
            shown += &(stdout + &stderr);
            // The control: this is what was looked at.
            assert!(shown.contains("invalid_token") && shown.contains("stopping"), "{shown}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
        let files = [("PYADAY_TOKEN_FILE", WRITE), ("PYADAY_READ_TOKEN_FILE", READ)];
        for args in [&["--help"][..], &["-h"], &["--unknown"], &["--version"], &["--open"]] {
            let mut command = command(program, args);
            command.envs(variables).envs(files);
            let Ended { stdout, stderr, .. } = Process::spawn(command, b"").end();
            let shown = stdout + &stderr;
            assert!(!shown.is_empty() && !shown.contains("s3cret"), "{shown}");
            let names_them =
                shown.contains("PYADAY_TOKEN_FILE") && shown.contains("PYADAY_READ_TOKEN");
            assert!(names_them || args != ["--help"], "{shown}");
        }
        // A token cannot be an argument, which every user of the machine could see.
        let (code, _, stderr) = ending(program, &["--token=s3cret"], b"");
        assert!(code == Some(2) && !stderr.contains("s3cret"), "{stderr}");
    }
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

/// The package of a day is chosen at the first read of the day, which is no write of a client.
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
