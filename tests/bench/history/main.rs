//! How long reads of the history take.
//!
//! ```text
//! bench-history STORE LIST [--memory N]
//! ```
//!
//! `STORE` is the path of an SQLite file or a URL of a PostgreSQL database, in which
//! `tests/bench/history.py` has made a history for the packages of `LIST`. Or it is `memory`: then the
//! store gets the packages, and as many changes as `--memory` says, all of which it keeps.
#![expect(clippy::print_stdout, reason = "this is a program")]

use std::env;
use std::error::Error;
use std::num::NonZeroUsize;
use std::time::Instant;

use pyaday_bench::time::{Times, of_process};
use pyaday_bench::{list, request};
use pyaday_core::{
    Api, ChangeQuery, Details, Endpoint, MemoryStore, NormalizedName, Package, PackageStore, Past,
    Replacement, Retention, Write, respond,
};
use pyaday_postgres::{PostgresOptions, PostgresStore};
use pyaday_sqlite::SqliteStore;
use pyaday_tests::numbers::Numbers;

const USAGE: &str = "usage: bench-history STORE LIST [--memory N]";

/// The changes on a page.
const PAGE: NonZeroUsize = NonZeroUsize::new(50).unwrap();

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let (store, list, changes) = match &arguments[..] {
        [store, list] => (store, list, 10_000),
        [store, list, option, changes] if option == "--memory" => (store, list, changes.parse()?),
        _ => return Err(USAGE.into()),
    };
    let packages = list::read(list, true)?;
    let names: Vec<_> = packages.iter().map(|package| package.name.normalized()).collect();
    let start = Instant::now();
    match &**store {
        "memory" => {
            let store = MemoryStore::new().keep_changes(Retention::all());
            fill(&store, packages, &names, changes).await?;
            measure(store, &names).await
        }
        url if url.starts_with("postgres") => {
            let store = PostgresStore::connect(url, PostgresOptions::new()).await?;
            store.refresh().await?;
            println!("opened in {:.2} s", start.elapsed().as_secs_f64());
            measure(store, &names).await
        }
        path => {
            let store = SqliteStore::open(path)?;
            println!("opened in {:.2} s", start.elapsed().as_secs_f64());
            measure(store, &names).await
        }
    }
}

/// Adds the packages, and then replaces some of them so many times.
async fn fill(
    store: &MemoryStore,
    packages: Vec<Package>,
    names: &[NormalizedName],
    changes: usize,
) -> Result<(), Box<dyn Error>> {
    for batch in packages.chunks(5_000) {
        store.create_many(batch.to_vec(), Write::new()).await?;
    }
    let (mut numbers, used) = (Numbers::new(1), of_process());
    for step in 0..changes {
        let description = format!("What the package is good for, as of step {step}").parse()?;
        let name = &names[numbers.place(names.len())];
        store.update(name, Replacement::new(Details::new(description)), Write::new()).await?;
    }
    let used = (of_process() - used).as_secs_f64() * 1e6 / changes as f64;
    println!("{changes} changes, {used:.1} µs of processor time each");
    Ok(())
}

async fn measure<S: PackageStore>(
    store: S,
    names: &[NormalizedName],
) -> Result<(), Box<dyn Error>> {
    let newest = match store.changes(&ChangeQuery::new(PAGE)).await? {
        Past::Known(page) => page.items,
        Past::Unknown(_) => return Err("the store keeps no history".into()),
    };
    let (api, mut numbers) = (Api::new(store), Numbers::new(2));
    let oldest = newest.last().map(|change| change.revision).ok_or("there are no changes")?;
    let mut any = || &names[numbers.place(names.len())];
    let of_a_name: Vec<_> = (0..2_000).map(|_| format!("/changes?name={}", any())).collect();
    report(&api, "/changes?name=", &of_a_name).await?;
    let at: Vec<_> = (0..2_000).map(|_| format!("/packages/{}?at={oldest}", any())).collect();
    report(&api, "/packages/{name}?at=", &at).await?;
    let one = |path: String, times| vec![path; times];
    report(&api, "/changes", &one("/changes".to_owned(), 500)).await?;
    report(&api, "/changes?after=", &one(format!("/changes?after={oldest}"), 500)).await?;
    report(&api, "/changes?by=, 10,000 looked at", &one("/changes?by=nobody".to_owned(), 50))
        .await?;
    report(&api, "/changes/{revision}", &one(format!("/changes/{oldest}"), 500)).await?;
    let import = "/changes?what=import&limit=1".to_owned();
    report(&api, "/changes?what=import", &one(import, 50)).await?;
    if let Some(name) = env::var_os("OFTEN") {
        let path = format!("/changes?name={}", name.to_string_lossy());
        report(&api, "/changes?name=, one that changed often", &one(path, 500)).await?;
    }
    if let Some(revision) = env::var_os("LARGE") {
        let path = format!("/changes/{}", revision.to_string_lossy());
        report(&api, "/changes/{revision} of 5,000", &one(path, 200)).await?;
    }
    Ok(())
}

/// Prints how long the answers to these requests take.
async fn report<S: PackageStore>(
    api: &Api<S>,
    title: &str,
    paths: &[String],
) -> Result<(), Box<dyn Error>> {
    let (mut times, mut bytes) = (Times::default(), 0);
    for path in paths {
        let request = request(path)?;
        let endpoint = Endpoint::find(request.uri().path()).ok_or("no such path")?;
        let start = Instant::now();
        let response = respond(api, endpoint, request).await;
        times.add(start.elapsed());
        bytes += http_body::Body::size_hint(response.body()).lower();
        if !matches!(response.status().as_u16(), 200 | 404) {
            return Err(format!("{path} was answered with {}", response.status()).into());
        }
    }
    println!("{title}: {} bytes on average, {times}", bytes / paths.len() as u64);
    Ok(())
}
