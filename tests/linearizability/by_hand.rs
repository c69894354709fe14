//! Facts about the checker: histories that a person sees through.

use super::checker::check;
use super::model::{Answer, Call, Event, Version};

const READ: Call = Call::Read;
const CREATE_1: Call = Call::Create { value: 1 };
const UPDATE_2: Call = Call::Update { expected: None, value: 2 };
const UPDATE_3: Call = Call::Update { expected: None, value: 3 };
const EXPECT_10: Call = Call::Update { expected: Some(10), value: 2 };
const AND_3: Call = Call::Update { expected: Some(10), value: 3 };
const DELETE: Call = Call::Delete { expected: None };

const ONE: Version = Version { value: 1, revision: 10 };
const TWO: Version = Version { value: 2, revision: 20 };
const THREE: Version = Version { value: 3, revision: 30 };

fn answered(begin: u64, end: u64, call: Call, answer: Answer) -> Event {
    Event { call, answer: Some(answer), begin, end }
}

fn unknown(begin: u64, call: Call) -> Event {
    Event { call, answer: None, begin, end: begin }
}

/// A package of the first version, created before all else.
fn after_one(mut events: Vec<Event>) -> Vec<Event> {
    events.insert(0, answered(0, 1, CREATE_1, Answer::Created(ONE)));
    events
}

#[test]
fn linearizable_histories_are_accepted() {
    let found = |begin, end, version| answered(begin, end, READ, Answer::Found(version));
    let absent = |begin, end| answered(begin, end, READ, Answer::Absent);
    let updated = answered(2, 9, UPDATE_2, Answer::Updated(TWO));
    for (what, events) in [
        ("nothing", vec![]),
        ("nothing is known", vec![unknown(0, CREATE_1), unknown(1, DELETE)]),
        (
            "one after another",
            after_one(vec![found(2, 3, ONE), answered(4, 5, DELETE, Answer::Deleted)]),
        ),
        ("a read during a write sees it", after_one(vec![updated.clone(), found(3, 4, TWO)])),
        ("a read during a write does not", after_one(vec![updated, found(3, 4, ONE)])),
        ("an unknown write happened", vec![unknown(0, CREATE_1), found(1, 2, ONE)]),
        ("an unknown write did not", vec![unknown(0, CREATE_1), absent(1, 2)]),
        ("it happens later", vec![unknown(0, CREATE_1), absent(1, 2), found(3, 4, ONE)]),
        (
            "an unknown deletion",
            after_one(vec![unknown(2, DELETE), found(3, 4, ONE), absent(5, 6)]),
        ),
        (
            "an unknown write after a later one",
            after_one(vec![
                unknown(2, UPDATE_3),
                answered(3, 4, UPDATE_2, Answer::Updated(TWO)),
                found(5, 6, TWO),
                found(7, 8, THREE),
            ]),
        ),
    ] {
        assert_eq!(check(&events), Ok(()), "{what}");
    }
}

#[test]
fn histories_that_are_not_linearizable_are_rejected() {
    let found = |begin, end, version| answered(begin, end, READ, Answer::Found(version));
    let absent = |begin, end| answered(begin, end, READ, Answer::Absent);
    let updated = answered(2, 3, UPDATE_2, Answer::Updated(TWO));
    for (what, events) in [
        ("a stale read", after_one(vec![updated.clone(), found(4, 5, ONE)])),
        ("an acknowledged write is lost", after_one(vec![absent(2, 3)])),
        ("a write that nobody made", after_one(vec![found(2, 3, TWO)])),
        (
            "a read back in time",
            after_one(vec![
                answered(2, 9, UPDATE_2, Answer::Updated(TWO)),
                found(3, 4, TWO),
                found(5, 6, ONE),
            ]),
        ),
        ("two create", after_one(vec![answered(0, 1, CREATE_1, Answer::Created(TWO))])),
        (
            "two compare one revision",
            after_one(vec![
                answered(2, 5, EXPECT_10, Answer::Updated(TWO)),
                answered(2, 5, AND_3, Answer::Updated(THREE)),
            ]),
        ),
        (
            "a revision goes back",
            after_one(vec![answered(
                2,
                3,
                UPDATE_2,
                Answer::Updated(Version { revision: 9, ..TWO }),
            )]),
        ),
        (
            "a revision comes again",
            after_one(vec![
                answered(2, 3, DELETE, Answer::Deleted),
                answered(4, 5, CREATE_1, Answer::Created(ONE)),
            ]),
        ),
        ("an unknown write before it began", vec![found(0, 1, ONE), unknown(2, CREATE_1)]),
        (
            "an unknown write happens twice",
            after_one(vec![
                unknown(2, UPDATE_3),
                found(3, 4, THREE),
                answered(5, 6, UPDATE_2, Answer::Updated(Version { revision: 40, ..TWO })),
                found(7, 8, Version { revision: 50, ..THREE }),
            ]),
        ),
        (
            "an unknown write in two revisions",
            after_one(vec![
                unknown(2, UPDATE_3),
                found(3, 4, THREE),
                found(5, 6, Version { revision: 40, ..THREE }),
            ]),
        ),
    ] {
        assert!(check(&events).is_err(), "{what}");
    }
}
