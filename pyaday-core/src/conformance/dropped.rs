//! Facts about writes whose future is dropped.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use super::bench::{Bench, Checked, Fault, ensure, expecting, same};
use super::fixtures::{details, full, name, numbered};
use super::{Fact, Subject};
use crate::store::{PackageStore, Replacement, Write};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("a create runs to its end when its future is dropped", create),
        Fact::new("a batch runs to its end when its future is dropped", create_many),
        Fact::new("an update runs to its end when its future is dropped", update),
        Fact::new("a delete runs to its end when its future is dropped", delete),
        Fact::new(
            "a write that waits for another runs to its end when its future is dropped",
            waiting,
        ),
    ]
}

/// Polls a future once and drops it, even if it is not ready.
fn poll_once<S: Subject>(bench: &Bench<'_, S>, future: impl Future) {
    bench.subject.block_on(async {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _ = future.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
    });
}

/// Checks that a condition becomes true within a generous time.
fn eventually(done: &str, expected: &str, mut is_true: impl FnMut() -> Checked<bool>) -> Checked {
    const PATIENCE: Duration = Duration::from_secs(5);
    let begin = Instant::now();
    while !is_true()? {
        if begin.elapsed() > PATIENCE {
            return Err(Fault {
                done: format!("{done}, polled once and dropped"),
                expected: expected.to_owned(),
                came: format!("nothing for {} seconds", PATIENCE.as_secs()),
            });
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn create<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    poll_once(bench, bench.store.create(full("flask"), Write::new()));
    eventually("`create` was called", "the package", || Ok(bench.read(&name("flask"))?.is_some()))
}

fn create_many<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    const BATCH: usize = 100;
    poll_once(bench, bench.store.create_many(numbered("p", BATCH), Write::new()));
    eventually("`create_many` was called", "the batch", || {
        let came = bench.page()?.items.len();
        ensure(came == 0 || came == BATCH, "a list was read", "all of a batch or nothing", &came)?;
        Ok(came == BATCH)
    })
}

fn update<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let version = bench.add(&full("flask"))?;
    let (flask, write) = (name("flask"), expecting(Some(version.revision())));
    poll_once(bench, bench.store.update(&flask, Replacement::new(details("new")), write));
    eventually("`update` was called", "the new details", || {
        Ok(bench.read(&flask)?.is_some_and(|now| now.package().details == details("new")))
    })
}

fn delete<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let version = bench.add(&full("flask"))?;
    let flask = name("flask");
    poll_once(bench, bench.store.delete(&flask, expecting(Some(version.revision()))));
    eventually("`delete` was called", "no package", || Ok(bench.read(&flask)?.is_none()))?;
    same("all were listed after it", &bench.page()?.items, &vec![])
}

/// The batch is large, so that the update must wait for it.
fn waiting<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    const BATCH: usize = 2_000;
    bench.add(&full("flask"))?;
    let flask = name("flask");
    poll_once(bench, bench.store.create_many(numbered("p", BATCH), Write::new()));
    poll_once(bench, bench.store.update(&flask, Replacement::new(details("new")), Write::new()));
    eventually("`create_many` and then `update` were called", "the new details", || {
        Ok(bench.read(&flask)?.is_some_and(|now| now.package().details == details("new")))
    })
}
