//! Facts about days that are opened together.

use super::bench::{Bench, Checked, ensure, same};
use super::daily::{expected, open, some_packages};
use super::fixtures::{day, moment, name, numbered};
use super::races::at_once;
use super::{Fact, Subject};
use crate::daily::{Daily, Date, Day};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("an empty store opens no day of several", empty),
        Fact::new("several days are opened in one write, the earliest first", one_write),
        Fact::new("days that are open stay as they are when others are opened", open_ones_stay),
        Fact::new("several days are opened as if they were opened one by one", as_one_by_one),
        Fact::new("calls that open the same days at once get the same packages", at_one_time),
    ]
}

/// Opens days, each of which must show a package.
fn open_days<S: Subject>(bench: &Bench<'_, S>, first: i32, last: i32) -> Checked<Vec<Daily>> {
    let days = bench.open_days(day(first)..=day(last), moment())?;
    let dates: Vec<_> = days.iter().map(Daily::date).collect();
    let done =
        format!("days {first} to {last} were opened, with packages in the store; their dates");
    same(done, &dates, &(first..=last).map(day).collect())?;
    Ok(days)
}

/// The dates, names and cycles that days show.
fn shown(days: &[Daily]) -> Vec<(Date, String, u32)> {
    let one = |it: &Daily| (it.date(), it.name().as_str().to_owned(), it.cycle());
    days.iter().map(one).collect()
}

fn empty<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let done = "several days of an empty store were opened";
    let open = || bench.open_days(day(0)..=day(9), moment());
    same(done, &bench.writes_nothing(done, open)?, &vec![])?;
    some_packages(bench)?;
    let done = "no dates were opened: a range that ends before it begins";
    let open = || bench.open_days(day(5)..=day(4), moment());
    same(done, &bench.writes_nothing(done, open)?, &vec![])
}

fn one_write<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let packages = numbered("p", 20);
    bench.add_all(&packages)?;
    let names: Vec<_> = packages.iter().map(|package| package.name.normalized()).collect();
    let before = bench.page()?.revision;
    let days = open_days(bench, 0, 6)?;
    let newest = bench.page()?.revision;
    ensure(newest > before, "days were opened", format!("a revision after {before}"), &newest)?;
    for daily in &days {
        same("7 days were opened; the revision of one", &daily.revision(), &newest)?;
        same("… and its moment", &daily.picked_at(), &1_800_000_000)?;
        same("… and it was read", &bench.daily(daily.date())?, &Day::Shown(daily.clone()))?;
    }
    let came: Vec<_> = days.iter().map(|daily| daily.name().clone()).collect();
    same("7 days were opened; what they show", &came, &expected(&names, (0..=6).map(day)))?;
    let done = "days that are open were opened";
    same(done, &bench.writes_nothing(done, || open_days(bench, 0, 6))?, &days)?;
    let mut newest_first = days;
    newest_first.reverse();
    same("… and the newest listed", &bench.recent_daily(day(9), 9)?, &newest_first)
}

fn open_ones_stay<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&numbered("p", 20))?;
    let (third, fifth) = (open(bench, day(3))?, open(bench, day(5))?);
    let days = open_days(bench, 1, 6)?;
    let done = "days 1 to 6 were opened, when 3 and 5 were open";
    same(format!("{done}; day 3"), &days.get(2), &Some(&third))?;
    same(format!("{done}; day 5"), &days.get(4), &Some(&fifth))?;
    let newest = bench.page()?.revision;
    for at in [0, 1, 3, 5] {
        let revision = days.get(at).map(Daily::revision);
        same(format!("{done}; the revision of another"), &revision, &Some(newest))?;
    }
    Ok(())
}

/// There are few packages, so new cycles begin within the range of days. Some of the days are
/// pinned, one of them to a deleted package, and some are open already.
fn as_one_by_one<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    for count in [1, 2, 3, 7] {
        let prepared = || {
            let bench = Bench::new(bench.subject);
            bench.add_all(&numbered("p", count))?;
            bench.add_all(&numbered("gone", 1))?;
            bench.pin_daily(day(2), day(-1), &name("p-000"))?;
            bench.pin_daily(day(4), day(-1), &name("gone-000"))?;
            bench.remove(&name("gone-000"))?;
            bench.pin_daily(day(12), day(-1), &name("p-000"))?;
            open(&bench, day(6))?;
            open(&bench, day(9))?;
            Checked::Ok(bench)
        };
        let (one_by_one, together) = (prepared()?, prepared()?);
        let expected = (0..=10).map(|number| open(&one_by_one, day(number)));
        let expected = expected.collect::<Checked<Vec<_>>>()?;
        let days = open_days(&together, 0, 10)?;
        let done = format!("{count} packages were there, and 11 days opened together");
        same(&done, &shown(&days), &shown(&expected))?;
        let pins = |bench: &Bench<'_, S>| -> Checked<Vec<Date>> {
            Ok(bench.pins(day(-1), 99)?.into_iter().map(|pinned| pinned.date).collect())
        };
        same(format!("{done}; the pins left"), &pins(&together)?, &vec![day(12)])?;
    }
    Ok(())
}

fn at_one_time<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&numbered("p", 200))?;
    for round in 0..20 {
        // Each thread opens some of the days that other threads open too.
        let first = |thread: usize| 10 * round + thread as i32;
        let answers = at_once(|thread| open_days(bench, first(thread), first(thread) + 5))?;
        for daily in answers.iter().flatten() {
            let read = bench.daily(daily.date())?;
            let done =
                format!("threads opened overlapping days at once, and {} read", daily.date());
            same(done, &read, &Day::Shown(daily.clone()))?;
        }
    }
    Ok(())
}
