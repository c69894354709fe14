//! The contract as a model, and random sequences of calls that a store must answer like it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroUsize;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy};
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use proptest::{option, prop_oneof};
use serde_json::json;

use super::bench::{Bench, Checked, Fault, ensure, same, shows};
use super::fixtures::{at_least_one, everything, name, normalized, package, tag};
use super::{Fact, Subject};
use crate::package::{Details, NormalizedName, Package, Revision, Stored, Tag};
use crate::store::{Create, Delete, Page, Query, Seed, Update};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![Fact::new("any sequence of calls is answered as the contract has it", sequences)]
}

/// A call to a store.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Create(Package),
    CreateMany(Vec<Package>),
    Read(NormalizedName),
    Update(NormalizedName, Option<Revision>, Details),
    Delete(NormalizedName, Option<Revision>),
    Random(Seed),
    Sample(NonZeroUsize, Option<Tag>, Seed),
    List(Query),
}

/// What a store answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Create(Create),
    CreateMany(Vec<Create>),
    Read(Option<Stored>),
    Update(Update),
    Delete(Delete),
    Random(Option<Stored>),
    Sample(Vec<Stored>),
    List(Page),
}

impl Call {
    pub(super) fn put<S: Subject>(&self, bench: &Bench<'_, S>) -> Checked<Answer> {
        Ok(match self {
            Self::Create(package) => Answer::Create(bench.create(package)?),
            Self::CreateMany(packages) => Answer::CreateMany(bench.create_many(packages)?),
            Self::Read(name) => Answer::Read(bench.read(name)?),
            Self::Update(name, expected, details) => {
                Answer::Update(bench.update(name, *expected, details)?)
            }
            Self::Delete(name, expected) => Answer::Delete(bench.delete(name, *expected)?),
            Self::Random(seed) => Answer::Random(bench.random(*seed)?),
            Self::Sample(count, tag, seed) => {
                Answer::Sample(bench.sample(*count, tag.as_ref(), *seed)?)
            }
            Self::List(query) => Answer::List(bench.list(query)?),
        })
    }
}

/// The call in a few words, where `Debug` takes lines.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = |package: &Package| json!(package).to_string();
        match self {
            Self::Create(package) => write!(f, "create {}", json(package)),
            Self::CreateMany(packages) => {
                write!(
                    f,
                    "create_many [{}]",
                    packages.iter().map(json).collect::<Vec<_>>().join(", ")
                )
            }
            Self::Read(name) => write!(f, "read {name}"),
            Self::Update(name, expected, details) => {
                write!(f, "update {name} in {expected:?} to {}", json!(details))
            }
            Self::Delete(name, expected) => write!(f, "delete {name} in {expected:?}"),
            Self::Random(_) => write!(f, "random"),
            Self::Sample(count, tag, _) => write!(f, "sample {count} of {tag:?}"),
            Self::List(query) => write!(f, "list {query:?}"),
        }
    }
}

impl Answer {
    /// The versions that the answer shows.
    fn versions(&self) -> Vec<&Stored> {
        match self {
            Self::Create(Create::Created(version) | Create::Exists(version))
            | Self::Read(Some(version))
            | Self::Update(
                Update::Updated(version) | Update::Unchanged(version) | Update::Stale(version),
            )
            | Self::Delete(Delete::Stale(version)) => vec![version],
            Self::CreateMany(answers) => answers.iter().filter_map(Create::stored).collect(),
            _ => Vec::new(),
        }
    }
}

/// Which revision a generated update or delete expects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Expected {
    Any,
    /// The last that the caller saw of the name.
    Last,
    /// The first that the caller saw of the name.
    First,
    /// One that no package had yet.
    Never,
}

/// A generated call, before it is known which revision it expects.
#[derive(Clone, Debug)]
pub(super) struct Step {
    call: Call,
    expected: Expected,
}

