//! Sign-in with tokens, in axum.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::map_request_with_state;
use pyaday_core::{Api, PackageStore};

use crate::tokens::Tokens;

/// The catalogue. Its guard and its store learn whose token a request has.
pub fn catalogue<S: PackageStore>(api: &Api<S>, tokens: Arc<Tokens>) -> Router {
    pyaday_axum::router(api).layer(map_request_with_state(tokens, add_actor))
}

async fn add_actor(State(tokens): State<Arc<Tokens>>, mut request: Request) -> Request {
    let field = request.headers().get(AUTHORIZATION);
    if let Some(actor) = field.and_then(|field| tokens.actor(field.as_bytes())) {
        request.extensions_mut().insert(actor);
    }
    request
}
