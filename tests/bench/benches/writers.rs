//! Durable writes per second, of one writer and of many: `cargo bench --package pyaday-bench --bench writers`.
//!
//! Where the disk answers a synchronisation at once, a slower one shows what group commit is for:
//!
//! ```console
//! $ strace -f --seccomp-bpf -qq -o /dev/null -e trace=fsync \\
//!     -e inject=fsync:delay_exit=2000 PROGRAM
//! ```

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use pyaday_core::{Details, Package, PackageStore, Replacement, Write};
use pyaday_sqlite::SqliteStore;

/// As many packages as are there before.
const PACKAGES: usize = 100_000;
const TIME: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let path = env::temp_dir().join(format!("pyaday-writers-{}.db", process::id()));
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let packages = (0..PACKAGES).map(|at| Package::new(&name(at), "A package").unwrap());
    store.create_many(packages.collect(), Write::new()).await.unwrap();
    let fsync = fsync();
    println!("a synchronisation: {:.2} ms", fsync.as_secs_f64() * 1e3);
    let mut one = 0.0;
    for writers in [1, 128] {
        let mut latencies = measure(&store, writers).await;
        latencies.sort();
        let rate = latencies.len() as f64 / TIME.as_secs_f64();
        let at = |part: f64| latencies[(latencies.len() as f64 * part) as usize];
        println!(
            "{writers} writers: {rate:.0} writes/s, median {:?}, p99 {:?} ({:.1} synchronisations)",
            at(0.5),
            at(0.99),
            at(0.99).as_secs_f64() / fsync.as_secs_f64()
        );
        match writers {
            1 => one = rate,
            _ => println!("{:.1} times the writes of one", rate / one),
        }
    }
    drop(store);
    fs::remove_file(&path).unwrap();
}

/// The median of some synchronisations of a page.
fn fsync() -> Duration {
    let path = env::temp_dir().join(format!("pyaday-fsync-{}", process::id()));
    let mut times: Vec<_> = (0..101)
        .map(|_| {
            fs::write(&path, [0; 4096]).unwrap();
            let begin = Instant::now();
            fs::File::open(&path).unwrap().sync_all().unwrap();
            begin.elapsed()
        })
        .collect();
    fs::remove_file(&path).unwrap();
    times.sort();
    times[50]
}

/// How long each write took that so many tasks made, as those of a server.
async fn measure(store: &Arc<SqliteStore>, writers: usize) -> Vec<Duration> {
    let end = Instant::now() + TIME;
    let tasks = (0..writers).map(|writer| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            for step in 0.. {
                let begin = Instant::now();
                if begin > end {
                    break;
                }
                // Anywhere among the packages, and never the same twice at once.
                let at = (step * 7919 + writer) * 128 % PACKAGES + writer;
                let short_desc = format!("Step {step}").parse().unwrap();
                let details = Details::new(short_desc);
                let name = name(at % PACKAGES).parse().unwrap();
                store.update(&name, Replacement::new(details), Write::new()).await.unwrap();
                latencies.push(begin.elapsed());
            }
            latencies
        })
    });
    let mut latencies = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        latencies.extend(task.await.unwrap());
    }
    latencies
}

fn name(at: usize) -> String {
    format!("package-{at:06}")
}