/// The revisions of each name that a caller saw, in order.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<NormalizedName, BTreeSet<Revision>>);

impl Seen {
    /// The call that a step is to this caller.
    pub(super) fn call(&self, step: &Step) -> Call {
        let expected = |name: &NormalizedName| {
            let seen = self.0.get(name);
            match step.expected {
                Expected::Any => None,
                Expected::Last => seen.and_then(|seen| seen.last()).copied(),
                Expected::First => seen.and_then(|seen| seen.first()).copied(),
                Expected::Never => Some(Revision::new(u64::MAX)),
            }
        };
        match step.call.clone() {
            Call::Update(name, _, details) => {
                let expected = expected(&name);
                Call::Update(name, expected, details)
            }
            Call::Delete(name, _) => {
                let expected = expected(&name);
                Call::Delete(name, expected)
            }
            other => other,
        }
    }

    pub(super) fn note(&mut self, answer: &Answer) {
        for version in answer.versions() {
            self.0.entry(normalized(version)).or_default().insert(version.revision());
        }
    }
}

/// What a store must hold after the calls so far.
#[derive(Clone)]
pub(super) struct Model {
    packages: BTreeMap<NormalizedName, (Package, Stored)>,
    /// The store's newest revision, or one before it: a delete does not tell its own.
    newest: Revision,
    told: bool,
}

impl Model {
    /// An empty store, of which a page was read.
    pub(super) fn empty(page: &Page) -> Self {
        Self { packages: BTreeMap::new(), newest: page.revision, told: true }
    }

    /// States that `answer` is what the contract has `call` answered now, and goes on from there.
    pub(super) fn accept(&mut self, call: &Call, answer: &Answer) -> Checked {
        match (call, answer) {
            (Call::Create(package), Answer::Create(answer)) => {
                self.create_many(call, std::slice::from_ref(package), std::slice::from_ref(answer))
            }
            (Call::CreateMany(packages), Answer::CreateMany(answers)) => {
                self.create_many(call, packages, answers)
            }
            (Call::Read(name), Answer::Read(answer)) => {
                same(call, answer, &self.version(name).cloned())
            }
            (Call::Update(name, expected, details), Answer::Update(answer)) => {
                self.update(call, name, *expected, details, answer)
            }
            (Call::Delete(name, expected), Answer::Delete(answer)) => {
                self.delete(call, name, *expected, answer)
            }
            (Call::Random(_), Answer::Random(answer)) => {
                let drawn: Vec<_> = answer.iter().cloned().collect();
                self.sample(call, 1, None, &drawn)
            }
            (Call::Sample(count, tag, _), Answer::Sample(answer)) => {
                self.sample(call, count.get(), tag.as_ref(), answer)
            }
            (Call::List(query), Answer::List(answer)) => self.list(call, query, answer),
            (call, answer) => ensure(false, call, "an answer to this call", answer),
        }
    }

    fn version(&self, name: &NormalizedName) -> Option<&Stored> {
        self.packages.get(name).map(|(_, version)| version)
    }

    /// A batch may be one write with one revision, or each package a write of its own.
    fn create_many(&mut self, call: &Call, packages: &[Package], answers: &[Create]) -> Checked {
        same(format!("{call}; the answers counted"), &answers.len(), &packages.len())?;
        let before = self.newest;
        for (package, answer) in packages.iter().zip(answers) {
            match (self.version(&package.name.normalized()), answer) {
                (None, Create::Created(version)) => {
                    self.wrote(call, before, package.clone(), version)?;
                }
                (None, other) => ensure(false, call, "Created", other)?,
                (Some(version), other) => same(call, other, &Create::Exists(version.clone()))?,
            }
        }
        Ok(())
    }

