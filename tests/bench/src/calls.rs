//! Answers requests, for a program to count what that takes: `bench-calls PATH COUNT [guard] [actor]`.
//!
//! With `guard`, the host has a guard. With `actor`, somebody has signed in for each request.

use std::error::Error;
use std::{env, hint};

use http::{Request, Response};
use pyaday_bench::{filled, guarded, now, request};
use pyaday_core::{Actor, Api, Body, Endpoint, MemoryStore, Options, respond};

/// As many as make the tree above them two levels high.
const PACKAGES: usize = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [path, count, host @ ..] = &arguments[..] else {
        return Err("usage: bench-calls PATH COUNT [guard] [actor]".into());
    };
    let has = |word: &str| host.iter().any(|it| it == word);
    let options = if has("guard") { guarded() } else { Options::new() };
    let actor = has("actor").then(|| Actor::new("ada")).transpose()?;
    let api = Api::with_options(filled(PACKAGES)?, options);
    let endpoint = Endpoint::find(path).ok_or("no such path")?;
    for _ in 0..count.parse()? {
        let mut request = request(path)?;
        if let Some(actor) = &actor {
            request.extensions_mut().insert(actor.clone());
        }
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
