//! Answers requests, for a program to count what that takes: `bench-calls PATH COUNT`.

use std::error::Error;
use std::{env, hint};

use http::{Request, Response};
use pyaday_bench::{fill, now, request};
use pyaday_core::{Api, Body, Endpoint, MemoryStore, respond};

/// As many as make the tree above them two levels high.
const PACKAGES: usize = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [path, count] = &arguments[..] else {
        return Err("usage: bench-calls PATH COUNT".into());
    };
    let api = Api::new(MemoryStore::new());
    now(fill(api.store(), PACKAGES)).ok_or("the store waits")??;
    let endpoint = Endpoint::find(path).ok_or("no such path")?;
    for _ in 0..count.parse()? {
        let request = request(path)?;
        drop(hint::black_box(counted_call(&api, endpoint, request)));
    }
    Ok(())
}

/// What is counted, by its name.
#[inline(never)]
fn counted_call(
    api: &Api<MemoryStore>,
    endpoint: &'static Endpoint,
    request: Request<String>,
) -> Option<Response<Body>> {
    now(respond(api, endpoint, request))
}
