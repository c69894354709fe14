//! CORS in axum.

use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_DISPOSITION, CONTENT_LOCATION, CONTENT_TYPE, ETAG,
    IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::CorsLayer;

/// Lets the pages of `origin`, such as `https://example.org`, use the catalogue.
pub fn cors(origin: HeaderValue) -> CorsLayer {
    let change_note = HeaderName::from_static("change-note");
    let methods =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let exposed = [
        ETAG,
        LINK,
        LOCATION,
        CONTENT_LOCATION,
        CONTENT_DISPOSITION,
        RETRY_AFTER,
        ALLOW,
        ACCEPT,
        ACCEPT_ENCODING,
        WWW_AUTHENTICATE,
        HeaderName::from_static("accept-patch"),
    ];
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods(methods)
        .allow_headers([CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, change_note])
        .expose_headers(exposed)
}
