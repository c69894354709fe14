//! How a server starts, or why it does not.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use crate::process::{
    Client, Ended, PATIENCE, Process, SERVERS, Server, command, ending, free_address,
};

const FLASK: &str =
    r#"{"name":"flask","short_desc":"A simple framework for building complex web applications."}"#;

#[test]
fn the_server_prints_its_address_and_answers_there() {
    for program in SERVERS {
        let server = Server::start(program, &[]);
        assert_eq!(server.line, format!("listening on http://127.0.0.1:{}/", server.port()));
        assert_eq!(server.package("flask").unwrap(), FLASK);
        assert_eq!(server.get("/rand").status, 200);
        assert_eq!(server.get("/daily").status, 200);
        assert_eq!(server.get("/nothing").status, 404);
    }
}

#[test]
fn a_new_catalogue_holds_three_packages() {
    for program in SERVERS {
        let server = Server::start(program, &["--store", "memory:"]);
        assert_eq!(server.package("flask").unwrap(), FLASK);
        assert_eq!(
            server.package("sanic").unwrap(),
            r#"{"name":"sanic","short_desc":"A web server and web framework that's written to go fast. Build fast. Run fast."}"#
        );
        assert_eq!(
            server.package("poetry").unwrap(),
            r#"{"name":"poetry","short_desc":"Python dependency management and packaging made easy."}"#
        );
    }
}

#[test]
fn any_literal_path_can_be_the_prefix() {
    for program in SERVERS {
        for prefix in ["/api", "/API/v1.0", "/a-b_c~d/!$&'()+,;=:@", "/packages", "/..."] {
            let server = Server::start(program, &["--prefix", prefix]);
            let line = format!("listening on http://127.0.0.1:{}{prefix}", server.port());
            assert_eq!(server.line, line);
            let answer = server.get(format_args!("{prefix}/packages/flask"));
            assert_eq!((answer.status, answer.body.as_str()), (200, FLASK), "{program} {prefix}");
            assert_eq!(server.get(format_args!("{prefix}/rand")).status, 200);
            assert_eq!(server.get("/rand").status, 404);
            assert_eq!(server.get(prefix).status, 404);
        }
    }
}

#[test]
fn a_prefix_that_a_router_would_interpret_is_refused() {
    let invalid = [
        "",
        "api",
        "//",
        "/api/",
        "/a//b",
        "/a b",
        "/a?b",
        "/a#b",
        "/%61",
        "/é",
        "/{tenant}",
        "/a}",
        "/*",
        "/a*",
        "/:a",
        "/.",
        "/a/../b",
        "/\n",
    ];
    for program in SERVERS {
        for prefix in invalid {
            let (code, stdout, stderr) = ending(program, &["--prefix", prefix], b"");
            assert_eq!((code, stdout.as_str()), (Some(1), ""));
            let beginning = format!("error: the prefix {prefix:?} must ");
            assert!(stderr.starts_with(&beginning) && stderr.lines().count() == 1, "{stderr}");
        }
    }
}

