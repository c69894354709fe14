//! What durable writes cost.
//!
//! ```text
//! bench-writes STORE LIST [--writers N] [--writes N] [--keep N]
//! ```
//!
//! `STORE` is `memory`, the path of an SQLite file, or a URL of a PostgreSQL database. A store without
//! packages gets those of `LIST` first, in batches of 5,000. Then so many writers replace packages in
//! no order. With `--keep`, the store keeps only the newest changes in its log.
//!
//! Where the disk answers a synchronisation at once, a slower one shows what group commit is for:
//!
//! ```console
//! $ strace -f --seccomp-bpf -qq -o /dev/null -e trace=fsync,fdatasync \
//!     -e inject=fsync,fdatasync:delay_exit=1000 bench-writes …
//! ```
#![expect(clippy::print_stdout, reason = "this is a program")]

mod replacing;

use std::env;
use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pyaday_bench::list;
use pyaday_bench::time::of_process;
use pyaday_core::{MemoryStore, Package, PackageStore, Query, Retention, Write};
use pyaday_postgres::{PostgresOptions, PostgresStore};
use pyaday_sqlite::SqliteStore;

/// How many packages are written at once.
const BATCH: usize = 5_000;

const USAGE: &str = "usage: bench-writes STORE LIST [--writers N] [--writes N] [--keep N]";

/// What the command says.
struct Arguments {
    store: String,
    list: String,
    writers: usize,
    writes: usize,
    keep: Option<usize>,
}

impl Arguments {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut given = env::args().skip(1);
        let (store, list) = given.next().zip(given.next()).ok_or(USAGE)?;
        let mut arguments = Self { store, list, writers: 128, writes: 100_000, keep: None };
        while let Some(option) = given.next() {
            let number = given.next().ok_or(USAGE)?.parse()?;
            match &*option {
                "--writers" => arguments.writers = number,
                "--writes" => arguments.writes = number,
                "--keep" => arguments.keep = Some(number),
                _ => return Err(USAGE.into()),
            }
        }
        Ok(arguments)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read()?;
    let packages = list::read(&arguments.list, true)?;
    let kept = arguments.keep.map_or(Retention::all(), |count| Retention::all().at_most(count));
    let start = Instant::now();
    match &*arguments.store {
        "memory" => run(MemoryStore::new().keep_changes(kept), start, &arguments, packages).await,
        url if url.starts_with("postgres") => {
            let options = PostgresOptions::new().keep_changes(kept);
            run(PostgresStore::connect(url, options).await?, start, &arguments, packages).await
        }
        path => run(SqliteStore::open(path)?.keep_changes(kept), start, &arguments, packages).await,
    }
}

async fn run<S: PackageStore>(
    store: S,
    start: Instant,
    arguments: &Arguments,
    packages: Vec<Package>,
) -> Result<(), Box<dyn Error>> {
    // A store in PostgreSQL loads its packages in the background.
    store.refresh().await?;
    println!("opened in {:.2} s", start.elapsed().as_secs_f64());
    let names: Vec<_> = packages.iter().map(|package| package.name.normalized()).collect();
    if store.list(&Query::new(NonZeroUsize::MIN)).await?.items.is_empty() {
        import(&store, packages).await?;
    }
    if arguments.writes > 0 {
        replacing::measure(Arc::new(store), names, arguments.writers, arguments.writes).await?;
    }
    Ok(())
}

async fn import<S: PackageStore>(store: &S, packages: Vec<Package>) -> Result<(), Box<dyn Error>> {
    let (start, used, count) = (Instant::now(), of_process(), packages.len());
    let mut packages = packages.into_iter();
    loop {
        let batch: Vec<_> = packages.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        store.create_many(batch, Write::new()).await?;
    }
    let seconds = |time: Duration| time.as_secs_f64();
    println!(
        "{count} packages imported in {:.2} s, {:.2} s of this process",
        seconds(start.elapsed()),
        seconds(of_process() - used)
    );
    Ok(())
}
