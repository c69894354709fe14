//! What tokens allow, and that nobody sees them.

use std::fs;

use crate::access::{NO_BODY, READ, WRITE, forbid_others, requests, token_files};
use crate::process::{Answer, Ended, Process, SERVERS, Server, command, ending, file};

/// Starts a server on a loopback address.
fn start(program: &str, args: &[&str], variables: &[(&str, &str)]) -> Server {
    let mut command = command(program, args);
    command.envs(variables.iter().copied());
    Server::listening(Process::spawn(command, b""))
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
}

/// The path may be a token by mistake.
#[test]
fn a_token_file_that_is_missing_is_reported_without_its_path() {
    for program in SERVERS {
        let (code, _, stderr) = ending(program, &["--token-file", "s3cret-s3cret"], b"");
        let beginning = "error: cannot read the file that `--token-file` names: No such file";
        assert!(code == Some(1) && stderr.starts_with(beginning), "{stderr}");
        assert!(!stderr.contains("s3cret"), "{stderr}");
    }
}

#[test]
fn a_variable_that_is_empty_is_refused() {
    for program in SERVERS {
        for variable in ["PYADAY_TOKEN", "PYADAY_READ_TOKEN"] {
            let mut command = command(program, &["--read-only"]);
            command.env(variable, "");
            let Ended { status, stderr, .. } = Process::spawn(command, b"").end();
            let message = format!("error: there is no token in {variable}\n");
            assert_eq!((status.code(), stderr), (Some(1), message));
        }
    }
}

#[test]
fn no_token_is_both_for_writes_and_for_reads() {
    let [write, read] = token_files("same");
    for program in SERVERS {
        let same = ["--token-file", &write, "--read-token-file", &write];
        let (code, _, stderr) = ending(program, &same, b"");
        let message = "error: a token in the file that `--read-token-file` names is the same as another \
                       one: each must be there once\n";
        assert_eq!((code, stderr.as_str()), (Some(1), message));
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
