//! The packages that all benchmarks use: as many as asked for, of the lengths that those of PyPI
//! have, the same in every run.

pub mod list;
pub mod time;

use std::error::Error;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::Request;
use http::header::{ACCEPT, HOST, USER_AGENT};
use pyaday_core::{
    InvalidPackage, MemoryStore, Options, Package, PackageStore, StoreError, Verdict, Write,
};
use pyaday_tests::numbers::Numbers;
use tokio::runtime::Builder;

/// What names and descriptions are made of.
const WORDS: [&str; 32] = [
    "api", "async", "auth", "cache", "client", "cloud", "config", "core", "data", "django", "env",
    "fast", "flask", "graph", "http", "json", "kit", "lib", "log", "model", "net", "parser", "py",
    "query", "server", "simple", "test", "tool", "utils", "web", "wrapper", "yaml",
];

/// How many are written at once.
const BATCH: usize = 5_000;

/// The name of a package: 13 bytes on average, unlike all others.
#[must_use]
pub fn name(at: usize) -> String {
    let mut numbers = Numbers::new(at as u64);
    let mut name = WORDS[numbers.place(WORDS.len())].to_owned();
    if numbers.below(100) < 70 {
        name = name + "-" + WORDS[numbers.place(WORDS.len())];
    }
    // An odd factor takes each number below 2^20 to another, so neighbours are not alike.
    let number = at.wrapping_mul(0x9_e375) & 0xf_ffff;
    format!("{name}{}{number:x}", "-".repeat(at >> 20))
}

/// A package: a description of 55 bytes on average, none for one in twenty.
///
/// # Errors
/// None below 2^21: there are no more names.
pub fn package(at: usize) -> Result<Package, InvalidPackage> {
    let mut numbers = Numbers::new(!(at as u64));
    let mut description = String::new();
    if numbers.below(20) > 0 {
        let length = 20 + numbers.place(72);
        while description.len() < length {
            let separator = if description.is_empty() { "A" } else { " " };
            description = description + separator + WORDS[numbers.place(WORDS.len())];
        }
    }
    Package::new(&name(at), &description)
}

/// Adds the first so many packages to a store.
///
/// # Errors
/// Those of the store.
pub async fn fill<S: PackageStore>(store: &S, count: usize) -> Result<(), StoreError> {
    for start in (0..count).step_by(BATCH) {
        let batch = (start..count.min(start + BATCH)).filter_map(|at| package(at).ok());
        store.create_many(batch.collect(), Write::new()).await?;
    }
    Ok(())
}

/// A store in memory with so many packages.
///
/// # Errors
/// There is no runtime, or the store fails.
pub fn filled(count: usize) -> Result<MemoryStore, Box<dyn Error>> {
    let store = MemoryStore::new();
    let runtime = Builder::new_current_thread().build()?;
    runtime.block_on(fill(&store, count))?;
    Ok(store)
}

/// The options of a host with a guard: anyone reads, and those who have signed in write.
#[must_use]
pub fn guarded() -> Options {
    Options::new().guard(|actor, access| match actor {
        None if access.is_write() => Verdict::Forbidden,
        _ => Verdict::Allow,
    })
}

/// A request as a client that is not idle sends it.
///
/// # Errors
/// The path is none.
pub fn request(path: &str) -> Result<Request<String>, http::Error> {
    Request::get(path)
        .header(HOST, "localhost:5000")
        .header(USER_AGENT, "curl/8.14.1")
        .header(ACCEPT, "*/*")
        .body(String::new())
}

/// The result of a future that waits for nothing; `None` if it does.
///
/// Reads of the stores that have their packages in memory are such. A runtime would cost more than
/// they do.
pub fn now<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
