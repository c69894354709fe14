//! How actix-web's requests keep to the limits of their connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_http::ConnectionType;
use actix_web::body::{BodySize, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _, HttpResponse};
use futures_util::Stream;

use crate::connection::{Answering, Connection, ReadBody, TooLate};

/// Answers a request, and tells its connection what it waits for.
pub(super) async fn answer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + Unpin>,
) -> Result<ServiceResponse<EitherBody<ResponseBody<impl MessageBody>>>, Error> {
    let Some(connection) = request.conn_data::<Arc<Connection>>().cloned() else {
        return Err(
            io::Error::other("a request came from another connection than those served").into()
        );
    };
    let remaining = remaining(&request);
    let answering = Answering::begin(&connection, remaining != Some(0));
    if remaining != Some(0) {
        let payload = request.take_payload();
        let reading = ReadBody::new(Arc::clone(&connection));
        request.set_payload(Payload::Stream {
            payload: Box::pin(RequestBody { payload, remaining, reading }),
        });
    }
    let mut response = next.call(request).await?;
    if connection.is_late() {
        let late = HttpResponse::RequestTimeout().force_close().finish();
        return Ok(response.into_response(late).map_into_right_body());
    }
    if connection.is_stopping() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response.map_body(|_, body| ResponseBody { body, answering }).map_into_left_body())
}

/// How many bytes of its body a request announces. `None` if it does not say how many there will be.
fn remaining(request: &ServiceRequest) -> Option<u64> {
    let fields = request.headers();
    if fields.contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let length = fields.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.trim().parse().ok());
    Some(length.unwrap_or(0))
}

/// The body of a request, which must come in time.
struct RequestBody {
    payload: Payload,
    /// If it is known. After a request that asks to upgrade the connection, actix-web passes on everything
    /// until the client closes the connection.
    remaining: Option<u64>,
    reading: ReadBody,
}

impl Stream for RequestBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, PayloadError>>> {
        if self.remaining == Some(0) {
            self.reading.received(None);
            return Poll::Ready(None);
        }
        let late =
            |late| Some(Err(PayloadError::Io(io::Error::new(io::ErrorKind::TimedOut, late))));
        if self.reading.is_late() {
            return Poll::Ready(late(TooLate));
        }
        let Poll::Ready(next) = Pin::new(&mut self.payload).poll_next(context) else {
            return self.reading.wait(context).map(late);
        };
        let mut chunk = next.transpose()?;
        if let (Some(chunk), Some(remaining)) = (&mut chunk, self.remaining) {
            chunk.truncate(usize::try_from(remaining).unwrap_or(usize::MAX));
            self.remaining = Some(remaining.saturating_sub(chunk.len() as u64));
        }
        self.reading.received(chunk.as_ref().map(Bytes::len));
        Poll::Ready(chunk.map(Ok))
    }
}

/// The body of a response. The request is answered when it is dropped.
pub(super) struct ResponseBody<B> {
    body: B,
    answering: Answering,
}

impl<B: MessageBody + Unpin> MessageBody for ResponseBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { body, answering } = self;
        body.try_into_bytes().map_err(|body| Self { body, answering })
    }
}
