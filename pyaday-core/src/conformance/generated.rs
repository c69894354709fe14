//! Random calls for sequences and histories. They are the same in every run.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest::{option, prop_oneof};
use serde_json::json;

use super::calls::{Answer, Call};
use super::fixtures::{at_least_one, day, everything, name, normalized, package, search, tag};
use crate::daily::Date;
use crate::package::{NormalizedName, Package, Revision, Tag};
use crate::search::Score;
use crate::store::{Position, Query, Replacement, Seed, Sort};

/// The revision that a generated write expects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Expected {
    Any,
    /// The newest revision that the caller has seen of the thing to write.
    Last,
    /// The oldest revision that the caller has seen of the thing to write.
    First,
    /// A revision that nothing has.
    Never,
}

/// A generated call, before its expected revision is known.
#[derive(Clone, Debug)]
pub(super) struct Step {
    call: Call,
    expected: Expected,
}

/// The revisions that a caller has seen of each package, of each date's pin, and of the store.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<Written, BTreeSet<Revision>>);

/// The thing that a write replaces.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Written {
    Store,
    Package(NormalizedName),
    Pin(Date),
}

impl Seen {
    /// Turns a step into a call, with the revisions that this caller has seen.
    pub(super) fn call(&self, step: &Step) -> Call {
        let expected = |written: Written| {
            let seen = self.0.get(&written);
            match step.expected {
                Expected::Any => None,
                Expected::Last => seen.and_then(|seen| seen.last()).copied(),
                Expected::First => seen.and_then(|seen| seen.first()).copied(),
                Expected::Never => Some(Revision::new(u64::MAX)),
            }
        };
        match step.call.clone() {
            Call::Create(package, _) => Call::Create(package, expected(Written::Store)),
            Call::Update(name, _, replacement) => {
                Call::Update(name.clone(), expected(Written::Package(name)), replacement)
            }
            Call::Delete(name, _) => Call::Delete(name.clone(), expected(Written::Package(name))),
            Call::Pin(date, name, _) => Call::Pin(date, name, expected(Written::Pin(date))),
            Call::Unpin(date, _) => Call::Unpin(date, expected(Written::Pin(date))),
            other => other,
        }
    }

    pub(super) fn note(&mut self, answer: &Answer) {
        for version in answer.versions() {
            self.saw(Written::Package(normalized(version)), version.revision());
        }
        for pinned in answer.pins() {
            self.saw(Written::Pin(pinned.date), pinned.revision);
        }
        if let Some(revision) = answer.newest() {
            self.saw(Written::Store, revision);
        }
    }

    fn saw(&mut self, written: Written, revision: Revision) {
        self.0.entry(written).or_default().insert(revision);
    }
}

impl Step {
    /// A call that lists all packages.
    pub(super) fn list_all() -> Self {
        Self { call: Call::List(Box::new(everything())), expected: Expected::Any }
    }
}

/// The calls of sequences and histories. There are few names, tags and descriptions, so that calls
/// often affect the same package.
pub(super) fn step() -> impl Strategy<Value = Step> {
    stepped(prop_oneof![4 => calls(), 1 => calls_of_pins()])
}

/// The same calls, and also calls that open days and read them. Histories of threads do not use
/// these, because a store may decide what a day shows a moment before it writes it.
pub(super) fn step_with_days() -> impl Strategy<Value = Step> {
    stepped(prop_oneof![4 => calls(), 2 => calls_of_pins(), 1 => calls_of_days()])
}

fn stepped(calls: impl Strategy<Value = Call>) -> impl Strategy<Value = Step> {
    let expected = prop_oneof![
        3 => Just(Expected::Any),
        3 => Just(Expected::Last),
        1 => Just(Expected::First),
        1 => Just(Expected::Never),
    ];
    (calls, expected).prop_map(|(call, expected)| Step { call, expected })
}

fn calls() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => packages().prop_map(|package| Call::Create(package, None)),
        2 => vec(packages(), 0..5).prop_map(Call::CreateMany),
        3 => names().prop_map(Call::Read),
        4 => (packages(), any::<bool>()).prop_map(|(package, respells)| {
            let name = package.name.normalized();
            let replacement = match respells {
                true => Replacement::from(package),
                false => Replacement::new(package.details),
            };
            Call::Update(name, None, replacement)
        }),
        3 => names().prop_map(|name| Call::Delete(name, None)),
        1 => seeds().prop_map(Call::Random),
        2 => (counts(), option::of(labels()), seeds())
            .prop_map(|(count, tag, seed)| Call::Sample(count, tag, seed)),
        4 => queries().prop_map(|query| Call::List(Box::new(query))),
    ]
}

