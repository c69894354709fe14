//! How long a client may take, and how many there may be. The limits are much shorter than those of the
//! programs, and each test has a client beside it that keeps to them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use pyaday_core::{Api, MemoryStore};
use pyaday_examples::{Actix, Axum, Limits, OnExisting, Source, import};
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::process::PATIENCE;

const GET: &str = "GET /packages/flask HTTP/1.1\r\nHost: localhost\r\n\r\n";

const HEAD: &str =
    "POST /packages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

/// A wait that is over before the patience of a test.
const SHORT: Duration = Duration::from_millis(300);

/// A wait that does not end in a test.
const LONG: Duration = Duration::from_secs(600);

/// A step of a client that is in time.
const STEP: Duration = Duration::from_millis(30);

/// Limits that nobody reaches.
fn wide() -> Limits {
    let mut limits = Limits::default();
    (limits.head, limits.body_progress, limits.body) = (LONG, LONG, LONG);
    (limits.answer, limits.idle, limits.lingering) = (LONG, LONG, LONG);
    limits.grace = Duration::from_secs(1);
    limits
}

/// Serves a catalogue on each framework with these limits, for a test.
fn on_both(limits: &Limits, test: impl Fn(SocketAddr)) {
    for is_axum in [true, false] {
        let listener = listening();
        let (address, limits) = (listener.local_addr().unwrap(), limits.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let server = thread::spawn(move || {
            Runtime::new().unwrap().block_on(async {
                let api = Api::new(filled().await);
                // If the test has failed, then the sender is dropped.
                let stop = async move { drop(stopped.await) };
                if is_axum {
                    let app: Router = pyaday_axum::router(&api);
                    Axum::serve_app(listener, app, limits, stop).await.unwrap();
                } else {
                    let app = move |config: &mut actix_web::web::ServiceConfig| {
                        config.service(pyaday_actix::scope("", &api));
                    };
                    Actix::serve_app(listener, app, limits, stop).await.unwrap();
                }
            });
        });
        test(address);
        stop.send(()).unwrap();
        server.join().unwrap();
    }
}

/// Takes an address as the servers do, with room for more clients than the standard library's listener
/// keeps until they are accepted. The system would only try the others again after some seconds.
fn listening() -> TcpListener {
    let listening = async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        socket.listen(1024).unwrap().into_std().unwrap()
    };
    Runtime::new().unwrap().block_on(listening)
}