    fn update(
        &mut self,
        call: &Call,
        name: &NormalizedName,
        expected: Option<Revision>,
        details: &Details,
        answer: &Update,
    ) -> Checked {
        let Some((package, version)) = self.packages.get(name) else {
            return same(call, answer, &Update::Absent);
        };
        if expected.is_some_and(|expected| expected != version.revision()) {
            return same(call, answer, &Update::Stale(version.clone()));
        }
        if package.details == *details {
            return same(call, answer, &Update::Unchanged(version.clone()));
        }
        let Update::Updated(version) = answer else {
            return ensure(false, call, "Updated", answer);
        };
        let package = Package { name: package.name.clone(), details: details.clone() };
        self.wrote(call, self.newest, package, version)
    }

    fn delete(
        &mut self,
        call: &Call,
        name: &NormalizedName,
        expected: Option<Revision>,
        answer: &Delete,
    ) -> Checked {
        let Some(version) = self.version(name) else {
            return same(call, answer, &Delete::Absent);
        };
        if expected.is_some_and(|expected| expected != version.revision()) {
            return same(call, answer, &Delete::Stale(version.clone()));
        }
        same(call, answer, &Delete::Deleted)?;
        self.packages.remove(name);
        // Not `next`: that looks at the clock, which has gone on since the store did the same.
        self.newest = Revision::new(self.newest.get() + 1);
        self.told = false;
        Ok(())
    }

    fn wrote(
        &mut self,
        call: &Call,
        before: Revision,
        package: Package,
        version: &Stored,
    ) -> Checked {
        shows(call, version, &package)?;
        let grown = version.revision() > before;
        ensure(grown, call, format!("a revision greater than {before}"), version)?;
        self.newest = self.newest.max(version.revision());
        self.told = true;
        self.packages.insert(package.name.normalized(), (package, version.clone()));
        Ok(())
    }

    fn sample(&self, call: &Call, count: usize, tag: Option<&Tag>, answer: &[Stored]) -> Checked {
        let carries = |package: &Package| tag.is_none_or(|tag| package.details.tags.contains(tag));
        let carriers = self.packages.values().filter(|(package, _)| carries(package)).count();
        same(format!("{call}; what came counted"), &answer.len(), &count.min(carriers))?;
        let mut different = BTreeSet::new();
        for version in answer {
            let own = normalized(version);
            let kept = self.packages.get(&own);
            same(call, &Some(version), &kept.map(|(_, version)| version))?;
            let fits = kept.is_some_and(|(package, _)| carries(package)) && different.insert(own);
            ensure(fits, call, "packages with the tag, each at most once", &answer)?;
        }
        Ok(())
    }

    fn list(&mut self, call: &Call, query: &Query, page: &Page) -> Checked {
        let selected: Vec<_> = self
            .packages
            .iter()
            .filter(|(name, (package, _))| selects(query, name, package))
            .map(|(name, (_, version))| (name, version))
            .collect();
        let (shown, rest) = selected.split_at(query.limit.get().min(selected.len()));
        let items: Vec<_> = shown.iter().map(|(_, version)| (*version).clone()).collect();
        same(call, &page.items, &items)?;
        // Any name works that is behind all that was shown, and before all that was not.
        let next_fits = match (&page.next, shown.last(), rest.first()) {
            (None, _, None) => true,
            (Some(next), Some((last, _)), Some((first, _))) => *last <= next && next < *first,
            _ => false,
        };
        let expected = match rest.first() {
            Some((first, _)) => format!("a `next` that goes on to `{first}`"),
            None => "no `next`".to_owned(),
        };
        ensure(next_fits, call, expected, &page.next)?;
        let told =
            if self.told { page.revision == self.newest } else { page.revision >= self.newest };
        let least = if self.told { "" } else { "at least " };
        let expected = format!("a page of revision {least}{}", self.newest);
        ensure(told, call, expected, &page.revision)?;
        self.newest = page.revision;
        self.told = true;
        Ok(())
    }
}

