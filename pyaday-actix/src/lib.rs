//! Mounts a [pyaday](pyaday_core) catalogue in an [actix-web](actix_web) application.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use pyaday_core::{Api, MemoryStore};
//!
//! #[actix_web::main]
//! async fn main() -> std::io::Result<()> {
//!     let api = Api::new(MemoryStore::new());
//!     HttpServer::new(move || {
//!         App::new()
//!             .route("/", web::get().to(|| async { "the host's own page" }))
//!             .service(pyaday_actix::scope("/api", &api))
//!     })
//!     .bind("127.0.0.1:5000")?
//!     .run()
//!     .await
//! }
//! ```
//!
//! actix-web routes a path with a variable in a third of the time if its feature `unicode` is on, as it
//! is by default.
//!
//! The resources are ordinary ones of actix-web's router: the host's middleware and
//! `match_pattern` see them, and they nest under any prefix, captures included.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod convert;

use std::convert::Infallible;

use actix_web::dev::{ServiceRequest, ServiceResponse, fn_service};
use actix_web::{Resource, Scope, guard, web};
use pyaday_core::{Api, Blueprint, Endpoint, PackageStore, respond};

/// All blueprints, each at its usual path below `prefix`: `/packages`, `/rand`, `/daily`,
/// `/openapi.json`.
///
/// actix-web takes a scope for everything below its prefix, so routes of the host under the same
/// prefix come before it, or inside: `scope("/api", &api).route(…)`.
pub fn scope<S: PackageStore>(prefix: &str, api: &Api<S>) -> Scope {
    // actix-web tries one path after the other. Those without a variable take it the least time.
    let (variable, fixed): (Vec<_>, Vec<_>) =
        Endpoint::ALL.iter().partition(|endpoint| endpoint.path().contains('{'));
    fixed.into_iter().chain(variable).fold(web::scope(prefix), |scope, endpoint| {
        scope.service(resource(endpoint.blueprint().path(), endpoint, api))
    })
}

/// One blueprint at a path of the host's choosing:
/// `App::new().service(pyaday_actix::blueprint(Blueprint::Packages, "/pkgs", &api))`.
pub fn blueprint<S: PackageStore>(blueprint: Blueprint, prefix: &str, api: &Api<S>) -> Scope {
    let endpoints = blueprint.endpoints();
    endpoints.fold(web::scope(prefix), |scope, endpoint| scope.service(resource("", endpoint, api)))
}

/// An endpoint at its path below `mount`, all methods of it.
fn resource<S: PackageStore>(
    mount: &'static str,
    endpoint: &'static Endpoint,
    api: &Api<S>,
) -> Resource {
    let (api, fields) = (api.clone(), endpoint.request_headers());
    let answer = move |request: ServiceRequest| {
        let (request, payload) = request.into_parts();
        let converted = convert::request(&request, payload, &fields);
        let response = respond(&api, endpoint, converted);
        async move {
            Ok::<_, Infallible>(ServiceResponse::new(request, convert::response(response.await)))
        }
    };
    // actix-web matches a partly decoded path, axum a raw one: `/r%61nd` is neither's.
    let raw = guard::fn_guard(move |context| {
        endpoint.split_mount(context.head().uri.path()).is_some_and(|path| path.ends_with(mount))
    });
    // A service, which spares the extractors of a handler.
    let route = web::route().service(fn_service(answer));
    web::resource(format!("{mount}{}", endpoint.path())).guard(raw).route(route)
}
