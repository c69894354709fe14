//! Facts about the history of a store: its log and its content always agree.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use proptest::strategy::ValueTree;

use super::bench::{Bench, Checked, Fault, ensure, same};
use super::calls::{Call, last_open};
use super::fixtures::{at_least_one, bare, day, described, details, full, name};
use super::generated::{Seen, Step, runner, step_with_days};
use super::races::{THREADS, at_once};
use super::recorder::{Recorder, all_of, all_pages};
use super::{Fact, Subject};
use crate::history::{
    ChangeKind, ChangeNote, ChangeOrder, ChangeQuery, ChangedPackage, ChangedPin, NoHistory, Past,
};
use crate::package::{Package, Revision, Stored};
use crate::store::{Actor, Batch, Batched, Conflict, Create, Delete, Replacement, Update, Write};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("a store that keeps no history says so, whatever it is asked", not_kept),
        Fact::of_history("no change has the revision 0", zero),
        Fact::of_history("an empty store has an empty log", empty),
        Fact::of_history("the log says who made a write, when and why", facts_of_a_write),
        Fact::of_history("a page of changes by one actor has only those", by_actor),
        Fact::of_history(
            "the log and the content agree after any sequence of calls, and a change is taken back \
             only if everything is as it left it",
            sequences,
        ),
        Fact::of_history(
            "somebody who follows the changes gets each once, in their order, while others write",
            followed,
        ),
        Fact::of_history("a new store can be followed from its first revision", followed_from_new),
    ]
}

pub(super) fn facts_of_reopening<S: Subject>() -> Vec<Fact<S>> {
    let name = "the log and the content agree, even if the store is opened again";
    vec![Fact::of_history_reopening(name, reopened_sequences)]
}

fn newest_first() -> ChangeQuery {
    ChangeQuery::new(at_least_one(10))
}

fn after(position: Revision) -> ChangeQuery {
    ChangeQuery { order: ChangeOrder::After(position), ..newest_first() }
}

fn not_kept<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = bench.add(&full("flask"))?.revision();
    let keeps = bench.changes(&newest_first())? != Past::Unknown(NoHistory::NotKept);
    for revision in [Revision::new(0), flask, Revision::new(u64::MAX)] {
        let done = |what| format!("{what} {revision}, in a store whose list says that: {keeps}");
        let answers = [
            bench.changes(&after(revision))? == Past::Unknown(NoHistory::NotKept),
            bench.change_of(revision, None, 1)? == Past::Unknown(NoHistory::NotKept),
            bench.read_at(&name("flask"), revision)? == Past::Unknown(NoHistory::NotKept),
        ];
        for (what, says_not_kept) in
            ["changes after", "the change", "`flask` at"].iter().zip(answers)
        {
            same(done(what), &says_not_kept, &!keeps)?;
        }
    }
    Ok(())
}

fn empty<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let recorder = Recorder::new(bench)?;
    recorder.agrees(bench)?;
    let newest = recorder.last().revision;
    same("changes after the newest revision", &all_pages(bench, &after(newest))?, &Vec::new())?;
    let came = bench.change_of(newest, None, 1)?;
    let is_none = matches!(came, Past::Known(None) | Past::Unknown(NoHistory::Forgotten));
    ensure(is_none, "a change of an empty store was read", "none", &came)
}

fn zero<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    for done in ["the store is empty", "a package was created"] {
        same(done, &bench.change_of(Revision::new(0), None, 1)?, &Past::Known(None))?;
        bench.add(&full("flask"))?;
        bench.delete_on(&name("flask"), Write::new())?;
    }
    Ok(())
}

fn followed_from_new<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let first = Recorder::new(bench)?.last().revision;
    let added = bench.add(&full("flask"))?.revision();
    let came = all_pages(bench, &after(first))?;
    let came: Vec<_> = came.iter().map(|change| change.revision).collect();
    same("changes after the first revision of the store", &came, &vec![added])
}

