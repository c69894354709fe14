//! Facts about the package of the day: the pick, its permanence, and pins.

use std::collections::BTreeSet;

use super::bench::{Bench, Checked, Fault, ensure, same};
use super::fixtures::{bare, day, details, full, moment, name, numbered};
use super::races::{THREADS, at_once};
use super::{Fact, Subject};
use crate::daily::{Daily, Date, Day, Pin, Pinned, Unpin, score};
use crate::package::NormalizedName;

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("an empty store opens no day", empty),
        Fact::new("a day shows the package with the highest score", highest),
        Fact::new("no package is shown again before all packages were shown", cycles),
        Fact::new("a new cycle leaves out the packages of the days before and after", neighbours),
        Fact::new("a day stays as it was shown, and says if its package was deleted", fixed),
        Fact::new("a pinned package is shown, once, on its day", pinned),
        Fact::new("a pin has no effect if its package was deleted", gives_way),
        Fact::new(
            "a day that has begun cannot be pinned, nor a package that does not exist",
            not_pinned,
        ),
        Fact::new("a pin that was removed has no effect", unpinned),
        Fact::new("the newest days are listed first, up to a date", recent),
        Fact::new("opening and pinning change the store's revision", revisions),
        Fact::new("calls that open one day at once get the same package", opens_once),
        Fact::new("a pin and the opening of its day happen one after the other", pin_or_open),
    ]
}

/// The names and cycles that `open_daily` must return for these dates, if they are opened one by
/// one in this order and have no pins.
pub(super) fn expected(
    names: &[NormalizedName],
    dates: impl IntoIterator<Item = Date>,
) -> Vec<NormalizedName> {
    let mut of_cycle = BTreeSet::new();
    let mut all: Vec<(Date, NormalizedName)> = Vec::new();
    for date in dates {
        if of_cycle.len() == names.len() {
            of_cycle.clear();
        }
        let pick = highest_of(date, names, |name| !of_cycle.contains(name));
        let pick = if of_cycle.is_empty() { first_of_cycle(date, names, &all) } else { pick };
        of_cycle.extend(pick.cloned());
        all.extend(pick.map(|pick| (date, pick.clone())));
    }
    all.into_iter().map(|(_, name)| name).collect()
}

/// The pick at the beginning of a cycle, among these names, after these days were opened.
pub(super) fn first_of_cycle<'a>(
    date: Date,
    names: &'a [NormalizedName],
    opened: &[(Date, NormalizedName)],
) -> Option<&'a NormalizedName> {
    let shown_on = |date| opened.iter().find(|(of, _)| *of == date).map(|(_, name)| name);
    let (before, after) = (shown_on(date.plus_days(-1)), shown_on(date.plus_days(1)));
    let without = |left_out: &[Option<&NormalizedName>]| {
        highest_of(date, names, |name| !left_out.contains(&Some(name)))
    };
    without(&[before, after]).or_else(|| without(&[before])).or_else(|| without(&[]))
}

/// The eligible name with the highest score.
pub(super) fn highest_of(
    date: Date,
    names: &[NormalizedName],
    is_eligible: impl Fn(&NormalizedName) -> bool,
) -> Option<&NormalizedName> {
    let eligible = names.iter().filter(|name| is_eligible(name));
    eligible.max_by_key(|name| (score(date, name), std::cmp::Reverse(*name)))
}

/// Opens a day, which must show a package.
pub(super) fn open<S: Subject>(bench: &Bench<'_, S>, date: Date) -> Checked<Daily> {
    let shown = bench.open_daily(date, moment())?;
    shown.ok_or_else(|| Fault {
        done: format!("{date} was opened, with packages in the store"),
        expected: "a package".to_owned(),
        came: "None".to_owned(),
    })
}

fn empty<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let unopened = Day::Unopened { first: None };
    same("a day was read", &bench.daily(day(0))?, &unopened)?;
    same("a day was opened", &bench.open_daily(day(0), moment())?, &None)?;
    same("it was read again", &bench.daily(day(0))?, &unopened)?;
    same("the newest days were listed", &bench.recent_daily(day(9), 9)?, &vec![])?;
    same("a day was unpinned", &bench.unpin_daily(day(1), day(0))?, &Unpin::NotPinned)
}

fn highest<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let mut packages = numbered("P", 50);
    packages.extend(bare(&["zope.interface", "A", "b", "Flask"]));
    bench.add_all(&packages)?;
    let names: Vec<_> = packages.iter().map(|package| package.name.normalized()).collect();
    let expected = expected(&names, [day(0)]);
    let shown = open(bench, day(0))?;
    let done = "a day was opened";
    same(done, &Some(shown.name()), &expected.first())?;
    same("… and its date", &shown.date(), &day(0))?;
    same("… and its cycle", &shown.cycle(), &1)?;
    same("… and the moment", &shown.picked_at(), &1_800_000_000)?;
    same("it was read", &bench.daily(day(0))?, &Day::Shown(shown.clone()))?;
    same("it was opened again", &open(bench, day(0))?, &shown)?;
    let unopened = Day::Unopened { first: Some(day(0)) };
    same("the day after it was read", &bench.daily(day(1))?, &unopened)
}

