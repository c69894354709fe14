//! A catalogue of Python packages to embed in a service: who wants it mounts it, whatever the web
//! framework.
//!
//! This crate knows no framework, no runtime and no database. It is plain functions over the types
//! of the [`http`] crate, between two traits of others: any [`http_body::Body`] comes in, any
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
//!     response.body(),
//!     r#"{"name":"dynaconf","short_desc":"The dynamic configurator."}"#
//! );
//! # Ok(())
//! # }
//! ```
//!
//! # How a request is answered
//!
//! [`respond`] joins three steps, each of which is public:
//!
//! 1. [`decode`] reads a request into a [`Command`], without I/O;
//! 2. [`execute`] carries it out, the only step that touches the store;
//! 3. [`encode`] writes the [`Outcome`], or the [`Problem`], as a response, again without I/O.
//!
//! What is served where is data: the table [`Endpoint::ALL`], in groups that are mounted as one
//! ([`Blueprint`]). Every refusal is an RFC 9457 problem details object, one of [`ProblemType`].
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

mod api;
mod catalogue;
mod conditional;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod daily;
mod date;
mod decode;
mod document;
mod encode;
mod endpoint;
mod execute;
mod feed;
mod invalid;
mod json;
mod media_type;
mod memory;
mod name;
pub mod openapi;
mod package;
mod picker;
mod problem;
mod public_url;
mod published;
mod query;
mod respond;
mod store;

pub use api::{Api, Options};
pub use catalogue::Catalogue;
pub use catalogue::draft::{Change, Draft};
pub use conditional::{Failure, Preconditions, Verdict};
pub use date::Date;
pub use decode::{Command, decode};
pub use document::Document;
pub use encode::encode;
pub use endpoint::{Blueprint, Endpoint, Operation};
pub use execute::{Outcome, execute};
pub use feed::FeedFormat;
pub use invalid::InvalidValue;
pub use json::MalformedJson;
pub use memory::MemoryStore;
pub use name::{NormalizedName, PackageName};
pub use package::{
    Details, FieldError, InvalidPackage, MergePatch, Metadata, Package, PackageError, ShortDesc,
    Tag, Tags,
};
pub use picker::Picker;
pub use problem::{Problem, ProblemType};
pub use public_url::PublicUrl;
pub use published::Published;
pub use query::Draw;
pub use respond::{
    create_package, delete_package, list_packages, list_pins, patch_package, pin_day,
    read_atom_feed, read_day, read_json_feed, read_openapi, read_package, read_pin,
    read_random_package, read_today, respond, unpin_day, update_package,
};
pub use store::{
    Create, Delete, PackageStore, Page, Query, Replacement, Revision, Seed, StoreError, StoreId,
    Stored, Update, Write,
};
