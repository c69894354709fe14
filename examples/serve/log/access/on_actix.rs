//! The access log in actix-web.

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _};
use pyaday_core::Actor;

/// Logs a request and its answer.
pub(crate) async fn logged<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut logged = super::Request::begin(request.method().as_str(), request.uri().path());
    let answer = next.call(request).await;
    match &answer {
        Ok(answer) => {
            let bytes = match answer.response().body().size() {
                _ if logged.method == "HEAD" => Some(0),
                BodySize::None => Some(0),
                BodySize::Sized(length) => Some(length),
                BodySize::Stream => None,
            };
            let extensions = answer.request().extensions();
            logged.end(answer.status().as_u16(), bytes, extensions.get::<Actor>());
        }
        Err(error) => logged.end(error.as_response_error().status_code().as_u16(), None, None),
    }
    answer
}
