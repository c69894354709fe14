//! Who has signed in, in axum.

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use pyaday_core::{Actor, Api, PackageStore};

/// The sign-in of your service adds this to the extensions of a request.
#[derive(Clone)]
pub struct User(pub String);

/// The catalogue. Its guard and its store learn who has signed in.
pub fn catalogue<S: PackageStore>(api: &Api<S>) -> Router {
    pyaday_axum::router(api).layer(map_request(add_actor))
}

async fn add_actor(mut request: Request) -> Request {
    if let Some(Ok(actor)) = request.extensions().get::<User>().map(|user| Actor::new(&user.0)) {
        request.extensions_mut().insert(actor);
    }
    request
}
