//! Facts about several threads that call one store at once.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::bench::{Bench, Checked, Fault, ensure, same};
use super::fixtures::{
    day, described, details, everything, first, name, names, normalized, numbered, seed,
};
use super::lists::pages;
use super::{Fact, Subject};
use crate::daily::{Pin, Unpin};
use crate::package::{Revision, Stored};
use crate::store::{Create, Delete, Page, Position, Query, Replacement, Update, Write};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("if several calls create one name at once, one succeeds", creates),
        Fact::new("if several calls create one batch at once, one succeeds", batches),
        Fact::new("if several calls update one revision at once, one succeeds", updates),
        Fact::new("no update is lost if each expects the revision that it has read", nothing_lost),
        Fact::new("if several calls delete one package at once, one succeeds", deletes),
        Fact::new(
            "if several calls create in one revision of the store at once, one succeeds",
            tied_creates,
        ),
        Fact::new(
            "if several calls update and delete one revision at once, one succeeds",
            update_or_delete,
        ),
        Fact::new("no reader sees a part of a batch", batches_are_whole),
        Fact::new("a page shows the moment of its revision", pages_are_moments),
        Fact::new(
            "all pages that are read during writes have each package that stays once",
            walk_among_writers,
        ),
    ]
}

pub(super) fn facts_of_pins<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new(
            "if several calls pin one date with the same condition at once, one succeeds",
            pins,
        ),
        Fact::new("if several calls remove one pin at once, one succeeds", unpins),
    ]
}

pub(super) const THREADS: usize = 4;

/// The number of rounds of a race. The order of the threads differs from round to round, and so
/// does the behaviour of a broken store.
const ROUNDS: usize = 50;