fn cycles<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    for count in [1, 2, 5] {
        let bench = Bench::new(bench.subject);
        let packages = numbered("p", count);
        bench.add_all(&packages)?;
        let names: Vec<_> = packages.iter().map(|package| package.name.normalized()).collect();
        let dates: Vec<_> = (0..20).map(day).collect();
        let expected = expected(&names, dates.iter().copied());
        for (at, date) in dates.into_iter().enumerate() {
            let shown = open(&bench, date)?;
            let done = format!("{count} packages were there and day {at} was opened");
            same(&done, &Some(shown.name()), &expected.get(at))?;
            same(format!("{done}, its cycle"), &shown.cycle(), &(1 + (at / count) as u32))?;
        }
    }
    Ok(())
}

fn neighbours<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    // With two packages, only one neighbour can be avoided. With one package, none can.
    for count in 1..6 {
        let bench = Bench::new(bench.subject);
        let packages = numbered("p", count);
        bench.add_all(&packages)?;
        let names: Vec<_> = packages.iter().map(|package| package.name.normalized()).collect();
        // When a cycle begins, some of these days lie between two open days, and others have one
        // open neighbour.
        let dates: Vec<_> = [1, 3, 5, 7, 9, 11, 2, 10, 4, 8, 6, 0, 20, 19, 18, 21].map(day).into();
        let expected = expected(&names, dates.iter().copied());
        for (date, expected) in dates.iter().zip(&expected) {
            let shown = open(&bench, *date)?;
            let done = format!("{count} packages were there, and of {dates:?} {date} was opened");
            same(done, shown.name(), expected)?;
        }
    }
    Ok(())
}

fn fixed<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add(&full("flask"))?;
    let shown = open(bench, day(0))?;
    let flask = name("flask");
    bench.change(&flask, &details("changed"))?;
    bench.add_all(&numbered("p", 20))?;
    let as_it_was = Day::Shown(shown.clone());
    same("its package was changed, others added", &bench.daily(day(0))?, &as_it_was)?;
    bench.remove(&flask)?;
    let gone = shown.clone().with_gone(true);
    same("its package was deleted", &bench.daily(day(0))?, &Day::Shown(gone.clone()))?;
    same("… and the days listed", &bench.recent_daily(day(0), 1)?, &vec![gone])?;
    bench.add(&full("Flask"))?;
    same("… and created again", &bench.daily(day(0))?, &as_it_was)
}

/// A name that differs from the name the day would show without a pin.
fn other_than_ordinary(date: Date, names: &[NormalizedName]) -> Option<NormalizedName> {
    let ordinary = expected(names, [date]);
    names.iter().find(|name| !ordinary.contains(name)).cloned()
}

pub(super) fn some_packages<S: Subject>(bench: &Bench<'_, S>) -> Checked<Vec<NormalizedName>> {
    bench.add_all(&bare(&["a", "b", "c", "d"]))?;
    Ok(["a", "b", "c", "d"].map(name).to_vec())
}

/// Checks that a date is now pinned to a package, by this call or an earlier one.
pub(super) fn is_pinned(done: &str, came: &Pin, name: &NormalizedName) -> Checked {
    let is_name = |pinned: &Pinned| pinned.name == *name;
    let holds = matches!(came, Pin::Pinned(it) | Pin::Unchanged(it) if is_name(it));
    ensure(holds, done, format!("a pin to `{name}`"), came)
}

fn pinned<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    let pick = other_than_ordinary(day(2), &names).unwrap_or_else(|| name("a"));
    let pin = |date, name: &NormalizedName| bench.pin_daily(date, day(0), name);
    for other in &names {
        is_pinned("a day to come was pinned, over and over", &pin(day(2), other)?, other)?;
    }
    is_pinned("… and once more", &pin(day(2), &pick)?, &pick)?;
    let unopened = Day::Unopened { first: None };
    same("it was read", &bench.daily(day(2))?, &unopened)?;
    same("it was opened", open(bench, day(2))?.name(), &pick)?;
    same("… and pinned again", &pin(day(2), &pick)?, &Pin::Fixed)?;
    let next = open(bench, day(3))?;
    ensure(*next.name() != pick, "the day after it was opened", "another package", &next)
}

fn gives_way<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    let pick = other_than_ordinary(day(1), &names).unwrap_or_else(|| name("a"));
    bench.pin_daily(day(1), day(0), &pick)?;
    bench.remove(&pick)?;
    let left: Vec<_> = names.into_iter().filter(|name| *name != pick).collect();
    let shown = open(bench, day(1))?;
    same("a pinned package was deleted", &Some(shown.name()), &expected(&left, [day(1)]).first())
}

