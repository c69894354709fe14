//! Facts about the checker: it says what somebody says who tries every order.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::checker::check;
use super::model::{Answer, Call, Event, Version};

/// A store of one package as one would write it down, which knows all its revisions.
#[derive(Clone, Copy, Debug, Default)]
struct Store {
    current: Option<Version>,
    newest: u64,
}

impl Store {
    /// Carries out a call; a write takes this revision.
    fn call(&mut self, call: &Call, revision: u64) -> Answer {
        let fits = |expected: Option<u64>, version: Version| {
            expected.is_none_or(|expected| expected == version.revision)
        };
        match (call, self.current) {
            (Call::Read, Some(version)) => Answer::Found(version),
            (Call::Create { .. }, Some(version)) => Answer::Exists(version),
            (Call::Create { value }, None) => Answer::Created(self.write(*value, revision)),
            (Call::Read | Call::Update { .. } | Call::Delete { .. }, None) => Answer::Absent,
            (Call::Update { expected, .. } | Call::Delete { expected }, Some(version))
                if !fits(*expected, version) =>
            {
                Answer::Stale(version)
            }
            (Call::Update { value, .. }, Some(version)) if *value == version.value => {
                Answer::Unchanged(version)
            }
            (Call::Update { value, .. }, Some(_)) => Answer::Updated(self.write(*value, revision)),
            (Call::Delete { .. }, Some(_)) => {
                self.current = None;
                Answer::Deleted
            }
        }
    }

    fn write(&mut self, value: u64, revision: u64) -> Version {
        let version = Version { value, revision };
        (self.current, self.newest) = (Some(version), revision);
        version
    }
}

/// How far apart the revisions are that answers show, so that unknown ones fit in between.
const GAP: u64 = 10;

/// Tries every order of the events, with every revision for those that were not answered.
fn has_order(events: &[Event], store: Store) -> bool {
    let answered = || events.iter().filter(|event| event.answer.is_some());
    if answered().next().is_none() {
        return true;
    }
    (0..events.len()).any(|at| {
        let event = &events[at];
        if answered().any(|other| other.end < event.begin) {
            return false;
        }
        let mut others = events.to_vec();
        others.remove(at);
        // One that an answer shows, or the least that none shows.
        let shown = (0..8).map(|number| number * GAP).filter(|revision| *revision > store.newest);
        shown.chain([store.newest + 1]).any(|revision| {
            let mut store = store;
            let answer = store.call(&event.call, revision);
            event.answer.as_ref().is_none_or(|shown| *shown == answer) && has_order(&others, store)
        })
    })
}

/// What one store does with calls, one after the other, seen by clients whose calls overlap; then
/// some answers get lost and some are changed.
fn histories() -> impl Strategy<Value = Vec<Event>> {
    let expected = prop::option::of((0..4_u64).prop_map(|number| number * GAP));
    let call = prop_oneof![
        Just(Call::Read),
        (0..3_u64).prop_map(|value| Call::Create { value }),
        (expected.clone(), 0..3_u64).prop_map(|(expected, value)| Call::Update { expected, value }),
        expected.prop_map(|expected| Call::Delete { expected }),
    ];
    // How long before and after its moment a call began and ended, and what happens to its answer.
    let spans = (0..30_u64, 0..30_u64, 0..12_u8, 0..4_u64);
    prop::collection::vec((call, spans), 1..6).prop_map(|calls| {
        let mut store = Store::default();
        let event = |(moment, (call, (before, after, fate, other))): (u64, (Call, _))| {
            let moment = 100 + 10 * moment;
            let revision = (store.newest / GAP + 1) * GAP;
            let answer = store.call(&call, revision);
            let answer = match fate {
                0..2 => None,
                2 => Some(Answer::Found(Version { value: other, revision: other * GAP })),
                3 => Some(Answer::Absent),
                4 => Some(changed(answer, other)),
                _ => Some(answer),
            };
            Event { call, answer, begin: moment - before, end: moment + after }
        };
        (0..).zip(calls).map(event).collect()
    })
}

fn changed(answer: Answer, value: u64) -> Answer {
    let other = |version: Version| Version { value, ..version };
    match answer {
        Answer::Found(version) => Answer::Found(other(version)),
        Answer::Exists(version) => Answer::Exists(other(version)),
        Answer::Created(version) => Answer::Exists(version),
        Answer::Updated(version) => Answer::Stale(version),
        Answer::Unchanged(version) => Answer::Updated(version),
        Answer::Stale(version) => Answer::Unchanged(version),
        Answer::Absent => Answer::Deleted,
        Answer::Deleted => Answer::Absent,
    }
}

#[test]
fn the_checker_agrees_with_trying_every_order() {
    let (good, bad) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 2_000, ..Config::default() });
    let verdicts = runner.run(&histories(), |events| {
        let (said, has_order) = (check(&events), has_order(&events, Store::default()));
        prop_assert_eq!(said.is_ok(), has_order, "{:?}", said);
        let count = if has_order { &good } else { &bad };
        count.set(count.get() + 1);
        Ok(())
    });
    verdicts.unwrap_or_else(|error| panic!("{error}"));
    assert!(good.get() > 400 && bad.get() > 400, "{good:?} good, {bad:?} bad");
}
