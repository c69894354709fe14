//! The golden list: requests, and the response to each of them, to the byte.
//!
//! An author of an adapter runs the list in a test. The test says how to mount a catalogue with the
//! adapter, and how to send a request to it. [`send`] sends one to a server:
//!
//! ```no_run
//! use std::net::SocketAddr;
//!
//! use pyaday_core::conformance::http::{self, Mounted, Request, Response};
//! use pyaday_core::{Actor, Api, PackageStore};
//!
//! /// A server in another thread, with the catalogue.
//! struct Server {
//!     address: SocketAddr,
//! }
//!
//! impl Mounted for Server {
//!     fn mount<S: PackageStore>(prefix: &str, api: &Api<S>, actor: Option<Actor>) -> Self {
//! #       let _ = (prefix, api, actor);
//!         // Mount `api` below `prefix`, and add `actor` to the extensions of each request.
//! #       Self { address: ([127, 0, 0, 1], 5000).into() }
//!     }
//!
//!     fn answer(&self, request: &Request) -> Response {
//!         http::send(self.address, request)
//!     }
//! }
//!
//! # fn test() {
//! http::run::<Server>();
//! # }
//! ```
//!
//! # What is stable
//!
//! [`run`], [`Mounted`], [`Request`], [`Response`] and [`send`] follow semantic versioning like the
//! rest of the crate. The list does not: a minor release may add scenarios, and may find a fault in
//! an adapter in which the previous release found none.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and the list itself is valid"
)]

mod client;
mod list;
mod set_up;
mod text;

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;
use std::{iter, thread};

use crate::http::Api;
use crate::package::Revision;
use crate::store::{Actor, PackageStore};

pub use client::{Request, Response, send};
pub use list::{Exchange, Scenario, scenarios};
pub use set_up::{SetUp, failing_by_name, three_packages};
pub use text::show;

/// The revision that a store has before the first write of a scenario. It is ahead of the clock, so
/// the revisions that follow are counted one by one. The list leaves it out and counts from 1.
pub const REVISION: Revision = Revision::new(80_000_000_000_000_000);

/// The prefixes at which the list is run, and what a client puts in their place.
pub const PREFIXES: [(&str, &str); 3] =
    [("", ""), ("/api", "/api"), ("/tenants/{tenant}/api", "/tenants/a%20cme/api")];

/// A catalogue that an adapter has mounted in a framework, as a client sees it.
pub trait Mounted {
    /// Mounts all blueprints of `api` at their default paths below `prefix`.
    ///
    /// The prefix is empty, or it begins with a slash and may contain a variable in braces:
    /// `/tenants/{tenant}/api`. The variable stands for any segment. A path outside of the catalogue
    /// must get the response 404, without content and without `Content-Type`.
    ///
    /// If there is an `actor`, the framework must have it in the extensions of each request before
    /// the adapter gets the request, as the sign-in of a host would do it.
    fn mount<S: PackageStore>(prefix: &str, api: &Api<S>, actor: Option<Actor>) -> Self;

    /// Sends a request exactly as it is, and returns the response.
    fn answer(&self, request: &Request) -> Response;
}

/// Runs the whole list through an adapter, below three prefixes, with packages in memory.
///
/// # Panics
/// Panics if a response differs from the list. The message shows each request, the expected response
/// and the actual response.
#[track_caller]
pub fn run<M: Mounted>() {
    let store = || crate::MemoryStore::after(REVISION);
    let differences: String =
        PREFIXES.into_iter().map(|prefix| differences::<M, _>(&store, prefix)).collect();
    assert!(differences.is_empty(), "{differences}");
}

/// Runs the whole list below one of the [`PREFIXES`], with packages in the stores that a function
/// makes. Each must be new, and must have the revision [`REVISION`]. Returns the
/// responses that differ from those of the list.
pub fn differences<M: Mounted, S: PackageStore>(
    store: &(dyn Fn() -> S + Sync),
    prefix: (&str, &str),
) -> String {
    let scenarios = Mutex::new(scenarios().into_iter().enumerate());
    let next = || scenarios.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let each = iter::from_fn(next);
        each.map(|(at, scenario)| (at, scenario.differences::<M, _>(store(), prefix))).collect()
    };
    // Otherwise the processor would wait for servers that start and stop, and for files.
    let mut all: Vec<(usize, String)> = thread::scope(|scope| {
        let threads = [(); THREADS].map(|()| scope.spawn(work));
        let join = |thread: ScopedJoinHandle<'_, Vec<_>>| {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic))
        };
        threads.into_iter().flat_map(join).collect()
    });
    all.sort_unstable();
    all.into_iter().map(|(_, differences)| differences).collect()
}

/// How many scenarios run at the same time.
const THREADS: usize = 4;
