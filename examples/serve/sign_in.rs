//! The page where people sign in: they type a token into a form, and their browser sends it in a cookie.

mod on_actix;
mod on_axum;

use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use pyaday_core::Actor;

use crate::AccessRules;

pub(crate) use self::on_actix::add_routes;
pub(crate) use self::on_axum::routes;

/// The path of the page below the prefix of the catalogue.
const PATH: &str = "sign-in";

/// The path of its stylesheet.
const STYLE_PATH: &str = "sign-in.css";

/// The maximum length of the form, in bytes. A token has at most 1024 characters.
const MAX_FORM: usize = 8 * 1024;

/// The name of the cookie that holds a token.
const COOKIE: &str = "pyaday-token";

const STYLE: &str = ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;\
    margin:3rem auto;padding:0 1rem}form{display:grid;gap:.5rem}input,button{font:inherit;padding:.5rem .75rem}\n";

/// What is known of a request for the page.
struct Visit<'a> {
    method: &'a Method,
    /// The fields `Sec-Fetch-Site`, `Origin` and `Host`.
    site: Option<&'a [u8]>,
    origin: Option<&'a [u8]>,
    host: Option<&'a [u8]>,
    /// Who has signed in already.
    actor: Option<Actor>,
    /// The form, if the method is `POST`.
    form: &'a [u8],
}

impl Visit<'_> {
    /// True if a page of another site has sent the form. Browsers leave `Sec-Fetch-Site` out if they reach a
    /// server of another machine without TLS. They then still send `Origin`.
    fn is_from_elsewhere(&self, rules: &AccessRules) -> bool {
        match (self.site, self.origin) {
            (Some(site), _) => !matches!(site, b"same-origin" | b"none"),
            (None, Some(origin)) => !rules.is_own_origin(origin, self.host),
            (None, None) => false,
        }
    }
}

/// The token in the `Cookie` fields of a request.
pub(crate) fn token<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    let mut pairs = fields.flat_map(|field| field.split(|byte| *byte == b';'));
    pairs.find_map(|pair| pair.trim_ascii().strip_prefix(COOKIE.as_bytes())?.strip_prefix(b"="))
}

/// Answers a request for the page.
fn answer(rules: &AccessRules, visit: &Visit<'_>) -> Response<String> {
    match *visit.method {
        Method::GET | Method::HEAD => page(StatusCode::OK, visit.actor.as_ref(), ""),
        // Otherwise another site could sign somebody in with a token of its own.
        Method::POST if visit.is_from_elsewhere(rules) => {
            page(StatusCode::FORBIDDEN, None, "A page of another site sent this.")
        }
        Method::POST => {
            let mut fields = form_urlencoded::parse(visit.form);
            let token = fields.find(|(name, _)| name == "token").map(|(_, token)| token);
            match token {
                Some(token) if rules.owner(token.trim().as_bytes()).is_some() => {
                    signed(rules, &format!("{COOKIE}={}", token.trim()))
                }
                Some(_) => {
                    page(StatusCode::FORBIDDEN, None, "The server does not know this token.")
                }
                None => signed(rules, &format!("{COOKIE}=; Max-Age=0")),
            }
        }
        _ => not_allowed("GET, HEAD, POST"),
    }
}

/// The answer to a form that is longer than any token.
fn too_large() -> Response<String> {
    page(StatusCode::PAYLOAD_TOO_LARGE, None, "The form is too large.")
}

/// The stylesheet of the page.
fn style() -> Response<String> {
    let fields = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    with(StatusCode::OK, &fields, STYLE.to_owned())
}

/// The way from `/` to the desk. It is relative, so it is right after a proxy has removed a part of the path.
fn to_desk(method: &Method, prefix: &str) -> Response<String> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return not_allowed("GET, HEAD");
    }
    let desk = format!("{prefix}/desk");
    let fields = [(LOCATION, desk.trim_start_matches('/')), (CACHE_CONTROL, "no-cache")];
    with(StatusCode::SEE_OTHER, &fields, String::new())
}

/// Sets the cookie and leads to the desk.
///
/// The cookie has no path, so a browser sends it to everything below the place of this page, wherever a proxy
/// puts it.
fn signed(rules: &AccessRules, cookie: &str) -> Response<String> {
    let secure = if rules.is_https() { "; Secure" } else { "" };
    let cookie = format!("{cookie}; HttpOnly; SameSite=Strict{secure}");
    let fields = [(SET_COOKIE, &*cookie), (LOCATION, "desk"), (CACHE_CONTROL, "no-store")];
    with(StatusCode::SEE_OTHER, &fields, String::new())
}

/// The answer to a method other than these.
fn not_allowed(methods: &str) -> Response<String> {
    with(StatusCode::METHOD_NOT_ALLOWED, &[(ALLOW, methods)], String::new())
}

fn page(status: StatusCode, actor: Option<&Actor>, fault: &str) -> Response<String> {
    let fault = match fault {
        "" => String::new(),
        fault => format!("<p role=\"alert\">{fault}</p>"),
    };
    let form = match actor {
        Some(_) => "<h1>Sign out</h1><form method=\"post\"><button>Sign out</button></form>",
        None => {
            "<h1>Sign in</h1><form method=\"post\"><label for=\"token\">Token</label>\
             <input id=\"token\" name=\"token\" type=\"password\" required autocomplete=\"current-password\">\
             <button>Sign in</button></form>"
        }
    };
    let title = if actor.is_some() { "Sign out" } else { "Sign in" };
    let text = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title} – pyaday</title><link rel=\"icon\" href=\"data:,\">\
         <link rel=\"stylesheet\" href=\"{STYLE_PATH}\"></head><body>{fault}{form}\
         <p><a href=\"desk\">Go to the packages</a></p></body></html>"
    );
    let policy = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; \
                  frame-ancestors 'none'; base-uri 'none'";
    let fields = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, "same-origin"),
    ];
    with(status, &fields, text)
}

fn with(status: StatusCode, fields: &[(HeaderName, &str)], text: String) -> Response<String> {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    response
}