fn calls_of_pins() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => (dates(), names()).prop_map(|(date, name)| Call::Pin(date, name, None)),
        2 => dates().prop_map(|date| Call::Unpin(date, None)),
        1 => dates().prop_map(Call::Pinned),
        1 => (dates(), counts()).prop_map(|(after, count)| Call::Pins(after, count)),
    ]
}

fn calls_of_days() -> impl Strategy<Value = Call> {
    prop_oneof![
        2 => dates().prop_map(|date| Call::Open(date, date)),
        2 => (dates(), 1..4_i32).prop_map(|(date, more)| Call::Open(date, date.plus_days(more))),
        1 => dates().prop_map(Call::Daily),
        1 => (dates(), counts()).prop_map(|(until, count)| Call::Recent(until, count)),
    ]
}

fn dates() -> impl Strategy<Value = Date> {
    (-1..7_i32).prop_map(day)
}

fn names() -> impl Strategy<Value = NormalizedName> {
    spellings().prop_map(name)
}

fn spellings() -> impl Strategy<Value = &'static str> {
    select(vec![
        "flask",
        "Flask",
        "FLASK",
        "a",
        "A",
        "a-b",
        "a.B",
        "A__b",
        "ab",
        "AB",
        "a0",
        "zope.interface",
        "Zope-Interface",
    ])
}

fn labels() -> impl Strategy<Value = Tag> {
    select(vec!["web", "cli", "x"]).prop_map(tag)
}

fn packages() -> impl Strategy<Value = Package> {
    let short_descs = select(vec!["", "a framework", "A Framework", "ÉTÉ 100 %", "été_1", "\\'\""]);
    let tags = subsequence(vec!["cli", "web", "x"], 0..=3);
    let metadata = select(vec![
        json!({}),
        json!({"version": "1"}),
        json!({"rank": 7, "import_name": ["web", "flasks"], "keywords": "a framework"}),
        json!({"rank": "300", "import_name": "FRAME", "keywords": ["A framework", "no"]}),
        json!({"version": 1}),
        json!({"version": 1.0}),
        json!({"z": [null, {"b": "\u{0}", "a": -0.1}], "a": u64::MAX}),
    ]);
    (spellings(), short_descs, tags, metadata).prop_map(|(name, short_desc, tags, metadata)| {
        package(
            &json!({"name": name, "short_desc": short_desc, "tags": tags, "metadata": metadata}),
        )
    })
}

fn counts() -> impl Strategy<Value = NonZeroUsize> {
    prop_oneof![5 => (1_usize..6).prop_map(at_least_one), 1 => Just(NonZeroUsize::MAX)]
}

fn queries() -> impl Strategy<Value = Query> {
    let scores = prop_oneof![4 => 40_000_000..200_000_000_u64, 1 => Just(1_u64 << 41)];
    let after = prop_oneof![spellings(), select(vec!["0", "a-a", "g", "zz"])];
    let after = option::of((scores, after));
    let tags = prop_oneof![3 => Just(Vec::new()), 1 => subsequence(vec!["cli", "web", "x"], 1..=2)];
    let words = select(vec![
        "",
        "%",
        "a",
        "A.b",
        "flask",
        "FRAME",
        "fram",
        "a framework",
        "ete",
        "É",
        "zope interface",
        "web",
        "x lask",
        "alsk",
        "flsk",
        "no",
    ]);
    let words = prop_oneof![1 => Just(None), 1 => words.prop_map(|words| Some(search(words)))];
    let sort = prop_oneof![3 => Just(Sort::Relevance), 1 => Just(Sort::Name)];
    (after, tags, words, sort, counts()).prop_map(|(after, tags, search, sort, limit)| {
        let tags = tags.into_iter().map(tag).collect();
        let mut query = Query { after: None, tags, search, sort, limit };
        let is_by_relevance = query.is_by_relevance();
        query.after = after.map(|(score, after)| match is_by_relevance {
            true => Position::Relevance(Score::new(score), name(after)),
            false => Position::Name(name(after)),
        });
        query
    })
}

fn seeds() -> impl Strategy<Value = Seed> {
    proptest::array::uniform32(proptest::num::u8::ANY).prop_map(Seed::new)
}

/// A source of random cases that gives the same cases in every run.
pub(super) fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}
