//! The access log in axum.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, map_request};
use axum::response::Response;
use pyaday_core::Actor;

/// Where a layer further in notes who has sent a request: an outer layer does not see what the inner ones
/// add to it.
#[derive(Clone, Default)]
struct Sender(Arc<OnceLock<Actor>>);

/// Logs the requests of an application and their answers, if they are to be logged.
pub(crate) fn log(app: Router) -> Router {
    if super::is_on() { app.layer(from_fn(log_one)) } else { app }
}

/// The same application, which says who has sent a request, if that is to be logged. This is further in
/// than whatever finds it out.
pub(crate) fn log_actor(app: Router) -> Router {
    if super::is_on() { app.layer(map_request(note_actor)) } else { app }
}

async fn log_one(mut request: Request, next: Next) -> Response {
    let mut logged = super::Request::begin(request.method().as_str(), request.uri().path());
    let sender = Sender::default();
    request.extensions_mut().insert(sender.clone());
    let is_head = logged.method == "HEAD";
    let response = next.run(request).await;
    let bytes = if is_head { Some(0) } else { response.body().size_hint().exact() };
    logged.end(response.status().as_u16(), bytes, sender.0.get());
    response
}

async fn note_actor(request: Request) -> Request {
    let extensions = request.extensions();
    if let (Some(sender), Some(actor)) = (extensions.get::<Sender>(), extensions.get::<Actor>()) {
        // There is one sender, however often it is noted.
        let _ = sender.0.set(actor.clone());
    }
    request
}
