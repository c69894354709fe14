//! A catalogue of Python packages that a host mounts into its own web service, with any web
//! framework.
//!
//! This crate depends on no web framework, no async runtime and no database. It consists of
//! functions over the types of the [`http`](::http) crate. A request may have any
//! [`http_body::Body`], and any [`PackageStore`] can keep the packages. The crates `pyaday-axum`
//! and `pyaday-actix` mount the catalogue in those frameworks. A few lines of hyper do the same.
//!
//! **This crate turns on the features `preserve_order` and `float_roundtrip` of serde_json for the
//! host's whole program**, because cargo unifies features. The section [Features of
//! serde_json](#features-of-serde_json) says what they change and why they are needed.
//!
//! A unit test needs no server:
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
//! # Features of serde_json
//!
//! Cargo builds each dependency once, with the features of all crates that use it. So the following
//! features of serde_json apply to the host's whole program, even if only this crate asks for them:
//!
//! - `preserve_order`: the keys of a [`serde_json::Map`] stay in the order in which they were
//!   inserted. Without the feature they are sorted. So a host that writes a [`serde_json::Value`]
//!   as JSON may get the keys in another order than before. With the feature,
//!   [`Map::remove`](serde_json::Map::remove) moves the last key to the place of the removed key,
//!   and `shift_remove` keeps the order. The catalogue needs the feature because it returns the
//!   metadata of a package with the keys in the order that the curator chose.
//! - `float_roundtrip`: serde_json reads a floating-point number as the nearest `f64`. Without the
//!   feature, the last bit may differ. Reading such a number takes about twice as long. The
//!   catalogue needs the feature because a number in the metadata must stay the same when a client
//!   reads it and writes it back.
//! - `unbounded_depth` adds a method to serde_json's deserializer. It changes nothing in a program
//!   that does not call the method. The catalogue counts the depth of JSON itself.
//!
//! # How a request is answered
//!
//! [`respond`] joins three steps, each of which is a public function:
//!
//! 1. [`decode_head`] and [`decode_body`] read a request into a [`Command`], without I/O.
//! 2. [`execute`] carries the command out. It is the only step that uses the store.
//! 3. [`encode`] writes the [`Outcome`] or the [`Problem`] as a response, again without I/O.
//!
//! The table [`Operation::ALL`] lists all operations, and [`Endpoint::ALL`] lists them by path.
//! [`Api::endpoints`] lists those that the options mount. A [`Blueprint`] is a group of endpoints that a
//! host mounts together. Every error response is an
//! RFC 9457 problem details object. Its type is a [`ProblemType`], or one that the host defines.
//!
//! # Who may do what
//!
//! By default, anyone may do everything. A host sets a function with [`Options::guard`], which decides
//! about each request. It gets the [`Actor`] that the sign-in of the host has put into the extensions
//! of the request, and the [`Access`] that the request asks for. [`respond`], [`decode_head`] and the
//! functions of the operations all ask it. The store gets the actor of each write in [`Write`].
//!
//! ```
//! use http::{Request, StatusCode};
//! use pyaday_core::{Actor, Api, MemoryStore, Options, Verdict, delete_package};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options::new().guard(|actor, access| match actor {
//!     Some(actor) if actor.has_role("curator") => Verdict::Allow,
//!     _ if access.is_write() => Verdict::Forbidden,
//!     _ => Verdict::Allow,
//! });
//! let api = Api::with_options(MemoryStore::new(), options);
//!
//! let mut request = Request::delete("/packages/flask").body(String::new())?;
//! assert_eq!(delete_package(&api, request.clone()).await.status(), StatusCode::FORBIDDEN);
//!
//! // The sign-in of the host does this.
//! request.extensions_mut().insert(Actor::new("ada")?.with_roles(["curator"]));
//! assert_eq!(delete_package(&api, request).await.status(), StatusCode::NOT_FOUND);
//! # Ok(())
//! # }
//! ```
//!
//! A request that may change something, and that a page of another site sends, is refused unless the
//! origin of the page is in [`Options::origins`]. [`Options::hosts`] lists the hosts that the service
//! answers for.
//!
//! # Names
//!
//! A request may use any spelling of a package's name. All spellings that have the same PEP 503
//! normal form name the same package. [`PackageName`] is a spelling, and [`NormalizedName`] is the
//! normal form, which identifies the package.
//!
//! # Days
//!
//! The package of the day is [picked](daily) by a documented rule that anyone can recompute. The
//! store records the pick when a day is requested for the first time. Dates and times come from the
//! clock in the [`Options`].
//!
//! # Stores
//!
//! [`MemoryStore`] keeps everything in memory. To write another store, implement [`PackageStore`]
//! with three types of this crate, which do most of the work:
//!
//! - [`Catalogue`] holds the packages, the days and the pins in memory. It answers every read and
//!   decides the result of every write.
//! - [`Published`] holds the catalogue that readers see, and replaces it after each committed
//!   write. A store answers lists and samples with [`Published::list`] and [`Published::sample`]:
//!   they do not keep other tasks waiting if they must look at many packages.
//! - [`Picker`] picks the packages of the day in a thread of its own.
//!
//! A store with a database also uses a [`Draft`], which lists the changes that the store must save.
//!
//! The feature `conformance` adds a test suite that checks a store against the contract of the
//! trait. A test runs it with one call: `pyaday_core::conformance::run`. The feature also adds
//! `pyaday_core::conformance::Failing`, a store that fails when a test asks it to, and
//! `pyaday_core::conformance::http`, which checks an adapter.
//!
//! # Logs and metrics
//!
//! Two features report each request. Both are off by default, and without them a request pays nothing.
//! They bring neither a subscriber nor a recorder: the host chooses these. Functions of single
//! operations, such as [`read_package`], report as [`respond`] does. The three steps alone,
//! [`decode_head`] and so on, do not.
//!
//! `tracing` reports to the subscriber of the [tracing](https://docs.rs/tracing) crate, with the target
//! `pyaday_core`:
//!
//! - A span `request` with the level DEBUG. What the store does for the request is in it.
//! - An event at the end, with the level ERROR if the status is 5xx, and DEBUG otherwise. If the client
//!   has left before the end, the event says that the request was dropped.
//!
//! | field | in | value |
//! |---|---|---|
//! | `operation` | both | the [name](Operation::name) of the operation, `options`, or `method_not_allowed` |
//! | `name`, `date` | both | the package or the day that the request is about, if it is known and valid |
//! | `actor` | both | the name of the [`Actor`], if the host has given one |
//! | `status` | both | the status code |
//! | `problem` | event | the [slug](ProblemType::slug) of the problem, or the URI of a host's type |
//! | `cause` | event | of a 5xx: the [source](std::error::Error::source) of the problem, with its own sources. Clients never see it. |
//! | `duration_seconds` | event | the time from the head of the request to its response, which includes reading the body |
//!
//! `metrics` reports to the recorder of the [metrics](https://docs.rs/metrics) crate:
//!
//! | metric | kind | labels | what it is |
//! |---|---|---|---|
//! | `pyaday_requests_total` | counter | `operation`, `status` | requests. The status is a code, `dropped` if the client left before the answer, or `other` for a code of a host's own problem. |
//! | `pyaday_request_duration_seconds` | histogram | `operation` | the time from the head of a request to its response |
//! | `pyaday_problems_total` | counter | `operation`, `problem` | responses that report a problem, such as `busy` or `store-unavailable`, or `other` for a host's own |
//!
//! No label comes from a client, so their number is bounded.
//!
//! # Pages for people
//!
//! The feature `desk` adds the blueprint `Desk`: pages on which people find and read packages, days
//! and changes, and on which curators edit. With the feature `import`, they also import files there. It
//! is off by default, and turning it on mounts nothing: the
//! pages are mounted only if [`Options`] has a `Desk`, which says who may use them.
//!
//! # Adapters
//!
//! The module [`adapters`] describes how to mount the catalogue in another framework.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

