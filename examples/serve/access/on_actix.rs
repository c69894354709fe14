//! The rules in actix-web.

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::HttpMessage as _;
use actix_web::dev::{HttpServiceFactory, Service as _, ServiceRequest};
use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderValue};
use actix_web::middleware::Condition;
use actix_web::web::{self, ServiceConfig};

use super::AccessRules;
use super::origins::{EXPOSED, FIELDS, Origins};

impl AccessRules {
    /// Adds a service to an application, and the rules around it.
    pub(crate) fn add_service(
        &self,
        app: &mut ServiceConfig,
        service: impl HttpServiceFactory + 'static,
    ) {
        let cors = self.origins.as_ref().map(cors);
        if cors.is_none() && !self.policy.needs_token() {
            // Without rules, requests pass no further layer.
            app.service(service);
            return;
        }
        let rules = self.clone();
        let sign_in = web::scope("").service(service).wrap_fn(move |request, next| {
            rules.sign_in(&request);
            next.call(request)
        });
        app.service(sign_in.wrap(Condition::new(cors.is_some(), cors.unwrap_or_default())));
    }

    /// Tells the catalogue who sends a request.
    fn sign_in(&self, request: &ServiceRequest) {
        let fields = request.headers().get_all(AUTHORIZATION).map(HeaderValue::as_bytes);
        let cookies = request.headers().get_all(COOKIE).map(HeaderValue::as_bytes);
        if let Some(actor) = self.actor(fields, cookies) {
            request.extensions_mut().insert(actor);
        }
    }
}

/// Lets pages of the origins use the catalogue.
fn cors(origins: &Arc<Origins>) -> Cors {
    let methods = origins.methods().iter().copied();
    let origins = Arc::clone(origins);
    Cors::default()
        .allowed_methods(methods)
        .allowed_headers(FIELDS)
        .expose_headers(EXPOSED)
        .allowed_origin_fn(move |origin, _| origins.allow(origin.as_bytes()))
}
