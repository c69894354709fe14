//! Answers requests, for a program to count what that takes: `bench-calls PATH COUNT [guard] [actor]`.
//!
//! With `guard`, the host has a guard. With `actor`, somebody has signed in for each request. In `PATH`,
//! the word `REVISION` stands for the revision of a change: 99 packages were changed after it, one by
//! one.

use std::error::Error;
use std::{env, hint};

use http::{Request, Response};
use pyaday_bench::{fill, guarded, name, now, request};
use pyaday_core::{
    Actor, Api, Body, Details, Endpoint, MemoryStore, Options, PackageStore, Replacement, Revision,
    Update, Write, respond,
};

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
    let api = Api::with_options(MemoryStore::new(), options);
    now(fill(api.store(), PACKAGES)).ok_or("the store waits")??;
    let revision = now(change(api.store())).ok_or("the store waits")??;
    let path = &path.replace("REVISION", &revision.to_string());
    let endpoint = Endpoint::find(path.split('?').next().unwrap_or(path)).ok_or("no such path")?;
    for _ in 0..count.parse()? {
        let mut request = request(path)?;
        if let Some(actor) = &actor {
            request.extensions_mut().insert(actor.clone());
        }
        drop(hint::black_box(counted_call(&api, endpoint, request)));
    }
    Ok(())
}

/// Changes a hundred packages, one by one. Returns the revision of the first change.
async fn change(store: &MemoryStore) -> Result<Revision, Box<dyn Error>> {
    let mut first = None;
    for at in 0..100 {
        let details = Details::new(format!("Changed in step {at}").parse()?);
        let name = name(PACKAGES - 1 - at).parse()?;
        let update = store.update(&name, Replacement::new(details), Write::new()).await?;
        let Update::Updated(stored) = update else { return Err("nothing was changed".into()) };
        first.get_or_insert(stored.revision());
    }
    first.ok_or_else(|| "nothing was changed".into())
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
