//! Between actix-web's types and those of the core: actix-web is on http 0.2, the core on http 1.
//!
//! Values cross as bytes. Text would lose what a client may send and HTTP allows.

use std::convert::Infallible;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::error::PayloadError;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_core::Stream;
use http_body::Frame;

/// The request in the core's types, with the fields that the core reads.
pub(crate) fn request(request: &HttpRequest, payload: web::Payload) -> http::Request<Payload> {
    let mut converted = http::Request::new(Payload(payload));
    // http 1 accepts every method and path that http 0.2 does, so neither conversion fails; if one
    // did, the core would refuse what the default stands for: GET of no package.
    *converted.method_mut() =
        http::Method::from_bytes(request.method().as_str().as_bytes()).unwrap_or_default();
    let uri = match (request.uri().authority(), request.uri().path_and_query()) {
        (None, Some(path)) => Bytes::copy_from_slice(path.as_str().as_bytes()),
        _ => Bytes::from(request.uri().to_string()),
    };
    *converted.uri_mut() = http::Uri::from_maybe_shared(uri).unwrap_or_default();
    for name in pyaday_core::REQUEST_HEADERS {
        for value in request.headers().get_all(name.as_str()) {
            if let Ok(value) = http::HeaderValue::from_bytes(value.as_bytes()) {
                converted.headers_mut().append(name, value);
            }
        }
    }
    converted
}

/// The response in actix-web's types.
pub(crate) fn response(response: http::Response<Bytes>) -> HttpResponse<Answer> {
    let (parts, bytes) = response.into_parts();
    // The answer to a HEAD has a length without having the bytes.
    let length = parts.headers.get(http::header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    let answer = Answer { length: length.unwrap_or(bytes.len() as u64), bytes };
    let status = actix_web::http::StatusCode::from_u16(parts.status.as_u16());
    let mut converted = HttpResponse::with_body(status.unwrap_or_default(), answer);
    for (name, value) in &parts.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            converted.headers_mut().append(name, value);
        }
    }
    converted
}

/// The body of a request, for the core to read.
///
/// A [`web::Payload`] is not `Send`, and need not be: actix-web answers a request in the thread that
/// accepted it.
pub(crate) struct Payload(web::Payload);

impl http_body::Body for Payload {
    type Data = Bytes;
    type Error = PayloadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, PayloadError>>> {
        let next = Pin::new(&mut self.0).poll_next(context);
        next.map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

/// The body of a response.
pub(crate) struct Answer {
    length: u64,
    bytes: Bytes,
}

impl MessageBody for Answer {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.length)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let bytes = mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
    }
}
