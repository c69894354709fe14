//! A test suite that checks whether a store keeps the contract of [`PackageStore`].
//!
//! An author of a store runs the suite in a test. The suite needs a way to make a new, empty store.
//! A function is enough if the store needs no async runtime and cannot be opened again:
//!
//! ```no_run
//! use pyaday_core::{MemoryStore, conformance};
//!
//! let report = conformance::run(&MemoryStore::new);
//! println!("{report}");
//! ```
//!
//! For any other store, implement [`Subject`]. If the store saves its packages,
//! [`reopen`](Subject::reopen) opens a store again. The test then asserts that nothing was skipped:
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
//! A store may keep no history. Then the facts about it are skipped, and the test asserts that nothing
//! else was: [`Report::assert_complete_without_history`].
//!
//! The suite checks one fact after another. Simple facts come first, then those that need thousands
//! of packages or draws, then those about random sequences of calls. The suite stops at the first
//! fact that does not hold, so a reported fault is seldom the consequence of another one.
//! [`facts`] lists the facts, and each can be checked alone.
//!
//! All random input is the same in every run. The timing of threads differs from run to run. If a
//! fact about threads fails once, the store has a fault, even if the next run succeeds.
//!
//! [`Failing`] is not part of the suite. It wraps another store and fails when a test asks it to.
//!
//! # What is stable
//!
//! [`run`], [`Report`], [`Subject`] and [`Failing`] follow semantic versioning like the rest of the
//! crate. The facts do not: a minor release may add, split, rename and reorder them, and may find a
//! fault in a store in which the previous release found none. The names of facts and the text of a
//! report are for people to read. A test that selects facts by their names may need changes after
//! an update.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use crate::store::PackageStore;

mod batches;
mod bench;
mod calls;
mod daily;
mod dropped;
mod extremes;
mod failing;
mod fixtures;
mod generated;
mod histories;
pub mod http;
mod lists;
mod model;
mod opening;
mod oracle;
mod past;
mod pins;
mod races;
mod recorder;
mod reopening;
mod report;
mod revisions;
mod sampling;
mod searches;
mod selections;
mod spelling;
mod terms;
mod writes;

use bench::{Bench, Checked, Fault};
pub use failing::{Call, Failing, Then};
pub use report::{Broken, CannotReopen, FactStatus, Reason, Report, Skipped};

/// The subject of the suite: it makes stores and runs their futures.
///
/// Every function that returns a new store implements this trait, for a store that cannot be opened
/// again.
pub trait Subject: Sync {
    /// The type of the store.
    type Store: PackageStore;

    /// Makes a new, empty store that shares nothing with earlier ones. The suite makes one store
    /// for each fact, and [`cases`](Self::cases) more. If a sequence of calls fails, it makes some
    /// hundreds to find the simplest failing sequence.
    fn empty(&self) -> Self::Store;

    /// Closes a store and opens it again, as if the process had ended and another one had begun.
    /// The returned store must have only what was saved.
    ///
    /// There is no default, so that nobody forgets this method. A store that saves nothing returns
    /// [`CannotReopen`]. Then the facts about stores that are opened again are skipped, and the
    /// [`Report`] lists them.
    ///
    /// # Errors
    ///
    /// [`CannotReopen`], either always or never.
    fn reopen(&self, store: Self::Store) -> Result<Self::Store, CannotReopen>;

    /// Runs a store's future to its end. The suite calls this from many threads at once.
    ///
    /// By default, the calling thread polls the future and sleeps between polls. This is enough for
    /// every store whose futures need no async runtime.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        block_on(future)
    }

    /// The number of random sequences of calls that are compared with a model, and the number of
    /// random histories of threads. The default is 64 of each. Each uses a new store and makes
    /// about a dozen writes. Return a smaller number if a write takes milliseconds.
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
/// Facts may be skipped. The report lists them, and [`Report::assert_complete`] panics if there are
/// any.
///
/// # Panics
/// Panics at the first fact that does not hold. The message begins with the fact.
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
        batches::facts(),
        lists::facts(),
        extremes::facts(),
        searches::facts(),
        selections::facts(),
        dropped::facts(),
        races::facts(),
        selections::facts_of_races(),
        daily::facts(),
        pins::facts(),
        terms::facts_of_pins(),
        races::facts_of_pins(),
        opening::facts(),
        extremes::facts_of_thousands(),
        sampling::facts(),
        model::facts(),
        histories::facts(),
        past::facts(),
        reopening::facts(),
        past::facts_of_reopening(),
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
    needs_history: bool,
}

impl<S: Subject> Fact<S> {
    fn new(name: &'static str, check: fn(&Bench<'_, S>) -> Checked) -> Self {
        Self { name, check, reopens: false, needs_history: false }
    }

    /// A fact about stores that are opened again.
    fn reopening(name: &'static str, check: fn(&Bench<'_, S>) -> Checked) -> Self {
        Self { reopens: true, ..Self::new(name, check) }
    }

    /// A fact about stores that keep a history.
    fn of_history(name: &'static str, check: fn(&Bench<'_, S>) -> Checked) -> Self {
        Self { needs_history: true, ..Self::new(name, check) }
    }

    /// A fact about stores that keep a history and are opened again.
    fn of_history_reopening(name: &'static str, check: fn(&Bench<'_, S>) -> Checked) -> Self {
        Self { needs_history: true, ..Self::reopening(name, check) }
    }

    /// The name of the fact, which describes it in words.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Checks the fact on a new store.
    ///
    /// # Errors
    /// The fact does not hold. The error says what was done, what was expected and what the store
    /// returned instead.
    pub fn check(&self, subject: &S) -> Result<FactStatus, Broken> {
        let check = || {
            if self.reopens
                && let Err(why) = subject.reopen(subject.empty())
            {
                return Ok(FactStatus::Skipped(why.into()));
            }
            let bench = Bench::new(subject);
            if self.needs_history && !bench.keeps_history()? {
                return Ok(FactStatus::Skipped(Reason::NoHistory));
            }
            (self.check)(&bench).map(|()| FactStatus::Holds)
        };
        // A panic probably comes from the store. Its own message does not name the fact, so the
        // fact is added.
        catch_unwind(AssertUnwindSafe(check))
            .unwrap_or_else(|panic| Err(Fault::panicked(panic.as_ref())))
            .map_err(|fault| Broken { fact: self.name, fault })
    }
}
