//! A catalogue of Python packages to embed in a service: who wants it mounts it, whatever the web
//! framework.
//!
//! This crate knows no framework, no runtime and no database. It is plain functions over the types
//! of the [`http`](::http) crate, between two traits of others: any [`http_body::Body`] comes in, any
//! [`PackageStore`] keeps the packages. `pyaday-axum` and `pyaday-actix` mount it; so does a dozen
//! lines of hyper, or a unit test without any server:
//!
//! ```
//! use http::{Request, StatusCode, header::CONTENT_TYPE};
//! use pyaday_core::{Api, MemoryStore, create_package, read_package};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), http::Error> {
//! let api = Api::new(MemoryStore::new());
//!
//! let request = Request::post("/packages")
//!     .header(CONTENT_TYPE, "application/json")
//!     .body(r#"{"name":"dynaconf","short_desc":"The dynamic configurator."}"#.to_owned())?;
//! let response = create_package(&api, request).await;
//! assert_eq!(response.status(), StatusCode::CREATED);
//! assert_eq!(response.headers()["location"], "/packages/dynaconf");
//!
//! let request = Request::get("/packages/Dynaconf").body(String::new())?;
//! let response = read_package(&api, request).await;
//! assert_eq!(
//!     response.body().as_bytes(),
//!     Some(&br#"{"name":"dynaconf","short_desc":"The dynamic configurator."}"#[..])
//! );
//! # Ok(())
//! # }
//! ```
//!
//! # How a request is answered
//!
//! [`respond`] joins three steps, each of which is a public function:
//!
//! 1. [`decode_head`] and [`decode_body`] read a request into a [`Command`], without I/O;
//! 2. [`execute`] carries it out, the only step that touches the store;
//! 3. [`encode`] writes the [`Outcome`], or the [`Problem`], as a response, again without I/O.
//!
//! Which operations there are is data: the table [`Operation::ALL`], and [`Endpoint::ALL`] by path,
//! in groups that are mounted as one ([`Blueprint`]). Every refusal is an RFC 9457 problem details
//! object, of a [`ProblemType`] or of a host's own making.
//!
//! # Names
//!
//! A package is found by any spelling of its name and has one identity, the PEP 503 normal form:
//! [`PackageName`] is the spelling, [`NormalizedName`] the identity.
//!
//! # Days
//!
//! The package of the day is [picked](daily) by a rule that anyone can follow, and written down when
//! the first asks. Days and moments come from the clock in the [`Options`].
//!
//! # Stores
//!
//! [`MemoryStore`] keeps everything in memory. A store of your own implements [`PackageStore`]; the
//! feature `conformance` holds it against the trait's contract, fact by fact, with one call in a
//! test: `pyaday_core::conformance::run`. The same feature has a store that fails when a test wants it
//! to: `pyaday_core::conformance::Failing`.
//!
//! # Adapters
//!
//! The module [`adapters`] says how to mount the catalogue in a framework that has no crate for it.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

pub mod adapters;
mod catalogue;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod daily;
mod http;
pub mod openapi;
mod operation;
mod package;
mod store;

pub use catalogue::{Catalogue, MemoryStore, Picker, Published};
pub use daily::Date;
pub use http::{
    Api, Blueprint, Body, BodyError, Endpoint, Failure, FeedId, Operation, Options, Preconditions,
    Problem, ProblemType, PublicUrl, Verdict,
};
pub use operation::*;
pub use package::{
    Details, FieldError, InvalidPackage, InvalidValue, MalformedJson, MergePatch, Metadata,
    NormalizedName, Package, PackageError, PackageName, Revision, ShortDesc, Stored, Tag, Tags,
};
pub use store::{
    Create, Delete, PackageStore, Page, Query, Replacement, Seed, StoreError, StoreId, Update,
    Write,
};
