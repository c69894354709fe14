//! What readers notice of writers: `cargo bench --package pyaday-bench --bench readers`.
//!
//! One thread reads packages in no order, through the whole of the core, as fast as it can; another
//! writes (with SQLite a third: the store's own). Each line tells how long the reads took, and in the
//! last column the longest that the same thread was held up while it waited for as long as a read
//! takes, and did nothing: that much is the machine's doing.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark says what it measured"
)]

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use pyaday_bench::{fill, name, now, package, request};
use pyaday_core::{Api, Details, Endpoint, MemoryStore, PackageStore, Replacement, Write, respond};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::numbers::Numbers;

/// All of PyPI; a little more and a table of as many slots would double, at 917,504.
const PACKAGES: usize = 886_323;
const TIME: Duration = Duration::from_secs(5);
/// Between two writes.
const INTERVAL: Duration = Duration::from_millis(1);
/// No read that is not held up takes longer.
const USUAL: Duration = Duration::from_micros(5);
/// How many packages an import writes at once.
const BATCH: usize = 5_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!(
        "{:40} {:>8} {:>8} {:>8} {:>9} {:>9}",
        "", "p50 µs", "p99 µs", "p99.9", "longest", "(held up)"
    );
    measure("memory", MemoryStore::new()).await;
    let path = env::temp_dir().join(format!("pyaday-readers-{}.db", process::id()));
    measure("sqlite", SqliteStore::open(&path).unwrap()).await;
    fs::remove_file(&path).unwrap();
}

async fn measure<S: PackageStore>(kind: &str, store: S) {
    fill(&store, PACKAGES).await.unwrap();
    let api = Api::new(store);
    report(&format!("{kind}, alone"), &api, |_, _| thread::sleep(TIME));
    report(&format!("{kind}, beside a write each millisecond"), &api, |api, write| {
        let begin = Instant::now();
        let steps = (TIME.as_secs_f64() / INTERVAL.as_secs_f64()) as usize;
        for step in 0..steps {
            thread::sleep(
                (begin + INTERVAL * step as u32).saturating_duration_since(Instant::now()),
            );
            let name = name(step * 7919 % PACKAGES).parse().unwrap();
            let short_desc = format!("Step {step}").parse().unwrap();
            let details = Details::new(short_desc);
            write
                .block_on(api.store().update(&name, Replacement::new(details), Write::new()))
                .unwrap();
        }
        println!("{:.0} writes/s:", steps as f64 / begin.elapsed().as_secs_f64());
    });
    report(&format!("{kind}, beside an import of 500,000"), &api, |api, write| {
        for start in (PACKAGES..PACKAGES + 500_000).step_by(BATCH) {
            let batch = (start..start + BATCH).map(|at| package(at).unwrap()).collect();
            write.block_on(api.store().create_many(batch, Write::new())).unwrap();
        }
    });
}

/// Reads while `write` does.
fn report<S: PackageStore>(
    title: &str,
    api: &Api<S>,
    write: impl FnOnce(&Api<S>, &tokio::runtime::Runtime) + Send,
) {
    let (ended, begin) = (AtomicBool::new(false), Barrier::new(2));
    let (mut reads, held_up) = thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            begin.wait();
            write(api, &runtime);
            ended.store(true, Ordering::Relaxed);
        });
        begin.wait();
        read(api, &ended)
    });
    reads.sort_unstable();
    let at = |part: f64| f64::from(reads[((reads.len() - 1) as f64 * part) as usize]) / 1e3;
    println!(
        "{title:40} {:8.2} {:8.2} {:8.2} {:9.1} {:9.1}",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0),
        f64::from(held_up) / 1e3
    );
}

/// How long each read took, in nanoseconds, and the longest that the thread was held up in between.
fn read<S: PackageStore>(api: &Api<S>, ended: &AtomicBool) -> (Vec<u32>, u32) {
    let endpoint = Endpoint::find("/packages/any").unwrap();
    let mut numbers = Numbers::new(0);
    let paths: Vec<_> =
        (0..100_000).map(|_| format!("/packages/{}", name(numbers.place(PACKAGES)))).collect();
    let (mut reads, mut held_up) = (Vec::with_capacity(100_000_000), 0);
    for path in paths.iter().cycle() {
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let request = request(path).unwrap();
        let begin = Instant::now();
        let response = now(respond(api, endpoint, request)).unwrap();
        let took = begin.elapsed();
        assert!(response.status().is_success());
        reads.push(took.as_nanos() as u32);
        let begin = Instant::now();
        while begin.elapsed() < took.min(USUAL) {}
        held_up = held_up.max(begin.elapsed().saturating_sub(USUAL).as_nanos() as u32);
    }
    (reads, held_up)
}
