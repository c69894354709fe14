//! The page in actix-web.

use actix_web::http::header::{COOKIE, HeaderValue};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use axum::http::{Method, Response};

use super::{MAX_FORM, PATH, STYLE_PATH, Visit, answer, style, to_desk, token, too_large};
use crate::{AccessRules, Prefix};

/// Adds the way to the desk, and the page if anything needs a token.
pub(crate) fn add_routes(app: &mut ServiceConfig, rules: &AccessRules, prefix: &Prefix) {
    let path = prefix.as_path().to_owned();
    let (page_path, style_path) = (format!("{path}/{PATH}"), format!("{path}/{STYLE_PATH}"));
    let to_desk = move |request: HttpRequest| {
        std::future::ready(converted(to_desk(&method(&request), &path)))
    };
    app.service(web::resource("/").to(to_desk));
    if rules.needs_token() {
        let rules = rules.clone();
        let page = move |request: HttpRequest, body: Payload| {
            let rules = rules.clone();
            async move {
                match body.to_bytes_limited(MAX_FORM).await {
                    Ok(Ok(form)) => page(&rules, &request, &form),
                    Ok(Err(_)) | Err(_) => converted(too_large()),
                }
            }
        };
        app.route(&style_path, web::get().to(|| async { converted(style()) }));
        app.service(web::resource(page_path).to(page));
    }
}

fn page(rules: &AccessRules, request: &HttpRequest, form: &[u8]) -> HttpResponse {
    let cookies = request.headers().get_all(COOKIE).map(HeaderValue::as_bytes);
    let visit = Visit {
        method: &method(request),
        site: request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes),
        origin: request.headers().get("origin").map(HeaderValue::as_bytes),
        host: request.headers().get("host").map(HeaderValue::as_bytes),
        actor: token(cookies).and_then(|token| rules.owner(token)),
        form,
    };
    converted(answer(rules, &visit))
}

fn method(request: &HttpRequest) -> Method {
    Method::from_bytes(request.method().as_str().as_bytes()).unwrap_or_default()
}

/// actix-web uses another release of the http crate.
fn converted(response: Response<String>) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(response.status().as_u16());
    let mut converted = HttpResponse::build(status.unwrap_or_default());
    for (name, value) in response.headers() {
        converted.append_header((name.as_str(), value.as_bytes()));
    }
    converted.body(response.into_body())
}