/// Terms with everything that the log shows.
#[expect(clippy::expect_used, reason = "the suite's own texts are valid")]
fn terms(actor: &str, note: &str, seconds: u64) -> Write {
    let actor = Actor::new(actor).expect("the suite's actors are valid");
    let note: ChangeNote = note.parse().expect("the suite's notes are valid");
    Write::new().by(actor).with_note(note).at(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn facts_of_a_write<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let (flask, longest) = (name("flask"), "é".repeat(ChangeNote::MAX_CHARS));
    let moment = 1_795_435_200;
    let write = |at: u64| terms("ада \"лавлейс\"", &longest, moment + at);
    bench.create_on(&described("flask", ""), write(0))?;
    bench.update_on(&flask, Replacement::new(details("new")), write(1))?;
    bench.create_many_on(&bare(&["a", "b"]), write(2))?;
    bench.pin_on(day(3), day(0), &flask, write(3))?;
    bench.unpin_on(day(3), day(0), write(4))?;
    let batch = Batch::new(ChangeKind::Bulk).create(described("c", ""));
    bench.write_batch(&batch, write(5))?;
    bench.delete_on(&flask, write(6))?;
    bench.add(&described("nobody", ""))?;
    let mut changes = all_pages(bench, &after(Revision::new(0)))?;
    let last = changes.pop();
    let kinds: Vec<_> = changes.iter().map(|change| change.kind).collect();
    let expected = [
        ChangeKind::Create,
        ChangeKind::Update,
        ChangeKind::Import,
        ChangeKind::Pin,
        ChangeKind::Unpin,
        ChangeKind::Bulk,
        ChangeKind::Delete,
    ];
    same("each kind of write was made", &kinds, &expected.to_vec())?;
    for (at, change) in changes.iter().enumerate() {
        let done = format!("the write {at} was logged");
        same(&done, &change.by.as_deref(), &Some("ада \"лавлейс\""))?;
        same(&done, &change.note.as_ref().map(ChangeNote::as_str), &Some(&*longest))?;
        same(&done, &change.at, &(moment as i64 + at as i64))?;
        same(&done, &change.count, &if at == 2 { 2 } else { 1 })?;
        let alone = all_of(bench, change.revision, at_least_one(1))?.change;
        same("a change was read by its revision", &alone, change)?;
    }
    let nobody = last.is_some_and(|change| change.by.is_none() && change.note.is_none());
    ensure(nobody, "a write by nobody was logged", "no actor and no note", &changes)
}

fn by_actor<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    for (at, actor) in ["ada", "bob", "Ada", "ada"].into_iter().enumerate() {
        bench.create_on(&described(&format!("p-{at}"), ""), terms(actor, "-", 0))?;
    }
    bench.add(&described("nobody", ""))?;
    for (actor, count) in [("ada", 2), ("bob", 1), ("Ada", 1), ("adam", 0)] {
        for order in [ChangeOrder::Newest { before: None }, ChangeOrder::After(Revision::new(0))] {
            let query = ChangeQuery { order, by: Some(actor.into()), ..newest_first() };
            let changes = all_pages(bench, &query)?;
            let are_own = changes.iter().all(|change| change.by.as_deref() == Some(actor));
            let done = format!("changes by {actor} were listed");
            ensure(are_own && changes.len() == count, done, format!("{count} changes"), &changes)?;
        }
    }
    Ok(())
}

/// A call of a sequence.
#[derive(Clone, Debug)]
enum Act {
    Call(Box<Step>),
    /// Replaces, adds or removes packages: these numbers say which and how.
    Batch(Vec<u8>),
    /// Takes one of the changes back.
    Undo(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => step_with_days().prop_map(|step| Act::Call(Box::new(step))),
        1 => vec(any::<u8>(), 0..4).prop_map(Act::Batch),
        3 => any::<usize>().prop_map(Act::Undo),
    ];
    vec(act, 1..30)
}

fn sequences<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    all_sequences(bench, false)
}

fn reopened_sequences<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    all_sequences(bench, true)
}

fn all_sequences<S: Subject>(bench: &Bench<'_, S>, reopens: bool) -> Checked {
    /// A sequence is checked with many reads, so there are fewer of them.
    const PART: u32 = 2;

    let mut runner = runner(bench.subject.cases());
    for _ in 0..bench.subject.cases().div_ceil(PART) {
        let acts = acts().new_tree(&mut runner).map_err(|reason| Fault {
            done: "calls were generated".to_owned(),
            expected: "some".to_owned(),
            came: reason.to_string(),
        })?;
        sequence(Bench::new(bench.subject), &acts.current(), reopens)?;
    }
    Ok(())
}

