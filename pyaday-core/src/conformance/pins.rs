//! Facts about reading pins: which pins are listed, their order and their revisions.

use super::bench::{Bench, Checked, ensure, same};
use super::daily::{open, some_packages};
use super::fixtures::{day, full, name};
use super::{Fact, Subject};
use crate::daily::{Date, Pin, Pinned};
use crate::package::NormalizedName;

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("a pin is read as it was made", as_made),
        Fact::new("a pin that is repeated writes nothing", repeated),
        Fact::new(
            "a list has the pins after a date, in the order of their dates, up to a limit",
            listed,
        ),
        Fact::new("a pin stays until its day is opened or the pin is removed", until_opened),
        Fact::new("a pin stays if its package is changed, deleted or created again", outlives),
    ]
}

/// Pins a date that is free to be pinned, so the call must write.
fn pin<S: Subject>(bench: &Bench<'_, S>, date: Date, name: &NormalizedName) -> Checked<Pinned> {
    let done = format!("{date} was pinned to `{name}`");
    let answer = bench.pin_daily(date, day(0), name)?;
    let newest = bench.page()?.revision;
    let expected = Pinned::new(date, name.clone(), newest);
    same(
        format!("{done}, in a write of revision {newest}"),
        &answer,
        &Pin::Pinned(expected.clone()),
    )?;
    Ok(expected)
}

fn as_made<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    same("the pin of a date without one was read", &bench.pinned(day(3))?, &None)?;
    let mut before = bench.page()?.revision;
    for (at, name) in names.iter().enumerate() {
        let pinned = pin(bench, day(3), name)?;
        let done = format!("a date was pinned, which had {at} pins before");
        let grown = pinned.revision > before;
        ensure(grown, &done, format!("a revision greater than {before}"), &pinned)?;
        before = pinned.revision;
        same(format!("{done}; its pin"), &bench.pinned(day(3))?, &Some(pinned.clone()))?;
        same(format!("{done}; all pins"), &bench.pins(day(0), 9)?, &vec![pinned])?;
        same(format!("{done}; the pin of the next date"), &bench.pinned(day(4))?, &None)?;
    }
    Ok(())
}

fn repeated<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    let pinned = pin(bench, day(3), &names[0])?;
    pin(bench, day(4), &names[0])?;
    let done = "a date was pinned to what it was pinned to already";
    let again = bench.writes_nothing(done, || bench.pin_daily(day(3), day(0), &names[0]))?;
    same(done, &again, &Pin::Unchanged(pinned.clone()))?;
    same(format!("{done}; its pin"), &bench.pinned(day(3))?, &Some(pinned))
}

fn listed<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    same("the pins of a store without any were listed", &bench.pins(day(0), 9)?, &vec![])?;
    // The order of these writes is not the order of the calendar, and the dates cross the end of a
    // year.
    let mut pins = Vec::new();
    for number in [300, 3, 1, 40, 2] {
        pins.push(pin(bench, day(number), &names[number as usize % 4])?);
    }
    pins.sort_by_key(|pinned| pinned.date);
    for after in [-9, 0, 1, 2, 3, 39, 40, 299, 300, 301] {
        for count in [1, 2, 5, usize::MAX] {
            let expected = pins.iter().filter(|pinned| pinned.date > day(after));
            let expected: Vec<_> = expected.take(count).cloned().collect();
            let done = format!("{count} pins after {} were listed", day(after));
            same(done, &bench.pins(day(after), count)?, &expected)?;
        }
    }
    Ok(())
}

fn until_opened<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    let opened = pin(bench, day(1), &names[0])?;
    let taken_back = pin(bench, day(2), &names[1])?;
    let stays = pin(bench, day(3), &names[2])?;
    bench.unpin_daily(taken_back.date, day(0))?;
    same("a pin was taken back and read", &bench.pinned(taken_back.date)?, &None)?;
    open(bench, opened.date)?;
    same("a pinned day was opened and its pin read", &bench.pinned(opened.date)?, &None)?;
    same("… and the others listed", &bench.pins(day(0), 9)?, &vec![stays])
}

fn outlives<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    some_packages(bench)?;
    bench.add(&full("flask"))?;
    let flask = name("flask");
    let pinned = Some(pin(bench, day(3), &flask)?);
    bench.respell(&full("Flask"))?;
    same("a pinned package was changed", &bench.pinned(day(3))?, &pinned)?;
    bench.remove(&flask)?;
    same("a pinned package was deleted", &bench.pinned(day(3))?, &pinned)?;
    bench.add(&full("FLASK"))?;
    same("a pinned package was created anew", &bench.pinned(day(3))?, &pinned)?;
    same("… and its day opened", open(bench, day(3))?.name(), &flask)
}