/// Lets threads act at the same moment. Each gets its number. Returns their results.
pub(super) fn at_once<T: Send>(act: impl Fn(usize) -> Checked<T> + Sync) -> Checked<Vec<T>> {
    let barrier = Barrier::new(THREADS);
    let wait_and_act = |number| {
        barrier.wait();
        act(number)
    };
    let wait_and_act = &wait_and_act;
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|number| scope.spawn(move || wait_and_act(number))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// Reads repeatedly while another thread writes, and once more after it has finished.
pub(super) fn while_writing(
    write: impl FnOnce() -> Checked + Send,
    mut read: impl FnMut() -> Checked,
) -> Checked {
    thread::scope(|scope| {
        let writer = scope.spawn(write);
        while !writer.is_finished() {
            read()?;
        }
        read()?;
        writer.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// Conditions that admit only one revision. Rounds alternate between two ways to express that.
fn either(round: usize, revision: Revision) -> Write {
    match round.is_multiple_of(2) {
        true => Write::new().if_revision(revision),
        false => Write::new().only_if(move |current| current == Some(revision)),
    }
}

fn tied_creates<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    for round in 0..ROUNDS {
        let before = bench.page()?.revision;
        let answers = at_once(|number| {
            bench.create_on(&described(&format!("p-{round}-{number}"), ""), either(round, before))
        })?;
        let now = bench.page()?.revision;
        let created = answers.iter().filter(|answer| matches!(answer, Create::Created(_))).count();
        let fits = answers.iter().all(|answer| match answer {
            Create::Created(version) => version.revision() == now,
            Create::Stale(newest) => *newest == now,
            Create::Exists(_) => false,
        });
        let done = format!(
            "{THREADS} threads created different names at once, each if the store's newest revision \
             is {before}; then it was {now}",
        );
        ensure(
            created == 1 && fits,
            done,
            "one Created, the others Stale, all with that",
            &answers,
        )?;
    }
    Ok(())
}

fn pins<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let packages = numbered("p", THREADS + 1);
    bench.add_all(&packages)?;
    let names: Vec<_> = packages.iter().map(|package| package.name.normalized()).collect();
    for round in 0..ROUNDS {
        // In every second round the dates already have a pin.
        let date = day(1 + round as i32);
        let before = match round % 4 {
            0 | 1 => None,
            _ => {
                bench.pin_daily(date, day(0), &names[THREADS])?;
                bench.pinned(date)?.map(|pinned| pinned.revision)
            }
        };
        let answers = at_once(|number| {
            let only_if_none = Write::new().only_if(|current| current.is_none());
            let write = before.map_or(only_if_none, |before| either(round, before));
            bench.pin_on(date, day(0), &names[number], write)
        })?;
        let now = bench.pinned(date)?;
        let pinned = answers.iter().filter(|answer| matches!(answer, Pin::Pinned(_))).count();
        let fits = answers.iter().all(|answer| match answer {
            Pin::Pinned(pinned) => Some(pinned) == now.as_ref(),
            Pin::Stale(current) => *current == now,
            _ => false,
        });
        let done = format!(
            "{THREADS} threads pinned a date at once, each if its pin is in revision {before:?}; then \
             its pin was {now:?}",
        );
        ensure(pinned == 1 && fits, done, "one Pinned, the others Stale, all that pin", &answers)?;
    }
    Ok(())
}

fn unpins<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add(&described("flask", ""))?;
    let date = day(1);
    for round in 0..ROUNDS {
        bench.pin_daily(date, day(0), &name("flask"))?;
        let pinned = bench.pinned(date)?.map(|pinned| pinned.revision);
        let answers = at_once(|_| {
            let write = pinned.map_or_else(Write::new, |revision| either(round, revision));
            bench.unpin_on(date, day(0), write)
        })?;
        let count = |answer| answers.iter().filter(|other| **other == answer).count();
        let fits = count(Unpin::Unpinned) == 1 && count(Unpin::NotPinned) == THREADS - 1;
        let done = format!("{THREADS} threads took back one pin at once, in revision {pinned:?}");
        ensure(fits, done, "one Unpinned, the others NotPinned", &answers)?;
        same("its date's pin was read after them", &bench.pinned(date)?, &None)?;
    }
    Ok(())
}

fn creates<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    for round in 0..ROUNDS {
        let spellings = ["p", "P"].map(|letter| format!("{letter}-{round}"));
        let answers = at_once(|number| {
            bench.create(&described(&spellings[number % 2], &format!("of thread {number}")))
        })?;
        let stored = bench.read(&name(&spellings[0]))?;
        let is_this = |version: &Stored| Some(version) == stored.as_ref();
        let created = answers.iter().filter(|answer| matches!(answer, Create::Created(_))).count();
        let shown = answers.iter().all(|answer| answer.stored().is_some_and(is_this));
        let done = format!("{THREADS} threads created one name at once, which was then {stored:?}");
        ensure(
            created == 1 && shown,
            done,
            "one Created, the others Exists, all that version",
            &answers,
        )?;
    }
    Ok(())
}

/// Some of the batches are in the opposite order. If a store locks the names one after another,
/// this must not cause a deadlock.
fn batches<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    for round in 0..ROUNDS {
        let mut batch = numbered(&format!("p{round}"), 10);
        let mut reversed = batch.clone();
        reversed.reverse();
        let answers = at_once(|number| {
            bench.create_many(if number.is_multiple_of(2) { &batch } else { &reversed })
        })?;
        let created = |answers: &Vec<Create>| {
            answers.iter().filter(|answer| matches!(answer, Create::Created(_))).count()
        };
        let mut counts: Vec<_> = answers.iter().map(created).collect();
        counts.sort_unstable();
        let done = format!("{THREADS} threads created batches of the same 10 names at once");
        same(format!("{done}; how many were Created of each"), &counts, &vec![0, 0, 0, 10])?;
        batch.truncate(1);
        let own = batch[0].name.normalized();
        let stored = bench.read(&own)?;
        let shown = answers
            .iter()
            .all(|answers| answers.iter().any(|answer| answer.stored() == stored.as_ref()));
        ensure(
            shown,
            done,
            format!("each answer shows the version of `{own}`: {stored:?}"),
            &answers,
        )?;
    }
    Ok(())
}