fn sequence<S: Subject>(mut bench: Bench<'_, S>, acts: &[Act], reopens: bool) -> Checked {
    /// The number of calls after which the store is opened again.
    const CALLS: usize = 5;

    let mut recorder = Recorder::new(&bench)?;
    let (mut seen, mut done) = (Seen::default(), Vec::new());
    for (at, act) in acts.iter().enumerate() {
        if reopens && at % CALLS == CALLS - 1 {
            done.push("open again".to_owned());
            bench = bench.reopened()?;
            recorder.reopened(&bench)?;
        }
        let made = match act {
            Act::Call(step) => {
                let call = seen.call(step);
                done.push(call.to_string());
                call.put(&bench).map(|answer| {
                    seen.note(&answer);
                    kind(&call)
                })
            }
            Act::Batch(numbers) => {
                let batch = batch(&recorder, numbers);
                done.push(format!("{batch:?}"));
                carried_out(&bench, &recorder, &batch).map(|()| Some(batch.kind()))
            }
            Act::Undo(number) => match undo(&recorder, *number) {
                Some(batch) => {
                    done.push(format!("{batch:?}"));
                    carried_out(&bench, &recorder, &batch).map(|()| Some(batch.kind()))
                }
                None => continue,
            },
        };
        let checked = made.and_then(|kind| recorder.record(&bench, kind));
        checked.map_err(|fault| after_all(&done, fault))?;
    }
    recorder.agrees(&bench).map_err(|fault| after_all(&done, fault))
}

fn after_all(done: &[String], fault: Fault) -> Fault {
    Fault { done: format!("{}; {}", done.join("; "), fault.done), ..fault }
}

/// What a call is in the log. `None` if the log does not have it.
fn kind(call: &Call) -> Option<ChangeKind> {
    Some(match call {
        Call::Create(..) => ChangeKind::Create,
        Call::CreateMany(_) => ChangeKind::Import,
        Call::Update(..) => ChangeKind::Update,
        Call::Delete(..) => ChangeKind::Delete,
        Call::Pin(..) => ChangeKind::Pin,
        Call::Unpin(..) => ChangeKind::Unpin,
        _ => return None,
    })
}

/// A batch that fits the content of the store, except for some of the numbers.
fn batch(recorder: &Recorder, numbers: &[u8]) -> Batch {
    const NAMES: [&str; 5] = ["flask", "a", "a-b", "ab", "new"];

    let now = recorder.last();
    numbers.iter().fold(Batch::new(ChangeKind::Bulk), |batch, number| {
        let own = NAMES[usize::from(number % 5)];
        let there = now.packages.get(&name(own));
        let other = Stored::new(&described(own, "another"), Revision::new(1));
        let new = described(own, &format!("text {}", number / 50));
        match (there, number / 5 % 4) {
            (Some(there), 0) => batch.remove(name(own), there),
            (Some(there), 1) => batch.replace(there, there.package()),
            (Some(there), _) => batch.replace(there, new),
            (None, 0) if number / 20 % 4 == 0 => batch.replace(&other, new),
            (None, _) => batch.create(new),
        }
    })
}

/// The batch that takes one of the changes back.
fn undo(recorder: &Recorder, number: usize) -> Option<Batch> {
    let change = recorder.changes.get(number.checked_rem(recorder.changes.len())?)?;
    let batch = Batch::new(ChangeKind::Undo);
    let batch = change.packages.iter().fold(batch, |batch, package| {
        let ChangedPackage { name, before, after } = package;
        match (before.as_ref().map(Stored::package), after) {
            (Some(before), Some(after)) => batch.replace(after, before),
            (Some(before), None) => batch.create(before),
            (None, Some(after)) => batch.remove(name.clone(), after),
            (None, None) => batch,
        }
    });
    Some(change.pins.iter().fold(batch, |batch, pin| {
        let back = ChangedPin::new(pin.date, pin.after.clone(), pin.before.clone());
        batch.pin(back, last_open())
    }))
}

/// Writes a batch, and checks its result with the content of the store before.
fn carried_out<S: Subject>(bench: &Bench<'_, S>, recorder: &Recorder, batch: &Batch) -> Checked {
    let now = recorder.last();
    let there = |name| now.packages.get(name).map(Stored::representation);
    let packages = batch.packages().filter(|(name, swap)| there(name) != swap.before);
    let packages: Vec<_> = packages.map(|(name, _)| name.clone()).collect();
    let after = |package: &Package| Stored::new(package, now.revision).representation();
    let mut dates = Vec::new();
    for pin in batch.pins() {
        let is_open = bench.recent_daily(pin.date, 1)?.iter().any(|it| it.date() == pin.date);
        let is_fixed = is_open || pin.date <= last_open();
        let exists = |name| match batch.packages().find(|(own, _)| *own == name) {
            Some((_, swap)) => swap.after.is_some(),
            None => now.packages.contains_key(name),
        };
        let fits = now.pins.get(&pin.date) == pin.before.as_ref();
        if is_fixed || !fits || !pin.after.as_ref().is_none_or(exists) {
            dates.push(pin.date);
        }
    }
    let changes = batch.packages().any(|(_, swap)| swap.after.as_deref().map(after) != swap.before)
        || batch.pins().any(|pin| pin.before != pin.after);
    let came = bench.write_batch(batch, Write::new())?;
    let conflict = Conflict::new(packages, dates);
    if !conflict.is_empty() {
        return same("a batch in conflict was written", &came, &Batched::Conflict(conflict));
    }
    if !changes {
        let expected = Batched::Unwritten(now.revision);
        return same("a batch that changes nothing was written", &came, &expected);
    }
    let is_later = matches!(came, Batched::Written(revision) if revision > now.revision);
    ensure(is_later, "a batch was written", "Written, with a greater revision", &came)
}

