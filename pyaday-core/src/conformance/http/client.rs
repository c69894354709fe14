//! An HTTP/1.1 client that sends exactly the bytes of a request and returns the bytes of the response.
//!
//! A real client library would repair or refuse many of the requests in the list.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A request. Any part of it may be malformed.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The target, in the form in which it is in the request line.
    pub target: Vec<u8>,
    /// The names and values of the fields. A name may occur several times.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Makes a request without fields and without a body.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (method, target) = (method.to_owned(), target.as_bytes().to_vec());
        Self { method, target, ..Self::default() }
    }

    /// Adds a field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    /// Sets a body in JSON, and the field `Content-Type`.
    #[must_use]
    pub fn json(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.header("content-type", "application/json")
    }

    /// True if the request has a field of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// The bytes of the request. The body has a length, unless a field says that it is chunked. If
    /// there is no `Host`, then one is added.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} ", self.method).into_bytes();
        bytes.extend(&self.target);
        bytes.extend(b" HTTP/1.1\r\nconnection: close\r\n");
        if !self.has("host") {
            bytes.extend(b"host: test\r\n");
        }
        for (name, value) in &self.headers {
            bytes.extend(name.as_bytes());
            bytes.extend(b": ");
            bytes.extend(value);
            bytes.extend(b"\r\n");
        }
        if self.has("transfer-encoding") {
            bytes.extend(b"\r\n");
            for chunk in self.body.chunks(1000) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            if !self.body.is_empty() && !self.has("content-length") {
                bytes.extend(format!("content-length: {}\r\n", self.body.len()).as_bytes());
            }
            bytes.extend(b"\r\n");
            bytes.extend(&self.body);
        }
        bytes
    }
}

/// A response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The names of the fields in lower case, and their values, sorted. `Date`, `Connection` and
    /// `Transfer-Encoding` are left out, because they come from the server.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// Makes a response. The names of the fields must be in lower case.
    pub fn new(
        status: u16,
        headers: impl IntoIterator<Item = (String, String)>,
        body: Vec<u8>,
    ) -> Self {
        let mut headers: Vec<_> = headers
            .into_iter()
            .filter(|(name, _)| {
                !matches!(name.as_str(), "date" | "connection" | "transfer-encoding")
            })
            .collect();
        headers.sort();
        Self { status, headers, body }
    }

    /// The value of a field, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The body as text. Bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Parses a response. The body is everything after the head, whatever length the head says.
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end =
            end.unwrap_or_else(|| panic!("no response: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).expect("a head is ASCII here");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').expect("a field has a colon");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        let headers: Vec<_> = headers.collect();
        let body = &bytes[end + 4..];
        let chunked = ("transfer-encoding".to_owned(), "chunked".to_owned());
        let body = match headers.contains(&chunked) && !body.is_empty() {
            true => without_chunks(body),
            false => body.to_vec(),
        };
        Self::new(status.expect("a status"), headers, body)
    }
}

/// The content of a body that is sent in chunks (RFC 9112 §7.1).
///
/// # Panics
/// Panics if the body ends before its last chunk.
fn without_chunks(mut body: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    loop {
        let end = body.windows(2).position(|window| window == b"\r\n").expect("a chunk's length");
        let length = std::str::from_utf8(&body[..end]).ok();
        let length = length.and_then(|length| usize::from_str_radix(length, 16).ok());
        let (chunk, rest) = body[end + 2..].split_at(length.expect("a length in hexadecimal"));
        content.extend(chunk);
        body = rest.strip_prefix(b"\r\n").expect("the end of a chunk");
        if chunk.is_empty() {
            return content;
        }
    }
}

/// Sends a request on a new connection, exactly as it is, and reads the response to its end.
///
/// # Panics
/// Panics if the server cannot be reached, does not respond within 30 seconds, or sends something
/// that is not HTTP/1.1.
pub fn send(address: SocketAddr, request: &Request) -> Response {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    // A server that never responds must fail the test, not hang it.
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // A server may respond before it has read everything, and stop reading.
    let _ = stream.write_all(&request.to_bytes());
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert!(!bytes.is_empty(), "no response to {request:?}: {error}");
    }
    Response::parse(&bytes)
}
