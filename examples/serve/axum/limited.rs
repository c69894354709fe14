//! How axum's connections and requests keep to the limits.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::CONNECTION;
use axum::http::{Request, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use axum_server::accept::Accept;
use http_body::{Frame, SizeHint};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::connection::{Answering, Connection, Connections, Place, ReadBody, Stream, TooLate};

/// Makes streams that keep to the limits of sockets.
#[derive(Clone)]
pub(super) struct MakeStream;

impl Accept<TcpStream, Limited> for MakeStream {
    type Stream = Stream;
    type Service = Limited;
    type Future = Ready<io::Result<(Stream, Limited)>>;

    fn accept(&self, socket: TcpStream, service: Limited) -> Self::Future {
        ready(Ok((Stream::new(socket, Arc::clone(&service.place)), service)))
    }
}

/// Makes the service of each connection, as soon as there is room for one. The connections are admitted
/// here, one after another and before the next one is accepted: their streams are made in tasks that run
/// in any order.
pub(super) struct MakeService {
    pub(super) app: Router,
    pub(super) connections: Arc<Connections>,
}

impl Service<SocketAddr> for MakeService {
    type Response = Limited;
    type Error = Infallible;
    type Future = Ready<Result<Limited, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.connections.poll_room(context).map(Ok)
    }

    fn call(&mut self, _: SocketAddr) -> Self::Future {
        let place = Arc::new(self.connections.admit());
        ready(Ok(Limited { app: self.app.clone(), place }))
    }
}

/// An application on one connection, which learns of the requests.
#[derive(Clone)]
pub(super) struct Limited {
    app: Router,
    place: Arc<Place>,
}

impl<B> Service<Request<B>> for Limited
where
    B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + Unpin + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.app, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let connection = Arc::clone(self.place.connection());
        let has_body = !request.body().is_end_stream();
        let answering = Answering::begin(&connection, has_body);
        request.extensions_mut().insert(Arc::clone(&connection));
        let request = request.map(|body| match has_body {
            true => {
                let reading = ReadBody::new(connection);
                Body::new(RequestBody { body, reading })
            }
            false => Body::empty(),
        });
        let response = self.app.call(request);
        Box::pin(async move {
            let response = response.await?;
            Ok(response.map(|body| Body::new(ResponseBody { body, _answering: answering })))
        })
    }
}

/// Answers a request whose body took too long with 408, whatever the application has made of it.
pub(super) async fn answer_late(
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    match connection.is_late() {
        true => (StatusCode::REQUEST_TIMEOUT, [(CONNECTION, "close")]).into_response(),
        false => response,
    }
}

/// The body of a request, which must come in time.
struct RequestBody<B> {
    body: B,
    reading: ReadBody,
}

impl<B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Unpin> HttpBody for RequestBody<B> {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.reading.is_late() {
            return Poll::Ready(Some(Err(TooLate.into())));
        }
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Pending => self.reading.wait(context).map(|late| Some(Err(late.into()))),
            Poll::Ready(frame) => {
                let frame = frame.transpose().map_err(Into::into)?;
                self.reading.received(frame.as_ref().map(|it| it.data_ref().map_or(0, Bytes::len)));
                Poll::Ready(frame.map(Ok))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a response. The request is answered when it is dropped.
struct ResponseBody {
    body: Body,
    _answering: Answering,
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Poll::Ready(ready!(Pin::new(&mut self.body).poll_frame(context)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
