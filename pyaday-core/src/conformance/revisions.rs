//! Facts about revisions: each change has its own, and a page has the newest.

use super::bench::{Bench, Checked, ensure, same};
use super::daily::open;
use super::fixtures::{
    bare, day, described, details, first, full, name, normalized, with_tags, with_words,
};
use super::{Fact, Subject};
use crate::package::{Revision, Stored};
use crate::store::{Create, Position, Query};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("no revision is used again after a delete", never_again),
        Fact::new("a delete changes the store's revision", delete_counts),
        Fact::new("a page has the store's newest revision, whatever it lists", newest),
        Fact::new("every change has a greater revision than all changes before it", growing),
        Fact::new("a revision is at least the clock's microseconds", not_before_the_clock),
        Fact::new("a call that writes nothing does not change the store's revision", refused),
    ]
}

/// Checks that a revision is greater than an earlier one.
fn grown(done: &str, after: Revision, before: Revision) -> Checked {
    ensure(after > before, done, format!("a revision greater than {before}"), &after)
}

fn growing<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let mut last = bench.page()?.revision;
    let mut next = |done: &str, revision: Revision| {
        let before = std::mem::replace(&mut last, revision);
        grown(done, revision, before)
    };
    for round in 0..4 {
        let text = format!("round {round}");
        next("`flask` was created", bench.add(&full("flask"))?.revision())?;
        next("`a` was created", bench.add(&full("a"))?.revision())?;
        let revision = bench.change(&name("flask"), &details(&text))?.revision();
        next("`flask` was updated", revision)?;
        next("`a` was updated", bench.change(&name("a"), &details(&text))?.revision())?;
        bench.remove(&name("a"))?;
        next("`a` was deleted and a page read", bench.page()?.revision)?;
        bench.remove(&name("flask"))?;
        let answers = bench.add_all(&bare(&["c", "b"]))?;
        let revisions = answers.iter().map(Stored::revision);
        let done = "`flask` was deleted, then a batch created";
        next(done, revisions.clone().min().unwrap_or(Revision::new(0)))?;
        next("a batch was created and a package after it", bench.add(&full("d"))?.revision())?;
        let newest = bench.page()?.revision;
        for revision in revisions {
            grown("a batch was created and a package after it", newest, revision)?;
        }
        for gone in ["b", "c", "d"] {
            bench.remove(&name(gone))?;
        }
    }
    Ok(())
}

fn newest<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let queries = [
        first(1),
        first(100),
        Query { after: Some(Position::Name(name("zzz"))), ..first(1) },
        with_tags(&["no-such-tag"]),
        with_words("no such word"),
    ];
    let is_newest = |done: &str, newest: Revision| {
        queries.iter().try_for_each(|query| {
            same(format!("{done}, then {query:?} listed"), &bench.list(query)?.revision, &newest)
        })
    };
    is_newest("flask was created", bench.add(&full("flask"))?.revision())?;
    is_newest("django was created", bench.add(&full("django"))?.revision())?;
    is_newest("flask was updated", bench.change(&name("flask"), &details("new"))?.revision())?;
    let batch = bench.add_all(&bare(&["z", "a", "m"]))?;
    let last = batch.iter().map(Stored::revision).max();
    is_newest("a batch was created", last.unwrap_or(Revision::new(0)))?;
    bench.remove(&name("m"))?;
    is_newest("a package was deleted, a page read", bench.page()?.revision)
}

fn delete_counts<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&bare(&["a", "b", "c", "d"]))?;
    let mut before = bench.page()?.revision;
    for gone in ["a", "d", "c", "b"] {
        bench.remove(&name(gone))?;
        let after = bench.page()?.revision;
        grown(&format!("`{gone}` was deleted and a page read"), after, before)?;
        before = after;
    }
    Ok(())
}

fn never_again<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let mut last = bench.add(&full("flask"))?.revision();
    // The newest version is deleted, so no package has its revision any more.
    for anew in ["flask", "other", "flask", "flask"] {
        for gone in bench.page()?.items {
            bench.remove(&normalized(&gone))?;
        }
        let revision = bench.add(&full(anew))?.revision();
        grown(&format!("the newest package was deleted and `{anew}` created"), revision, last)?;
        last = revision;
    }
    Ok(())
}

fn not_before_the_clock<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    let writes: [(&str, &dyn Fn() -> Checked); 8] = [
        ("a package was created", &|| bench.add(&full("flask")).map(drop)),
        ("a batch was created", &|| bench.add_all(&bare(&["a", "b"])).map(drop)),
        ("a package was updated", &|| bench.change(&flask, &details("new")).map(drop)),
        ("a package was respelled", &|| bench.respell(&full("FLASK")).map(drop)),
        ("a date was pinned", &|| bench.pin_daily(day(9), day(0), &flask).map(drop)),
        ("a pin was taken back", &|| bench.unpin_daily(day(9), day(0)).map(drop)),
        ("a day was opened", &|| open(bench, day(0)).map(drop)),
        ("a package was deleted", &|| bench.remove(&flask)),
    ];
    for (done, write) in writes {
        let before = Revision::now();
        write()?;
        let revision = bench.page()?.revision;
        let done = format!("{done} after the moment {before} by the clock");
        ensure(revision >= before, done, "a revision of at least that", &revision)?;
    }
    Ok(())
}

fn refused<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let (flask, absent) = (name("flask"), name("absent"));
    let version = bench.add(&full("flask"))?;
    let (new, old) = (details("new"), version.package().details);
    let other = Some(version.revision().next());
    let before = bench.page()?.revision;
    bench.create(&described("FLASK", "other"))?;
    bench.create_many(&[described("Flask", "other")])?;
    bench.create_many(&[])?;
    bench.update(&flask, other, &new)?;
    bench.update(&flask, None, &old)?;
    bench.update(&absent, None, &new)?;
    bench.delete(&flask, other)?;
    bench.delete(&absent, None)?;
    bench.pin_daily(day(9), day(0), &absent)?;
    bench.unpin_daily(day(9), day(0))?;
    let done = "creates of what exists, updates and deletes of what is absent or in another \
                revision, an update with equal details, a pin of what is absent and the taking back of \
                none were tried";
    same(format!("{done}, and a page read"), &bench.page()?.revision, &before)?;
    same(format!("{done}, and `flask` read"), &bench.read(&flask)?, &Some(version.clone()))?;
    let again = bench.create(&full("flask"))?;
    same(format!("{done}, and `flask` created again"), &again, &Create::Exists(version))
}