pub mod adapters;
mod catalogue;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod daily;
#[cfg(feature = "desk")]
mod desk;
mod history;
mod http;
#[cfg(feature = "import")]
pub mod import;
pub mod openapi;
mod operation;
mod package;
mod search;
mod store;

pub use catalogue::{Catalogue, Draft, MemoryStore, Picker, Published, RowChange};
pub use daily::Date;
pub use history::{
    Change, ChangeDetails, ChangeKind, ChangeNote, ChangeOrder, ChangePage, ChangeQuery,
    ChangeScan, ChangedPackage, ChangedPin, LoggedChange, LoggedNames, NoHistory, Past, Retention,
};
#[cfg(feature = "desk")]
pub use http::Desk;
pub use http::{
    Access, Api, Blueprint, Body, BodyError, Endpoint, Evaluation, Failure, FeedId, Host,
    Operation, Options, Origin, Preconditions, Problem, ProblemType, PublicUrl, Verdict,
};
pub use operation::*;
pub use package::{
    Details, FieldError, InvalidPackage, InvalidValue, MalformedJson, MergePatch, Metadata,
    NormalizedName, Package, PackageError, PackageName, Revision, ShortDesc, Stored, Tag, Tags,
};
pub use search::{Score, Search};
pub use store::{
    Actor, Batch, Batched, Conflict, Create, Delete, PackageStore, PackageSwap, Page, Position,
    Query, Replacement, Seed, Selected, Sort, StoreError, StoreId, Update, Write,
};