/// A page of its packages has about 100 KB.
async fn filled() -> MemoryStore {
    let text = "x".repeat(500);
    let rows: String = (0..200).map(|number| format!("p{number},{text}\n")).collect();
    let source =
        Source::new("packages", std::io::Cursor::new(format!("name,summary\nflask,\n{rows}")));
    let store = MemoryStore::new();
    import(&store, source, OnExisting::Skip).await.unwrap();
    store
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends a request on a connection, and returns the status of its answer. `None` if the server has closed
/// the connection.
fn exchange(stream: &mut TcpStream, request: &str) -> Option<u16> {
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = [0; 4096];
    let length = stream.read(&mut bytes).unwrap();
    status(&bytes[..length])
}

fn status(answer: &[u8]) -> Option<u16> {
    std::str::from_utf8(answer).ok()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// Sends the same bytes again and again until the server closes the connection. The status of its last
/// answer, if it sent one.
fn drip(mut stream: TcpStream, first: &str, step: &[u8]) -> Option<u16> {
    stream.write_all(first.as_bytes()).unwrap();
    let sending = stream.try_clone().unwrap();
    let (ended, end) = std::sync::mpsc::channel::<()>();
    let step = step.to_vec();
    let dripping = thread::spawn(move || {
        while end
            .recv_timeout(STEP)
            .is_err_and(|it| it == std::sync::mpsc::RecvTimeoutError::Timeout)
            && (&sending).write_all(&step).is_ok()
        {}
    });
    let mut answer = Vec::new();
    // The connection may be reset, since the client still sends.
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    drop(ended);
    dripping.join().unwrap();
    status(&answer)
}

#[test]
fn a_head_must_come_in_time() {
    let mut limits = wide();
    limits.head = SHORT;
    on_both(&limits, |address| {
        let mut idle = connect(address);
        assert_eq!(exchange(&mut idle, GET), Some(200));
        assert_eq!(drip(connect(address), &GET[..30], b"a"), Some(408));
        // Neither must a client say nothing at all, nor be slow with a later head.
        assert_eq!(drip(connect(address), "", b""), None);
        let mut later = connect(address);
        assert_eq!(exchange(&mut later, GET), Some(200));
        assert_eq!(drip(later, &GET[..30], b"a"), Some(408));
        // The control: this one has waited longer, but between two requests.
        assert_eq!(exchange(&mut idle, GET), Some(200));
    });
}

#[test]
fn an_idle_connection_is_closed_in_time() {
    let mut limits = wide();
    limits.idle = SHORT;
    on_both(&limits, |address| {
        let mut silent = connect(address);
        let mut idle = connect(address);
        assert_eq!(exchange(&mut idle, GET), Some(200));
        assert_eq!(drip(idle, "", b""), None);
        // The control: this one has waited longer, but for its first request.
        assert_eq!(exchange(&mut silent, GET), Some(200));
    });
}

/// Both with a length and in chunks.
#[test]
fn a_body_must_make_progress() {
    let mut limits = wide();
    (limits.body_progress, limits.lingering) = (SHORT, SHORT);
    on_both(&limits, |address| {
        for framing in
            ["Content-Length: 1000\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"]
        {
            let answer = drip(connect(address), &format!("{HEAD}{framing}"), b"");
            assert_eq!(answer, Some(408), "{framing}");
        }
        // The control: this body takes longer, but there is progress.
        let mut steady = connect(address);
        steady.write_all(format!("{HEAD}Content-Length: 20\r\n\r\n").as_bytes()).unwrap();
        for _ in 0..19 {
            steady.write_all(b" ").unwrap();
            thread::sleep(STEP);
        }
        assert_eq!(exchange(&mut steady, " "), Some(400));
    });
}

#[test]
fn a_whole_body_must_come_in_time() {
    let mut limits = wide();
    (limits.body, limits.lingering) = (SHORT, SHORT);
    on_both(&limits, |address| {
        for (framing, step) in [
            ("Content-Length: 1000\r\n\r\n{", &b" "[..]),
            ("Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"1\r\n \r\n"),
        ] {
            let answer = drip(connect(address), &format!("{HEAD}{framing}"), step);
            assert_eq!(answer, Some(408), "{framing}");
        }
    });
    // The control: these bytes earn more time than they take.
    limits.body_rate = 1;
    on_both(&limits, |address| {
        let mut steady = connect(address);
        steady.write_all(format!("{HEAD}Content-Length: 20\r\n\r\n").as_bytes()).unwrap();
        for _ in 0..19 {
            steady.write_all(b" ").unwrap();
            thread::sleep(STEP);
        }
        assert_eq!(exchange(&mut steady, " "), Some(400));
    });
}

/// Many requests for a page or an export, so that the system cannot hold the answers.
fn requests(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").repeat(400)
}

#[test]
fn an_answer_must_be_read() {
    let mut limits = wide();
    limits.answer = SHORT;
    on_both(&limits, |address| {
        for target in ["/packages?limit=200", "/export"] {
            must_be_read(address, &requests(target));
        }
    });
}

fn must_be_read(address: SocketAddr, requests: &str) {
    let mut unread = connect(address);
    unread.set_write_timeout(Some(PATIENCE)).unwrap();
    // Writing fails once the server has reset the connection, and waits until then.
    let error = loop {
        if let Err(error) = unread.write_all(requests.as_bytes()) {
            break error.kind();
        }
    };
    assert!(matches!(error, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");

    // The control: this one reads slowly, and gets everything.
    let mut slow = connect(address);
    slow.write_all(requests.as_bytes()).unwrap();
    slow.write_all(b"GET /packages/flask HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let (mut bytes, mut part) = (0, vec![0; 4 * 1024 * 1024]);
    loop {
        match slow.read(&mut part).unwrap() {
            0 => break,
            length => bytes += length,
        }
        thread::sleep(STEP);
    }
    assert!(bytes > 400 * 100_000, "{bytes}");
}

#[test]
fn a_new_client_replaces_those_that_have_waited_longest() {
    let mut limits = wide();
    limits.connections = 128;
    on_both(&limits, |address| {
        // Its request is in progress, so it stays.
        let mut busy = connect(address);
        busy.write_all(
            format!("{HEAD}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n").as_bytes(),
        )
        .unwrap();
        let mut part = [0; 100];
        let length = busy.read(&mut part).unwrap();
        assert_eq!(status(&part[..length]), Some(100));
        let silent: Vec<_> = (0..600).map(|_| connect(address)).collect();
        let mut new = connect(address);
        assert_eq!(exchange(&mut new, GET), Some(200));
        for mut stream in silent.into_iter().take(400) {
            assert_eq!(stream.read(&mut part).unwrap(), 0);
        }
        assert_eq!(exchange(&mut busy, "{}"), Some(422));
        assert_eq!(exchange(&mut new, GET), Some(200));
    });
    // The control: without the limit they stay.
    on_both(&wide(), |address| {
        let mut silent: Vec<_> = (0..600).map(|_| connect(address)).collect();
        assert_eq!(exchange(&mut connect(address), GET), Some(200));
        for stream in &mut silent {
            assert_eq!(exchange(stream, GET), Some(200));
        }
    });
}

/// Sends a body as far as the server takes it, and returns the status and how many bytes it took.
fn overload(address: SocketAddr, request: &str) -> (Option<u16>, usize) {
    const MOST: usize = 256 * 1024 * 1024;
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).unwrap();
    let reading = stream.try_clone().unwrap();
    let answer = thread::spawn(move || {
        let (mut reading, mut bytes) = (reading, [0; 4096]);
        let length = reading.read(&mut bytes).unwrap();
        status(&bytes[..length])
    });
    let part = [b' '; 64 * 1024];
    let chunk = [b"10000\r\n", &part[..], b"\r\n"].concat();
    let mut sent = 0;
    while sent < MOST && stream.write_all(&chunk).is_ok() {
        sent += part.len();
    }
    (answer.join().unwrap(), sent)
}

/// The rest of a body that is too long, or that nobody asked for, is not read but for a few bytes. The
/// system takes some megabytes on its own account.
#[test]
fn a_refused_body_is_not_read() {
    const FEW: usize = 32 * 1024 * 1024;
    let get = "GET /packages/flask HTTP/1.1\r\nHost: localhost\r\n";
    let requests = [(HEAD, 413), (get, 200)];
    on_both(&wide(), |address| {
        for framing in ["Content-Length: 1000000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"]
        {
            for (head, expected) in requests {
                let (status, sent) = overload(address, &format!("{head}{framing}"));
                assert_eq!(status, Some(expected), "{framing}");
                assert!(sent < FEW, "{sent}");
            }
        }
    });
    // The control: more is read if more may be read.
    let mut limits = wide();
    limits.refused_body = usize::MAX;
    on_both(&limits, |address| {
        let request = format!("{HEAD}Content-Length: 1000000000\r\n\r\n");
        let (status, sent) = overload(address, &request);
        assert_eq!(status, Some(413));
        assert!(sent > FEW, "{sent}");
    });
}

/// A client that sends a little too much gets its answer, since the server reads the rest before it closes
/// the connection.
#[test]
fn the_answer_to_a_refused_body_arrives() {
    on_both(&wide(), |address| {
        for _ in 0..20 {
            let mut stream = connect(address);
            let body = " ".repeat(200 * 1024);
            let head = format!("{HEAD}Content-Length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            assert_eq!(status(&answer), Some(413));
        }
    });
}

/// Connections without a request are closed at once, and the others after their answers.
#[test]
fn stopping_waits_for_requests_only() {
    let mut limits = wide();
    limits.grace = LONG;
    let begun = Instant::now();
    on_both(&limits, |address| {
        for _ in 0..20 {
            let mut idle = connect(address);
            assert_eq!(exchange(&mut idle, GET), Some(200));
            // Nobody closes them on this side.
            std::mem::forget((idle, connect(address)));
        }
    });
    assert!(begun.elapsed() < LONG);
}
