//! Whether a store keeps the contract of [`PackageStore`], fact by fact.
//!
//! Whoever writes a store runs the suite in a test. All it takes is how to make a new, empty store; a
//! function is enough if the store needs no runtime and cannot be opened again:
//!
//! ```no_run
//! use pyaday_core::{MemoryStore, conformance};
//!
//! let report = conformance::run(&MemoryStore::new);
//! println!("{report}");
//! ```
//!
//! Others implement [`Subject`]. A store that keeps its packages says there how it is
//! [opened again](Subject::reopen), and its test asks that nothing was skipped:
//!
//! ```no_run
//! use pyaday_core::conformance::{self, CannotReopen, Subject};
//! # use pyaday_core::MemoryStore as RemoteStore;
//! # trait Connect { async fn connect(_: &str) -> Self; fn database(&self) -> String; }
//! # impl Connect for RemoteStore {
//! #     async fn connect(_: &str) -> Self { Self::new() }
//! #     fn database(&self) -> String { String::new() }
//! # }
//! # fn new_database() -> String { String::new() }
//!
//! struct OnTokio(tokio::runtime::Runtime);
//!
//! impl Subject for OnTokio {
//!     type Store = RemoteStore;
//!
//!     fn empty(&self) -> RemoteStore {
//!         self.0.block_on(RemoteStore::connect(&new_database()))
//!     }
//!
//!     fn reopen(&self, store: RemoteStore) -> Result<RemoteStore, CannotReopen> {
//!         let database = store.database();
//!         drop(store);
//!         Ok(self.0.block_on(RemoteStore::connect(&database)))
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
//! conformance::run(&OnTokio(tokio::runtime::Runtime::new()?)).assert_complete();
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
//!
//! [`Failing`] is not part of the suite. It is a store around another one that fails when a test
//! wants it to.
//!
//! # What is stable
//!
//! [`run`], [`Report`], [`Subject`] and [`Failing`] follow semantic versioning like the rest of the
//! crate. The facts do not: a minor release may add, split, rename and reorder them, and may find a
//! fault in a store in which the previous one found none. Their names and the text of a report are for
//! people to read. A test that selects facts by their names must expect to be adapted.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use crate::store::PackageStore;

mod bench;
mod calls;
mod daily;
mod dropped;
mod extremes;
mod failing;
mod fixtures;
mod generated;
mod histories;
mod lists;
mod model;
mod opening;
mod pins;
mod races;
mod reopening;
mod report;
mod revisions;
mod sampling;
mod spelling;
mod terms;
mod writes;

use bench::{Bench, Checked, Fault};
pub use failing::{Call, Failing, Then};
pub use report::{Broken, CannotReopen, Report, Skipped, Verdict};

/// What the suite is run on: where its stores come from, and what runs their futures.
///
/// Every function that makes a store is a subject, of a store that cannot be opened again.
pub trait Subject: Sync {
    /// The store.
    type Store: PackageStore;

    /// A new, empty store that shares nothing with those before it. The suite makes one for each
    /// fact and [`cases`](Self::cases) more, and when a sequence of calls fails, some hundreds to
    /// find the simplest that does.
    fn empty(&self) -> Self::Store;

    /// Closes a store and opens it again, as a process does that ends and another that begins: the store
    /// that is returned must know nothing but what was kept.
    ///
    /// There is no default, so that nobody forgets it. A store that keeps nothing says
    /// [`CannotReopen`]: then the facts about stores that are opened again are skipped, and the
    /// [`Report`] says so.
    ///
    /// # Errors
    /// [`CannotReopen`], always or never.
    fn reopen(&self, store: Self::Store) -> Result<Self::Store, CannotReopen>;

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

    fn reopen(&self, _: S) -> Result<S, CannotReopen> {
        Err(CannotReopen::because("the subject is a function that only makes new stores"))
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
/// Some may have been skipped: the report lists them, and [`Report::assert_complete`] fails then.
///
/// # Panics
/// At the first fact that does not hold. The message begins with the fact.
#[track_caller]
#[must_use = "only the report says which facts were skipped"]
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn run<S: Subject>(subject: &S) -> Report {
    let mut report = Report::default();
    for fact in facts() {
        match fact.check(subject) {
            Ok(verdict) => report.add(fact.name, verdict),
            Err(broken) => panic!("{broken}"),
        }
    }
    report
}

/// The facts that make up the contract.
#[must_use]
pub fn facts<S: Subject>() -> Vec<Fact<S>> {
    [
        writes::facts(),
        spelling::facts(),
        revisions::facts(),
        terms::facts(),
        lists::facts(),
        extremes::facts(),
        dropped::facts(),
        races::facts(),
        sampling::facts(),
        daily::facts(),
        pins::facts(),
        terms::facts_of_pins(),
        races::facts_of_pins(),
        opening::facts(),
        model::facts(),
        histories::facts(),
        reopening::facts(),
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
    reopens: bool,
}

impl<S: Subject> Fact<S> {
    fn new(name: &'static str, check: fn(&Bench<'_, S>) -> Checked) -> Self {
        Self { name, check, reopens: false }
    }

    /// A fact about stores that are opened again.
    fn reopening(name: &'static str, check: fn(&Bench<'_, S>) -> Checked) -> Self {
        Self { name, check, reopens: true }
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
    pub fn check(&self, subject: &S) -> Result<Verdict, Broken> {
        let check = || {
            if self.reopens
                && let Err(why) = subject.reopen(subject.empty())
            {
                return Ok(Verdict::Skipped(why));
            }
            (self.check)(&Bench::new(subject)).map(|()| Verdict::Holds)
        };
        // A panic within is most likely the store's; it says where, but not in which fact.
        catch_unwind(AssertUnwindSafe(check))
            .unwrap_or_else(|panic| Err(Fault::panicked(panic.as_ref())))
            .map_err(|fault| Broken { fact: self.name, fault })
    }
}
