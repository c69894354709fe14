//! Facts about the conditions of writes: with which revision a store checks them, and that a
//! refused write changes nothing.

use std::sync::{Arc, Mutex, PoisonError};

use super::bench::{Bench, Checked, ensure, same};
use super::daily::{is_pinned, open, some_packages};
use super::fixtures::{day, described, details, full, name};
use super::{Fact, Subject};
use crate::daily::{Pin, Unpin};
use crate::package::Revision;
use crate::store::{Create, Delete, Replacement, Update, Write};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("the condition of a create is about the store's newest revision", create),
        Fact::new(
            "a create that expects another revision of the store writes nothing",
            create_stale,
        ),
        Fact::new("the condition of an update is about the revision that it replaces", update),
        Fact::new("the condition of a delete is about the revision that it removes", delete),
    ]
}

pub(super) fn facts_of_pins<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("the condition of a pin is about the date's pin, if there is one", pin),
        Fact::new("the condition of a removal is about the pin's revision", unpin),
        Fact::new(
            "a condition does not change the result if the package is absent or the day is fixed",
            absent_or_fixed,
        ),
    ]
}

/// Conditions that record the revisions with which they are checked.
struct Terms {
    asked: Arc<Mutex<Vec<Option<Revision>>>>,
    admit: bool,
}

impl Terms {
    fn that_admit(admit: bool) -> Self {
        Self { asked: Arc::default(), admit }
    }

    fn write(&self) -> Write {
        let (asked, admit) = (Arc::clone(&self.asked), self.admit);
        Write::new().only_if(move |current| {
            asked.lock().unwrap_or_else(PoisonError::into_inner).push(current);
            admit
        })
    }

    /// Checks that the conditions were checked, and only with this revision. A store may check them
    /// more than once.
    fn were_asked_about(&self, done: &str, expected: Option<Revision>) -> Checked {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = !asked.is_empty() && asked.iter().all(|asked| *asked == expected);
        let done = format!("{done}; what the terms were asked about");
        ensure(holds, done, format!("{expected:?}, once or more often"), &*asked)
    }
}

fn create<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    let last_writes: [(&str, &dyn Fn() -> Checked); 7] = [
        ("nothing", &|| Ok(())),
        ("a create", &|| bench.add(&full("flask")).map(drop)),
        ("an update", &|| bench.change(&flask, &details("new")).map(drop)),
        ("a pin", &|| bench.pin_daily(day(5), day(0), &flask).map(drop)),
        ("a pin that was taken back", &|| bench.unpin_daily(day(5), day(0)).map(drop)),
        ("a day that was opened", &|| open(bench, day(0)).map(drop)),
        ("a delete", &|| bench.remove(&flask)),
    ];
    for (at, (last, write)) in last_writes.into_iter().enumerate() {
        write()?;
        let newest = bench.page()?.revision;
        let package = described(&format!("new-{at}"), "");
        let done = format!("a package was created on terms that refuse, after {last}");
        let terms = Terms::that_admit(false);
        let answer = bench.writes_nothing(&done, || bench.create_on(&package, terms.write()))?;
        same(&done, &answer, &Create::Stale(newest))?;
        terms.were_asked_about(&done, Some(newest))?;
        let done = format!("a package was created on terms that admit, after {last}");
        let terms = Terms::that_admit(true);
        let answer = bench.create_on(&package, terms.write())?;
        ensure(matches!(answer, Create::Created(_)), &done, "Created", &answer)?;
        terms.were_asked_about(&done, Some(newest))?;
    }
    Ok(())
}

fn create_stale<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = bench.add(&full("flask"))?;
    bench.add(&full("django"))?;
    bench.remove(&name("django"))?;
    let newest = bench.page()?.revision;
    let others = [flask.revision(), newest.next(), Revision::new(0), Revision::new(u64::MAX)];
    for new in [full("django"), full("FLASK")] {
        for other in others {
            let done = format!("`{}` was created if the revision is {other}", new.name);
            let write = Write::new().if_revision(other);
            let answer = bench.writes_nothing(&done, || bench.create_on(&new, write))?;
            same(format!("{done}, when it was {newest}"), &answer, &Create::Stale(newest))?;
        }
    }
    let newest_only = || Write::new().if_revision(newest);
    let exists = bench.create_on(&full("FLASK"), newest_only())?;
    same("`FLASK` was created in the newest revision", &exists, &Create::Exists(flask))?;
    let created = bench.create_on(&full("django"), newest_only())?;
    let is_created = matches!(created, Create::Created(_));
    ensure(is_created, "`django` was created in the newest revision", "Created", &created)
}

