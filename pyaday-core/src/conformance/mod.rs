//! Whether a store keeps the contract of [`PackageStore`], fact by fact.
//!
//! Whoever writes a store runs the suite in a test of their own. All it takes is how to make a new,
//! empty store; a function is enough when the store needs no runtime:
//!
//! ```no_run
//! use pyaday_core::{MemoryStore, conformance};
//!
//! conformance::run(&MemoryStore::new);
//! ```
//!
//! Others implement [`Subject`]:
//!
//! ```no_run
//! use pyaday_core::conformance::{self, Subject};
//! # use pyaday_core::MemoryStore as RemoteStore;
//! # trait Connect { async fn connect() -> Self; }
//! # impl Connect for RemoteStore { async fn connect() -> Self { Self::new() } }
//!
//! struct OnTokio(tokio::runtime::Runtime);
//!
//! impl Subject for OnTokio {
//!     type Store = RemoteStore;
//!
//!     fn empty(&self) -> RemoteStore {
//!         self.0.block_on(RemoteStore::connect())
//!     }
//!
//!     fn block_on<F: Future>(&self, future: F) -> F::Output {
//!         self.0.block_on(future)
//!     }
//!
//!     fn cases(&self) -> u32 {
//!         8
//!     }
//! }
//!
//! # fn main() -> std::io::Result<()> {
//! conformance::run(&OnTokio(tokio::runtime::Runtime::new()?));
//! # Ok(())
//! # }
//! ```
//!
//! The facts go from simple ones to those that need them, and the suite ends at the first that does
//! not hold: what it says is seldom the consequence of something else. [`facts`] lists them, and
//! each can be checked alone.
//!
//! Whatever is random in the suite begins with the same seed in every run. What threads do at once
//! differs from run to run; a fact about them that fails once is broken all the same.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use crate::store::PackageStore;

mod bench;
mod daily;
mod dropped;
mod extremes;
mod fixtures;
mod histories;
mod lists;
mod model;
mod races;
mod revisions;
mod sampling;
mod writes;

use bench::{Bench, Checked, Fault};

/// What the suite is run on: where its stores come from, and what runs their futures.
///
/// Every function that makes a store is a subject.
pub trait Subject: Sync {
    /// The store.
    type Store: PackageStore;

    /// A new, empty store that shares nothing with those before it. The suite makes one for each
    /// fact and [`cases`](Self::cases) more, and when a sequence of calls fails, some hundreds to
    /// find the simplest that does.
    fn empty(&self) -> Self::Store;

    /// Runs a store's future to its end. The suite calls this from many threads at once.
    ///
    /// Unless told otherwise, the calling thread polls the future and sleeps in between: enough for
    /// any store whose futures need no runtime around them.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        block_on(future)
    }

    /// How many random sequences of calls a store is compared with a model in, each on a new store,
    /// and how many random histories of threads; 64 of each unless told otherwise. Each makes about
    /// a dozen writes: a store that takes milliseconds for one wants fewer.
    fn cases(&self) -> u32 {
        64
    }
}

impl<S: PackageStore, F: Fn() -> S + Sync> Subject for F {
    type Store = S;

    fn empty(&self) -> S {
        self()
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Checks every fact of the contract, in the order of [`facts`].
///
/// # Panics
/// At the first fact that does not hold. The message begins with the fact.
#[track_caller]
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn run<S: Subject>(subject: &S) {
    for fact in facts() {
        if let Err(broken) = fact.check(subject) {
            panic!("{broken}");
        }
    }
}

/// The facts that make up the contract.
#[must_use]
pub fn facts<S: Subject>() -> Vec<Fact<S>> {
    [
        writes::facts(),
        revisions::facts(),
        lists::facts(),
        extremes::facts(),
        dropped::facts(),
        races::facts(),
        sampling::facts(),
        daily::facts(),
        model::facts(),
        histories::facts(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// One fact of the contract.
#[derive(Debug)]
pub struct Fact<S: Subject> {
    name: &'static str,
    check: fn(&Bench<'_, S>) -> Checked,
}

impl<S: Subject> Fact<S> {
    fn new(name: &'static str, check: fn(&Bench<'_, S>) -> Checked) -> Self {
        Self { name, check }
    }

    /// The fact in words.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Checks it on a new store.
    ///
    /// # Errors
    /// What was done, what should have come of it and what came.
    pub fn check(&self, subject: &S) -> Result<(), Broken> {
        // A panic within is most likely the store's; it says where, but not in which fact.
        catch_unwind(AssertUnwindSafe(|| (self.check)(&Bench::new(subject))))
            .unwrap_or_else(|panic| Err(Fault::panicked(panic.as_ref())))
            .map_err(|fault| Broken { fact: self.name, fault })
    }
}

/// A fact that does not hold, with the case that shows it.
#[derive(Clone, Debug)]
pub struct Broken {
    fact: &'static str,
    fault: Fault,
}

impl Broken {
    /// The name of the fact.
    #[must_use]
    pub fn fact(&self) -> &'static str {
        self.fact
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { done, expected, came } = &self.fault;
        writeln!(f, "{}: this does not hold", self.fact)?;
        writeln!(f, "    done:     {done}")?;
        writeln!(f, "    expected: {expected}")?;
        write!(f, "    came:     {came}")
    }
}

impl std::error::Error for Broken {}
