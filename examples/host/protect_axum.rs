//! Only curators write, in axum.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use pyaday_core::{Api, PackageStore};

/// The sign-in of your service adds this to the extensions of a curator's request.
#[derive(Clone)]
pub struct Curator;

/// The catalogue, which anyone may read and only curators may write.
pub fn catalogue<S: PackageStore>(api: &Api<S>) -> Router {
    pyaday_axum::router(api).layer(from_fn(only_curators_write))
}

async fn only_curators_write(request: Request, next: Next) -> Response {
    let is_curator = request.extensions().get::<Curator>().is_some();
    if request.method().is_safe() || is_curator {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}