fn update<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    let version = bench.add(&described("flask", "old"))?;
    bench.add(&full("django"))?;
    for (which, short_desc) in [("other", "new"), ("the same", "old")] {
        let terms = Terms::that_admit(false);
        let done = format!("`flask` was updated with {which} details, on terms that refuse");
        let replacement = Replacement::new(details(short_desc));
        let answer =
            bench.writes_nothing(&done, || bench.update_on(&flask, replacement, terms.write()))?;
        same(&done, &answer, &Update::Stale(version.clone()))?;
        terms.were_asked_about(&done, Some(version.revision()))?;
    }
    let terms = Terms::that_admit(true);
    let done = "`flask` was updated on terms that admit";
    let answer = bench.update_on(&flask, Replacement::new(details("new")), terms.write())?;
    ensure(matches!(answer, Update::Updated(_)), done, "Updated", &answer)?;
    terms.were_asked_about(done, Some(version.revision()))
}

fn delete<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    bench.add(&described("flask", "old"))?;
    let version = bench.change(&flask, &details("new"))?;
    bench.add(&full("django"))?;
    let terms = Terms::that_admit(false);
    let done = "`flask` was deleted on terms that refuse";
    let answer = bench.writes_nothing(done, || bench.delete_on(&flask, terms.write()))?;
    same(done, &answer, &Delete::Stale(version.clone()))?;
    terms.were_asked_about(done, Some(version.revision()))?;
    let terms = Terms::that_admit(true);
    let done = "`flask` was deleted on terms that admit";
    same(done, &bench.delete_on(&flask, terms.write())?, &Delete::Deleted)?;
    terms.were_asked_about(done, Some(version.revision()))
}

fn pin<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    // A pin of another date has no influence.
    bench.pin_daily(day(4), day(0), &names[3])?;
    let pin = |name, write| bench.pin_on(day(3), day(0), name, write);
    for (which, pinned) in [("none", &names[0]), ("one", &names[1]), ("another", &names[2])] {
        let current = bench.pinned(day(3))?;
        let revision = current.as_ref().map(|pinned| pinned.revision);
        let terms = Terms::that_admit(false);
        let done = format!("a date with {which} was pinned on terms that refuse");
        let answer = bench.writes_nothing(&done, || pin(pinned, terms.write()))?;
        same(&done, &answer, &Pin::Stale(current.clone()))?;
        terms.were_asked_about(&done, revision)?;
        let done = format!("a date with {which} was pinned in a revision that no pin is in");
        let never = Write::new().if_revision(Revision::new(u64::MAX));
        let answer = bench.writes_nothing(&done, || pin(pinned, never))?;
        same(&done, &answer, &Pin::Stale(current))?;
        let terms = Terms::that_admit(true);
        let done = format!("a date with {which} was pinned on terms that admit");
        is_pinned(&done, &pin(pinned, terms.write())?, pinned)?;
        terms.were_asked_about(&done, revision)?;
    }
    let current = bench.pinned(day(3))?;
    let done = "a date was pinned to what it was pinned to, on terms that refuse";
    let refuses = Terms::that_admit(false);
    let answer = bench.writes_nothing(done, || pin(&names[2], refuses.write()))?;
    same(done, &answer, &Pin::Stale(current))
}

fn unpin<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    let unpin = |write| bench.unpin_on(day(3), day(0), write);
    bench.pin_daily(day(3), day(0), &names[0])?;
    let earlier = bench.pinned(day(3))?.map(|pinned| pinned.revision);
    bench.pin_daily(day(3), day(0), &names[1])?;
    bench.pin_daily(day(4), day(0), &names[1])?;
    let current = bench.pinned(day(3))?;
    let revision = current.as_ref().map(|pinned| pinned.revision);
    let stale = current.map(Unpin::Stale);
    let terms = Terms::that_admit(false);
    let done = "a pin was taken back on terms that refuse";
    let answer = bench.writes_nothing(done, || unpin(terms.write()))?;
    same(done, &Some(answer), &stale)?;
    terms.were_asked_about(done, revision)?;
    let done = "a pin was taken back in the revision of the pin before it";
    let write = Write::new().if_revision(earlier.unwrap_or(Revision::new(0)));
    let answer = bench.writes_nothing(done, || unpin(write))?;
    same(done, &Some(answer), &stale)?;
    let terms = Terms::that_admit(true);
    let done = "a pin was taken back on terms that admit";
    same(done, &unpin(terms.write())?, &Unpin::Unpinned)?;
    terms.were_asked_about(done, revision)
}

fn absent_or_fixed<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let names = some_packages(bench)?;
    open(bench, day(1))?;
    let absent = name("absent");
    for admit in [true, false] {
        let write = || Terms::that_admit(admit).write();
        let done = format!("what is absent or fixed was written on terms that admit: {admit}");
        bench.writes_nothing(&done, || {
            let replacement = Replacement::new(details("new"));
            let updated = bench.update_on(&absent, replacement, write())?;
            same(&done, &updated, &Update::Absent)?;
            same(&done, &bench.delete_on(&absent, write())?, &Delete::Absent)?;
            let unpinned = bench.unpin_on(day(7), day(0), write())?;
            same(&done, &unpinned, &Unpin::NotPinned)?;
            for date in [day(0), day(1)] {
                let pinned = bench.pin_on(date, day(0), &names[0], write())?;
                same(&done, &pinned, &Pin::Fixed)?;
                same(&done, &bench.unpin_on(date, day(0), write())?, &Unpin::Fixed)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}
