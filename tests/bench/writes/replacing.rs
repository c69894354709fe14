//! Writers that replace packages.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pyaday_bench::time::{Times, of_process};
use pyaday_core::{Details, NormalizedName, PackageStore, Replacement, StoreError, Write};
use tokio::task::JoinSet;

/// Prints what the writes cost.
pub(crate) async fn measure<S: PackageStore>(
    store: Arc<S>,
    names: Vec<NormalizedName>,
    writers: usize,
    writes: usize,
) -> Result<(), Box<dyn Error>> {
    let (names, start, used) = (Arc::new(names), Instant::now(), of_process());
    let mut tasks = JoinSet::new();
    for writer in 0..writers {
        let (store, names) = (Arc::clone(&store), Arc::clone(&names));
        tasks.spawn(async move {
            let steps = (writer..writes).step_by(writers);
            replace(&*store, steps.map(|step| (step, &names[place(step, names.len())]))).await
        });
    }
    let mut times = Times::default();
    while let Some(task) = tasks.join_next().await {
        task??.into_iter().for_each(|time| times.add(time));
    }
    let (took, used) = (start.elapsed(), of_process() - used);
    println!(
        "{writers} writers: {:.0} writes/s, {:.1} µs of this process for a write; {times}",
        writes as f64 / took.as_secs_f64(),
        used.as_secs_f64() * 1e6 / writes as f64
    );
    Ok(())
}

/// Anywhere among the packages, and another one in each step until all had one.
fn place(step: usize, packages: usize) -> usize {
    // It has no factor in common with any number of packages that is smaller.
    step.wrapping_mul(4_294_967_291) % packages
}

/// Replaces the descriptions of these packages. Returns how long each write took.
async fn replace<S: PackageStore>(
    store: &S,
    steps: impl Iterator<Item = (usize, &NormalizedName)>,
) -> Result<Vec<Duration>, StoreError> {
    let mut times = Vec::new();
    for (step, name) in steps {
        let Ok(description) = format!("What the package is good for, as of step {step}").parse()
        else {
            continue;
        };
        let start = Instant::now();
        store.update(name, Replacement::new(Details::new(description)), Write::new()).await?;
        times.push(start.elapsed());
    }
    Ok(times)
}
