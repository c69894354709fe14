//! The page in axum.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::COOKIE;
use axum::response::Response;
use axum::routing::{any, get};

use super::{MAX_FORM, PATH, STYLE_PATH, Visit, answer, style, to_desk, token, too_large};
use crate::{AccessRules, Prefix};

/// The way to the desk, and the page if anything needs a token.
pub(crate) fn routes(rules: &AccessRules, prefix: &Prefix) -> Router {
    let path = prefix.as_path().to_owned();
    let (page_path, style_path) = (format!("{path}/{PATH}"), format!("{path}/{STYLE_PATH}"));
    let to_desk = move |method| std::future::ready(to_desk(&method, &path).map(Body::from));
    let router = Router::new().route("/", any(to_desk));
    match rules.needs_token() {
        false => router,
        true => router
            .route(&style_path, get(|| async { style().map(Body::from) }))
            .route(&page_path, any(page).with_state(rules.clone())),
    }
}

async fn page(State(rules): State<AccessRules>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(form) = to_bytes(body, MAX_FORM).await else {
        return too_large().map(Body::from);
    };
    let cookies = parts.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let visit = Visit {
        method: &parts.method,
        site: parts.headers.get("sec-fetch-site").map(HeaderValue::as_bytes),
        origin: parts.headers.get("origin").map(HeaderValue::as_bytes),
        host: parts.headers.get("host").map(HeaderValue::as_bytes),
        actor: token(cookies).and_then(|token| rules.owner(token)),
        form: &form,
    };
    answer(&rules, &visit).map(Body::from)
}
