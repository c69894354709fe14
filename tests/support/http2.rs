//! An HTTP/2 client, without TLS and with prior knowledge.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::middleware::Connection;
use crate::support::client::{Answer, Request};
use crate::support::homes::Server;

/// A server that never answers must fail the test, not hang it.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection, which is driven while a request is under way.
pub(crate) struct Http2 {
    runtime: Runtime,
    sender: SendRequest<Full<Bytes>>,
}

impl Http2 {
    pub(crate) fn connect(server: &Server) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sender = runtime.block_on(async {
            let stream = TcpStream::connect(server.address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let handshake = handshake(TokioExecutor::new(), TokioIo::new(stream));
            let (sender, connection) = handshake.await.unwrap();
            tokio::spawn(connection);
            sender
        });
        Self { runtime, sender }
    }
}

async fn answer(
    sender: &mut SendRequest<Full<Bytes>>,
    request: &Request,
) -> Result<Answer, hyper::Error> {
    sender.ready().await?;
    let (parts, body) = sender.send_request(message(request)).await?.into_parts();
    let body = body.collect().await?.to_bytes().to_vec();
    let headers = parts.headers.iter().map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    Ok(Answer::new(parts.status.as_u16(), headers, body))
}

impl Connection for Http2 {
    /// A fault of the connection is an answer that no server gives.
    fn send(&mut self, request: &Request) -> Answer {
        let Self { runtime, sender } = self;
        let answer = runtime.block_on(async { timeout(PATIENCE, answer(sender, request)).await });
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {request:?}"));
        answer.unwrap_or_else(|error| Answer::new(0, [], format!("{error:?}").into_bytes()))
    }
}

/// The request in HTTP/2's terms: its host is part of the URI, and frames tell where its body ends.
fn message(request: &Request) -> http::Request<Full<Bytes>> {
    let host = request.headers.iter().find(|(name, _)| name == "host");
    // What is not a host cannot be sent.
    let host = host.filter(|(_, host)| http::uri::Authority::try_from(&host[..]).is_ok());
    let host = host.map_or(&b"test"[..], |(_, host)| host);
    let uri = match request.target.starts_with(b"/") {
        true => [b"http://", host, &request.target].concat(),
        // It is a whole URI already.
        false => request.target.clone(),
    };
    let mut builder = http::Request::builder().method(request.method.as_str()).uri(uri);
    for (name, value) in &request.headers {
        if name != "host" && name != "transfer-encoding" {
            builder = builder.header(name, value.as_slice());
        }
    }
    builder.body(Full::new(Bytes::from(request.body.clone()))).unwrap()
}
