//! What searches cost in a list of real packages, and whether they find what people look for.
//!
//! ```text
//! bench-search LIST [--without-rank] [--verify N]
//! ```
//!
//! `LIST` is a file of tab-separated values with a header. It has the columns `name`, `summary`,
//! `rank` and `import_name`.
#![expect(clippy::print_stdout, reason = "this is a program")]

mod golden;
mod queries;
/// The same table as in the tests.
#[path = "../../search/golden.rs"]
mod table;
mod tags;

use std::env;
use std::error::Error;
use std::hint::black_box;
use std::num::NonZeroUsize;

use pyaday_bench::list;
use pyaday_core::{Catalogue, NormalizedName, Query, Revision, Seed, Write};
use pyaday_tests::numbers::Numbers;

use pyaday_bench::time::{Times, median, processor};

/// The packages on a page.
const LIMIT: NonZeroUsize = NonZeroUsize::new(50).unwrap();

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let path = arguments.next().ok_or("usage: bench-search LIST [--without-rank] [--verify N]")?;
    let (mut has_ranks, mut verified) = (true, 0);
    while let Some(option) = arguments.next() {
        match &*option {
            "--without-rank" => has_ranks = false,
            "--verify" => verified = arguments.next().ok_or("--verify needs a number")?.parse()?,
            _ => return Err(format!("there is no option {option}").into()),
        }
    }
    let packages = list::read(&path, has_ranks)?;
    let mut scanned = Catalogue::new(Revision::new(0));
    let start = processor();
    for batch in packages.chunks(5_000) {
        scanned.create_many(batch, &Write::new());
    }
    println!("{} packages, added in {:.2} s", scanned.len(), (processor() - start).as_secs_f64());
    let mut catalogue = scanned.clone();
    let start = processor();
    catalogue.build_index();
    let size = catalogue.index_size().unwrap_or_default() as f64 / catalogue.len() as f64;
    println!(
        "index built in {:.2} s, {size:.1} bytes a package",
        (processor() - start).as_secs_f64()
    );

    golden::check(&catalogue);

    let mut numbers = Numbers::new(0x9e37);
    let real: Vec<_> = (0..10_000).map(|_| queries::real(&packages, &mut numbers)).collect();
    measure("real queries", &catalogue, real.iter());
    let next: Vec<_> =
        real.iter().take(2_000).filter_map(|query| queries::next(&catalogue, query)).collect();
    measure("their second pages", &catalogue, next.iter());
    let deep: Vec<_> =
        real.iter().take(500).filter_map(|query| queries::deep(&catalogue, query, 20)).collect();
    measure("their pages 21", &catalogue, deep.iter());
    let hard: Vec<_> = queries::HARD.iter().map(|text| queries::search(text)).collect();
    worst("hard queries", &catalogue, &hard);
    let constructed: Vec<_> =
        (0..3_000).map(|_| queries::constructed(&packages, &mut numbers)).collect();
    worst("constructed queries", &catalogue, &constructed);
    measure("a scan, as control", &scanned, real.iter().take(20));

    let mut wrong = 0;
    for query in mixed(&[&hard, &real, &constructed]).take(verified) {
        let name = query.search.clone();
        if catalogue.list(query) != scanned.list(query) {
            wrong += 1;
            println!("WRONG {name:?}");
        }
    }
    println!("{verified} queries compared with a scan, {wrong} differ");
    writes(&scanned, &mut catalogue);
    drop((catalogue, scanned));
    tags::measure(packages)
}

/// The queries of several kinds: one of each kind, then the next one of each kind.
fn mixed<'a>(kinds: &'a [&'a [Query]]) -> impl Iterator<Item = &'a Query> {
    let most = kinds.iter().map(|kind| kind.len()).max().unwrap_or_default();
    (0..most).flat_map(move |at| kinds.iter().filter_map(move |kind| kind.get(at)))
}

/// Prints what each query takes of the processor.
fn measure<'a>(title: &str, catalogue: &Catalogue, queries: impl Iterator<Item = &'a Query>) {
    let mut times = Times::default();
    for query in queries {
        let start = processor();
        black_box(catalogue.list(query));
        times.add(processor() - start);
    }
    println!("{title}: {times}");
}

/// Prints the same for the median of five runs of each query, and the worst queries.
fn worst(title: &str, catalogue: &Catalogue, queries: &[Query]) {
    let run = |query: &Query| {
        let runs = (0..5).map(|_| {
            let start = processor();
            black_box(catalogue.list(query));
            processor() - start
        });
        median(runs.collect())
    };
    let mut times: Vec<_> = queries.iter().map(|query| (run(query), query)).collect();
    times.sort_by_key(|(time, _)| *time);
    let all: Times = times.iter().map(|(time, _)| *time).collect();
    println!("{title}: {all}");
    for (time, query) in times.iter().rev().take(8) {
        let total = catalogue.list(query).total.unwrap_or_default();
        println!("    {:8.1} µs {:?} found {total}", time.as_nanos() as f64 / 1e3, query.search);
    }
}

/// Prints what a write takes, without an index and while the index records it.
fn writes(scanned: &Catalogue, catalogue: &mut Catalogue) {
    let query = queries::search("http client");
    measure("`http client`, nothing written since", catalogue, std::iter::repeat_n(&query, 50));
    delete_some("without an index", &mut scanned.clone());
    for written in [500, 1_000] {
        delete_some("with an index", catalogue);
        let title = format!("`http client`, {written} written since");
        measure(&title, catalogue, std::iter::repeat_n(&query, 50));
    }
}

/// Deletes 500 packages.
fn delete_some(title: &str, catalogue: &mut Catalogue) {
    let names: Vec<NormalizedName> = (0..500)
        .filter_map(|_| catalogue.random(Seed::random()).map(|it| it.package().name.normalized()))
        .collect();
    let mut times = Times::default();
    for name in &names {
        let start = processor();
        catalogue.delete(name, &Write::new());
        times.add(processor() - start);
    }
    println!("writes {title}: {times}");
}