/// The prefix is a part of the paths that arrive, so it follows the public URL.
#[test]
fn the_public_url_is_put_before_the_prefix() {
    for program in SERVERS {
        let url = "https://example.org/pyaday/";
        let server = Server::start(program, &["--public-url", url, "--prefix", "/api"]);
        let page = server.get("/api/packages?limit=1");
        let next = r#"<https://example.org/pyaday/api/packages?limit=1&after=flask>; rel="next""#;
        assert_eq!(page.header("link"), Some(next));
        let today = server.get("/api/daily");
        let location = today.header("content-location").unwrap();
        assert!(location.starts_with("https://example.org/pyaday/api/daily/2"), "{location}");
        // Where it listens stays what it was.
        assert_eq!(server.line, format!("listening on http://127.0.0.1:{}/api", server.port()));

        let server = Server::start(program, &[]);
        let page = server.get("/packages?limit=1");
        assert_eq!(page.header("link"), Some(r#"<?limit=1&after=flask>; rel="next""#));
    }
}

#[test]
fn an_invalid_public_url_is_refused() {
    let form = "must be an http or https URL with a host, such as https://example.org/pyaday";
    for program in SERVERS {
        for (url, rule) in [
            ("", form),
            ("example.org", form),
            ("ftp://example.org", form),
            ("https://user:secret@example.org", "must not have a user name or a password"),
            ("https://example.org?x=1", "must not have a query or a fragment"),
        ] {
            let (code, stdout, stderr) = ending(program, &["--public-url", url], b"");
            assert_eq!((code, stdout.as_str()), (Some(1), ""));
            assert_eq!(stderr, format!("error: the public URL {rule}\n"));
        }
    }
}

#[test]
fn options_can_be_environment_variables() {
    for program in SERVERS {
        let mut command = command(program, &[]);
        command.env("PYADAY_PREFIX", "/api").env("PYADAY_STORE", "memory:");
        command.env("PYADAY_IMPORT", "-").env("PYADAY_PUBLIC_URL", "https://example.org");
        let process = Process::spawn(command, b"name,summary\ndjango,A web framework.\n");
        let server = Server::listening(process);
        assert_eq!(server.get("/api/packages/django").status, 200);
        assert_eq!(server.get("/api/packages/flask").status, 404);
        let today = server.get("/api/daily");
        let location = today.header("content-location").unwrap();
        assert!(location.starts_with("https://example.org/api/daily/2"), "{location}");
    }
}

#[test]
fn an_invalid_store_url_is_refused_with_the_right_form() {
    let forms = "there are `memory:`, `sqlite:PATH` and `postgres://USER@HOST/DATABASE`";
    let urls = [
        ("", forms),
        ("sqlite:", forms),
        ("sqlite://", forms),
        ("mysql://localhost/packages", forms),
        ("memory", "write `memory:`"),
        ("memory:x", "write `memory:`"),
        ("memory://", "write `memory:`"),
        (":memory:", "write `memory:`"),
        ("sqlite::memory:", "write `memory:`"),
        ("sqlite://:memory:", "write `memory:`"),
        ("sqlite:///:memory:", "write `memory:`"),
        ("sqlite://x.db", "write `sqlite:x.db`"),
        ("sqlite:///x.db", "write `sqlite:x.db`, or `sqlite:/x.db` for an absolute path"),
        ("sqlite:////a/x.db", "write `sqlite:a/x.db`, or `sqlite:/a/x.db` for an absolute path"),
        ("sqlite:x.db?mode=rwc", "write `sqlite:x.db`"),
        ("sqlite:file:x.db", "write `sqlite:x.db`"),
        ("SQLite:x.db", "write `sqlite:x.db`"),
        ("sqlite3:x.db", "write `sqlite:x.db`"),
        ("file:x.db", "write `sqlite:x.db`"),
        ("packages.db", "write `sqlite:packages.db`"),
        ("postgres:", "write `postgres://USER@HOST/DATABASE`"),
        ("postgres:localhost/packages", "write `postgres://USER@HOST/DATABASE`"),
        ("postgresql+psycopg2://localhost/packages", "write `postgres://USER@HOST/DATABASE`"),
    ];
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("near-misses");
    fs::create_dir_all(&folder).unwrap();
    for (number, (url, advice)) in urls.into_iter().enumerate() {
        let mut command = command(SERVERS[number % 2], &["--store", url]);
        command.current_dir(&folder);
        let Ended { status, stdout, stderr } = Process::spawn(command, b"").end();
        assert_eq!((status.code(), stdout.as_str()), (Some(1), ""), "{url}");
        assert_eq!(stderr, format!("error: the store \"{url}\" is not supported: {advice}\n"));
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn an_unusable_database_is_refused() {
    for program in SERVERS {
        for (url, expected) in [
            ("postgres://", "the URL of the database names no host"),
            (
                "postgres://localhost/?sslmode=allow",
                "the parameter `sslmode` of the database cannot be `allow`: write `disable` or \
                 `require`",
            ),
        ] {
            let (code, stdout, stderr) = ending(program, &["--store", url], b"");
            assert_eq!((code, stdout.as_str()), (Some(1), ""));
            assert_eq!(stderr, format!("error: {expected}\n"));
        }
    }
}

/// It may come later.
#[test]
fn a_server_starts_without_its_database() {
    for program in SERVERS {
        let url = format!("postgres://pyaday@{}/pyaday", free_address());
        let server = Server::start(program, &["--store", &url]);
        let reported = server.process.error_line();
        let beginning = "PostgreSQL: the store is unavailable; nothing was written: ";
        assert!(reported.starts_with(beginning) && reported.contains("refused"), "{reported}");
        for path in ["/packages/flask", "/packages", "/rand", "/daily"] {
            assert_eq!(server.get(path).status, 503, "{path}");
        }
        assert_eq!(server.get("/openapi.json").status, 200);
    }
}

#[test]
fn an_unavailable_address_is_refused_before_the_import() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for program in SERVERS {
        for address in [&taken, "127.0.0.1", "127.0.0.1:99999", "192.0.2.1:0", ""] {
            // Its standard input stays open: it would wait for it.
            let command = command(program, &["--bind", address, "--import", "-"]);
            let Ended { status, stdout, stderr } = Process::spawn_open(command).end();
            assert_eq!((status.code(), stdout.as_str()), (Some(1), ""));
            let beginning = format!("error: cannot listen on {address}: ");
            assert!(stderr.starts_with(&beginning) && stderr.lines().count() == 1, "{stderr}");
        }
    }
}

#[test]
fn connections_are_refused_until_the_import_ends() {
    for program in SERVERS {
        let address = free_address();
        let arguments = ["--bind", &address.to_string(), "--import", "-"];
        let mut process = Process::spawn_open(command(program, &arguments));
        process.write(b"name,summary\nflask,\nno package,\n");
        process.wait_for("standard input:3: ");
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        process.close_stdin();
        let server = Server::listening(process);
        assert_eq!(server.package("flask").unwrap(), r#"{"name":"flask","short_desc":""}"#);
    }
}

#[test]
fn a_closed_standard_output_does_not_stop_the_server() {
    for program in SERVERS {
        let address = free_address();
        let arguments = ["--bind", &address.to_string(), "--import", "-"];
        let mut process = Process::spawn_unread(command(program, &arguments));
        process.write(b"name,summary\nflask,\n");
        process.close_stdin();
        process.wait_for("imported ");
        // Nothing tells that it listens now, but that it does.
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline);
            thread::yield_now();
        }
        let mut client = Client::connect(address);
        client.send("GET /packages/flask HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.answer().status, 200);
    }
}
