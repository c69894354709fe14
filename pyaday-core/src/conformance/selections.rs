//! Facts about selections: what a query selects at one moment, page by page.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::bench::{Bench, Checked, Fault, ensure, same};
use super::fixtures::{
    at_least_one, described, details, everything, first, name, numbered, package, tagged,
    with_tags, with_words,
};
use super::races::while_writing;
use super::{Fact, Subject};
use crate::package::{Revision, Stored};
use crate::store::{Position, Query, Selected, Sort};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("a selection has all packages of a list, in the order of the names", complete),
        Fact::new("a page of a selection is at most as long as the limit", limit),
        Fact::new("a selection has the store's newest revision", revision),
        // A store that fails this one would wait forever in the next one.
        Fact::new("no write waits for a selection", no_waiting),
        Fact::new("a selection stays the same while packages are written", one_moment),
    ]
}

/// This fact needs thousands of writes.
pub(super) fn facts_of_races<S: Subject>() -> Vec<Fact<S>> {
    vec![Fact::new("a selection shows the moment of its revision", moments)]
}

/// All packages of a selection and the lengths of its pages.
fn taken<S: Subject>(
    bench: &Bench<'_, S>,
    selected: &mut Selected,
) -> Checked<(Vec<Stored>, Vec<usize>)> {
    let (mut packages, mut lengths) = (Vec::new(), Vec::new());
    while let Some(page) = bench.next_page(selected)? {
        lengths.push(page.len());
        packages.extend(page);
    }
    Ok((packages, lengths))
}

/// What a list has, in the order of the names.
fn listed<S: Subject>(bench: &Bench<'_, S>, query: &Query) -> Checked<Vec<Stored>> {
    let all = Query { after: None, sort: Sort::Name, limit: everything().limit, ..query.clone() };
    Ok(bench.list(&all)?.items)
}

/// Three hundred packages, so that there are several pages.
fn fill<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let made = |at: usize| {
        let tags: &[&str] = if at.is_multiple_of(3) { &["third", "web"] } else { &["web"] };
        let short_desc = if at.is_multiple_of(5) { "Five times" } else { "not" };
        package(&json!({"name": format!("P_{at:03}"), "short_desc": short_desc, "tags": tags}))
    };
    let mut packages: Vec<_> = (0..300).rev().map(made).collect();
    // Of a search for `five`, these come first by relevance and last by name.
    packages.extend([described("z-five", "Five"), tagged("z", &["five"])]);
    bench.add_all(&packages).map(drop)
}

fn queries() -> Vec<Query> {
    let third = with_tags(&["third"]);
    vec![
        everything(),
        third.clone(),
        with_tags(&["third", "web"]),
        with_tags(&["nothing"]),
        with_words("five"),
        with_words("5"),
        with_words("no such words"),
        with_words("!"),
        Query { search: with_words("FIVE").search, ..third },
    ]
}

fn complete<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    fill(bench)?;
    for query in queries() {
        let expected = listed(bench, &query)?;
        let last = expected.last().map(|last| last.package().name.normalized());
        for after in [None, last.map(Position::Name)] {
            let query = Query { after, ..query.clone() };
            let done = format!("302 packages were created, and selected: {query:?}");
            let mut selected = bench.select(&query)?;
            let (packages, _) = taken(bench, &mut selected)?;
            same(&done, &packages, &expected)?;
            let total = selected.total().unwrap_or(expected.len());
            same(format!("{done}; the total"), &total, &expected.len())?;
            let more = bench.next_page(&mut selected)?;
            same(format!("{done}; a page after the last one"), &more, &None)?;
        }
    }
    Ok(())
}

fn limit<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&numbered("p", 30))?;
    for limit in [1, 7, 30, 31] {
        let (_, lengths) = taken(bench, &mut bench.select(&first(limit))?)?;
        let done = format!("30 packages were created, and selected by pages of {limit}");
        let is_short = lengths.iter().all(|length| *length <= limit);
        ensure(is_short, done, "no page with more packages", &lengths)?;
    }
    Ok(())
}

