//! Only curators write, in actix-web.

use actix_web::body::MessageBody;
use actix_web::dev::{HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage, HttpResponse};
use pyaday_core::{Api, PackageStore};

/// The sign-in of your service adds this to the extensions of a curator's request.
pub struct Curator;

/// The catalogue, which anyone may read and only curators may write.
pub fn catalogue<S: PackageStore>(prefix: &str, api: &Api<S>) -> impl HttpServiceFactory + use<S> {
    pyaday_actix::scope(prefix, api).wrap(from_fn(only_curators_write))
}

async fn only_curators_write(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let is_curator = request.extensions().contains::<Curator>();
    if request.method().is_safe() || is_curator {
        Ok(next.call(request).await?.map_into_left_body())
    } else {
        let forbidden = HttpResponse::Forbidden().finish();
        Ok(request.into_response(forbidden).map_into_right_body())
    }
}
