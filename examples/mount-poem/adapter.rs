//! An adapter for poem, the whole of it.

use std::io;

use http_body_util::BodyExt;
use poem::endpoint::make;
use poem::{Body, Request, Response, Result, Route};
use pyaday_core::{Api, Endpoint, PackageStore, respond};

/// Adds all endpoints to a route, below `prefix`, which may have variables in poem's form: `/:tenant`.
///
/// poem can also nest the route, but then answers 400 itself if a path is not UTF-8 when it is decoded.
pub(crate) fn mount<S: PackageStore>(route: Route, prefix: &str, api: &Api<S>) -> Route {
    api.endpoints().fold(route, |route, endpoint| {
        let path = endpoint.full_path().replace('{', ":").replace('}', "");
        let api = api.clone();
        // All methods: the core answers those that the endpoint does not have.
        let answer = make(move |request| answer(api.clone(), endpoint, request));
        route.at(format!("{prefix}{path}"), answer)
    })
}

async fn answer<S: PackageStore>(
    api: Api<S>,
    endpoint: &'static Endpoint,
    mut request: Request,
) -> Result<Response> {
    // The path that the client sent: a nested route gets it without the prefix.
    *request.uri_mut() = request.original_uri().clone();
    let (parts, body) = respond(&api, endpoint, request.into()).await.into_parts();
    // Not `Response::from(http::Response)`, which loses the size hint of the body.
    let body = Body::from(body.map_err(io::Error::other).boxed());
    let mut response = Response::builder().status(parts.status).body(body);
    *response.headers_mut() = parts.headers;
    Ok(response)
}