fn not_pinned<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    let shown = open(bench, day(5))?;
    bench.writes_nothing("days that cannot be were pinned", || {
        for (date, last_open) in [(day(1), day(1)), (day(0), day(1)), (day(5), day(1))] {
            let done =
                format!("{date} was pinned, when {last_open} had begun and 5 days were open");
            same(done, &bench.pin_daily(date, last_open, &names[0])?, &Pin::Fixed)?;
            same("… and unpinned", &bench.unpin_daily(date, last_open)?, &Unpin::Fixed)?;
        }
        let absent = bench.pin_daily(day(9), day(1), &name("missing"))?;
        same("a package that does not exist was pinned", &absent, &Pin::Absent)
    })?;
    same("the open day was read", &bench.daily(day(5))?, &Day::Shown(shown))
}

fn unpinned<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    let pick = other_than_ordinary(day(1), &names).unwrap_or_else(|| name("a"));
    bench.pin_daily(day(1), day(0), &pick)?;
    same("a pin was taken back", &bench.unpin_daily(day(1), day(0))?, &Unpin::Unpinned)?;
    same("… and again", &bench.unpin_daily(day(1), day(0))?, &Unpin::NotPinned)?;
    let shown = open(bench, day(1))?;
    same("… and its day opened", &Some(shown.name()), &expected(&names, [day(1)]).first())
}

fn recent<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    some_packages(bench)?;
    // The order of these writes is not the order of the calendar.
    for number in [3, 1, 4, 0] {
        open(bench, day(number))?;
    }
    let dates = |until, count| -> Checked<Vec<Date>> {
        Ok(bench.recent_daily(until, count)?.iter().map(Daily::date).collect())
    };
    let done = "days 3, 1, 4 and 0 were opened, and the newest listed";
    same(done, &dates(day(9), 9)?, &[4, 3, 1, 0].map(day).to_vec())?;
    same(format!("{done} up to day 3"), &dates(day(3), 9)?, &[3, 1, 0].map(day).to_vec())?;
    same(format!("{done}, two"), &dates(day(3), 2)?, &[3, 1].map(day).to_vec())?;
    let first = Day::Unopened { first: Some(day(0)) };
    same(format!("{done}, and day 2 read"), &bench.daily(day(2))?, &first)
}

fn revisions<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    let mut last = bench.page()?.revision;
    let mut grown = |done: &str| {
        let now = bench.page()?.revision;
        let before = std::mem::replace(&mut last, now);
        ensure(now > before, done, format!("a revision greater than {before}"), &now)
    };
    bench.pin_daily(day(3), day(0), &names[0])?;
    grown("a day was pinned")?;
    bench.unpin_daily(day(3), day(0))?;
    grown("a pin was taken back")?;
    let shown = open(bench, day(0))?;
    grown("a day was opened")?;
    same("… and its revision", &shown.revision(), &last)?;
    bench.writes_nothing("an open day was opened", || open(bench, day(0)))?;
    Ok(())
}

fn opens_once<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&numbered("p", 200))?;
    for number in 0..50 {
        let shown = at_once(|_| open(bench, day(number)))?;
        for one in &shown {
            same("threads opened a day at once; two of them", one, &shown[0])?;
        }
        same("… and it was read", &bench.daily(day(number))?, &Day::Shown(shown[0].clone()))?;
    }
    let all = bench.recent_daily(day(99), 99)?;
    let different: BTreeSet<_> = all.iter().map(|daily| daily.name().clone()).collect();
    same("50 days of 200 packages were opened so", &different.len(), &50)
}

fn pin_or_open<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let packages = numbered("p", 200);
    bench.add_all(&packages)?;
    let mut left: BTreeSet<_> = packages.iter().map(|package| package.name.normalized()).collect();
    for number in 0..50 {
        let date = day(number);
        // A package that this cycle shows only because of a pin.
        let pick = name(&format!("p-{:03}", 199 - number));
        // In each round, another thread pins. The thread that reaches the barrier last starts
        // first.
        let pins = |thread| thread as i32 == number % THREADS as i32;
        let outcomes = at_once(|thread| match pins(thread) {
            true => bench.pin_daily(date, day(-1), &pick).map(Some),
            false => open(bench, date).map(|_| None),
        })?;
        let Day::Shown(shown) = bench.daily(date)? else {
            continue;
        };
        let pin = outcomes.into_iter().flatten().next();
        let is_pick = *shown.name() == pick;
        let done = format!("threads pinned and opened a day at once, the pin was {pin:?}");
        let names: Vec<_> = left.iter().cloned().collect();
        let ordinary = expected(&names, [date]);
        left.remove(shown.name());
        let fits = match pin {
            Some(Pin::Pinned(_)) => is_pick,
            _ => Some(shown.name()) == ordinary.first(),
        };
        ensure(fits, done, "what the result of the pin says", &shown)?;
    }
    Ok(())
}
