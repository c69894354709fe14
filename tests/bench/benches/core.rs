//! What the core takes for a call, without a server: `cargo bench --package pyaday-bench --bench core`.
//!
//! Each is the whole of it: from the request's head to the response, in one thread. Packages are read
//! in no order, so that what is far from the processor is, as in a server.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark that cannot run says so")]

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use http::Request;
use pyaday_bench::{filled, name, now, request};
use pyaday_core::{Api, Endpoint, respond};
use pyaday_tests::numbers::Numbers;

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn calls(criterion: &mut Criterion) {
    for size in SIZES {
        let api = Api::new(filled(size).unwrap());
        let mut numbers = Numbers::new(0);
        let mut any = || format!("/packages/{}", name(numbers.place(size)));
        let mut call = |what: &str, path: &mut dyn FnMut() -> String| {
            let first = path();
            let endpoint = Endpoint::find(&first).unwrap();
            let answer = |request: Request<String>| now(respond(&api, endpoint, request)).unwrap();
            criterion.bench_with_input(BenchmarkId::new(what, size), &size, |bencher, _| {
                bencher.iter_batched(
                    || request(&path()).unwrap(),
                    answer,
                    BatchSize::NumIterations(100),
                );
            });
        };
        call("/rand", &mut || "/rand".to_owned());
        call("/packages/{name}", &mut any);
        call("404", &mut || "/packages/no-such-package".to_owned());
    }
}

criterion_group!(benches, calls);
criterion_main!(benches);
