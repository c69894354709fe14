//! Facts about stores that are closed and opened again: everything must be kept.

use std::fmt::Debug;

use serde_json::json;

use super::bench::{Bench, Checked, ensure, same};
use super::daily::open;
use super::fixtures::{bare, day, details, full, moment, name, package};
use super::{Fact, Subject, model};
use crate::daily::{Pin, Unpin};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::reopening("a store that is opened again has its packages", packages),
        Fact::reopening("a store that is opened again has its identity", identity),
        Fact::reopening("a store that is opened again has its days", days),
        Fact::reopening("a store that is opened again has its pins", pins),
        Fact::reopening("a store that is opened again has its newest revision", newest),
        Fact::reopening("a store that is opened again continues with greater revisions", goes_on),
        Fact::reopening(
            "any sequence of calls has the results that the contract requires, even if the store is opened again",
            model::reopened_sequences,
        ),
    ]
}

/// A description of a write, and the write.
type Write<S> = (&'static str, fn(&Bench<'_, S>) -> Checked);

/// One write of every kind. Each changes something when they run in this order.
fn writes<S: Subject>() -> Vec<Write<S>> {
    vec![
        ("a package was created", |bench| bench.add(&full("Flask")).map(drop)),
        ("a batch was created", |bench| {
            let odd =
                json!({"name": "Odd.One", "short_desc": "", "metadata": {"z": 1.0, "a": null}});
            let mut batch = bare(&["z", "a", "m", "b"]);
            batch.push(package(&odd));
            bench.add_all(&batch).map(drop)
        }),
        ("a package was updated", |bench| bench.change(&name("a"), &details("é")).map(drop)),
        ("a package was respelled", |bench| bench.respell(&full("FLASK")).map(drop)),
        ("a day was opened", |bench| open(bench, day(1)).map(drop)),
        ("a date was pinned", |bench| pin(bench, 8, "z")),
        ("another date was pinned", |bench| pin(bench, 5, "flask")),
        ("a pin was replaced", |bench| pin(bench, 5, "m")),
        ("several days were opened, one of them pinned", |bench| {
            bench.open_days(day(0)..=day(5), moment()).map(drop)
        }),
        ("a package that was shown was deleted", |bench| {
            let shown = bench.recent_daily(day(1), 1)?;
            shown.iter().try_for_each(|daily| bench.remove(daily.name()))
        }),
        ("the newest package was created", |bench| bench.add(&full("newest")).map(drop)),
        // Both calls are in one step, because a store that forgets pins could not remove the pin
        // later.
        ("a pin was made and taken back", |bench| {
            pin(bench, 9, "newest")?;
            let came = bench.unpin_daily(day(9), day(5))?;
            same("a pin was taken back", &came, &Unpin::Unpinned)
        }),
        ("the newest package was deleted", |bench| bench.remove(&name("newest"))),
    ]
}

/// Pins a date, so the call must write.
fn pin<S: Subject>(bench: &Bench<'_, S>, date: i32, package: &str) -> Checked {
    let came = bench.pin_daily(day(date), day(1), &name(package))?;
    let is_pinned = matches!(came, Pin::Pinned(_));
    ensure(is_pinned, format!("a date was pinned to `{package}`"), "Pinned", &came)
}

/// Checks that a store has the same content after it was opened again, after every kind of write, and
/// after it was opened once more without a write between.
fn kept<S: Subject, T: PartialEq + Debug>(
    bench: &Bench<'_, S>,
    what: &str,
    look: impl Fn(&Bench<'_, S>) -> Checked<T>,
) -> Checked {
    let mut bench = Bench::new(bench.subject);
    for (done, write) in writes() {
        write(&bench)?;
        let before = look(&bench)?;
        bench = bench.reopened()?;
        same(format!("{done} and the store opened again; {what}"), &look(&bench)?, &before)?;
    }
    let before = look(&bench)?;
    bench = bench.reopened()?;
    same(format!("the store was opened once more; {what}"), &look(&bench)?, &before)
}

fn packages<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    kept(bench, "its packages", |bench| Ok(bench.page()?.items))
}

fn identity<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let new = Bench::new(bench.subject);
    let before = new.id()?;
    let done = "a store to which nothing was written was opened again; its identity";
    same(done, &new.reopened()?.id()?, &before)?;
    kept(bench, "its identity", |bench| Ok(bench.id()?.to_string()))
}

fn days<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    kept(bench, "its days", |bench| {
        Ok((bench.recent_daily(day(99), 99)?, bench.daily(day(3))?, bench.daily(day(99))?))
    })
}

fn pins<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    kept(bench, "its pins", |bench| Ok((bench.pins(day(-9), 99)?, bench.pinned(day(8))?)))
}

/// A store to which nothing was written may have another first revision each time it is opened.
fn newest<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    kept(bench, "its newest revision", |bench| Ok(bench.page()?.revision))
}

fn goes_on<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let mut bench = Bench::new(bench.subject);
    for (done, write) in writes() {
        write(&bench)?;
        let before = bench.page()?.revision;
        bench = bench.reopened()?;
        let version = bench.add(&full("after"))?;
        let done = format!("{done}, the store opened again and a package created");
        let grown = version.revision() > before;
        ensure(grown, done, format!("a revision greater than {before}"), &version)?;
        bench.remove(&name("after"))?;
        bench = bench.reopened()?;
    }
    Ok(())
}
