//! CORS in actix-web.

use actix_cors::Cors;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_DISPOSITION, CONTENT_LOCATION, CONTENT_TYPE, ETAG,
    HeaderName, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};

/// Lets the pages of `origin`, such as `https://example.org`, use the catalogue.
pub fn cors(origin: &str) -> Cors {
    let accept_patch = HeaderName::from_static("accept-patch");
    let change_note = HeaderName::from_static("change-note");
    Cors::default()
        .allowed_origin(origin)
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, change_note])
        .expose_headers([ETAG, LINK, LOCATION, CONTENT_LOCATION, CONTENT_DISPOSITION])
        .expose_headers([RETRY_AFTER, ALLOW, ACCEPT, ACCEPT_ENCODING])
        .expose_headers([WWW_AUTHENTICATE, accept_patch])
}
