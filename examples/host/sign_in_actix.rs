//! Sign-in with tokens, in actix-web.

use std::sync::Arc;

use actix_web::HttpMessage;
use actix_web::dev::{HttpServiceFactory, Service, ServiceRequest};
use actix_web::http::header::AUTHORIZATION;
use pyaday_core::{Api, PackageStore};

use crate::tokens::Tokens;

/// The catalogue. Its guard and its store learn whose token a request has.
pub fn catalogue<S: PackageStore>(
    prefix: &str,
    api: &Api<S>,
    tokens: Arc<Tokens>,
) -> impl HttpServiceFactory + use<S> {
    pyaday_actix::scope(prefix, api).wrap_fn(move |request: ServiceRequest, service| {
        let field = request.headers().get(AUTHORIZATION);
        if let Some(actor) = field.and_then(|field| tokens.actor(field.as_bytes())) {
            request.extensions_mut().insert(actor);
        }
        service.call(request)
    })
}
