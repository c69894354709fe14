//! The test writer: a process that the durability tests kill. It writes to an SQLite file and prints
//! what it begins and what is acknowledged.
//!
//! `test-writer PATH WRITERS FROM TO [early]`: each writer takes the steps from FROM up to TO. A line is
//! a writer, a step and `begins`, `done`, `refused` or `unknown`; the last is `closed`. With `early`
//! a write is printed as done before it is, which the verifier must detect.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a process that panics is one that failed")]

use std::future::{Future, poll_fn};
use std::io::{self, Write as _};
use std::pin::pin;
use std::task::Poll;
use std::{env, thread};

use pyaday_core::{PackageStore, StoreError, Write};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::workload::{anchors, operation};

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [path, writers, from, to, rest @ ..] = &arguments[..] else {
        panic!("test-writer PATH WRITERS FROM TO [early]");
    };
    let (from, to, early) = (from.parse().unwrap(), to.parse().unwrap(), !rest.is_empty());
    let store = match SqliteStore::open(path) {
        Ok(store) => store,
        Err(error) => return note(&format!("closed: {error:?}")),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    if runtime.block_on(store.create_many(anchors().collect(), Write::new())).is_err() {
        return note("closed");
    }
    thread::scope(|scope| {
        for writer in 0..writers.parse().unwrap() {
            let store = &store;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for step in from..to {
                    note(&format!("{writer} {step} begins"));
                    let written = operation(writer, step).write(store);
                    let outcome = if early {
                        runtime.block_on(answered_early(written))
                    } else {
                        runtime.block_on(written)
                    };
                    let outcome = match outcome {
                        Ok(()) => "done",
                        Err(StoreError::OutcomeUnknown { .. }) => "unknown",
                        Err(_) => "refused",
                    };
                    note(&format!("{writer} {step} {outcome}"));
                }
            });
        }
    });
    drop(store);
    note("closed");
}

/// Begins a write and takes it for done.
async fn answered_early(
    write: impl Future<Output = Result<(), StoreError>>,
) -> Result<(), StoreError> {
    let mut write = pin!(write);
    let _ = poll_fn(|context| Poll::Ready(write.as_mut().poll(context))).await;
    Ok(())
}

/// One write to the pipe for each line, so that a kill leaves whole lines.
fn note(line: &str) {
    io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}
