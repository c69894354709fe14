//! Facts about writes to many packages and pins at once.

use super::bench::{Bench, Checked, ensure, expecting, same};
use super::fixtures::{bare, day, described, details, full, name};
use super::races::at_once;
use super::{Fact, Subject};
use crate::history::{ChangeKind, ChangedPin};
use crate::package::{Revision, Stored};
use crate::store::{Batch, Batched, Conflict, Create, Write};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("a batch changes all its packages and pins in one write", whole),
        Fact::new("a batch with a conflict writes nothing and lists what is in its way", conflicts),
        Fact::new(
            "a batch that requires another version of a package writes nothing",
            requirements,
        ),
        Fact::new("a batch that changes nothing writes nothing", unchanged),
        Fact::new("a dry run writes nothing and has the result of the batch", dry_runs),
        Fact::new("the condition of a batch is about the store's newest revision", conditions),
        Fact::new("if several batches expect the same packages at once, one succeeds", races),
        Fact::new(
            "the condition of creating many packages is about the store's newest revision",
            create_many,
        ),
    ]
}

fn batch() -> Batch {
    Batch::new(ChangeKind::Bulk)
}

fn written(done: &str, came: &Batched, before: Revision) -> Checked<Revision> {
    match came {
        Batched::Written(revision) if *revision > before => Ok(*revision),
        other => {
            ensure(false, done, format!("Written, after {before}"), other)?;
            Ok(before)
        }
    }
}

fn whole<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let (flask, django) = (bench.add(&full("Flask"))?, bench.add(&full("django"))?);
    let same_one = bench.add(&full("same"))?;
    bench.pin_daily(day(3), day(0), &name("django"))?;
    bench.pin_daily(day(4), day(0), &name("same"))?;
    let before = bench.page()?.revision;
    let pin = |date, from: Option<&str>, to: Option<&str>| {
        ChangedPin::new(day(date), from.map(name), to.map(name))
    };
    let batch = batch()
        .replace(&flask, described("FLASK", "new"))
        .remove(name("django"), &django)
        .replace(&same_one, full("same"))
        .create(described("Added", ""))
        .pin(pin(3, Some("django"), None), day(0))
        .pin(pin(4, Some("same"), Some("added")), day(0))
        .pin(pin(5, None, Some("flask")), day(0));
    let done = "a batch replaced, removed, added and kept packages, and changed pins";
    let revision = written(done, &bench.write_batch(&batch, Write::new())?, before)?;
    let expected = [
        Stored::new(&described("Added", ""), revision),
        Stored::new(&described("FLASK", "new"), revision),
        same_one,
    ];
    let holds = bench.holds()?;
    same(done, &holds.page.items, &expected.to_vec())?;
    same(format!("{done}; the newest revision"), &holds.page.revision, &revision)?;
    let pins: Vec<_> =
        holds.pins.into_iter().map(|pin| (pin.date, pin.name, pin.revision)).collect();
    let expected = [(day(4), name("added"), revision), (day(5), name("flask"), revision)];
    same(format!("{done}; the pins"), &pins, &expected.to_vec())
}

fn conflicts<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let old = bench.add(&described("flask", "old"))?;
    let flask = bench.change(&name("flask"), &details("new"))?;
    bench.pin_daily(day(3), day(0), &name("flask"))?;
    super::daily::open(bench, day(1))?;
    let pin = |date, from: Option<&str>, to: Option<&str>| {
        ChangedPin::new(day(date), from.map(name), to.map(name))
    };
    let fine = || batch().replace(&flask, described("flask", "newest"));
    let cases = [
        ("another representation", batch().replace(&old, full("flask")), vec!["flask"], vec![]),
        ("a package that exists", batch().create(full("Flask")), vec!["flask"], vec![]),
        (
            "a package that does not exist",
            fine().replace(&Stored::new(&full("b"), old.revision()), full("b")),
            vec!["b"],
            vec![],
        ),
        (
            "two packages that do not exist",
            fine().remove(name("z"), &old).remove(name("b"), &old),
            vec!["b", "z"],
            vec![],
        ),
        ("another pin", fine().pin(pin(3, None, None), day(0)), vec![], vec![3]),
        ("no pin", fine().pin(pin(4, Some("flask"), None), day(0)), vec![], vec![4]),
        ("a day that has begun", fine().pin(pin(2, None, Some("flask")), day(2)), vec![], vec![2]),
        ("an open day", fine().pin(pin(1, None, Some("flask")), day(0)), vec![], vec![1]),
        ("a pin of no package", fine().pin(pin(4, None, Some("b")), day(0)), vec![], vec![4]),
        (
            "a pin of a package that is removed",
            batch().remove(name("flask"), &flask).pin(pin(4, None, Some("flask")), day(0)),
            vec![],
            vec![4],
        ),
        (
            "everything at once",
            batch().create(full("flask")).pin(pin(3, None, None), day(0)),
            vec!["flask"],
            vec![3],
        ),
    ];
    for (what, batch, names, dates) in cases {
        let names = names.into_iter().map(name).collect();
        let conflict = Conflict::new(names, dates.into_iter().map(day).collect());
        for is_dry_run in [false, true] {
            let batch = batch.clone().dry_run(is_dry_run);
            let done = format!("a batch was written that met {what} (dry run: {is_dry_run})");
            let came = bench.writes_nothing(&done, || bench.write_batch(&batch, Write::new()))?;
            same(done, &came, &Batched::Conflict(conflict.clone()))?;
        }
    }
    Ok(())
}