/// Follows the changes while other threads write. Then everything is compared.
fn followed<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    /// The number of writes of each thread.
    const WRITES: usize = 25;

    let running = AtomicUsize::new(THREADS - 1);
    let results = at_once(|thread| {
        if thread == 0 {
            return follow(bench, || running.load(Ordering::SeqCst) == 0);
        }
        let mut acknowledged = Vec::new();
        let written = (0..WRITES).try_for_each(|number| {
            acknowledged.extend(write_something(bench, thread, number)?);
            Ok(())
        });
        running.fetch_sub(1, Ordering::SeqCst);
        written.map(|()| acknowledged)
    })?;
    let log = all_pages(bench, &after(Revision::new(0)))?;
    let revisions: Vec<_> = log.iter().map(|change| change.revision).collect();
    let is_ascending = revisions.is_sorted_by(|left, right| left < right);
    ensure(is_ascending, "the changes were listed", "ascending revisions", &revisions)?;
    same("the changes were followed while threads wrote", &results[0], &revisions)?;
    for revision in results[1..].iter().flatten() {
        let is_logged = revisions.contains(revision);
        ensure(
            is_logged,
            format!("the write {revision} was acknowledged"),
            "it is in the log",
            &revisions,
        )?;
    }
    replayed(bench, &revisions)
}

/// Follows the changes until the writers have ended and nothing is left. Returns their revisions.
fn follow<S: Subject>(
    bench: &Bench<'_, S>,
    has_ended: impl Fn() -> bool,
) -> Checked<Vec<Revision>> {
    let mut revisions = Vec::new();
    loop {
        // If the writers have ended now, the next list has everything.
        let is_last = has_ended();
        bench.refresh()?;
        let position = revisions.last().copied().unwrap_or(Revision::new(0));
        let changes = all_pages(bench, &after(position))?;
        revisions.extend(changes.iter().map(|change| change.revision));
        if is_last {
            return Ok(revisions);
        }
    }
}

/// Makes a write to one of a few packages. Returns its revision, if the answer has one.
fn write_something<S: Subject>(
    bench: &Bench<'_, S>,
    thread: usize,
    number: usize,
) -> Checked<Option<Revision>> {
    let own = ["a", "b", "c"][(thread + number) % 3];
    let text = format!("{thread} {number}");
    Ok(match number % 4 {
        0 => match bench.create(&described(own, &text))? {
            Create::Created(version) => Some(version.revision()),
            _ => None,
        },
        1 => match bench.update(&name(own), None, &details(&text))? {
            Update::Updated(version) => Some(version.revision()),
            _ => None,
        },
        2 => {
            let batch =
                [described(own, &text), described(&format!("{own}-{text}").replace(' ', "-"), "")];
            let created = bench.create_many(&batch)?;
            created.iter().find_map(|created| match created {
                Create::Created(version) => Some(version.revision()),
                _ => None,
            })
        }
        _ => {
            let _: Delete = bench.delete(&name(own), None)?;
            None
        }
    })
}

/// Checks that the changes, applied one after another to nothing, give the content of the store.
fn replayed<S: Subject>(bench: &Bench<'_, S>, revisions: &[Revision]) -> Checked {
    let mut packages = BTreeMap::new();
    for revision in revisions {
        for package in all_of(bench, *revision, at_least_one(100))?.packages {
            let ChangedPackage { name, before, after } = package;
            let done = format!("the change {revision} of `{name}` was applied");
            same(done, &before, &packages.get(&name).cloned())?;
            match after {
                Some(after) => drop(packages.insert(name, after)),
                None => drop(packages.remove(&name)),
            }
        }
    }
    let there = bench.page()?.items;
    same("all changes were applied", &packages.into_values().collect::<Vec<_>>(), &there)
}