fn updates<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let own = name("flask");
    let mut before = bench.add(&described("flask", "at first"))?;
    for round in 0..ROUNDS {
        let answers = at_once(|number| {
            let details = details(&format!("of thread {number} in round {round}"));
            let write = either(round, before.revision());
            bench.update_on(&own, Replacement::new(details), write)
        })?;
        let stored = bench.read(&own)?;
        let updated = answers.iter().filter(|answer| matches!(answer, Update::Updated(_))).count();
        let shown = answers.iter().all(|answer| match answer {
            Update::Updated(version) | Update::Stale(version) => Some(version) == stored.as_ref(),
            _ => false,
        });
        let done = format!(
            "{THREADS} threads updated one package at once, each expecting the revision {} that it \
             was in; then it was {stored:?}",
            before.revision(),
        );
        ensure(
            updated == 1 && shown,
            done,
            "one Updated, the others Stale, all that version",
            &answers,
        )?;
        before = stored.unwrap_or(before);
    }
    Ok(())
}

/// Threads repeatedly add one to a number in the description.
fn nothing_lost<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let own = name("counter");
    bench.add(&described("counter", "0"))?;
    let number = |version: &Stored| version.package().details.short_desc.as_str().parse::<usize>();
    let done = format!("{THREADS} threads read a number, and wrote the next in the revision read");
    let absent = || Fault {
        done: done.clone(),
        expected: "the package with the number".to_owned(),
        came: "none".to_owned(),
    };
    let counted = at_once(|_| {
        let mut updated = 0;
        for _ in 0..ROUNDS {
            let version = bench.read(&own)?.ok_or_else(absent)?;
            let next = details(&number(&version).map_or(0, |number| number + 1).to_string());
            let answer = bench.update(&own, Some(version.revision()), &next)?;
            updated += usize::from(matches!(answer, Update::Updated(_)));
        }
        Ok(updated)
    })?;
    let counted = counted.into_iter().sum();
    let stored = bench.read(&own)?.ok_or_else(absent)?;
    ensure(counted > 0, &done, "some Updated", &counted)?;
    same(format!("{done}; how often it was Updated"), &number(&stored), &Ok(counted))
}

fn deletes<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    for round in 0..ROUNDS {
        let version = bench.add(&described("flask", ""))?;
        let expected = round.is_multiple_of(2).then_some(version.revision());
        let answers = at_once(|_| bench.delete(&name("flask"), expected))?;
        let count = |answer| answers.iter().filter(|other| **other == answer).count();
        let done = format!("{THREADS} threads deleted one package at once, expecting {expected:?}");
        let fits = count(Delete::Deleted) == 1 && count(Delete::Absent) == THREADS - 1;
        ensure(fits, done, "one Deleted, the others Absent", &answers)?;
        same("it was read after them", &bench.read(&name("flask"))?, &None)?;
    }
    Ok(())
}

fn update_or_delete<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let own = name("flask");
    for _ in 0..ROUNDS {
        let expected = Some(bench.add(&described("flask", "at first"))?.revision());
        // The number of calls that succeeded, that were stale and that found no package.
        let answers = at_once(|number| {
            if number.is_multiple_of(2) {
                return Ok(match bench.delete(&own, expected)? {
                    Delete::Deleted => "deleted",
                    Delete::Stale(_) => "stale",
                    Delete::Absent => "absent",
                });
            }
            Ok(match bench.update(&own, expected, &details(&format!("of thread {number}")))? {
                Update::Updated(_) => "updated",
                Update::Unchanged(_) => "unchanged",
                Update::Stale(_) => "stale",
                Update::Absent => "absent",
            })
        })?;
        let mut sorted = answers.clone();
        sorted.sort_unstable();
        let fits = sorted == ["absent", "absent", "absent", "deleted"]
            || sorted == ["stale", "stale", "stale", "updated"];
        let done = "2 threads updated and 2 deleted one package in one revision at once";
        ensure(fits, done, "one Deleted and Absent, or one Updated and Stale", &answers)?;
        let stays = bench.read(&own)?.is_some();
        same(format!("{done}; whether the package stays"), &stays, &answers.contains(&"updated"))?;
        bench.delete(&own, None)?;
    }
    Ok(())
}

const BATCH: usize = 25;

fn batches_are_whole<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let current = AtomicUsize::new(0);
    let write = || {
        for batch in 0..ROUNDS {
            current.store(batch, Ordering::Relaxed);
            bench.add_all(&numbered(&format!("batch-{batch:03}"), BATCH))?;
        }
        Ok(())
    };
    while_writing(write, || batch_is_whole(bench, current.load(Ordering::Relaxed)))
}

