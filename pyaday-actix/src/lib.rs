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
//! Keep actix-web's feature `unicode`, which is on by default. With it, routing a path with a
//! variable takes a third of the time.
//!
//! The resources are ordinary resources of actix-web's router. The host's middleware runs for them,
//! and `match_pattern` works. They can be nested below any prefix, also below one with path
//! variables.
//!
//! A sign-in of the host, such as a middleware, puts a [`pyaday_core::Actor`] into the extensions of a
//! request. The catalogue's guard and store get it.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod convert;

use std::convert::Infallible;

use actix_web::dev::{ServiceRequest, ServiceResponse, fn_service};
use actix_web::{Resource, Scope, guard, web};
use pyaday_core::{Api, Blueprint, Endpoint, PackageStore, respond};

/// Returns a scope with all blueprints at their default paths below `prefix`: `/packages`, `/rand`,
/// `/daily`, `/openapi.json`.
///
/// An actix-web scope handles everything below its prefix. If the host has routes below the same
/// prefix, register them before the scope or inside it: `scope("/api", &api).route(…)`.
pub fn scope<S: PackageStore>(prefix: &str, api: &Api<S>) -> Scope {
    // actix-web tries the paths one after another. A path without a variable takes the least time,
    // so those come first.
    let (variable, fixed): (Vec<_>, Vec<_>) =
        api.endpoints().partition(|endpoint| endpoint.path().contains('{'));
    fixed.into_iter().chain(variable).fold(web::scope(prefix), |scope, endpoint| {
        scope.service(resource(endpoint.blueprint().path(), endpoint, api))
    })
}

/// Returns a scope with one blueprint at a path that the host chooses:
/// `App::new().service(pyaday_actix::blueprint(Blueprint::Packages, "/pkgs", &api))`.
pub fn blueprint<S: PackageStore>(blueprint: Blueprint, prefix: &str, api: &Api<S>) -> Scope {
    let endpoints = api.endpoints_of(blueprint);
    endpoints.fold(web::scope(prefix), |scope, endpoint| scope.service(resource("", endpoint, api)))
}

/// Makes a resource for an endpoint at its path below `mount`, with all its methods.
fn resource<S: PackageStore>(
    mount: &'static str,
    endpoint: &'static Endpoint,
    api: &Api<S>,
) -> Resource {
    let (api, fields) = (api.clone(), endpoint.request_headers(api.options()));
    let answer = move |request: ServiceRequest| {
        let (request, payload) = request.into_parts();
        let converted = convert::request(&request, payload, &fields);
        let response = respond(&api, endpoint, converted);
        async move {
            let response = convert::response(&request, response.await);
            Ok::<_, Infallible>(ServiceResponse::new(request, response))
        }
    };
    // actix-web matches a partly decoded path, and axum matches the raw path. With this guard,
    // `/r%61nd` matches no route in either framework.
    let raw = guard::fn_guard(move |context| {
        endpoint.split_mount(context.head().uri.path()).is_some_and(|path| path.ends_with(mount))
    });
    // A service needs no extractors, unlike a handler.
    let route = web::route().service(fn_service(answer));
    web::resource(format!("{mount}{}", endpoint.path())).guard(raw).route(route)
}
