//! Between actix-web's types and those of the core: actix-web is on http 0.2, the core on http 1.
//!
//! Values cross as bytes. Text would lose what a client may send and HTTP allows.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, dev};
use bytes::Bytes;
use futures_core::Stream;
use http_body::Frame;
use pyaday_core::{Body, BodyError};

/// The request in the core's types, with the fields that the core reads.
pub(crate) fn request(
    request: &HttpRequest,
    payload: dev::Payload,
    fields: &[http::HeaderName],
) -> http::Request<Payload> {
    let body = Payload { remaining: length(request, &payload), payload };
    let mut converted = http::Request::new(body);
    // http 1 accepts every method and path that http 0.2 does, so neither conversion fails; if one
    // did, the core would refuse what the default stands for: GET of no package.
    *converted.method_mut() =
        http::Method::from_bytes(request.method().as_str().as_bytes()).unwrap_or_default();
    let uri = match (request.uri().authority(), request.uri().path_and_query()) {
        (None, Some(path)) => Bytes::copy_from_slice(path.as_str().as_bytes()),
        _ => Bytes::from(request.uri().to_string()),
    };
    *converted.uri_mut() = http::Uri::from_maybe_shared(uri).unwrap_or_default();
    // A request has few fields, and looking for each that it may have takes longer than looking at
    // those that it has.
    for (name, value) in request.headers() {
        if let Some(name) = fields.iter().find(|field| field.as_str() == name.as_str())
            && let Ok(value) = http::HeaderValue::from_bytes(value.as_bytes())
        {
            converted.headers_mut().append(name, value);
        }
    }
    converted
}

/// The response in actix-web's types.
pub(crate) fn response(response: http::Response<Body>) -> HttpResponse {
    let (parts, body) = response.into_parts();
    let status = actix_web::http::StatusCode::from_u16(parts.status.as_u16());
    let mut converted = HttpResponse::new(status.unwrap_or_default());
    // The answer to a HEAD has a length without having the bytes.
    let mut length = http_body::Body::size_hint(&body).exact();
    for (name, value) in &parts.headers {
        // actix-web writes this one itself, as the body says.
        if name == http::header::CONTENT_LENGTH {
            length = value.to_str().ok().and_then(|value| value.parse().ok()).or(length);
        } else if let (Some(name), Some(value)) = (self::name(name), self::value(value)) {
            converted.headers_mut().append(name, value);
        }
    }
    converted.set_body(BoxBody::new(ResponseBody { length, body }))
}

/// A field's name; those of every answer without reading it.
fn name(name: &http::HeaderName) -> Option<HeaderName> {
    match *name {
        http::header::CACHE_CONTROL => Some(header::CACHE_CONTROL),
        http::header::CONTENT_TYPE => Some(header::CONTENT_TYPE),
        http::header::ETAG => Some(header::ETAG),
        http::header::X_CONTENT_TYPE_OPTIONS => Some(header::X_CONTENT_TYPE_OPTIONS),
        _ => HeaderName::from_bytes(name.as_str().as_bytes()).ok(),
    }
}

/// A field's value; those of most answers without copying it.
fn value(value: &http::HeaderValue) -> Option<HeaderValue> {
    const FREQUENT: [&str; 4] = ["no-cache", "no-store", "nosniff", "application/json"];

    let frequent = FREQUENT.into_iter().find(|frequent| value == frequent);
    match frequent {
        Some(value) => Some(HeaderValue::from_static(value)),
        None => HeaderValue::from_bytes(value.as_bytes()).ok(),
    }
}

/// How long the body of a request in HTTP/1 is, if it is not in chunks (RFC 9112 §6.3).
///
/// actix-web finds that out by itself, but for a request with `Upgrade: websocket`: of that it hands
/// over all that comes until the client closes the connection. A payload that a middleware put in
/// place of the connection's has a length of its own.
fn length(request: &HttpRequest, payload: &dev::Payload) -> Option<u64> {
    let fields = request.headers();
    let is_in_chunks = fields.contains_key(header::TRANSFER_ENCODING);
    if !matches!(payload, dev::Payload::H1 { .. }) || is_in_chunks {
        return None;
    }
    let length =
        fields.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.trim().parse().ok());
    Some(length.unwrap_or(0))
}

/// The body of a request, for the core to read.
///
/// A [`dev::Payload`] is not `Send`, and need not be: actix-web answers a request in the thread that
/// accepted it.
pub(crate) struct Payload {
    payload: dev::Payload,
    /// How many bytes are still to come, if that is known.
    remaining: Option<u64>,
}

impl http_body::Body for Payload {
    type Data = Bytes;
    type Error = PayloadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, PayloadError>>> {
        if self.remaining == Some(0) {
            return Poll::Ready(None);
        }
        let next = ready!(Pin::new(&mut self.payload).poll_next(context));
        Poll::Ready(match (next, self.remaining) {
            (None, Some(_)) => Some(Err(PayloadError::Incomplete(None))),
            (Some(Ok(mut chunk)), Some(remaining)) => {
                chunk.truncate(usize::try_from(remaining).unwrap_or(usize::MAX));
                self.remaining = Some(remaining.saturating_sub(chunk.len() as u64));
                Some(Ok(Frame::data(chunk)))
            }
            (next, _) => next.map(|chunk| chunk.map(Frame::data)),
        })
    }
}

/// The body of a response.
struct ResponseBody {
    /// How many bytes the client is to expect; `None` if that is not known yet.
    length: Option<u64>,
    body: Body,
}

impl MessageBody for ResponseBody {
    type Error = BodyError;

    fn size(&self) -> BodySize {
        self.length.map_or(BodySize::Stream, BodySize::Sized)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            let frame = ready!(http_body::Body::poll_frame(Pin::new(&mut self.body), context));
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => return Poll::Ready(Some(Ok(data))),
                // Trailers, which actix-web does not send.
                Some(Ok(Err(_))) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    /// All of it at once, which spares a box; but not for an answer to a HEAD.
    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { length, body } = self;
        match body.as_bytes().map(|bytes| bytes.len() as u64) == length {
            true => body.try_into_bytes().map_err(|body| Self { length, body }),
            false => Err(Self { length, body }),
        }
    }
}