fn selects(query: &Query, name: &NormalizedName, package: &Package) -> bool {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    let short_desc = lower(package.details.short_desc.as_str());
    let occurs = |word: &String| {
        let word = lower(word);
        name.as_str().contains(&word) || short_desc.contains(&word)
    };
    query.after.as_ref().is_none_or(|after| name > after)
        && query.tags.iter().all(|tag| package.details.tags.contains(tag))
        && query.words.iter().all(occurs)
}

/// The calls that sequences and histories are made of: few names, tags and descriptions, so that
/// they meet.
pub(super) fn step() -> impl Strategy<Value = Step> {
    let call = prop_oneof![
        4 => packages().prop_map(Call::Create),
        2 => vec(packages(), 0..5).prop_map(Call::CreateMany),
        3 => spellings().prop_map(|spelling| Call::Read(name(spelling))),
        4 => (spellings(), packages())
            .prop_map(|(spelling, package)| Call::Update(name(spelling), None, package.details)),
        3 => spellings().prop_map(|spelling| Call::Delete(name(spelling), None)),
        1 => seeds().prop_map(Call::Random),
        2 => (counts(), option::of(labels()), seeds())
            .prop_map(|(count, tag, seed)| Call::Sample(count, tag, seed)),
        4 => queries().prop_map(Call::List),
    ];
    let expected = prop_oneof![
        3 => Just(Expected::Any),
        3 => Just(Expected::Last),
        1 => Just(Expected::First),
        1 => Just(Expected::Never),
    ];
    (call, expected).prop_map(|(call, expected)| Step { call, expected })
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
    let after = option::of(prop_oneof![spellings(), select(vec!["0", "a-a", "g", "zz"])]);
    let tags = prop_oneof![3 => Just(Vec::new()), 1 => subsequence(vec!["cli", "web", "x"], 1..=2)];
    let words = select(vec!["", "a", "FRAME", "é", "É", "%", "_", "-", "\\", "'", "a F", "no"]);
    let words = prop_oneof![2 => Just(Vec::new()), 1 => vec(words, 1..3)];
    (after, tags, words, counts()).prop_map(|(after, tags, words, limit)| Query {
        after: after.map(name),
        tags: tags.into_iter().map(tag).collect(),
        words: words.into_iter().map(str::to_owned).collect(),
        limit,
    })
}

fn seeds() -> impl Strategy<Value = Seed> {
    proptest::array::uniform32(proptest::num::u8::ANY).prop_map(Seed::new)
}

/// A source of cases that gives the same ones in each run.
pub(super) fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn sequences<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    // proptest reports the simplest failing case, and that is the last one to fail.
    let simplest = RefCell::new(None);
    let outcome = runner(bench.subject.cases()).run(&vec(step(), 1..40), |steps| {
        sequence(&Bench::new(bench.subject), &steps).map_err(|fault| {
            let reason = TestCaseError::fail(fault.came.clone());
            simplest.replace(Some(fault));
            reason
        })
    });
    match (outcome, simplest.into_inner()) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(fault)) => Err(fault),
        (Err(error), None) => Err(Fault {
            done: "random sequences of calls were made".to_owned(),
            expected: "answers".to_owned(),
            came: error.to_string(),
        }),
    }
}

fn sequence<S: Subject>(bench: &Bench<'_, S>, steps: &[Step]) -> Checked {
    let mut model = Model::empty(&bench.page()?);
    let mut seen = Seen::default();
    let mut done = Vec::new();
    let list_all = Step { call: Call::List(everything()), expected: Expected::Any };
    for step in steps.iter().chain([&list_all]) {
        let call = seen.call(step);
        done.push(call.to_string());
        let answer = call.put(bench)?;
        seen.note(&answer);
        model.accept(&call, &answer).map_err(|fault| Fault { done: done.join("; "), ..fault })?;
    }
    for (name, (_, version)) in &model.packages {
        done.push(format!("read {name}"));
        same(done.join("; "), &bench.read(name)?, &Some(version.clone()))?;
    }
    Ok(())
}
