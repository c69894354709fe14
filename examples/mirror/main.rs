//! Mirrors a catalogue: copies it from a server into an SQLite file, and then follows its changes.
//!
//! `mirror http://127.0.0.1:5000 mirror.db` runs until it is stopped or until a request or a write fails.
//! It can be killed and started again at any moment: it goes on where it was. Each change of the source
//! becomes one write, with the same author and note, so the history of the mirror is that of the
//! source. Days and pins are not mirrored.
#![expect(clippy::print_stdout, reason = "an operator reads what it reports")]

mod source;
mod target;

use std::time::Duration;

use source::{Changed, Failure, Source};
use target::Target;

/// How long it waits before it asks again for changes, if there were none.
const INTERVAL: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, file] = &arguments[..] else { return Err("usage: mirror URL FILE".into()) };
    let mut source = Source::connect(url).await?;
    let target = Target::open(file)?;
    if target.position().is_none() {
        println!("no position is saved: copying all packages");
        copy(&mut source, &target).await?;
    }
    loop {
        let position = target.position().ok_or("the file of the position was removed")?;
        if !follow(&mut source, &target, &position).await? {
            println!("the source has no history since {position}: copying all packages anew");
            copy(&mut source, &target).await?;
        }
    }
}

/// Copies all packages. Others may write to the source meanwhile, so the copy is complete only after the
/// changes since its beginning were applied too.
async fn copy(source: &mut Source, target: &Target) -> Result<(), Failure> {
    target.forget_position()?;
    let position = source.newest_revision().await?;
    let mut gone = target.names().await?;
    let mut after = None;
    loop {
        let page = source.packages(after.as_deref()).await?;
        let packages =
            page.items.iter().map(|text| Changed::to(text)).collect::<Result<Vec<_>, _>>()?;
        for package in &packages {
            gone.remove(&package.name);
        }
        target.write(packages, None).await?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    target.write(gone.into_iter().map(Changed::removed).collect(), None).await?;
    target.keep_position(&position)
}

/// Applies the changes after a position. Returns false if the source does not have all of them.
async fn follow(source: &mut Source, target: &Target, position: &str) -> Result<bool, Failure> {
    let Some(page) = source.changes(position).await? else { return Ok(false) };
    for change in &page.items {
        let Some(packages) = source.changed(&change.revision).await? else { return Ok(false) };
        // The position is kept after the write. If the process ends in between, it makes the same write
        // again, which then changes nothing.
        target.write(packages, Some(change)).await?;
        target.keep_position(&change.revision)?;
    }
    if page.next.is_none() {
        tokio::time::sleep(INTERVAL).await;
    }
    Ok(true)
}
