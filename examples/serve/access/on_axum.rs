//! The rules in axum.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, COOKIE, ORIGIN,
};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{map_request, map_request_with_state};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::AccessRules;
use super::origins::{EXPOSED, FIELDS, Origins};

impl AccessRules {
    /// Puts the rules around an application.
    pub(crate) fn around(&self, app: Router) -> Router {
        let app = match self.policy.needs_token() {
            true => app.layer(map_request_with_state(self.clone(), sign_in)),
            false => app,
        };
        match &self.origins {
            None => app,
            Some(origins) => app
                .layer(map_request(show_options))
                .layer(cors(origins))
                .layer(map_request(hide_options)),
        }
    }
}

/// Tells the catalogue who sends a request.
async fn sign_in(State(rules): State<AccessRules>, mut request: Request) -> Request {
    let fields = request.headers().get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    let cookies = request.headers().get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    if let Some(actor) = rules.actor(fields, cookies) {
        request.extensions_mut().insert(actor);
    }
    request
}

/// Lets pages of the origins use the catalogue.
fn cors(origins: &Arc<Origins>) -> CorsLayer {
    let methods = origins.methods().iter().filter_map(|it| it.parse::<Method>().ok());
    let origins = Arc::clone(origins);
    CorsLayer::new()
        .allow_methods(methods.collect::<Vec<_>>())
        .allow_headers(FIELDS.map(HeaderName::from_static))
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .allow_origin(AllowOrigin::predicate(move |origin, _| origins.allow(origin.as_bytes())))
        .vary([ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_REQUEST_HEADERS])
}

/// Marks a request whose method is `OPTIONS`, and which now has another method.
#[derive(Clone)]
struct Hidden;

/// tower-http takes every `OPTIONS` request for a preflight request, and answers it. One that does not
/// ask for a method is not a preflight request: it asks which methods a path has. So it passes that
/// layer with another method.
async fn hide_options(mut request: Request) -> Request {
    let method = request.headers().get(ACCESS_CONTROL_REQUEST_METHOD);
    let is_preflight = method.is_some_and(|it| Method::from_bytes(it.as_bytes()).is_ok());
    if request.method() == Method::OPTIONS && !is_preflight {
        *request.method_mut() = Method::GET;
        request.extensions_mut().insert(Hidden);
    }
    request
}

async fn show_options(mut request: Request) -> Request {
    if request.extensions_mut().remove::<Hidden>().is_some() {
        *request.method_mut() = Method::OPTIONS;
    }
    request
}
