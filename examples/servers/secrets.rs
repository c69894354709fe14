//! No message shows the user information of a URL.

use pyaday_examples::{Error, StoreUrl, Url};

use crate::process::{Ended, Process, SERVERS, Server, command};

/// Runs a program that ends by itself; all that it writes.
fn written(args: &[&str], variables: &[(&str, &str)]) -> String {
    let both = SERVERS.map(|program| {
        let mut command = command(program, args);
        command.envs(variables.iter().copied());
        let Ended { stdout, stderr, .. } = Process::spawn(command, b"").end();
        format!("{stdout}{stderr}")
    });
    let [axum, actix] = both;
    axum + &actix
}

/// In all but the last, the host is shown, or else the test would not see what is written.
const URLS: [&str; 19] = [
    "mysql://s3cret:s3cret@host/packages",
    "sqlite://s3cret:s3cret@host/packages.db",
    "postgres:s3cret:s3cret@host/packages",
    "postgresql+psycopg2://s3cret:s3cret@host/packages",
    "s3cret:s3cret@host/packages.db",
    "mysql://s3cret:s3/c?r#s3cret@s3cret@host/packages",
    "mysql://s3cret:s3 s3cret\"s3cret@host/packages",
    "mysql://s3cret@host/packages?password=s3cret&x=1",
    "//s3cret:s3cret@host",
    // What comes before `://` is no scheme (RFC 3986 §3.1), but a part of the user information.
    "user:s3cret://s3cret@host/packages",
    "s3cret!://s3cret@host/packages",
    "1s3cret://s3cret@host/packages",
    "s3cret_s3cret://s3cret@host/packages",
    // What PostgreSQL's own programs take too: a value may stand in quotes, and spaces around `=`.
    "host=host password='x s3cret'",
    "host=host password = 'x\\'s3cret' user=s3cret",
    "host=host PASSWORD=x s3cret",
    "mysql://host/packages?password=x&s3cret&y=s3cret",
    "mysql://host/packages?pwd=s3cret&passwd=s3cret",
    // What comes before the last `@` may be a password.
    "host=… password='x@s3cret' dbname='s3cret'",
];

#[test]
fn an_invalid_store_url_is_shown_without_user_information() {
    for url in URLS {
        for text in [written(&["--store", url], &[]), written(&[], &[("PYADAY_STORE", url)])] {
            let is_shown = text.contains("host") || text.contains("the store \"…\"");
            assert!(is_shown && !text.contains("s3cret"), "{text}");
        }
        let url: Url = url.parse().unwrap();
        let error: Error = StoreUrl::try_from(&url).unwrap_err();
        assert!(!format!("{error:?} {url:?} {url}").contains("s3cret"));
    }
    let url: Url = "postgres://s3cret:s3cret@host/packages".parse().unwrap();
    let store = StoreUrl::try_from(&url).unwrap();
    assert_eq!(format!("{store:?}"), "Postgres(\"postgres://…@host/packages\")");
    // The control: this is how a database is reached.
    assert_eq!(url.as_str(), "postgres://s3cret:s3cret@host/packages");
}

#[test]
fn a_misplaced_url_is_shown_without_user_information() {
    let url = "postgres://s3cret:s3cret@host/packages";
    for text in [
        written(&[url], &[]),
        written(&["--store", "memory:", url], &[]),
        written(&[&format!("--on-existing={url}")], &[]),
        written(&["--on-existing", url], &[]),
        written(&[], &[("PYADAY_ON_EXISTING", url)]),
        written(&["--import", url], &[]),
        written(&["--bind", url], &[]),
        written(&["--prefix", url], &[]),
    ] {
        assert!(text.contains("host") && !text.contains("s3cret"), "{text}");
    }
    for text in [
        written(&["--unknown", url], &[]),
        written(&[&format!("--stores={url}")], &[]),
        written(&["--help"], &[("PYADAY_STORE", url)]),
        written(&["-h"], &[("PYADAY_STORE", url)]),
        written(&["--unknown", "host=host password='x s3cret'"], &[]),
        written(&["host=host password='x s3cret'"], &[]),
        written(&["--on-existing", "password='x s3cret'"], &[]),
        written(&["--import", "password='x s3cret'"], &[]),
    ] {
        assert!(!text.is_empty() && !text.contains("s3cret"), "{text}");
    }
}

#[test]
fn an_unusable_database_is_reported_without_user_information() {
    for rest in [
        "",
        "a:b:c/",
        "host/?what=1",
        "host/?sslmode=s3cret",
        "x@host/",
        "x?s3cret=1@host/",
        "host/?user=u&password=x&s3cret=1",
        "host/?user=u&password=x&s3cret",
        "host/?user=u&p%61ssword=x&s3cret=1",
    ] {
        let url = format!("postgres://s3cret:s3cret@{rest}");
        let text = written(&["--store", &url], &[]);
        assert!(text.contains("of the database") && !text.contains("s3cret"), "{text}");
    }
    let server = Server::start(SERVERS[0], &["--store", "postgres://s3cret:s3cret@127.0.0.1:1/x"]);
    let reported = server.process.error_line();
    assert!(reported.contains("unavailable") && !reported.contains("s3cret"), "{reported}");
    assert_eq!(server.get("/packages/flask").status, 503);
    let reported = server.process.error_line();
    assert!(reported.contains("store-unavailable") && !reported.contains("s3cret"), "{reported}");
}
