//! What the servers say to operators.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::process::{Answer, Client, PATIENCE, Process, SERVERS, Server, command};

const POST: &str = "POST /packages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                    Content-Length: 33\r\nExpect: 100-continue\r\n\r\n";

fn get(admin: SocketAddr, path: &str) -> Answer {
    Client::connect(admin).get(path)
}

/// The samples of Prometheus' text format, by their names with labels.
fn samples(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let samples = lines.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let plain = name.split('{').next().unwrap();
        assert!(plain.starts_with("pyaday_") || plain.starts_with("process_"), "{line}");
        assert!(plain.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
        assert!(name == plain || name.ends_with('}'), "{line}");
        (name, value.parse().unwrap())
    });
    let (mut all, mut count) = (BTreeMap::new(), 0);
    for (name, value) in samples {
        (count, _) = (count + 1, all.insert(name, value));
    }
    assert_eq!(all.len(), count, "no sample is there twice");
    all
}

#[test]
fn the_metrics_count_what_is_asked() {
    for program in SERVERS {
        let server = Process::spawn(command(program, &["--admin", "0"]), b"");
        let admin = Server::admin(&server);
        let server = Server::listening(server);
        for _ in 0..5 {
            assert_eq!(server.get("/packages/flask").status, 200);
            assert_eq!(server.get("/packages/secret-name").status, 404);
        }
        let answer = get(admin, "/metrics");
        assert_eq!(answer.status, 200, "{program}");
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        assert!(!answer.body.contains("secret"));
        let samples = samples(&answer.body);
        let sample = |name: &str| samples.get(name).copied();
        for (name, value) in [
            (r#"pyaday_requests_total{operation="read_package",status="200"}"#, 5.0),
            (r#"pyaday_requests_total{operation="read_package",status="404"}"#, 5.0),
            (r#"pyaday_problems_total{operation="read_package",problem="package-not-found"}"#, 5.0),
            (r#"pyaday_request_duration_seconds_count{operation="read_package"}"#, 10.0),
            (r#"pyaday_request_duration_seconds_bucket{operation="read_package",le="+Inf"}"#, 10.0),
            (r#"pyaday_store_call_duration_seconds_count{call="read"}"#, 10.0),
            (r#"pyaday_store_calls_in_progress{call="read"}"#, 0.0),
            (r#"pyaday_store_refused{calls="writes"}"#, 0.0),
            ("pyaday_store_packages", 3.0),
            ("pyaday_log_lines_lost_total", 0.0),
        ] {
            assert_eq!(sample(name), Some(value), "{program} {name} {}", answer.body);
        }
        assert!(sample("pyaday_store_revision").unwrap() > 1e15);
        // Every metric has a description and a type.
        for name in samples.keys() {
            let name = name.split('{').next().unwrap();
            let plain = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            for what in ["HELP", "TYPE"] {
                let line = format!("# {what} {} ", plain.unwrap_or(name));
                assert!(answer.body.contains(&line), "{line}");
            }
        }
        // A page of the Internet that gives this machine a name of its own reads nothing.
        for (host, status) in
            [("localhost", 200), ("127.0.0.1:1", 200), ("[::1]:1", 200), ("a.example", 421)]
        {
            let mut client = Client::connect(admin);
            client.send(format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            assert_eq!(client.answer().status, status, "{host}");
        }
        // The catalogue's own address has none of it.
        assert_eq!(server.get("/metrics").status, 404);
    }
}

#[test]
fn a_server_is_ready_from_the_end_of_its_import_until_it_is_stopped() {
    for program in SERVERS {
        let arguments = ["--admin", "0", "--import", "-"];
        let mut process = Process::spawn_open(command(program, &arguments));
        let admin = Server::admin(&process);
        process.write(b"name,summary\nno package,\n");
        process.wait_for("standard input:2: ");
        let answer = get(admin, "/readyz");
        let import = "not ready: the server waits for its database, or for the end of the first \
                      import into it\n";
        assert_eq!((answer.status, &*answer.body), (503, import), "{program}");
        assert_eq!(get(admin, "/livez").status, 200);
        process.write(b"flask,\n");
        process.close_stdin();
        let server = Server::listening(process);
        until(admin, 200, "ready\n");
        // A request that is not finished keeps the process from ending.
        let mut begun = server.connect();
        begun.send(POST);
        assert_eq!(begun.answer().status, 100);
        server.process.signal("TERM");
        until(admin, 503, "not ready: the server is stopping\n");
        assert_eq!(get(admin, "/livez").status, 200);
        begun.send(r#"{"name":"django","short_desc":""}"#);
        assert_eq!(begun.answer().status, 201);
        assert_eq!(server.process.end().status.code(), Some(0), "{program}");
    }
}

/// Waits until the server says so. It prints that it listens a moment before it knows.
fn until(admin: SocketAddr, status: u16, text: &str) {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let answer = get(admin, "/readyz");
        if (answer.status, &*answer.body) == (status, text) {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{answer:?}");
    }
}

#[test]
fn a_server_whose_database_is_away_lives_and_is_not_ready() {
    for program in SERVERS {
        let store = "postgres://secret:secret@127.0.0.1:1/packages";
        let process = Process::spawn(command(program, &["--admin", "0", "--store", store]), b"");
        let admin = Server::admin(&process);
        let server = Server::listening(process);
        let answer = get(admin, "/readyz");
        assert_eq!(answer.status, 503, "{program}");
        assert!(!answer.body.contains("secret"), "{}", answer.body);
        assert_eq!((get(admin, "/livez").status, get(admin, "/metrics").status), (200, 200));
        assert_eq!(server.get("/packages/flask").status, 503);
    }
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for program in SERVERS {
        let ended = Process::spawn(command(program, &["--admin", &address]), b"").end();
        assert_eq!(ended.status.code(), Some(1), "{program}");
        assert!(ended.stderr.starts_with(&format!("error: cannot listen on {address}")));
    }
}