fn revision<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let check = |done: &str| {
        let expected = bench.page()?.revision;
        for query in [everything(), with_tags(&["web"]), with_words("flask")] {
            let done = format!("{done}; selected: {query:?}");
            same(done, &bench.select(&query)?.revision(), &expected)?;
        }
        Ok(())
    };
    check("the store was empty")?;
    bench.add_all(&[described("flask", ""), described("django", "")])?;
    check("two packages were created")?;
    bench.remove(&name("django"))?;
    check("one of two packages was deleted")
}

/// One thread alternately takes a page and writes.
fn one_moment<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&numbered("p", 40))?;
    let query = first(5);
    let (expected, revision) = (listed(bench, &query)?, bench.page()?.revision);
    let mut selected = bench.select(&query)?;
    let mut packages = Vec::new();
    for at in (0..40).step_by(5) {
        packages.extend(bench.next_page(&mut selected)?.unwrap_or_default());
        bench.change(&name(&format!("p-{:03}", (at + 20) % 40)), &details("changed"))?;
        bench.remove(&name(&format!("p-{:03}", (at + 21) % 40)))?;
        bench.add(&described(&format!("p-{:03}-new", (at + 22) % 40), ""))?;
    }
    packages.extend(taken(bench, &mut selected)?.0);
    let done = "packages were selected by pages of 5, and after each page one was changed, one \
                deleted and one created";
    same(done, &packages, &expected)?;
    same(format!("{done}; the revision"), &selected.revision(), &revision)
}

fn no_waiting<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    /// Longer than a write takes anywhere.
    const PATIENCE: Duration = Duration::from_secs(10);

    bench.add_all(&numbered("p", 40))?;
    let mut selected = bench.select(&first(5))?;
    drop(bench.next_page(&mut selected)?);
    thread::scope(|scope| {
        let (report, result) = mpsc::channel();
        scope.spawn(move || report.send(bench.change(&name("p-007"), &details("changed"))));
        let result = result.recv_timeout(PATIENCE);
        // The write ends now at the latest, and so does the thread.
        drop(selected);
        match result {
            Ok(written) => written.map(drop),
            Err(_) => Err(Fault {
                done: "a package was updated while a selection still had pages".to_owned(),
                expected: "an answer".to_owned(),
                came: format!("nothing in {} seconds", PATIENCE.as_secs()),
            }),
        }
    })
}

/// One package is replaced again and again, and everything has the tag. So a selection shows all of
/// a batch or nothing of it, and the revision of the last batch is its revision.
fn moments<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    const BATCH: usize = 20;
    const BATCHES: usize = 40;

    let write = || {
        for at in 0..BATCHES {
            let names = (0..BATCH).map(|number| format!("p-{number:03}-{at:03}"));
            let batch: Vec<_> = names.map(|name| tagged(&name, &["web"])).collect();
            bench.add_all(&batch)?;
        }
        Ok(())
    };
    let mut query = with_tags(&["web"]);
    query.limit = at_least_one(7);
    let mut revisions = Vec::new();
    while_writing(write, || {
        let mut selected = bench.select(&query)?;
        let (packages, _) = taken(bench, &mut selected)?;
        let done = format!("batches of {BATCH} were created while another thread selected them");
        ensure(
            packages.len().is_multiple_of(BATCH),
            &done,
            "all of each batch or nothing of it",
            &packages.len(),
        )?;
        let newest = packages.iter().map(Stored::revision).max();
        if let Some(newest) = newest {
            same(format!("{done}; the revision"), &selected.revision(), &newest)?;
        }
        revisions.push(newest.unwrap_or(Revision::new(0)));
        Ok(())
    })?;
    let done = "selections were made, one after another, while another thread wrote";
    ensure(revisions.is_sorted(), done, "revisions that never go back", &revisions)
}