/// Checks that a reader never sees a part of the batch that is being written.
fn batch_is_whole<S: Subject>(bench: &Bench<'_, S>, batch: usize) -> Checked {
    let done = format!("{BATCH} packages were created as a batch while another thread");
    let expected = "all of the batch or nothing";
    let members = numbered(&format!("batch-{batch:03}"), BATCH);
    let query =
        Query { after: Some(Position::Name(name(&format!("batch-{batch:03}")))), ..first(BATCH) };
    let listed = bench.list(&query)?.items.len();
    ensure(listed.is_multiple_of(BATCH), format!("{done} listed them"), expected, &listed)?;
    let sampled = bench.sample(everything().limit, None, seed())?.len();
    ensure(sampled.is_multiple_of(BATCH), format!("{done} sampled all"), expected, &sampled)?;
    let mut read = Vec::with_capacity(BATCH);
    for member in [&members[BATCH - 1], &members[0], &members[BATCH / 2]] {
        read.push(bench.read(&member.name.normalized())?.is_some());
    }
    // The batch may appear between two reads, but it must not disappear.
    let done = format!("{done} read its last package, its first and another");
    ensure(read.is_sorted(), done, "all of them once one is there", &read)
}

/// One thread writes and knows what the store has at each revision. Pages must agree with that.
fn pages_are_moments<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&numbered("p", 8))?;
    let moments = Mutex::new(BTreeMap::<Revision, Vec<Stored>>::new());
    let remember = |page: Page| {
        moments.lock().unwrap_or_else(PoisonError::into_inner).insert(page.revision, page.items);
    };
    remember(bench.page()?);
    let write = || {
        let mut random = StdRng::seed_from_u64(0);
        for at in 0..6 * ROUNDS {
            let package =
                described(&format!("p-{:03}", random.random_range(0..16)), &format!("{at}"));
            let own = package.name.normalized();
            match random.random_range(0..3) {
                0 => drop(bench.create(&package)?),
                1 => drop(bench.update(&own, None, &package.details)?),
                _ => drop(bench.delete(&own, None)?),
            }
            remember(bench.page()?);
        }
        Ok(())
    };
    let mut seen: Vec<Page> = Vec::new();
    while_writing(write, || {
        let page = bench.page()?;
        if seen.last() != Some(&page) {
            seen.push(page);
        }
        Ok(())
    })?;
    let moments = moments.into_inner().unwrap_or_else(PoisonError::into_inner);
    for page in &seen {
        let done =
            format!("a page of revision {} was read while another thread wrote", page.revision);
        same(done, &Some(&page.items), &moments.get(&page.revision))?;
    }
    let revisions: Vec<_> = seen.iter().map(|page| page.revision).collect();
    let done = "pages were read, one after another, while another thread wrote";
    ensure(revisions.is_sorted(), done, "revisions that never go back", &revisions)
}

fn walk_among_writers<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let stays: BTreeSet<_> = (0..20).map(|at| format!("p-{:03}", 2 * at)).collect();
    bench.add_all(&stays.iter().map(|name| described(name, "")).collect::<Vec<_>>())?;
    let write = || {
        let mut random = StdRng::seed_from_u64(0);
        for at in 0..2 * ROUNDS {
            let place: usize = random.random_range(0..20);
            bench.update(&name(&format!("p-{:03}", 2 * place)), None, &details(&at.to_string()))?;
            let comes_and_goes = described(&format!("p-{:03}", 2 * place + 1), "");
            if let Create::Exists(version) = bench.create(&comes_and_goes)? {
                bench.delete(&normalized(&version), None)?;
            }
        }
        Ok(())
    };
    while_writing(write, || {
        let mut seen = Vec::new();
        pages(bench, &first(3), 40, |page| {
            seen.extend(names(&page.items));
            Ok(())
        })?;
        let done = "a list was read page by page while another thread wrote";
        ensure(seen.is_sorted_by(|a, b| a < b), done, "ascending names, each once", &seen)?;
        let stayed: BTreeSet<_> = seen.into_iter().filter(|name| stays.contains(name)).collect();
        same(format!("{done}; those that stayed"), &stayed, &stays)
    })
}
