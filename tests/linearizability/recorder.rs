//! Clients that make random calls and record the answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pyaday_core::{
    Create, Delete, NormalizedName, Package, PackageStore, Replacement, Revision, StoreError,
    Stored, Update, Write,
};
use pyaday_tests::numbers::Numbers;
use tokio::task::JoinSet;

use super::checker::check;
use super::model::{Answer, Call, Event, Version};

/// What clients do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) clients: u64,
    /// How many calls all of them make together.
    pub(crate) calls: u64,
    /// To how many packages.
    pub(crate) packages: u64,
    pub(crate) seed: u64,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The events of each package.
    pub(crate) packages: BTreeMap<u64, Vec<Event>>,
    /// How many calls were refused, which leaves them without an effect.
    pub(crate) refused: usize,
}

impl History {
    /// Whether each package's events could have come one after another.
    ///
    /// # Errors
    /// Which package's could not, and where it shows.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.packages.iter().try_for_each(|(package, events)| {
            check(events).map_err(|unexplained| format!("package {package}: {unexplained}"))
        })
    }

    /// How many calls' outcome nobody knows.
    pub(crate) fn unknown(&self) -> usize {
        let events = self.packages.values().flatten();
        events.filter(|event| event.answer.is_none()).count()
    }

    fn add(&mut self, other: Self) {
        self.refused += other.refused;
        for (package, mut events) in other.packages {
            self.packages.entry(package).or_default().append(&mut events);
        }
    }
}

/// What takes calls on packages: a store, or something around one.
pub(crate) trait Subject: Send + Sync + 'static {
    fn put(
        &self,
        name: &NormalizedName,
        call: &Call,
    ) -> impl Future<Output = Result<Answer, StoreError>> + Send;
}

/// Has clients carry out a plan, each on the next of the subjects, and tells `progress` how many
/// calls were begun. Nobody has carried out a plan of this seed there.
pub(crate) async fn record<S: Subject>(
    subjects: &[Arc<S>],
    plan: Plan,
    progress: Arc<AtomicU64>,
) -> History {
    let clock = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    for (number, subject) in (0..plan.clients).zip(subjects.iter().cycle()) {
        let (subject, clock) = (Arc::clone(subject), Arc::clone(&clock));
        let client = Client { number, plan, clock, progress: Arc::clone(&progress) };
        clients.spawn(async move { client.run(&*subject).await });
    }
    let mut history = History::default();
    for part in clients.join_all().await {
        history.add(part);
    }
    history
}

struct Client {
    number: u64,
    plan: Plan,
    /// Counts the moments at which anything began or ended.
    clock: Arc<AtomicU64>,
    progress: Arc<AtomicU64>,
}

impl Client {
    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    async fn run<S: Subject>(self, subject: &S) -> History {
        let Plan { clients, calls, packages, seed } = self.plan;
        let mut numbers = Numbers::new(seed * 1_000 + self.number);
        let (mut history, mut seen) = (History::default(), BTreeMap::new());
        for step in 0..calls / clients {
            self.progress.fetch_add(1, Ordering::SeqCst);
            let package = numbers.below(packages);
            let value = step * clients + self.number;
            let call = next(&mut numbers, value, seen.get(&package).copied());
            // Others come in between, also where no call waits for anything.
            tokio::task::yield_now().await;
            let begin = self.tick();
            let answer = subject.put(&name(seed, package), &call).await;
            let end = self.tick();
            let answer = match answer {
                Ok(answer) => Some(answer),
                Err(StoreError::OutcomeUnknown { .. }) => None,
                Err(_) => {
                    history.refused += 1;
                    // As a client does after a refusal with `Retry-After`.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            };
            if let Some(version) = answer.as_ref().and_then(shown) {
                seen.insert(package, version.revision);
            }
            let event = Event { call, answer, begin, end };
            history.packages.entry(package).or_default().push(event);
        }
        history
    }
}

/// A call, which may expect the revision that the client saw last.
fn next(numbers: &mut Numbers, value: u64, seen: Option<u64>) -> Call {
    let expected = seen.filter(|_| numbers.below(2) == 0);
    match numbers.below(10) {
        0..4 => Call::Read,
        4..6 => Call::Create { value },
        6..9 => Call::Update { expected, value },
        _ => Call::Delete { expected },
    }
}

/// The packages of a plan are no other plan's.
fn name(seed: u64, package: u64) -> NormalizedName {
    format!("p-{seed}-{package}").parse().unwrap()
}

impl<S: PackageStore> Subject for S {
    async fn put(&self, name: &NormalizedName, call: &Call) -> Result<Answer, StoreError> {
        let written = |value: u64| Package::new(name.as_str(), &value.to_string()).unwrap();
        Ok(match *call {
            Call::Read => match self.read(name).await? {
                Some(stored) => Answer::Found(version(&stored)),
                None => Answer::Absent,
            },
            Call::Create { value } => match self.create(written(value), Write::new()).await? {
                Create::Created(stored) => Answer::Created(version(&stored)),
                Create::Exists(stored) => Answer::Exists(version(&stored)),
                Create::Stale(_) => panic!("a create without conditions is not stale"),
            },
            Call::Update { expected, value } => {
                let replacement = Replacement::new(written(value).details);
                match self.update(name, replacement, terms(expected)).await? {
                    Update::Updated(stored) => Answer::Updated(version(&stored)),
                    Update::Unchanged(stored) => Answer::Unchanged(version(&stored)),
                    Update::Stale(stored) => Answer::Stale(version(&stored)),
                    Update::Absent => Answer::Absent,
                }
            }
            Call::Delete { expected } => match self.delete(name, terms(expected)).await? {
                Delete::Deleted => Answer::Deleted,
                Delete::Stale(stored) => Answer::Stale(version(&stored)),
                Delete::Absent => Answer::Absent,
            },
        })
    }
}

/// A write that is tied to this revision, if one is given.
fn terms(revision: Option<u64>) -> Write {
    let tied = |revision| Write::new().if_revision(Revision::new(revision));
    revision.map_or_else(Write::new, tied)
}

fn version(stored: &Stored) -> Version {
    let value = stored.package().details.short_desc.as_str().parse().unwrap();
    Version { value, revision: stored.revision().get() }
}

/// The version that an answer shows.
fn shown(answer: &Answer) -> Option<&Version> {
    match answer {
        Answer::Found(version)
        | Answer::Created(version)
        | Answer::Exists(version)
        | Answer::Updated(version)
        | Answer::Unchanged(version)
        | Answer::Stale(version) => Some(version),
        Answer::Absent | Answer::Deleted => None,
    }
}