/// The control is that a batch is written if everything is as it requires.
fn requirements<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let old = bench.add(&described("flask", "old"))?;
    let flask = bench.change(&name("flask"), &details("new"))?;
    let fine = || batch().create(full("b")).require(name("flask"), Some(&flask));
    for (what, batch, package) in [
        ("an older version", fine().require(name("flask"), Some(&old)), "flask"),
        ("that an existing package is absent", fine().require(name("flask"), None), "flask"),
        ("a package that does not exist", fine().require(name("none"), Some(&old)), "none"),
    ] {
        let conflict = Conflict::new(vec![name(package)], Vec::new());
        for is_dry_run in [false, true] {
            let batch = batch.clone().dry_run(is_dry_run);
            let done = format!("a batch was written that requires {what} (dry run: {is_dry_run})");
            let came = bench.writes_nothing(&done, || bench.write_batch(&batch, Write::new()))?;
            same(done, &came, &Batched::Conflict(conflict.clone()))?;
        }
    }
    let batch = fine().require(name("none"), None);
    let done = "a batch was written that requires what is there";
    let revision = written(done, &bench.write_batch(&batch, Write::new())?, flask.revision())?;
    let expected = vec![Stored::new(&full("b"), revision), flask];
    same(done, &bench.page()?.items, &expected)
}

fn unchanged<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = bench.add(&full("Flask"))?;
    bench.pin_daily(day(3), day(0), &name("flask"))?;
    let newest = bench.page()?.revision;
    let pin = ChangedPin::new(day(3), Some(name("flask")), Some(name("flask")));
    let same_again = batch().replace(&flask, full("Flask")).pin(pin, day(0));
    for batch in [batch(), same_again] {
        let done = format!("a batch was written that changes nothing: {batch:?}");
        let came = bench.writes_nothing(&done, || bench.write_batch(&batch, Write::new()))?;
        same(done, &came, &Batched::Unwritten(newest))?;
    }
    Ok(())
}

fn dry_runs<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = bench.add(&full("flask"))?;
    let batch = batch().remove(name("flask"), &flask).create(full("b")).dry_run(true);
    let done = "a batch was tried";
    let came = bench.writes_nothing(done, || bench.write_batch(&batch, Write::new()))?;
    same(done, &came, &Batched::Unwritten(flask.revision()))?;
    let came = bench.write_batch(&batch.dry_run(false), Write::new())?;
    written("a batch was tried and then written", &came, flask.revision()).map(drop)
}

fn conditions<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = bench.add(&full("flask"))?;
    let newest = bench.add(&full("django"))?.revision();
    let in_conflict = batch().create(full("flask"));
    let fine = batch().remove(name("flask"), &flask);
    for batch in [&in_conflict, &fine] {
        let done = "a batch was written that expects another revision of the store";
        let write = || expecting(Some(flask.revision()));
        let came = bench.writes_nothing(done, || bench.write_batch(batch, write()))?;
        same(done, &came, &Batched::Stale(newest))?;
    }
    let came = bench.write_batch(&fine, expecting(Some(newest)))?;
    written("a batch was written that expects the newest revision", &came, newest).map(drop)
}

fn races<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    /// The number of rounds. The order of the threads differs from round to round.
    const ROUNDS: usize = 20;

    bench.add_all(&bare(&["a", "b"]))?;
    for round in 0..ROUNDS {
        let page = bench.page()?;
        let results = at_once(|thread| {
            let text = format!("{round} {thread}");
            let swap = |batch: Batch, there: &Stored| {
                batch.replace(there, described(there.package().name.as_str(), &text))
            };
            bench.write_batch(&page.items.iter().fold(batch(), swap), Write::new())
        })?;
        let winners = results.iter().filter(|result| matches!(result, Batched::Written(_)));
        let done = "several threads wrote batches that expect the same packages";
        ensure(winners.count() == 1, done, "one Written", &results)?;
        let texts: Vec<_> = bench.page()?.items.iter().map(|it| it.package().details).collect();
        ensure(texts.windows(2).all(|two| two[0] == two[1]), done, "one batch, whole", &texts)?;
    }
    Ok(())
}

fn create_many<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = bench.add(&full("flask"))?;
    let newest = bench.add(&full("django"))?.revision();
    let packages = bare(&["a", "flask", "b"]);
    let done = "packages were created that expect another revision of the store";
    let write = || expecting(Some(flask.revision()));
    let came = bench.writes_nothing(done, || bench.create_many_on(&packages, write()))?;
    same(done, &came, &vec![Create::Stale(newest); 3])?;
    let came = bench.create_many_on(&packages, expecting(Some(newest)))?;
    let created = came.iter().filter(|came| matches!(came, Create::Created(_))).count();
    ensure(created == 2, "packages were created in the newest revision", "two Created", &came)
}
