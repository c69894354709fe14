//! How to write an adapter: what mounts the catalogue in a web framework.
//!
//! `pyaday-axum` and `pyaday-actix` are adapters for two frameworks. An adapter for another framework
//! takes about 40 lines; the folder `examples/mount-poem` of the repository has one for poem. An adapter
//! has no logic of its own: the catalogue answers a request with the same bytes in every framework.
//!
//! # Walk the table
//!
//! [`Api::endpoints`](crate::Api::endpoints) lists the paths that the options of the host mount. An
//! adapter goes through the list, and registers each path with the framework's router:
//!
//! - Register [`full_path`](crate::Endpoint::full_path). If the host is to choose the path of each
//!   group, go through the [endpoints of a blueprint](crate::Api::endpoints_of) and register
//!   [`path`](crate::Endpoint::path).
//! - A variable is a whole segment in braces: `/packages/{name}`. Write it in the form of the
//!   framework. The core reads its value from the path of the request, so the adapter does not.
//! - Register every method with the same function. The core answers `HEAD` and `OPTIONS`, and refuses
//!   a method that the endpoint does not have, with 405 and `Allow`.
//!
//! A later release may add endpoints and operations. An adapter that goes through the table serves them
//! without a change.
//!
//! # Hand over the request
//!
//! The function calls [`respond`](crate::respond) with the endpoint and the request, which must be as
//! the client sent it:
//!
//! - **The whole target.** Many frameworks take the prefix away from the path of a nested route. The
//!   core needs the original path: links in answers begin with the prefix.
//! - **The raw path.** The core decodes percent-encoded characters itself, and refuses some that a
//!   framework would let pass. If the framework matches decoded paths, ask
//!   [`split_mount`](crate::Endpoint::split_mount) whether the raw path is that of the endpoint.
//! - **The extensions.** The sign-in of the host puts an [`Actor`](crate::Actor) into the extensions of
//!   a request. If the framework has a type of its own for extensions, then copy the actor.
//! - **The header fields as bytes**, repeated ones too. An adapter that must convert them needs only
//!   those of [`request_headers`](crate::Endpoint::request_headers).
//! - **The body as a stream**, any [`http_body::Body`]. Do not collect it: the core reads it only if the
//!   operation has one, and stops at the limit of the [`Options`](crate::Options). If the client breaks
//!   off, the body gives an error, not an end.
//!
//! The adapter does not need to catch panics. [`respond`](crate::respond) answers 500 if the store
//! panics.
//!
//! # Send the response
//!
//! Send the status and all header fields as they are, and the [`Body`](crate::Body) as any other
//! [`http_body::Body`]:
//!
//! - The length of most bodies is known, and [`size_hint`](http_body::Body::size_hint) returns it. Keep
//!   it in conversions, so that middleware knows which bodies are empty.
//! - The body of an export has no known length. [`try_into_bytes`](crate::Body::try_into_bytes) does not
//!   return its content, so send it frame by frame, and poll for a frame only when the client takes it.
//!   If it ends with an error, break the connection off.
//! - The response to `HEAD` has an empty body and the `Content-Length` of the response to `GET`, if that
//!   has one. The server must send that field, and not replace it with 0 or add a 0.
//! - A 204 and a 304 have no content, and must be sent without `Content-Length: 0`.
//!
//! # An example
//!
//! A framework whose router is a map from paths to functions:
//!
//! ```
//! use std::collections::HashMap;
//! use std::pin::Pin;
//!
//! use http::{Request, Response};
//! use pyaday_core::{Api, Body, MemoryStore, PackageStore, respond};
//!
//! type Answer = Pin<Box<dyn Future<Output = Response<Body>>>>;
//! type Router = HashMap<String, Box<dyn Fn(Request<String>) -> Answer>>;
//!
//! fn mount<S: PackageStore>(router: Router, prefix: &str, api: &Api<S>) -> Router {
//!     api.endpoints().fold(router, |mut router, endpoint| {
//!         let api = api.clone();
//!         let answer = move |request| Box::pin(respond(&api, endpoint, request)) as Answer;
//!         router.insert(format!("{prefix}{}", endpoint.full_path()), Box::new(answer));
//!         router
//!     })
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), http::Error> {
//! let router = mount(Router::new(), "/api", &Api::new(MemoryStore::new()));
//! let request = Request::options("/api/packages/flask").body(String::new())?;
//! let response = router["/api/packages/{name}"](request).await;
//! assert_eq!(response.headers()["allow"], "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
//! # Ok(())
//! # }
//! ```
//!
//! # Test it
//!
//! The feature `conformance` has a list of requests, with the response to each of them to the byte. The
//! module `pyaday_core::conformance::http` describes how a test runs the list through an adapter, with
//! one call. The tests of this project run it through each adapter, that of the example too, under
//! three prefixes.
