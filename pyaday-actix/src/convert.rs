//! Converts between the types of actix-web, which uses http 0.2, and those of the core, which uses
//! http 1.
//!
//! Header values are converted as bytes, because HTTP allows bytes that are not valid text.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, Version};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, dev};
use bytes::Bytes;
use futures_core::Stream;
use http_body::Frame;
use pyaday_core::{Actor, Body, BodyError};

/// Converts a request, with only the header fields and the extension that the core reads.
pub(crate) fn request(
    request: &HttpRequest,
    payload: dev::Payload,
    fields: &[http::HeaderName],
) -> http::Request<Payload> {
    let body = Payload { remaining: length(request, &payload), payload };
    let mut converted = http::Request::new(body);
    // http 1 accepts every method and URI that http 0.2 accepts, so the conversions do not fail. If
    // one failed, the core would get the default value: the method `GET`, or the path `/`, which
    // names no package.
    *converted.method_mut() =
        http::Method::from_bytes(request.method().as_str().as_bytes()).unwrap_or_default();
    let uri = match (request.uri().authority(), request.uri().path_and_query()) {
        (None, Some(path)) => Bytes::copy_from_slice(path.as_str().as_bytes()),
        _ => Bytes::from(request.uri().to_string()),
    };
    *converted.uri_mut() = http::Uri::from_maybe_shared(uri).unwrap_or_default();
    // A request has only a few fields. Iterating over them is faster than looking up each field
    // that the core reads.
    for (name, value) in request.headers() {
        if let Some(name) = fields.iter().find(|field| field.as_str() == name.as_str())
            && let Ok(value) = http::HeaderValue::from_bytes(value.as_bytes())
        {
            converted.headers_mut().append(name, value);
        }
    }
    // Only the host's sign-in puts it there, so most requests have none.
    if let Some(actor) = request.extensions().get::<Actor>() {
        converted.extensions_mut().insert(actor.clone());
    }
    converted
}

/// Converts a response to `request`.
pub(crate) fn response(request: &HttpRequest, response: http::Response<Body>) -> HttpResponse {
    let (parts, body) = response.into_parts();
    let status = actix_web::http::StatusCode::from_u16(parts.status.as_u16());
    let mut converted = HttpResponse::new(status.unwrap_or_default());
    // The response to a `HEAD` has no content, but the length of the response to a `GET`. An export
    // has none.
    let is_of_get = request.method() == Method::HEAD && parts.status == http::StatusCode::OK;
    let mut length = http_body::Body::size_hint(&body).exact().filter(|_| !is_of_get);
    for (name, value) in &parts.headers {
        // actix-web writes this field itself, from the size of the body.
        if name == http::header::CONTENT_LENGTH {
            length = value.to_str().ok().and_then(|value| value.parse().ok()).or(length);
        } else if let (Some(name), Some(value)) = (self::name(name), self::value(value)) {
            converted.headers_mut().append(name, value);
        }
    }
    // A client of HTTP/1.0 does not understand chunks (RFC 9112 §6.1). So content of unknown length
    // ends with the connection.
    if length.is_none() && request.version() < Version::HTTP_11 {
        converted.head_mut().no_chunking(true);
        converted.head_mut().set_connection_type(ConnectionType::Close);
    }
    converted.set_body(BoxBody::new(ResponseBody { length, body }))
}

/// Converts the name of a field. The names that every response has are not parsed.
fn name(name: &http::HeaderName) -> Option<HeaderName> {
    match *name {
        http::header::CACHE_CONTROL => Some(header::CACHE_CONTROL),
        http::header::CONTENT_TYPE => Some(header::CONTENT_TYPE),
        http::header::ETAG => Some(header::ETAG),
        http::header::X_CONTENT_TYPE_OPTIONS => Some(header::X_CONTENT_TYPE_OPTIONS),
        _ => HeaderName::from_bytes(name.as_str().as_bytes()).ok(),
    }
}

/// Converts the value of a field. The most frequent values are not copied.
fn value(value: &http::HeaderValue) -> Option<HeaderValue> {
    const FREQUENT: [&str; 4] = ["no-cache", "no-store", "nosniff", "application/json"];

    let frequent = FREQUENT.into_iter().find(|frequent| value == frequent);
    match frequent {
        Some(value) => Some(HeaderValue::from_static(value)),
        None => HeaderValue::from_bytes(value.as_bytes()).ok(),
    }
}

/// The length of the body of an HTTP/1 request that is not chunked (RFC 9112 §6.3).
///
/// actix-web finds this length itself, except for a request with `Upgrade: websocket`. For such a
/// request it passes on everything until the client closes the connection. If a middleware has
/// replaced the payload of the connection, the payload has its own length.
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

/// The body of a request, as the core reads it.
///
/// A [`dev::Payload`] is not `Send`. It need not be, because actix-web answers a request on the
/// thread that accepted it.
pub(crate) struct Payload {
    payload: dev::Payload,
    /// The number of bytes that are still to come, if it is known.
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
    /// The number of bytes that the client should expect. `None` if it is not known yet.
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
                // These are trailers. actix-web does not send them.
                Some(Ok(Err(_))) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    /// Returns the whole content, so that actix-web needs no boxed body. The response to a `HEAD`
    /// is excluded, because its length differs from its content.
    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { length, body } = self;
        match body.as_bytes().map(|bytes| bytes.len() as u64) == length {
            true => body.try_into_bytes().map_err(|body| Self { length, body }),
            false => Err(Self { length, body }),
        }
    }
}
